"""A load that comes at once is judged like any other, but for what has no due instant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from streambench.experiment.judging import wrong_at_once
from streambench.load.trace import compile_trace
from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.model.workload import Query
from streambench.oracle.expected import Expected, expect
from streambench.trial.prober import Played
from streambench.trial.schedule import event_times
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.oracle.stand_in import OFFSET_MS, T0_MS, right_rows


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Played, Expected, Query]:
    """All rows of two seconds of `clicks`, come long before they would be due."""
    workload = load_workload(find("clicks"))
    cache = tmp_path_factory.mktemp("traces")
    trace = compile_trace(workload, duration_ms=2_000, seed=1, cache=cache)
    expected = expect(trace, workload.query, EventClock.PER_PARTITION)
    rows = right_rows(expected)
    at_once = pa.array([T0_MS] * rows.num_rows, pa.int64())
    rows = rows.set_column(rows.column_names.index("appended_ms"), "appended_ms", at_once)
    return (
        Played(trace, T0_MS * 1_000_000, OFFSET_MS, rows, 0, Path("none"), complete=True),
        expected,
        workload.query,
    )


def wrong(
    given: tuple[Played, Expected, Query],
    played: Played,
    guarantee: Guarantee = Guarantee.AT_LEAST_ONCE,
) -> str | None:
    _, expected, query = given
    return wrong_at_once(played, expected, query=query, guarantee=guarantee, state_exact=True)


def test_rows_before_their_due_instant_are_right(played: tuple[Played, Expected, Query]) -> None:
    assert wrong(played, played[0], Guarantee.EXACTLY_ONCE) is None


def test_a_missing_row_a_false_one_and_a_double_are_told(
    played: tuple[Played, Expected, Query],
) -> None:
    load, _, query = played
    judged_from_ms = event_times(load.trace, query).first_window_ms + OFFSET_MS
    starts = load.rows.column("window_start_ms").to_pylist()
    inside = next(at for at, start in enumerate(starts) if start > judged_from_ms)

    without = pa.concat_tables([load.rows.slice(0, inside), load.rows.slice(inside + 1)])
    assert "1 lost" in (wrong(played, replace(load, rows=without)) or "")

    alias = query.aggregates[0].alias
    values = load.rows.column(alias).to_pylist()
    values[inside] += 1
    at = load.rows.column_names.index(alias)
    false = load.rows.set_column(at, alias, pa.array(values, pa.int64()))
    assert "1 rows wrong" in (wrong(played, replace(load, rows=false)) or "")

    double = pa.concat_tables([load.rows, load.rows.slice(inside, 1)])
    assert wrong(played, replace(load, rows=double)) is None
    assert "1 twice" in (wrong(played, replace(load, rows=double), Guarantee.EXACTLY_ONCE) or "")


def test_rows_that_did_not_come_in_time_are_not_right(
    played: tuple[Played, Expected, Query],
) -> None:
    assert wrong(played, replace(played[0], complete=False)) is not None
