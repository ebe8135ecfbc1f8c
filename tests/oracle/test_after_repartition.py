"""Records that are moved by their group: what the oracle allows, against any interleaving of lagging tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from streambench.model.plan import EventClock
from streambench.model.windows import Sessions, Window
from streambench.oracle.evidence import ClockEvidence, MovedLog
from streambench.oracle.expected import Expected, expect
from streambench.oracle.late import prove_drops
from streambench.workload.partition import partition_of
from tests.oracle.engines_in_python import Counts, starts_ms
from tests.oracle.late_session_engines import Session, by_partition
from tests.oracle.stand_in import WINDOWS, Record, pairs, query, trace_of
from tests.oracle.test_expected import assert_within, rows_of
from tests.oracle.test_late_sessions import GAP_MS, judged
from tests.oracle.test_late_sessions import rows_of as session_rows

CLOCK = EventClock.AFTER_REPARTITION
PARTITIONS = 3
FLUSH_MS = 100_000
# One key of each partition, and some more.
KEYS = [f"k{number}" for number in range(9)]
OF_PARTITION = {partition_of(key.encode(), PARTITIONS): key for key in KEYS}


def scattered(seed: int, count: int = 300) -> list[Record]:
    """Records whose partition has nothing to do with their key; some do not pass `where`."""
    rng = np.random.default_rng(seed)
    return [
        Record(
            quantum=at // 3,
            partition=int(rng.integers(PARTITIONS)),
            event_ms=at * 5 - int(rng.integers(40)),
            key=KEYS[int(rng.integers(len(KEYS)))],
            value=int(rng.integers(-20, 50)),
            action="view" if rng.random() < 0.8 else "click",
        )
        for at in range(count)
    ]


@dataclass(frozen=True)
class Step:
    """A record in the topic in between, and its partition there."""

    partition: int
    record: Record


def moved(
    records: Sequence[Record], rng: np.random.Generator, *, lag: float, flush_last: bool = False
) -> list[Step]:
    """What tasks, one a partition of the input, write: each in its order, some slower than others.

    The flush record of a partition comes behind the others of its input partition, or of all.
    """
    logs = [
        [r for r in records if r.partition == p and r.action == "view"] for p in range(PARTITIONS)
    ]
    flushes = [Record(0, p, FLUSH_MS, key=OF_PARTITION[p]) for p in range(PARTITIONS)]
    if not flush_last:
        logs = [[*log, flush] for log, flush in zip(logs, flushes, strict=True)]
    speeds = rng.random(PARTITIONS) ** lag
    found: list[Record] = []
    while any(logs):
        able = [p for p in range(PARTITIONS) if logs[p]]
        weights = speeds[able] + 1e-6
        p = int(rng.choice(able, p=weights / weights.sum()))
        for _ in range(int(rng.integers(1, 8))):
            if logs[p]:
                found.append(logs[p].pop(0))
        if rng.random() < 0.1:
            speeds = rng.random(PARTITIONS) ** lag
    found += flushes if flush_last else []
    return [Step(partition_of(record.key.encode(), PARTITIONS), record) for record in found]


def log_of(steps: Sequence[Step], *, restarted: bool = False) -> MovedLog:
    keys = [*KEYS, "of no record"]
    return MovedLog(
        partition=np.array([step.partition for step in steps], dtype=np.int64),
        group=np.array([keys.index(step.record.key) for step in steps], dtype=np.int64),
        groups=keys,
        event_ms=np.array([step.record.event_ms for step in steps], dtype=np.int64),
        restarted=restarted,
    )


def counted(steps: Sequence[Step], window: Window, grace_ms: int) -> Counts:
    """What is counted in time by the clock of each partition there."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    clock: dict[int, int] = {}
    for step in steps:
        record = step.record
        now_ms = clock[step.partition] = max(clock.get(step.partition, -(10**9)), record.event_ms)
        if record.event_ms == FLUSH_MS:
            continue
        for start in starts_ms(record.event_ms, window):
            if start + window.shortest_ms + grace_ms > now_ms:
                found[record.key, start].append(record.value)
    return found


def dropped_records(expected: Expected) -> int:
    return sum(int(r["records"]) - int(r["must_records"]) for r in rows_of(expected).values())  # type: ignore[call-overload]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("grace_ms", [0, 37, 200])
@pytest.mark.parametrize("window", WINDOWS)
def test_the_log_of_what_was_moved_tells_what_came_too_late(
    tmp_path: Path, seed: int, grace_ms: int, window: Window
) -> None:
    records = scattered(seed)
    asked = query(window=window, grace_ms=grace_ms)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    wide = expect(trace, asked, CLOCK)
    rng = np.random.default_rng(seed)
    for lag in (0.0, 1.0, 4.0):
        steps = moved(records, rng, lag=lag)
        found = counted(steps, window, grace_ms)
        exact = expect(trace, asked, CLOCK, ClockEvidence(moved=log_of(steps)))
        assert_within(exact, found)
        assert_within(wide, found)
        # Records that are alike in key and time, of which some came late, are few.
        in_time = sum(map(len, found.values()))
        must = sum(int(str(row["must_records"])) for row in rows_of(exact).values())
        may = sum(int(str(row["possible_records"])) for row in rows_of(exact).values())
        assert must <= in_time <= may
        assert may - must <= 0.06 * may
        if lag == 4.0 and grace_ms == 0:
            assert dropped_records(exact) > 20


