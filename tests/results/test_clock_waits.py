"""An engine is charged with its own part: what its event clock had to wait for is told apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.model.trial import ClockWait, Purpose, Span
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import judge
from streambench.results.measure import Measured, measure
from tests.oracle.stand_in import OFFSET_MS, QUANTUM_MS, T0_MS, Record, query, right_rows, trace_of
from tests.results.test_measure import send_log

LOAD_MS = 15_000
SPANS = (
    Span(Purpose.WARM_UP, 0, 2_000),
    Span(Purpose.MEASURED, 2_000, 14_000),
    Span(Purpose.COOL_DOWN, 14_000, LOAD_MS),
)


def two_partitions(folder: Path, clock: EventClock, *, silent: range, behind_ms: int = 0) -> Expected:
    """A record a quantum on each of two partitions; the second has none in `silent` (ms of the load)."""
    records = []
    for quantum in range(LOAD_MS // QUANTUM_MS):
        at_ms = quantum * QUANTUM_MS
        records.append(Record(quantum, 0, at_ms, key="a"))
        if at_ms not in silent:
            records.append(Record(quantum, 1, at_ms - behind_ms, key="b"))
    quanta = LOAD_MS // QUANTUM_MS
    return expect(trace_of(folder, records, partitions=2, quanta=quanta), query(), clock)


def measured(expected: Expected, *, delay_ms: int) -> Measured:
    """Rows that come `delay_ms` after the engine's own clock allows them."""
    rows = right_rows(expected, delay_ms=delay_ms)
    judged = judge(
        rows,
        expected,
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )
    return measure(
        judged,
        expected,
        send_log(),
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ns=T0_MS * 1_000_000,
        event_offset_ms=OFFSET_MS,
        spans=SPANS,
    )


@pytest.mark.parametrize("clock", [EventClock.MIN_OF_PARTITIONS, EventClock.PER_PARTITION])
def test_a_slower_partition_is_not_the_engines_doing(tmp_path: Path, clock: EventClock) -> None:
    found = measured(
        two_partitions(tmp_path / "columns", clock, silent=range(0), behind_ms=60), delay_ms=7
    )
    assert found.measures["delay_p50_ms"] == pytest.approx(67, abs=5)
    assert found.measures["own_clock_wait_p50_ms"] == pytest.approx(60, abs=5)
    assert found.measures["own_clock_wait_max_ms"] == pytest.approx(60, abs=5)
    for name in ("engine_part_p50_ms", "engine_part_p99_ms", "engine_part_max_ms"):
        assert found.measures[name] == 7
    assert found.clock_waits == ()  # too short to be told in words


def test_a_clock_over_all_partitions_waits_for_none(tmp_path: Path) -> None:
    expected = two_partitions(
        tmp_path / "columns", EventClock.GLOBAL_PER_BATCH, silent=range(8_000, LOAD_MS)
    )
    found = measured(expected, delay_ms=7)
    assert found.measures["own_clock_wait_max_ms"] == 0
    assert found.measures["engine_part_p50_ms"] == found.measures["delay_p50_ms"] == 7
    assert found.clock_waits == ()


def test_the_parts_of_each_window_add_up_to_its_delay(tmp_path: Path) -> None:
    expected = two_partitions(
        tmp_path / "columns", EventClock.MIN_OF_PARTITIONS, silent=range(8_000, 10_000)
    )
    windows = measured(expected, delay_ms=7).windows
    waits = windows.column("own_clock_wait_ms").to_pylist()
    delays = windows.column("complete_ms").to_pylist()
    known = [(wait, delay) for wait, delay in zip(waits, delays, strict=True) if wait is not None]
    assert len(known) > 100
    assert {delay - wait for wait, delay in known} == {7}
    assert max(waits[:-2]) == pytest.approx(1_900, abs=110)


