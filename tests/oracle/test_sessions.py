"""Sessions: the oracle against an obvious implementation, and the consumer against both."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pytest

from streambench.engines.common.query_module import SessionProgram, load_program
from streambench.engines.common.query_source import query_source
from streambench.engines.kafka_python.sessions import ClosedSession, OpenSessions
from streambench.engines.kafka_python.windows import CommitMark
from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.model.verdict import Damage
from streambench.model.windows import Sessions
from streambench.oracle.expected import expect
from streambench.oracle.judge import judge
from streambench.results.partition_windows import partition_windows
from streambench.results.windows import window_times
from tests.engines.cluster_lab import CLICKS, VIEW
from tests.oracle.stand_in import (
    CLOCKS,
    OFFSET_MS,
    QUANTUM_MS,
    T0_MS,
    Record,
    query,
    right_rows,
    trace_of,
)

GAP_MS, GRACE_MS = 40, 30
SESSIONS = query(window=Sessions(GAP_MS), grace_ms=GRACE_MS)
PARTITIONS = 2
Found = dict[tuple[str, int], tuple[int, list[int]]]
"""Values by key and start, with the end."""


def drawn(seed: int, count: int = 400) -> list[Record]:
    """Events up to 20 ms behind their quantum, so that a grace of 30 ms is enough."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        key = int(rng.integers(5))
        quantum = i // 2
        found.append(
            Record(
                quantum=quantum,
                partition=key % PARTITIONS,
                event_ms=quantum * QUANTUM_MS
                + int(rng.integers(QUANTUM_MS))
                - int(rng.integers(20)),
                key=f"k{key}",
                value=int(rng.integers(-20, 50)),
                action="view" if rng.random() < 0.5 else "click",
            )
        )
    return found


def by_hand(records: Sequence[Record]) -> Found:
    """Sort each key's events and cut where the next one is more than a gap away."""
    found: Found = {}
    for key in {record.key for record in records}:
        mine = sorted((r.event_ms, r.value) for r in records if r.key == key and r.action == "view")
        start = last = None
        values: list[int] = []
        for event_ms, value in [*mine, (10**9, 0)]:
            if start is None or last is None or event_ms - last > GAP_MS:
                if start is not None and last is not None:
                    found[key, start] = (last + GAP_MS, values)
                start, values = event_ms, []
            last = event_ms
            values.append(value)
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("clock", CLOCKS)
def test_sessions_are_those_of_plain_python(tmp_path: Path, seed: int, clock: EventClock) -> None:
    records = drawn(seed)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    expected = expect(trace, SESSIONS, clock)
    rows = {(r["key"], r["window_start_ms"]): r for r in expected.table.to_pylist()}
    wanted = by_hand(records)
    assert set(rows) == set(wanted)
    assert len(wanted) > 20
    assert expected.exact
    for (key, start), (end, values) in wanted.items():
        row = rows[key, start]
        assert row["low:n"] == row["high:n"] == row["records"] == len(values)
        assert (row["full:total"], row["full:least"]) == (sum(values), min(values))
        assert row["low:window_length"] == row["high:window_length"] == end - start


