"""What the oracle says of each canonical query is what a second, plain computation says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from streambench.model.plan import EventClock
from streambench.oracle.expected import expect
from streambench.workload.parse import load_named
from tests.canonical.answers import ASKED
from tests.canonical.loads import events_sent, small_trace


@pytest.mark.parametrize("name", ASKED)
def test_the_oracle_says_what_a_second_computation_says(name: str, tmp_path: Path) -> None:
    asked = ASKED[name]
    trace = small_trace(name, tmp_path, asked.rate_per_s, asked.duration_s)
    query = load_named(name).query
    events = events_sent(trace)
    assert len(events) == trace.meta.records == asked.rate_per_s * asked.duration_s
    due = asked.rows(events)
    expected = expect(trace, query, EventClock.PER_PARTITION)
    assert expected.exact
    table = expected.table.to_pylist()
    assert {(row["key"], row["window_start_ms"]) for row in table} == due.keys()
    assert len(table) == len(due)
    for row in table:
        values = due[row["key"], row["window_start_ms"]]
        assert {each.alias for each in query.judged} == values.keys()
        for alias, value in values.items():
            low, high = row[f"low:{alias}"], row[f"high:{alias}"]
            if isinstance(value, int):
                assert low == high == value
            else:
                assert low == high
                assert math.isclose(low, value, rel_tol=1e-9, abs_tol=1e-9)


def test_of_a_heavy_tail_with_less_grace_each_row_is_within_its_bounds(tmp_path: Path) -> None:
    """What all records come to is the most that may be counted, and what came late need not be."""
    trace = small_trace("heavy-tail", tmp_path, 1_000, 40)
    due = ASKED["heavy-tail:all"].rows(events_sent(trace))
    expected = expect(trace, load_named("heavy-tail").query, EventClock.MIN_OF_PARTITIONS)
    assert not expected.exact
    table = expected.table.to_pylist()
    assert {(row["key"], row["window_start_ms"]) for row in table} == due.keys()
    for row in table:
        values = due[row["key"], row["window_start_ms"]]
        assert row["records"] == values["clicks"]
        assert row["must_records"] <= row["possible_records"] <= values["clicks"]
    assert sum(row["must_records"] for row in table) < sum(row["records"] for row in table)