def test_a_partition_that_falls_silent_is_named_with_since_when(tmp_path: Path) -> None:
    expected = two_partitions(
        tmp_path / "columns", EventClock.MIN_OF_PARTITIONS, silent=range(8_000, LOAD_MS)
    )
    found = measured(expected, delay_ms=7)
    (wait,) = found.clock_waits
    assert (wait.clock, wait.partition) == (EventClock.MIN_OF_PARTITIONS, 1)
    assert (wait.silent_from_ms, wait.silent_until_ms) == (8_000, None)
    # What ends from 8.0 to 13.9 s waits for the flush, and that comes no sooner than the load's end.
    assert wait.windows == 60
    assert wait.longest_ms == LOAD_MS - 8_005
    assert found.measures["own_clock_wait_max_ms"] == wait.longest_ms
    assert found.measures["engine_part_max_ms"] == 7 + QUANTUM_MS  # the flush came a quantum later


def test_a_silence_that_ends_says_so_and_holds_only_its_own_keys_per_partition(
    tmp_path: Path,
) -> None:
    expected = two_partitions(
        tmp_path / "columns", EventClock.PER_PARTITION, silent=range(8_050, 11_000)
    )
    (wait,) = measured(expected, delay_ms=7).clock_waits
    # Windows of the silent key alone wait: the one that had begun; the others have no row of it.
    assert wait == ClockWait(
        EventClock.PER_PARTITION,
        partition=1,
        windows=1,
        longest_ms=wait.longest_ms,
        silent_from_ms=8_050,
        silent_until_ms=11_005,
    )
    assert wait.longest_ms == pytest.approx(2_900, abs=10)


def test_a_partition_whose_records_never_pass_is_silent_from_the_start(tmp_path: Path) -> None:
    records = []
    for quantum in range(LOAD_MS // QUANTUM_MS):
        records.append(Record(quantum, 0, quantum * QUANTUM_MS, key="a"))
        records.append(Record(quantum, 1, quantum * QUANTUM_MS, key="b", action="click"))
    trace = trace_of(tmp_path / "columns", records, partitions=2, quanta=LOAD_MS // QUANTUM_MS)
    (wait,) = measured(expect(trace, query(), EventClock.MIN_OF_PARTITIONS), delay_ms=7).clock_waits
    assert (wait.partition, wait.silent_from_ms, wait.silent_until_ms) == (1, 0, None)
    lone = trace_of(tmp_path / "lone", records[::2], partitions=2, quanta=LOAD_MS // QUANTUM_MS)
    (wait,) = measured(expect(lone, query(), EventClock.MIN_OF_PARTITIONS), delay_ms=7).clock_waits
    assert (wait.partition, wait.silent_from_ms, wait.silent_until_ms) == (1, 0, None)


def test_event_times_that_are_behind_are_no_silence(tmp_path: Path) -> None:
    expected = two_partitions(
        tmp_path / "columns", EventClock.MIN_OF_PARTITIONS, silent=range(0), behind_ms=1_500
    )
    (wait,) = measured(expected, delay_ms=7).clock_waits
    assert wait.silent_from_ms is wait.silent_until_ms is None
    assert wait.longest_ms == pytest.approx(1_500, abs=10)


def test_the_row_that_completes_a_window_decides_what_was_waited_for(tmp_path: Path) -> None:
    expected = two_partitions(
        tmp_path / "columns", EventClock.PER_PARTITION, silent=range(0), behind_ms=60
    )
    rows = right_rows(expected, delay_ms=7)
    # The engine takes 200 ms for the key that had not to wait: that is its own time, all of it.
    slow = np.array([key == "a" for key in rows.column("key").to_pylist()])
    stamps = rows.column("appended_ms").to_numpy() + np.where(slow, 200, 0)
    rows = rows.set_column(rows.schema.get_field_index("appended_ms"), "appended_ms", [stamps])
    judged = judge(
        rows,
        expected,
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )
    found = measure(
        judged,
        expected,
        send_log(),
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ns=T0_MS * 1_000_000,
        event_offset_ms=OFFSET_MS,
        spans=SPANS,
    )
    assert found.measures["own_clock_wait_p50_ms"] == 0
    assert found.measures["engine_part_p50_ms"] == found.measures["delay_p50_ms"] == 207
