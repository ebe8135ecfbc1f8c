from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.plan import EventClock
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import exact_from_grace_ms
from streambench.oracle.evidence import ClockEvidence
from streambench.oracle.expected import Expected, expect
from tests.oracle.engines_in_python import Counts, flink, kafka_streams, spark, starts_ms
from tests.oracle.stand_in import (
    CLOCKS,
    COUNT,
    MAX,
    MIN,
    OFFSET_MS,
    QUANTUM_MS,
    SUM,
    VALUE,
    WINDOWS,
    Record,
    pairs,
    query,
    steady_trace,
    trace_of,
)

PARTITIONS = 3


def rows_of(expected: Expected) -> dict[tuple[str, int], dict[str, object]]:
    return {(row["key"], row["window_start_ms"]): row for row in expected.table.to_pylist()}


def disordered(seed: int, count: int = 300) -> list[Record]:
    """Records up to three windows behind, with values of both signs, some not passing `where`."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        key = int(rng.integers(6))
        found.append(
            Record(
                quantum=i // 3,
                partition=key % PARTITIONS,
                event_ms=i * 5 - int(rng.exponential(90)),
                key=f"k{key}",
                value=int(rng.integers(-20, 50)),
                action="view" if rng.random() < 0.8 else "click",
            )
        )
    return found


def assert_within(expected: Expected, counted: Counts) -> None:
    rows = rows_of(expected)
    assert set(counted) <= set(rows)
    for place, row in rows.items():
        values = counted.get(place, [])
        if not values:
            assert not row["must"], place
            continue
        got = {
            "n": len(values),
            "total": sum(values),
            "least": min(values),
            "greatest": max(values),
        }
        for alias, value in got.items():
            low, high = row[f"low:{alias}"], row[f"high:{alias}"]
            assert isinstance(low, int)
            assert isinstance(high, int)
            assert low <= value <= high, (place, alias)


def test_without_late_records_every_clock_expects_the_same_exact_rows(tmp_path: Path) -> None:
    trace = steady_trace(tmp_path / "columns")
    tables = []
    for clock in CLOCKS:
        expected = expect(trace, query(grace_ms=40), clock)
        assert expected.exact
        assert expected.nothing_late
        for alias in ("n", "total", "least", "greatest"):
            full = expected.table.column(f"full:{alias}")
            assert expected.table.column(f"low:{alias}") == full
            assert expected.table.column(f"high:{alias}") == full
        tables.append(expected.table.drop_columns(["earliest_quantum", "waits_for_partition"]))
    assert tables[0] == tables[1] == tables[2]


@pytest.mark.parametrize("window", WINDOWS)
def test_values_are_those_of_plain_python(tmp_path: Path, window: Window) -> None:
    records = disordered(3)
    expected = expect(
        trace_of(tmp_path / "columns", records, partitions=PARTITIONS),
        query(window=window, grace_ms=5_000),
        EventClock.PER_PARTITION,
    )
    by_hand: dict[tuple[str, int], list[int]] = {}
    for record in records:
        if record.action == "view":
            for start in starts_ms(record.event_ms, window):
                by_hand.setdefault((record.key, start), []).append(record.value)
    rows = rows_of(expected)
    assert set(rows) == set(by_hand)
    assert any(start < 0 for _, start in by_hand)
    for place, values in by_hand.items():
        row = rows[place]
        assert row["must"]
        assert row["records"] == row["full:n"] == row["low:n"] == len(values)
        assert row["low:total"] == row["high:total"] == sum(values)
        assert (row["low:least"], row["high:greatest"]) == (min(values), max(values))
    due = expected.due()
    assert set(pairs(due.must)) == set(pairs(due.may)) == set(by_hand)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("grace_ms", [0, 37])
@pytest.mark.parametrize("window", WINDOWS)
def test_a_clock_per_partition_is_replayed_exactly(
    tmp_path: Path, seed: int, grace_ms: int, window: Window
) -> None:
    records = disordered(seed)
    asked = query(window=window, grace_ms=grace_ms)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    expected = expect(trace, asked, EventClock.PER_PARTITION)
    counted = kafka_streams(records, asked)
    assert expected.exact
    assert not expected.nothing_late
    assert_within(expected, counted)
    rows = rows_of(expected)
    assert sum(int(str(r["must_records"])) for r in rows.values()) == sum(
        map(len, counted.values())
    )
    assert any(row["low:n"] != row["full:n"] for row in rows.values())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("grace_ms", [0, 37])
@pytest.mark.parametrize("window", WINDOWS)
def test_bounds_of_a_least_over_partitions_clock_hold_for_any_interleaving(
    tmp_path: Path, seed: int, grace_ms: int, window: Window
) -> None:
    records = disordered(seed)
    asked = query(window=window, grace_ms=grace_ms)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    expected = expect(trace, asked, EventClock.MIN_OF_PARTITIONS)
    assert not expected.exact
    rng = np.random.default_rng(seed)
    for _ in range(10):
        assert_within(expected, flink(records, asked, PARTITIONS, rng))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("grace_ms", [0, 37])
@pytest.mark.parametrize("window", WINDOWS)
def test_a_clock_per_batch_is_exact_with_its_batches_and_bounded_without(
    tmp_path: Path, seed: int, grace_ms: int, window: Window
) -> None:
    records = disordered(seed)
    asked = query(window=window, grace_ms=grace_ms)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    blind = expect(trace, asked, EventClock.GLOBAL_PER_BATCH)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        counted, batches = spark(records, asked, PARTITIONS, rng)
        exact = expect(
            trace,
            asked,
            EventClock.GLOBAL_PER_BATCH,
            ClockEvidence(
                batches=batches,
                event_offset_ms=OFFSET_MS,
                first_offsets=dict.fromkeys(range(PARTITIONS), 2),
            ),
        )
        assert exact.exact
        assert_within(exact, counted)
        rows = rows_of(exact)
        total = sum(int(str(row["possible_records"])) for row in rows.values())
        all_in = sum(len(starts_ms(r.event_ms, window)) for r in records if r.action == "view")
        assert total == sum(map(len, counted.values())) < all_in
        assert_within(blind, counted)


def test_records_beyond_the_last_known_batch_may_count(tmp_path: Path) -> None:
    records = disordered(1)
    trace = trace_of(tmp_path / "columns", records, partitions=PARTITIONS)
    _, batches = spark(records, query(), PARTITIONS, np.random.default_rng(1))
    cut = expect(
        trace,
        query(),
        EventClock.GLOBAL_PER_BATCH,
        ClockEvidence(
            batches=batches[: len(batches) // 2],
            event_offset_ms=OFFSET_MS,
            first_offsets=dict.fromkeys(range(PARTITIONS), 2),
        ),
    )
    assert not cut.exact
    assert not all(cut.table.column("must").to_pylist())


@pytest.mark.parametrize(("earlier_ms", "late"), [(108, False), (109, False), (110, True)])
def test_a_record_is_late_from_the_windows_end_plus_the_grace_on(
    tmp_path: Path, earlier_ms: int, late: bool
) -> None:
    records = [Record(0, 0, 5), Record(1, 0, earlier_ms), Record(2, 0, 50)]
    trace = trace_of(tmp_path / "columns", records, partitions=1)
    counts = {}
    for clock in CLOCKS:
        expected = expect(trace, query(grace_ms=10), clock)
        row = rows_of(expected)["a", 0]
        counts[clock] = (row["low:n"], row["high:n"])
        assert expected.nothing_late == (not late)
    assert counts[EventClock.PER_PARTITION] == ((1, 1) if late else (2, 2))
    # It may have been read before the watermark was made.
    assert counts[EventClock.MIN_OF_PARTITIONS] == ((1, 2) if late else (2, 2))


@pytest.mark.parametrize("window", [Tumbling(41), Tumbling(41, 13), Hopping(41, 17)])
@pytest.mark.parametrize(("disorder_ms", "quantum_ms"), [(0, 5), (7, 5), (50, 5), (0, 1), (3, 7)])
def test_no_record_is_late_from_the_promised_grace_on(
    tmp_path: Path, disorder_ms: int, quantum_ms: int, window: Window
) -> None:
    """The worst that generated load can do, with the window's edge at every place in a quantum."""
    grace_ms = exact_from_grace_ms(disorder_ms, quantum_ms)
    records = [  # 41 has no divisor in common with a quantum
        Record(quantum, partition, quantum * quantum_ms + from_start_ms)
        for quantum in range(2 * window.shortest_ms)
        for partition in range(2)
        for from_start_ms in (quantum_ms - 1, -disorder_ms)
    ]
    trace = trace_of(tmp_path / "columns", records, partitions=2)

    def nothing_late(grace_ms: int) -> bool:
        asked = query(window=window, grace_ms=grace_ms)
        return expect(trace, asked, EventClock.PER_PARTITION).nothing_late

    assert nothing_late(grace_ms)
    assert not grace_ms or not nothing_late(grace_ms - 1)


