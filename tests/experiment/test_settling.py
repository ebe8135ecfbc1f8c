"""A warm-up goes on while the delay falls, and no longer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

from streambench.experiment.build import Options, make_request
from streambench.experiment.kept_job import KeptJob
from streambench.experiment.request import Request
from streambench.experiment.settling import settle, still_falls
from streambench.experiment.settling_asked import settling
from streambench.experiment.settling_policy import SETTLING, SettlingPolicy
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.model.trial import Purpose
from streambench.trial.job import RunningJob

WINDOWS = 28
LOAD_S, HEAD_S = 14.0, 4.0


class Kept:
    """A job that is `delays_ms(share of the load that is over)` late, load by load."""

    def __init__(self, delays_ms: Sequence[Callable[[float], float]]) -> None:
        self._delays_ms = iter(delays_ms)
        self.notes: list[str] = []
        self.settled: bool | None = None

    def warm_at_pace(self, job: object, request: object, load: object, note: str) -> Any:
        self.notes.append(note)
        delay_ms = next(self._delays_ms)
        delays = [delay_ms(at / WINDOWS) for at in range(WINDOWS)]
        windows = pa.table(
            {
                # The last one is closed by the flush only, and nothing is due in the first.
                "closing_ms": pa.array([*(500.0 * at for at in range(1, WINDOWS)), None]),
                "expected_rows": pa.array([0, *[3] * (WINDOWS - 1)]),
                "complete_ms": pa.array([1e6, *delays[1:-1], 1e6]),
                "visible_complete_ms": pa.array([delays[0] + 1e3] * WINDOWS),
            }
        )
        return SimpleNamespace(assessed=SimpleNamespace(tables={"windows": windows}))


def warmed(
    *delays_ms: Callable[[float], float],
    guarantee: Guarantee = Guarantee.AT_LEAST_ONCE,
    policy: SettlingPolicy = SETTLING,
) -> tuple[int, bool | None]:
    """How many loads were played, and whether it was seen that the delay no longer fell."""
    kept = Kept(delays_ms)
    request = plain(warm_up_s=LOAD_S + HEAD_S)
    request = replace(request, conditions=replace(request.conditions, guarantee=guarantee))
    settle(cast(KeptJob, kept), cast(RunningJob, None), request, cast(Trace, None), policy)
    assert all("warm-up" in note for note in kept.notes)
    return len(kept.notes), kept.settled


def falling(share: float) -> float:
    return 400 * (1 - share) + 20


def level(share: float) -> float:
    return 100 + 10 * (hash(round(share, 3)) % 7) / 7


def rising(share: float) -> float:
    return 20 + 400 * share


def test_a_delay_that_does_not_fall_ends_the_warm_up_after_the_time_asked_for() -> None:
    assert warmed(level) == (1, True)
    assert warmed(rising) == (1, True)


def test_the_rate_is_played_again_while_the_delay_falls() -> None:
    assert warmed(falling, falling, level) == (3, True)


def test_it_is_not_played_for_ever_and_then_says_so() -> None:
    assert warmed(falling, falling, falling) == (3, False)


def test_under_exactly_once_the_visible_delay_counts() -> None:
    assert warmed(falling, guarantee=Guarantee.EXACTLY_ONCE) == (1, True)


def test_a_fall_too_small_to_matter_is_none() -> None:
    steps = np.r_[np.full(10, 21.5), np.full(10, 20.0)]
    assert still_falls(steps, 10) is False
    assert still_falls(steps + np.r_[np.full(10, 3.0), np.zeros(10)], 10) is True


def test_one_slow_window_before_is_no_fall() -> None:
    delays_ms = np.random.default_rng(1).normal(50, 2, 20)
    delays_ms[3] = 900
    assert still_falls(delays_ms, 10) is False


def test_too_few_windows_tell_nothing_and_one_far_behind_gains_nothing() -> None:
    assert still_falls(np.full(19, 5.0), 10) is None
    assert still_falls(np.r_[np.full(10, 900.0), np.full(10, np.inf)], 10) is None


def test_nothing_is_claimed_of_a_delay_that_could_not_be_tested() -> None:
    assert warmed(falling, policy=SettlingPolicy(windows=50)) == (1, None)


def plain(**changes: Any) -> Request:
    return make_request(Options(**{"engines": ("kafka-python",), **changes}))


def test_a_plain_run_settles_and_its_measured_load_keeps_only_the_head() -> None:
    request = settling(plain())
    assert request.settles
    warm_up = next(span for span in request.spans if span.purpose is Purpose.WARM_UP)
    assert warm_up.end_ms == SETTLING.head_s * 1000
    asked_s = request.warm_up_s
    assert SETTLING.load_s(asked_s) + SETTLING.head_s == asked_s
    longest_s = SETTLING.loads_at_most(asked_s) * SETTLING.load_s(asked_s) + SETTLING.head_s
    assert 2 * asked_s < longest_s <= 3 * asked_s


@pytest.mark.parametrize("changes", [{"quick": True}, {"warm_up_s": 3.0}, {"workload": "flights"}])
def test_what_cannot_be_tested_does_not_settle(changes: dict[str, Any]) -> None:
    assert not settling(plain(**changes)).settles


def test_a_warmed_job_of_a_sweep_keeps_its_own_warm_up() -> None:
    assert not settling(replace(plain(), warmed=True)).settles
