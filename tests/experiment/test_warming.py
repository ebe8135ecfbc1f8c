"""A fresh job is given records at once until it is as fast as it gets, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pyarrow as pa
import pytest

from streambench.experiment.warming import LOADS_AT_MOST, WarmUp
from streambench.load.trace import Trace, compile_trace
from streambench.model.plan import EventClock
from streambench.model.shape import Ramp
from streambench.model.workload import Query, Synthetic
from streambench.oracle.expected import expect
from streambench.trial.job import RunningJob
from streambench.trial.load import Load, Played
from streambench.trial.observer import Phase
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.oracle.stand_in import OFFSET_MS, T0_MS, pairs


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trace, Query]:
    workload = load_workload(find("clicks"))
    cache = tmp_path_factory.mktemp("traces")
    return compile_trace(workload, duration_ms=2_000, seed=1, cache=cache), workload.query


class AtSetRates:
    """A job that works each load off at the next of `rates_per_s`; None: no row ever came."""

    def __init__(self, rates_per_s: Sequence[float | None]) -> None:
        self._rates: Iterator[float | None] = iter(rates_per_s)

    def play_at_once(self, load: Load) -> Played:
        trace = load.trace
        assert load.due.must
        assert f"{trace.ref.records:,}" in (load.note or "")
        rate = next(self._rates)
        stamps = [] if rate is None else [T0_MS, T0_MS + trace.ref.records * 1000 / rate]
        return self._played(trace, stamps, complete=rate is not None)

    def play(self, load: Load) -> Played:
        assert load.due.must
        assert load.phase is Phase.WARM_UP
        assert "rising" in (load.note or "")
        return self._played(load.trace, [], complete=True)

    def _played(self, trace: Trace, stamps: list[float], *, complete: bool) -> Played:
        rows = pa.table({"appended_ms": pa.array(stamps, pa.float64())})
        return Played(trace, T0_MS * 1_000_000, OFFSET_MS, rows, 0, Path("none"), complete=complete)


def worked_off(
    made: tuple[Trace, Query],
    rates_per_s: Sequence[float | None],
    loads_at_most: int = LOADS_AT_MOST,
) -> list[float | None]:
    """At which rates loads were worked off before it was found warm; and of which rates it told."""
    trace, query = made
    told: list[float] = []

    def again(per_s: float) -> Trace:
        told.append(per_s)
        return trace

    warm_up = WarmUp(
        trace,
        again,
        expected=lambda load: expect(load, query, EventClock.PER_PARTITION),
        records_at_most=trace.ref.records * LOADS_AT_MOST,
        loads_at_most=loads_at_most,
    )
    job = cast(RunningJob, AtSetRates(rates_per_s))
    found = [None if s.per_s is None else round(s.per_s) for s in warm_up.steps(job)]
    # Each next load was made from the rate of the one before.
    assert [round(each) for each in told] == (found[: len(told)])
    return list(found)


def test_it_ends_when_a_load_is_not_worked_off_clearly_faster(made: tuple[Trace, Query]) -> None:
    assert worked_off(made, [1_000, 2_000, 2_200, 9_000]) == [1_000, 2_000, 2_200]
    assert worked_off(made, [1_000, 900, 9_000]) == [1_000, 900]


def test_it_does_not_go_on_for_ever(made: tuple[Trace, Query]) -> None:
    growing = [1_000.0 * 2**step for step in range(LOADS_AT_MOST + 2)]
    assert len(worked_off(made, growing)) == LOADS_AT_MOST
    assert worked_off(made, growing, loads_at_most=2) == [1_000, 2_000]


def test_rows_that_do_not_come_end_it(made: tuple[Trace, Query]) -> None:
    assert worked_off(made, [1_000, None, 9_000]) == [1_000, None]


def test_what_rises_to_the_rate_follows_what_came_at_once(
    made: tuple[Trace, Query], tmp_path: Path
) -> None:
    trace, query = made
    clicks = load_workload(find("clicks"))
    assert isinstance(clicks.input, Synthetic)
    workload = replace(clicks, input=clicks.input.shaped(Ramp(3_000, 10_000)))
    rising = compile_trace(workload, duration_ms=2_000, seed=1, cache=tmp_path)
    warm_up = WarmUp(
        trace,
        lambda _: trace,
        expected=lambda load: expect(load, query, EventClock.PER_PARTITION),
        records_at_most=0,
        rising=rising,
    )
    played = warm_up(cast(RunningJob, AtSetRates([1_000, 1_000])))
    assert [each.trace for each in played] == [trace, trace, rising]
    first, second = rising.offered_by_second
    assert first < second
    assert first + second == rising.ref.records
    of_each = [pairs(warm_up.expected(load).due().must) for load in (rising, trace)]
    assert of_each[0] != of_each[1]
    # Not while rows of before are missing: they would never be told apart.
    assert [each.trace for each in warm_up(cast(RunningJob, AtSetRates([None])))] == [trace]