@pytest.mark.parametrize("clock", CLOCKS)
def test_records_that_fail_where_move_no_clock(tmp_path: Path, clock: EventClock) -> None:
    # Flink's program makes its watermark NULL for them, and Flink then keeps the one it has.
    records = [Record(0, 0, 5), Record(1, 0, 500, action="click"), Record(2, 0, 50)]
    trace = trace_of(tmp_path / "columns", records, partitions=1)
    row = rows_of(expect(trace, query(), clock))["a", 0]
    assert (row["low:n"], row["high:n"]) == (2, 2)
    assert row["earliest_quantum"] is None


def test_a_window_all_of_whose_records_are_late_has_no_row(tmp_path: Path) -> None:
    records = [Record(0, 0, 500), Record(1, 0, 50, key="b")]
    trace = trace_of(tmp_path / "columns", records, partitions=1)
    row = rows_of(expect(trace, query(), EventClock.PER_PARTITION))["b", 0]
    assert not row["must"]
    assert (row["possible_records"], row["full:n"]) == (0, 1)
    due = expect(trace, query(), EventClock.PER_PARTITION).due()
    assert pairs(due.must) == pairs(due.may) == [("a", 500)]
    flink_due = expect(trace, query(), EventClock.MIN_OF_PARTITIONS).due()
    assert pairs(flink_due.must) == [("a", 500)]
    assert pairs(flink_due.may) == [("b", 0), ("a", 500)]
    assert row["low:n"] is row["high:n"] is row["low:least"] is None


