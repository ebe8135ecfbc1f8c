"""A warm-up goes on while the delay falls, and no longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from streambench.experiment.build import Options, make_request, settling
from streambench.experiment.request import Request
from streambench.experiment.settling import SETTLING, Settling, SettlingPolicy, still_falls
from streambench.load.trace import Trace, compile_trace
from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.model.trial import Purpose, WarmedUp
from streambench.model.workload import Query
from streambench.oracle.expected import expect
from streambench.trial.job import RunningJob
from streambench.trial.load import Load, Played
from streambench.trial.observer import Phase
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.oracle.stand_in import OFFSET_MS, T0_MS, right_rows

LOAD_MS = 14_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trace, Query]:
    workload = load_workload(find("clicks"))
    cache = tmp_path_factory.mktemp("traces")
    load = compile_trace(workload, duration_ms=LOAD_MS, seed=1, cache=cache, rate_per_s=500)
    return load, workload.query


class Job:
    """A job that is `delays_ms(share of the load that is over)` late, load by load."""

    def __init__(self, delays_ms: Sequence[Callable[[float], float]], query: Query) -> None:
        self._delays_ms: Iterator[Callable[[float], float]] = iter(delays_ms)
        self._query = query

    def play(self, load: Load) -> Played:
        trace = load.trace
        assert load.due.must
        assert load.phase is Phase.WARM_UP
        assert "warm-up" in (load.note or "")
        rows = right_rows(expect(trace, self._query, EventClock.GLOBAL_PER_BATCH), delay_ms=0)
        delay_ms = next(self._delays_ms)
        appended = rows.column("appended_ms").to_numpy()
        late = [round(delay_ms((at - T0_MS) / trace.meta.duration_ms)) for at in appended]
        at = rows.schema.get_field_index("appended_ms")
        rows = rows.set_column(at, "appended_ms", [appended + np.array(late)])
        return Played(trace, T0_MS * 1_000_000, OFFSET_MS, rows, 0, Path("none"), complete=True)


def warmed(
    made: tuple[Trace, Query], *delays_ms: Callable[[float], float], at_most: int = 3
) -> WarmedUp:
    load, query = made
    before = Settling(
        load,
        query=query,
        clock=EventClock.GLOBAL_PER_BATCH,
        guarantee=Guarantee.AT_LEAST_ONCE,
        loads_at_most=at_most,
    )
    played = before(cast(RunningJob, Job(delays_ms, query)))
    return before.outcome(played, head_s=4.0)


def falling(share: float) -> float:
    return 400 * (1 - share) + 20


def level(share: float) -> float:
    return 100 + 10 * (hash(round(share, 3)) % 7) / 7


def rising(share: float) -> float:
    return 20 + 400 * share


def test_a_delay_that_does_not_fall_ends_the_warm_up_after_the_time_asked_for(
    made: tuple[Trace, Query],
) -> None:
    assert warmed(made, level) == WarmedUp(18.0, settled=True)
    assert warmed(made, rising) == WarmedUp(18.0, settled=True)


def test_the_rate_is_played_again_while_the_delay_falls(made: tuple[Trace, Query]) -> None:
    assert warmed(made, falling, falling, level) == WarmedUp(46.0, settled=True)


def test_it_is_not_played_for_ever_and_then_says_so(made: tuple[Trace, Query]) -> None:
    assert warmed(made, falling, falling, falling) == WarmedUp(46.0, settled=False)


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


def test_nothing_is_claimed_of_a_delay_that_could_not_be_tested(made: tuple[Trace, Query]) -> None:
    load, query = made
    before = Settling(
        load,
        query=query,
        clock=EventClock.GLOBAL_PER_BATCH,
        guarantee=Guarantee.AT_LEAST_ONCE,
        loads_at_most=3,
        policy=SettlingPolicy(windows=50),
    )
    played = before(cast(RunningJob, Job((falling,), query)))
    assert before.outcome(played, head_s=4.0) == WarmedUp(18.0, settled=None)


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