@pytest.mark.parametrize("window", WINDOWS)
def test_tasks_in_step_lose_nothing_and_every_row_is_known(tmp_path: Path, window: Window) -> None:
    records = scattered(1)
    asked = query(window=window, grace_ms=200)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    in_order = [record for record in records if record.action == "view"]
    steps = [Step(partition_of(r.key.encode(), PARTITIONS), r) for r in in_order]
    expected = expect(trace, asked, CLOCK, ClockEvidence(moved=log_of(steps)))
    assert expected.exact
    assert expected.nothing_late
    assert dropped_records(expected) == 0
    assert prove_drops(expected).dropped == 0


def test_without_the_log_hardly_anything_is_certain_but_all_rows_are_waited_for(
    tmp_path: Path,
) -> None:
    records = scattered(2)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    wide = expect(trace, query(grace_ms=50), CLOCK)
    assert not wide.exact
    assert sum(1 for row in rows_of(wide).values() if row["must"]) < wide.table.num_rows / 2
    assert set(pairs(wide.due().must)) == set(rows_of(wide))


def test_what_was_never_moved_must_count_and_what_was_moved_twice_counts_once(
    tmp_path: Path,
) -> None:
    records = scattered(3)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    asked = query(grace_ms=50)
    steps = moved(records, np.random.default_rng(3), lag=0.0, flush_last=True)
    flushes = [step for step in steps if step.record.event_ms == FLUSH_MS]
    nothing = expect(trace, asked, CLOCK, ClockEvidence(moved=log_of(flushes)))
    assert nothing.exact
    assert dropped_records(nothing) == 0
    # The last thirty come again behind the flush records: far too late, as a task that began anew writes them.
    again = [*steps, *(step for step in steps[-40:] if step.record.event_ms != FLUSH_MS)]
    twice = expect(trace, asked, CLOCK, ClockEvidence(moved=log_of(again, restarted=True)))
    assert_within(twice, counted(steps, asked.window, 50))
    once = expect(trace, asked, CLOCK, ClockEvidence(moved=log_of(steps, restarted=True)))
    assert prove_drops(twice).high <= prove_drops(once).high + 20
    for place, row in rows_of(twice).items():
        assert row["full:n"] == rows_of(once)[place]["full:n"]


def test_whoever_has_restarted_may_count_what_was_late(tmp_path: Path) -> None:
    records = scattered(4)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    asked = query(grace_ms=0)
    steps = moved(records, np.random.default_rng(4), lag=4.0)
    firm = expect(trace, asked, CLOCK, ClockEvidence(moved=log_of(steps)))
    lenient = expect(trace, asked, CLOCK, ClockEvidence(moved=log_of(steps, restarted=True)))
    assert prove_drops(firm).low > 0
    assert prove_drops(lenient).low == 0
    assert prove_drops(lenient).high >= prove_drops(firm).low


def test_a_group_of_no_record_changes_nothing(tmp_path: Path) -> None:
    records = scattered(5)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    asked = query(grace_ms=50)
    steps = moved(records, np.random.default_rng(5), lag=1.0)
    strange = [*steps, Step(0, Record(0, 0, 0, key="of no record"))]
    tables = [
        expect(trace, asked, CLOCK, ClockEvidence(moved=log_of(each))).table
        for each in (steps, strange)
    ]
    assert tables[0] == tables[1]


@pytest.mark.parametrize("seed", range(8))
def test_sessions_after_a_move_are_bounded_by_the_log(tmp_path: Path, seed: int) -> None:
    records = [replace(record, action="view") for record in scattered(seed)]
    grace_ms = (0, 30, 400)[seed % 3]
    asked = query(window=Sessions(GAP_MS), grace_ms=grace_ms)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS, quanta=len(records))
    rng = np.random.default_rng(seed)
    for lag in (0.0, 3.0):
        steps = moved(records, rng, lag=lag, flush_last=True)
        there = [replace(step.record, partition=step.partition) for step in steps]
        written: list[Session] = [
            session
            for session in by_partition(there, GAP_MS, grace_ms)
            if session[0].event_ms != FLUSH_MS
        ]
        expected = expect(trace, asked, CLOCK, ClockEvidence(moved=log_of(steps)))
        damage, proved, measured = judged(expected, session_rows(written))
        assert (damage.lost, damage.over_counted, damage.under_counted) == (0, 0, 0)
        assert (damage.unexpected, damage.conflicting, damage.duplicates) == (0, 0, 0)
        assert measured is not None
        assert proved.low <= measured <= proved.high