def test_a_record_that_may_count_widens_each_aggregate_in_its_own_direction(tmp_path: Path) -> None:
    late = [Record(2, 0, 10, value=-7), Record(2, 0, 11, value=90)]
    records = [Record(0, 0, 5, value=3), Record(0, 0, 6, value=8), Record(1, 0, 300), *late]
    trace = trace_of(tmp_path / "columns", records, partitions=1)
    row = rows_of(expect(trace, query(COUNT, SUM, MIN, MAX), EventClock.MIN_OF_PARTITIONS))["a", 0]
    assert (row["low:n"], row["high:n"]) == (2, 4)
    assert (row["low:total"], row["high:total"]) == (4, 101)
    assert (row["low:least"], row["high:least"]) == (-7, 3)
    assert (row["low:greatest"], row["high:greatest"]) == (8, 90)


def test_extremes_of_records_none_of_which_must_count_lie_between_them(tmp_path: Path) -> None:
    late = [Record(2, 0, 10, key="b", value=4), Record(2, 0, 11, key="b", value=9)]
    trace = trace_of(tmp_path / "columns", [Record(1, 0, 300), *late], partitions=1)
    row = rows_of(expect(trace, query(), EventClock.MIN_OF_PARTITIONS))["b", 0]
    assert not row["must"]
    assert (row["low:least"], row["high:least"]) == (4, 9)
    assert (row["low:greatest"], row["high:greatest"]) == (4, 9)


def test_a_window_closes_with_the_first_passing_record_at_its_end_plus_grace(
    tmp_path: Path,
) -> None:
    records = [
        Record(0, 0, 5),
        Record(3, 0, 109),
        Record(4, 0, 115, action="click"),
        Record(6, 1, 110, key="b"),
        Record(9, 0, 120),
        Record(11, 1, 112, key="b", action="click"),
    ]
    trace = trace_of(tmp_path / "columns", records, partitions=2)
    closed = {clock: rows_of(expect(trace, query(grace_ms=10), clock))["a", 0] for clock in CLOCKS}
    assert {row["closing_quantum"] for row in closed.values()} == {6}
    assert closed[EventClock.GLOBAL_PER_BATCH]["earliest_quantum"] == 6
    assert closed[EventClock.PER_PARTITION]["earliest_quantum"] == 9
    # Partition 1 has reached 110 in quantum 6, partition 0 not before quantum 9.
    assert closed[EventClock.MIN_OF_PARTITIONS]["earliest_quantum"] == 9
    later = rows_of(expect(trace, query(grace_ms=10), EventClock.PER_PARTITION))["b", 100]
    assert later["closing_quantum"] is later["earliest_quantum"] is None


