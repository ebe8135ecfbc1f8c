"""A load that comes at once is judged like any other, but for what has no due instant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from streambench.experiment.judging import judge_load, not_right, verdict_at_once
from streambench.load.trace import compile_trace
from streambench.model.columns import value_column
from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.model.workload import Query
from streambench.oracle.expected import Expected, expect
from streambench.trial.load import Played
from streambench.trial.own_rows import OwnRows
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
    _, expected, _ = given
    judged = judge_load(played, expected, guarantee=guarantee, state_exact=True)
    verdict = verdict_at_once(judged, guarantee, complete=played.complete)
    if verdict.right:
        return None
    return not_right("that came at once", played.trace.ref.records, verdict.damage)


def test_rows_before_their_due_instant_are_right(played: tuple[Played, Expected, Query]) -> None:
    assert wrong(played, played[0], Guarantee.EXACTLY_ONCE) is None


def test_a_missing_row_a_false_one_and_a_double_are_told(
    played: tuple[Played, Expected, Query],
) -> None:
    load, _, query = played
    inside = load.rows.num_rows // 2

    without = pa.concat_tables([load.rows.slice(0, inside), load.rows.slice(inside + 1)])
    assert "1 lost" in (wrong(played, replace(load, rows=without)) or "")

    alias = value_column(query.aggregates[0].alias)
    values = load.rows.column(alias).to_pylist()
    values[inside] += 1
    at = load.rows.column_names.index(alias)
    false = load.rows.set_column(at, alias, pa.array(values, pa.int64()))
    assert "1 rows wrong" in (wrong(played, replace(load, rows=false)) or "")

    double = pa.concat_tables([load.rows, load.rows.slice(inside, 1)])
    assert wrong(played, replace(load, rows=double)) is None
    assert "1 twice" in (wrong(played, replace(load, rows=double), Guarantee.EXACTLY_ONCE) or "")


def test_an_invented_row_is_told_wherever_its_window_lies(
    played: tuple[Played, Expected, Query],
) -> None:
    load, expected, query = played
    starts = load.rows.column("window_start_ms").to_numpy()
    for start_ms in (int(starts.min()) - 10_000, int(starts.max()) + 10_000):
        row = load.rows.slice(0, 1)
        at = row.column_names.index("window_start_ms")
        strange = row.set_column(at, "window_start_ms", pa.array([start_ms]))
        rows = pa.concat_tables([load.rows, strange])
        assert "1 rows wrong" in (wrong(played, replace(load, rows=rows)) or "")

        own = OwnRows()
        own.sent(row.column("key")[0].as_py(), start_ms + 1)
        exempt = own.among(rows, query.window)
        assert wrong(played, replace(load, rows=rows, own_rows=exempt)) is None

    # A row of the load before comes once more.
    own = OwnRows()
    own.played(expected.due(), event_offset_ms=OFFSET_MS - 60_000)
    again = load.rows.slice(0, 2)
    moved = pa.array(again.column("window_start_ms").to_numpy() - 60_000)
    again = again.set_column(again.column_names.index("window_start_ms"), "window_start_ms", moved)
    never = again.slice(0, 1).set_column(again.column_names.index("key"), "key", pa.array(["?"]))
    for late, told in ((again, None), (never, "1 rows wrong")):
        rows = pa.concat_tables([load.rows, late])
        exempt = own.among(rows, query.window)
        found = wrong(played, replace(load, rows=rows, own_rows=exempt))
        assert found is None if told is None else told in (found or "")


def test_an_output_record_that_is_no_row_is_told(played: tuple[Played, Expected, Query]) -> None:
    assert "1 rows wrong" in (wrong(played, replace(played[0], malformed_count=1)) or "")


def test_rows_that_did_not_come_in_time_are_not_right(
    played: tuple[Played, Expected, Query],
) -> None:
    assert wrong(played, replace(played[0], complete=False)) is not None
