"""How a search for a rate goes about it: the numbers of its steps, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from streambench.experiment.lengths import CONFIRM_WINDOWS
from streambench.experiment.warming import RISING_MS
from streambench.model.windows import Window


@dataclass(frozen=True)
class ConfirmPolicy:
    """How what was found is tried for longer.

    It is measured for `measured_s`, and for `windows` at least: a hundred earn a p99. The job that was
    searched with gets used to the rate for `settle_s`. A fresh job is warmed first, where a limit is asked
    for longer: one that keeps up may be late for half a minute more. Around a trial, `around_s` are for its
    load, the last rows and the verdict, and `around_fresh_s` for all that a fresh job needs besides.
    """

    settle_s: float = 5.0
    warm_up_s: float = 5.0
    limited_warm_up_s: float = 20.0
    measured_s: float = 50.0
    windows: int = CONFIRM_WINDOWS
    rising_ms: int = RISING_MS
    around_s: float = 20.0
    around_fresh_s: float = 75.0
    tries: int = 3

    def measured_for_s(self, window: Window) -> float:
        """How long a trial is measured."""
        return max(self.measured_s, window.span_ms(self.windows) / 1000)

    def trial_s(self, window: Window) -> float:
        """What a trial of the job that was searched with takes in all."""
        return self.settle_s + self.measured_for_s(window) + self.around_s

    def fresh_trial_s(self, window: Window, *, limited: bool) -> float:
        """What a trial of a fresh job takes in all."""
        warm_up_s = self.limited_warm_up_s if limited else self.warm_up_s
        return warm_up_s + self.measured_for_s(window) + self.around_fresh_s


@dataclass(frozen=True)
class SearchPolicy:
    """How long the steps of a search are, and how far apart its rates.

    1. A warm job works off loads at once: `at_once_per_s` for `at_once_ms` of event time, later ones by
       `growth` more than it was shown to bear.
    2. A load of `ramp_ms` rises from `ramp_from` to `ramp_to` of that. While the lag does not grow, another
       one rises from where the last one ended to `ramp_on` times that, `ramps_at_most` in all.
    3. The first rate is `first_share` of where its lag began to grow, or `first_per_s`. The next one is a
       precision away, and each after it twice as far, at most `step_up`, until one passed and one failed.
    4. A probe lets the engine get used to its rate for `settle_ms` and is then measured for at least
       `least_measured_ms`.
    5. What that does not decide is tried again, `longer` times as long.
    6. What was found is confirmed.

    However little time is left, `least_search_s` go into a search. An engine may take more than its
    share of the time, but leaves `least_share` of theirs to those that wait.
    """

    at_once_per_s: int = 100_000
    at_once_ms: int = 5_000
    later_at_once_ms: int = 4_000
    growth: float = 1.5
    # What can be borne for long lay below the at-once rate for three of four engines, above it for Flink.
    # The higher a load rises, the surer it is that the lag grows. With 1.5 times it did not, on Flink and on
    # Spark. Spark's at-once rate says little: a load's last rows wait for a whole batch.
    ramp_from: float = 0.6
    ramp_to: float = 2.0
    ramp_on: float = 2.5
    ramps_at_most: int = 3
    ramp_ms: int = 20_000
    # A load that rises is borne for a while beyond what is borne for long.
    first_share: float = 0.95
    first_per_s: int | None = None
    step_up: float = 1.4
    settle_ms: int = 3_000
    least_measured_ms: int = 12_000
    longer: float = 2.5
    least_search_s: float = 120.0
    least_share: float = 0.8
    confirm: ConfirmPolicy = ConfirmPolicy()


USUAL: Final = SearchPolicy()