def test_flink_closes_no_window_before_its_slowest_partition(tmp_path: Path) -> None:
    records = [
        Record(0, 0, 5),
        Record(2, 0, 400),
        Record(3, 1, 90, key="b"),
        Record(8, 1, 99, key="b"),
        Record(9, 1, 100, key="b"),
    ]
    trace = trace_of(tmp_path / "columns", records, partitions=2)
    row = rows_of(expect(trace, query(), EventClock.MIN_OF_PARTITIONS))["a", 0]
    assert (row["closing_quantum"], row["earliest_quantum"]) == (2, 9)
    silent = [Record(0, 0, 5), Record(2, 0, 400), Record(3, 1, 500, key="b", action="click")]
    for folder, records in (("silent", silent), ("lone", silent[:2])):
        trace = trace_of(tmp_path / folder, records, partitions=2)
        row = rows_of(expect(trace, query(), EventClock.MIN_OF_PARTITIONS))["a", 0]
        assert row["earliest_quantum"] is None


def test_inputs_count_a_record_with_its_newest_window_whether_or_not_it_passes(
    tmp_path: Path,
) -> None:
    records = [
        Record(0, 0, -5),
        Record(0, 0, 5),
        Record(0, 1, 6, action="click"),
        Record(1, 0, 130),
    ]
    expected = expect(
        trace_of(tmp_path / "columns", records, partitions=2), query(), EventClock.PER_PARTITION
    )
    assert expected.inputs.to_pydict() == {"window_start_ms": [-100, 0, 100], "records": [1, 2, 1]}
    hopping = query(window=Hopping(100, 50))
    overlapping = expect(
        trace_of(tmp_path / "hopping", records, partitions=2), hopping, EventClock.PER_PARTITION
    )
    assert overlapping.inputs.to_pydict() == {
        "window_start_ms": [-100, -50, 0, 50, 100],
        "records": [0, 1, 2, 0, 1],
    }


def test_the_newest_quantum_is_that_of_the_newest_record_that_may_count(tmp_path: Path) -> None:
    records = [Record(0, 0, 5), Record(2, 0, 40), Record(4, 0, 150), Record(6, 0, 50)]
    trace = trace_of(tmp_path / "columns", records, partitions=1)
    assert rows_of(expect(trace, query(), EventClock.PER_PARTITION))["a", 0]["newest_quantum"] == 2
    assert (
        rows_of(expect(trace, query(), EventClock.MIN_OF_PARTITIONS))["a", 0]["newest_quantum"] == 6
    )


def test_odd_names_and_no_where_are_no_trouble(tmp_path: Path) -> None:
    odd = Aggregate('a "quoted" name', AggregateFunction.SUM, VALUE)
    trace = trace_of(tmp_path / "it's", [Record(0, 0, 5, value=3, action="click")], partitions=1)
    expected = expect(trace, query(odd, filtered=False), EventClock.PER_PARTITION)
    assert expected.table.column('low:a "quoted" name').to_pylist() == [3]


@pytest.mark.parametrize("window", [*WINDOWS, Sessions(40)], ids=str)
def test_a_record_is_worked_off_once_however_many_windows_it_is_in(
    tmp_path: Path, window: Window
) -> None:
    trace = steady_trace(tmp_path / "columns")
    expected = expect(trace, query(window=window, grace_ms=100), EventClock.PER_PARTITION)
    inputs = expected.inputs
    assert sum(inputs.column("records").to_pylist()) == 2_000 // QUANTUM_MS * 8
    starts = set(inputs.column("window_start_ms").to_pylist())
    assert set(expected.slots_ms.tolist()) <= starts