def test_events_a_gap_apart_are_in_one_session_and_a_millisecond_more_is_two(
    tmp_path: Path,
) -> None:
    for apart_ms, sessions in ((GAP_MS, 1), (GAP_MS + 1, 2)):
        records = [Record(0, 0, 0), Record(apart_ms // QUANTUM_MS, 0, apart_ms)]
        trace = trace_of(tmp_path / str(apart_ms), records, partitions=1)
        assert expect(trace, SESSIONS, EventClock.PER_PARTITION).table.num_rows == sessions


@pytest.mark.parametrize(("behind_ms", "late"), [(29, False), (30, True)])
def test_a_record_that_may_be_late_for_its_session_is_known_for_one(
    tmp_path: Path, behind_ms: int, late: bool
) -> None:
    records = [Record(0, 0, 0), Record(20, 1, 100, key="b"), Record(20, 0, 100 - behind_ms)]
    trace = trace_of(tmp_path / "columns", records, partitions=2)
    expected = expect(trace, SESSIONS, EventClock.PER_PARTITION)
    assert expected.exact
    assert expected.nothing_late is not late


def test_a_session_closes_its_gap_and_grace_after_its_last_event(tmp_path: Path) -> None:
    closes_ms = 35 + GAP_MS + GRACE_MS
    for ahead_ms, quantum in ((closes_ms - 1, None), (closes_ms, 21)):
        records = [Record(0, 0, 0), Record(7, 0, 35), Record(21, 0, ahead_ms, key="b")]
        trace = trace_of(tmp_path / str(ahead_ms), records, partitions=1)
        first = expect(trace, SESSIONS, EventClock.PER_PARTITION).table.to_pylist()[0]
        assert (first["key"], first["window_start_ms"], first["slot_ms"]) == ("a", 0, 0)
        assert first["closing_quantum"] == quantum


def judged_rows(folder: Path, change: dict[str, int] | None = None) -> Damage:
    trace = trace_of(folder, drawn(1), partitions=PARTITIONS)
    expected = expect(trace, SESSIONS, EventClock.PER_PARTITION)
    rows = right_rows(expected)
    for name, by in (change or {}).items():
        values = rows.column(name).to_numpy().copy()
        values[5] += by
        rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array(values))
    return judge(
        rows,
        expected,
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    ).verdict.damage


def test_a_session_that_was_cut_or_moved_is_found(tmp_path: Path) -> None:
    assert judged_rows(tmp_path / "right") == Damage()
    cut = judged_rows(
        tmp_path / "cut", {"value:window_length": -3, "value:n": -1, "value:total": -99}
    )
    assert cut.under_counted == 1
    assert judged_rows(tmp_path / "moved", {"window_start_ms": 1}).unexpected == 1
    assert judged_rows(tmp_path / "end", {"value:window_length": 1}).wrong == 1


def test_each_session_has_a_delay_of_its_own_and_slots_are_the_unit(tmp_path: Path) -> None:
    trace = trace_of(tmp_path / "columns", drawn(2), partitions=PARTITIONS, quanta=200)
    expected = expect(trace, SESSIONS, EventClock.PER_PARTITION)
    # Each row comes 10 ms after its own closing, however far that lies before its slot's last one.
    table = expected.table
    closing = table.column("closing_quantum").fill_null(expected.quanta).to_numpy()
    appended = T0_MS + (closing.astype(np.int64) + 1) * QUANTUM_MS + 10
    rows = right_rows(expected)
    at = rows.schema.get_field_index("appended_ms")
    rows = rows.set_column(at, "appended_ms", pa.array(appended))
    at = rows.schema.get_field_index("visible_ns")
    rows = rows.set_column(at, "visible_ns", pa.array(appended * 1_000_000))
    judged = judge(
        rows,
        expected,
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )
    times = window_times(judged, expected, start_realtime_ns=T0_MS * 1_000_000)
    known = ~np.isnan(times.closing_ms)
    assert known.sum() > 10
    assert set(times.start_ms.tolist()) == set(expected.slots_ms.tolist())
    whole = known & (times.start_ms < times.start_ms.max() - 3 * GAP_MS)
    assert set((times.complete_appended_ms - times.closing_ms)[whole]) == {10.0}
    assert set((times.first_appended_ms - times.closing_ms)[whole]) == {10.0}
    parts = partition_windows(
        judged, expected, partitions=4, start_realtime_ns=T0_MS * 1_000_000, visible=False
    )
    assert parts.apart_ms == GAP_MS


class Read(NamedTuple):
    offset: int
    timestamp: int


@pytest.fixture
def program(tmp_path: Path) -> SessionProgram:
    workload = replace(
        CLICKS, query=replace(CLICKS.query, window=Sessions(GAP_MS), grace_ms=GRACE_MS)
    )
    path = tmp_path / "query.py"
    path.write_text(query_source(workload))
    return cast(SessionProgram, load_program(path))


def log_of(seed: int) -> tuple[list[Read], list[dict[str, Any]], list[Record]]:
    """One partition's log; its last record closes all."""
    drawn_records = [replace(r, partition=0) for r in drawn(seed)]
    reads = [Read(at, r.event_ms + 1_000) for at, r in enumerate(drawn_records)]
    events: list[dict[str, Any]] = [
        {
            "campaign": r.key,
            "action": VIEW if r.action == "view" else "click",
            "price": r.value,
        }
        for r in drawn_records
    ]
    reads.append(Read(len(reads), 1_000_000))
    events.append({"campaign": "end", "action": VIEW, "price": 0})
    return reads, events, drawn_records


def found_of(over: Sequence[ClosedSession]) -> Found:
    found: Found = {}
    for key, start_ms, end_ms, totals in over:
        assert (key, start_ms - 1_000) not in found
        found[key, start_ms - 1_000] = (end_ms - 1_000, totals)
    return found


def wanted_of(records: Sequence[Record]) -> Found:
    return {
        place: (end, [len(values), sum(values), min(values), max(values)])
        for place, (end, values) in by_hand(records).items()
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_python_consumer_has_the_same_sessions(program: SessionProgram, seed: int) -> None:
    reads, events, records = log_of(seed)
    sessions = OpenSessions(program, CommitMark(0, 0))
    assert found_of(sessions.feed(reads, events)) == wanted_of(records)
    assert sessions.late_records == 0


@pytest.mark.parametrize("seed", range(20))
def test_takeovers_anywhere_change_no_session(program: SessionProgram, seed: int) -> None:
    reads, events, records = log_of(seed)
    chance = random.Random(seed)
    sessions, at, over = OpenSessions(program, CommitMark(0, 0)), 0, []
    while at < len(reads):
        size = chance.randrange(1, 40)
        over += sessions.feed(reads[at : at + size], events[at : at + size])
        at += size
        if at < len(reads) and chance.random() < 0.5:
            mark = sessions.mark()
            sessions, at = OpenSessions(program, mark), mark.offset
    assert found_of(over) == wanted_of(records)


def test_events_just_a_gap_apart_are_in_one_session_whatever_the_grace(tmp_path: Path) -> None:
    query = replace(CLICKS.query, window=Sessions(GAP_MS), grace_ms=0)
    path = tmp_path / "query.py"
    path.write_text(query_source(replace(CLICKS, query=query)))
    sessions = OpenSessions(cast(SessionProgram, load_program(path)), CommitMark(0, 0))
    reads = [Read(0, 1_000), Read(1, 1_000 + GAP_MS), Read(2, 5_000)]
    events = [{"campaign": "a", "action": VIEW, "price": 1} for _ in reads]
    (closed,) = sessions.feed(reads, events)
    assert (closed.start_ms, closed.end_ms) == (1_000, 1_000 + 2 * GAP_MS)


@pytest.mark.parametrize("seed", range(20))
def test_takeovers_change_nothing_where_records_are_late(
    program: SessionProgram, seed: int
) -> None:
    """What was late stays late: the clock goes with the commit."""
    chance = random.Random(seed)
    reads, events, _ = log_of(seed)
    reads = [
        read._replace(timestamp=read.timestamp - chance.choice((0, 0, 0, 90, 150)))
        for read in reads[:-1]
    ] + reads[-1:]
    whole = OpenSessions(program, CommitMark(0, 0))
    wanted = found_of(whole.feed(reads, events))
    assert whole.late_records > 5
    sessions, at, over = OpenSessions(program, CommitMark(0, 0)), 0, []
    while at < len(reads):
        size = chance.randrange(1, 40)
        over += sessions.feed(reads[at : at + size], events[at : at + size])
        at += size
        if at < len(reads) and chance.random() < 0.5:
            mark = sessions.mark()
            assert CommitMark.read(mark.offset, mark.text) == mark
            sessions, at = OpenSessions(program, mark), mark.offset
    assert found_of(over) == wanted


def test_a_record_between_two_open_sessions_makes_them_one(program: SessionProgram) -> None:
    reads = [Read(0, 1_000), Read(1, 1_060), Read(2, 1_030), Read(3, 5_000)]
    events = [{"campaign": "a", "action": VIEW, "price": price} for price in (5, 7, 1, 0)]
    sessions = OpenSessions(program, CommitMark(0, 0))
    assert sessions.feed(reads, events) == [ClosedSession("a", 1_000, 1_100, [3, 13, 1, 7])]


def test_a_late_record_that_extends_nothing_is_left_out(program: SessionProgram) -> None:
    reads = [Read(0, 1_000), Read(1, 2_000), Read(2, 1_930), Read(3, 1_929)]
    events = [{"campaign": key, "action": VIEW, "price": 1} for key in "abcd"]
    sessions = OpenSessions(program, CommitMark(0, 0))
    sessions.feed(reads, events)
    assert sessions.late_records == 2  # at 2,000 a session that ended at 1,970 is over


@pytest.mark.parametrize("seed", range(5))
def test_a_session_that_begins_with_events_of_one_time_has_none_of_the_one_before(
    tmp_path: Path, seed: int
) -> None:
    """Their order among themselves is nobody's: whichever is taken for the first begins the session for all."""
    rng = np.random.default_rng(seed)
    times_ms = np.cumsum(rng.integers(1, 3, 40) * (GAP_MS + 1)).repeat(rng.integers(1, 5, 40))
    records = [
        Record(int(at_ms) // QUANTUM_MS, 0, int(at_ms), key=f"k{rng.integers(3)}")
        for at_ms in times_ms
    ]
    trace = trace_of(tmp_path / "columns", records, partitions=1, quanta=10_000)
    expected = expect(trace, SESSIONS, EventClock.PER_PARTITION)
    found = {
        (row["key"], row["window_start_ms"]): row["records"] for row in expected.table.to_pylist()
    }
    assert found == Counter((record.key, record.event_ms) for record in records)
    assert set(expected.table.column("full:window_length").to_pylist()) == {GAP_MS}
