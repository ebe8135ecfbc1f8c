"""A fresh job is given records at once until it is as fast as it gets, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pyarrow as pa
import pytest

from streambench.experiment.warming import LOADS_AT_MOST, WarmUp
from streambench.load.trace import Trace, compile_trace
from streambench.model.plan import EventClock
from streambench.model.workload import Query
from streambench.trial.prober import Played, Prober
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.oracle.stand_in import OFFSET_MS, T0_MS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trace, Query]:
    workload = load_workload(find("clicks"))
    cache = tmp_path_factory.mktemp("traces")
    return compile_trace(workload, duration_ms=2_000, seed=1, cache=cache), workload.query


class AtSetRates:
    """A prober whose job works each load off at the next of `rates_per_s`; None: no row ever came."""

    def __init__(self, rates_per_s: Sequence[float | None]) -> None:
        self._rates: Iterator[float | None] = iter(rates_per_s)

    def play_at_once(
        self,
        trace: Trace,
        must_come: frozenset[tuple[str, int]],
        *,
        note: str,
        silence_s: float | None,
    ) -> Played:
        assert must_come
        assert f"{trace.ref.records:,}" in note
        rate = next(self._rates)
        stamps = [] if rate is None else [T0_MS, T0_MS + trace.ref.records * 1000 / rate]
        rows = pa.table({"appended_ms": pa.array(stamps, pa.float64())})
        return Played(
            trace, T0_MS * 1_000_000, OFFSET_MS, rows, 0, Path("none"), complete=rate is not None
        )


def worked_off(
    made: tuple[Trace, Query],
    rates_per_s: Sequence[float | None],
    as_warm_per_s: float | None = None,
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
        query=query,
        clock=EventClock.PER_PARTITION,
        records_at_most=trace.ref.records * LOADS_AT_MOST,
        as_warm_per_s=as_warm_per_s,
    )
    prober = cast(Prober, AtSetRates(rates_per_s))
    found = [None if s.per_s is None else round(s.per_s) for s in warm_up.steps(prober)]
    # Each next load was made from the rate of the one before.
    assert [round(each) for each in told] == (found[: len(told)])
    return list(found)


def test_it_ends_when_a_load_is_not_worked_off_clearly_faster(made: tuple[Trace, Query]) -> None:
    assert worked_off(made, [1_000, 2_000, 2_200, 9_000]) == [1_000, 2_000, 2_200]
    assert worked_off(made, [1_000, 900, 9_000]) == [1_000, 900]


def test_a_job_that_is_to_be_as_warm_as_another_goes_on_until_it_is(
    made: tuple[Trace, Query],
) -> None:
    rates = [500, 1_000, 1_010, 1_690, 1_710, 9_000]
    assert worked_off(made, rates, as_warm_per_s=2_000) == [500, 1_000, 1_010, 1_690, 1_710]
    assert worked_off(made, [1_750, 9_000], as_warm_per_s=2_000) == [1_750]


def test_it_does_not_go_on_for_ever(made: tuple[Trace, Query]) -> None:
    growing = [1_000.0 * 2**step for step in range(LOADS_AT_MOST + 2)]
    assert len(worked_off(made, growing)) == LOADS_AT_MOST
    assert len(worked_off(made, [1_000] * 9, as_warm_per_s=5_000)) == LOADS_AT_MOST


def test_rows_that_do_not_come_end_it(made: tuple[Trace, Query]) -> None:
    assert worked_off(made, [1_000, None, 9_000]) == [1_000, None]
