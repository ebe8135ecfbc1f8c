"""A warm-up that ends by behaviour: the rate is played until the delay no longer falls.

1. The load's own rate is played into the fresh job, for the warm-up that was asked for.
2. The delays of its last windows are tested against those before them.
3. While they still fall, the same load is played again, up to three times the time asked for.
4. The measured load follows in the same job, after a short part of its own that is not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from scipy import stats

from streambench.experiment.judging import judge_load
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.model.trial import WarmedUp
from streambench.model.windows import Window
from streambench.model.workload import Query
from streambench.oracle.expected import Expected, expect
from streambench.results.statistics import TREND_FLOOR_MS, TREND_FLOOR_SHARE, TREND_P_VALUE
from streambench.results.windows import window_times
from streambench.trial.job import RunningJob
from streambench.trial.load import BETWEEN_LOADS_S, Load, Played
from streambench.trial.observer import Phase

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SettlingPolicy:
    """`head_s` of the time asked for is the unmeasured head of the measured load.

    Of each load the last `windows` are compared with as many before them. All loads together take at
    most `longest` times what was asked for.
    """

    head_s: float = 4.0
    windows: int = 10
    longest: float = 3.0

    def load_s(self, asked_s: float) -> float:
        """How long each load is that is played before the measured one."""
        return asked_s - self.head_s

    def loads_at_most(self, asked_s: float) -> int:
        """How often that load may be played."""
        return int((self.longest * asked_s - self.head_s) / self.load_s(asked_s))

    def can_test(self, asked_s: float, window: Window) -> bool:
        """Whether a load has windows enough to be tested; the one at its end is not complete."""
        return self.load_s(asked_s) * 1000 >= window.span_ms(2 * self.windows + 1)


SETTLING: Final = SettlingPolicy()


class LoadsBefore(Protocol):
    """Loads that are played into a job before the one that is measured; `records_at_most` of them all."""

    records_at_most: int

    def __call__(self, job: RunningJob) -> tuple[Played, ...]:
        """Play all of them."""
        ...

    def expected(self, load: Trace) -> Expected:
        """The rows that must come of one of them."""
        ...

    def outcome(self, played: Sequence[Played], head_s: float) -> WarmedUp:
        """How long the warm-up was, with the `head_s` of the measured load, and why it ended."""
        ...


class Settling:
    """Plays a load at the rate again and again, until the delay no longer falls."""

    def __init__(
        self,
        load: Trace,
        *,
        query: Query,
        clock: EventClock,
        guarantee: Guarantee,
        loads_at_most: int,
        policy: SettlingPolicy = SETTLING,
    ) -> None:
        self._load = load
        self._guarantee = guarantee
        self._loads_at_most = loads_at_most
        self._policy = policy
        self._expected = expect(load, query, clock)
        self.records_at_most = load.ref.records * loads_at_most

    def __call__(self, job: RunningJob) -> tuple[Played, ...]:
        """Play all of them; what came of them is to be judged by `expected`. Raises as `RunningJob.play`."""
        due = self._expected.due()
        played: list[Played] = []
        while len(played) < self._loads_at_most:
            again = "the delay still falls, again" if played else "until the delay no longer falls"
            note = f"warm-up, {again}"
            played.append(
                job.play(Load(self._load, due, Phase.WARM_UP, note, silence_s=BETWEEN_LOADS_S))
            )
            if not played[-1].complete or self._still_falls(played[-1]) is not True:
                break
        return tuple(played)

    def expected(self, load: Trace) -> Expected:
        """The rows that must come: all its loads are the same."""
        assert load.ref.sha256 == self._load.ref.sha256
        return self._expected

    def outcome(self, played: Sequence[Played], head_s: float) -> WarmedUp:
        """How long the warm-up was, with the `head_s` of the measured load, and why it ended."""
        length_s = head_s + sum(each.trace.meta.duration_ms for each in played) / 1000
        if not played:
            return WarmedUp(length_s, None)
        falls = self._still_falls(played[-1])
        return WarmedUp(length_s, None if falls is None else not falls)

    def _still_falls(self, played: Played) -> bool | None:
        return still_falls(self._delays_ms(played), self._policy.windows)

    def _delays_ms(self, played: Played) -> Floats:
        """Result delays of the load's windows, in the order in which they were due."""
        judged = judge_load(
            played,
            self._expected,
            guarantee=self._guarantee,
            state_exact=True,
        )
        times = window_times(judged, self._expected, start_realtime_ns=played.start_realtime_ns)
        exactly = self._guarantee is Guarantee.EXACTLY_ONCE
        complete_ms = times.complete_visible_ms if exactly else times.complete_appended_ms
        due = np.isfinite(times.closing_ms) & (times.expected_rows > 0)
        order = np.argsort(times.closing_ms[due], kind="stable")
        delays_ms = (complete_ms[due] - times.closing_ms[due])[order]
        return np.where(np.isfinite(delays_ms), delays_ms, np.inf)


def still_falls(delays_ms: Floats, windows: int) -> bool | None:
    """Whether the last `windows` delays are lower than as many before them; None: not known.

    By a one-sided test of ranks (Mann and Whitney), which one slow window cannot sway. A fall that is no
    larger than what a trend must be to matter is none.
    """
    if len(delays_ms) < 2 * windows:
        return None
    before, last = delays_ms[-2 * windows : -windows], delays_ms[-windows:]
    earlier_ms, later_ms = float(np.median(before)), float(np.median(last))
    if not np.isfinite(later_ms):
        return None  # it is far behind: nothing is known of its delay, and more load would only add to it
    if earlier_ms - later_ms <= max(TREND_FLOOR_MS, TREND_FLOOR_SHARE * abs(later_ms)):
        return False
    p_value = float(stats.mannwhitneyu(before, last, alternative="greater").pvalue)
    return p_value < TREND_P_VALUE
