from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from streambench.model.conditions import Guarantee
from streambench.model.metrics import BY_NAME
from streambench.model.plan import EventClock
from streambench.model.trial import Purpose, Span
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import judge
from streambench.results.measure import Measured, measure
from streambench.results.schema import SERIES, WINDOWS
from streambench.results.series import excess_lag
from tests.oracle.stand_in import (
    OFFSET_MS,
    QUANTUM_MS,
    T0_MS,
    Record,
    query,
    right_rows,
    steady_trace,
    trace_of,
)

SPANS = (
    Span(Purpose.WARM_UP, 0, 2_000),
    Span(Purpose.MEASURED, 2_000, 14_000),
    Span(Purpose.COOL_DOWN, 14_000, 15_000),
)
DURATION_MS = 15_000
PER_QUANTUM = 8


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    trace = steady_trace(
        tmp_path_factory.mktemp("trace") / "columns",
        duration_ms=DURATION_MS,
        per_quantum=PER_QUANTUM,
        keys=6,
    )
    return expect(trace, query(grace_ms=40), EventClock.GLOBAL_PER_BATCH)


def send_log(*, lag_ms: float = 1.0) -> pa.Table:
    due_ns = (np.arange(DURATION_MS // QUANTUM_MS) + 1) * QUANTUM_MS * 1_000_000
    return pa.table(
        {
            "records": pa.array(np.full(len(due_ns), PER_QUANTUM), pa.int32()),
            "due_ns": due_ns,
            "possible_ns": due_ns + int(lag_ms * 1e6),
            "written_ns": due_ns + int(lag_ms * 1e6),
            "acked_ns": pa.array(due_ns + 2_000_000, mask=np.arange(len(due_ns)) % 10 == 0),
        }
    )


def measured(
    rows: pa.Table,
    expected: Expected,
    *,
    guarantee: Guarantee = Guarantee.AT_LEAST_ONCE,
    spans: Sequence[Span] = SPANS,
    log: pa.Table | None = None,
) -> Measured:
    result = judge(
        rows,
        expected,
        guarantee=guarantee,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )
    return measure(
        result,
        expected,
        send_log() if log is None else log,
        guarantee=guarantee,
        start_realtime_ns=T0_MS * 1_000_000,
        event_offset_ms=OFFSET_MS,
        spans=spans,
    )


def changed(rows: pa.Table, name: str, values: npt.NDArray[Any]) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), name, pa.array(values))


def closing_of(rows: pa.Table, expected: Expected) -> npt.NDArray[np.int64]:
    """Closing instant in ms since T0 of each row of `right_rows`."""
    quantum = expected.table.column("closing_quantum").fill_null(-1).to_numpy()
    assert len(quantum) == rows.num_rows
    return np.asarray((quantum + 1) * QUANTUM_MS, dtype=np.int64)


def test_a_constant_delay_is_every_percentile_of_it(expected: Expected) -> None:
    found = measured(right_rows(expected, delay_ms=12), expected)
    assert found.measured_windows == 120
    for name in (
        "delay_p50_ms",
        "delay_p99_ms",
        "delay_max_ms",
        "first_row_p50_ms",
        "first_row_p99_ms",
    ):
        assert found.measures[name] == 12
    for name in ("visible_p50_ms", "visible_p99_ms", "visible_max_ms"):
        assert found.measures[name] == pytest.approx(13)
    # The newest record of a window is due about grace + disorder before it closes.
    latency = found.measures["event_latency_p50_ms"]
    assert latency is not None
    assert 12 + 20 < latency < 12 + 80
    assert found.measures["reader_floor_p99_ms"] == pytest.approx(1)
    assert found.trend is None
    assert found.notes == ()
    assert set(found.measures) <= set(BY_NAME)


def test_tables_have_the_columns_of_the_bundle(expected: Expected) -> None:
    found = measured(right_rows(expected), expected)
    assert {f.name: f.type for f in found.windows.schema} == dict(WINDOWS)
    assert {f.name: f.type for f in found.series.schema} == dict(SERIES)


def test_a_window_is_complete_with_its_last_row_and_begins_with_its_first(
    expected: Expected,
) -> None:
    rows = right_rows(expected, delay_ms=10)
    stamps = rows.column("appended_ms").to_numpy().copy()
    first_of_window = np.r_[True, np.diff(rows.column("window_start_ms").to_numpy()) != 0]
    stamps[first_of_window] += 30
    found = measured(changed(rows, "appended_ms", stamps), expected)
    assert found.measures["delay_p50_ms"] == 40
    assert found.measures["first_row_p50_ms"] == 10


def test_duplicates_and_wrong_rows_do_not_move_a_delay(expected: Expected) -> None:
    rows = right_rows(expected, delay_ms=10)
    again = changed(rows, "appended_ms", rows.column("appended_ms").to_numpy() + 500)
    wrong = changed(rows, "value:n", rows.column("value:n").to_numpy() + 1)
    wrong = changed(wrong, "appended_ms", wrong.column("appended_ms").to_numpy() - 5)
    found = measured(pa.concat_tables([rows, again, wrong]), expected)
    assert found.measures["delay_max_ms"] == 10
    assert found.measures["first_row_p50_ms"] == 10


def test_a_window_belongs_to_the_span_in_which_it_closes(expected: Expected) -> None:
    windows = measured(right_rows(expected), expected).windows.to_pylist()
    for window in windows:
        closing_ms = window["closing_ms"]
        if closing_ms is None:
            assert window["purpose"] == "cool-down"
        else:
            span = next(s for s in SPANS if s.start_ms <= closing_ms < s.end_ms)
            assert window["purpose"] == span.purpose.value
            start_ms = window["window_start_ms"] - OFFSET_MS
            assert start_ms + 140 <= closing_ms <= start_ms + 140 + 25
    assert any(window["closing_ms"] is None for window in windows)


def test_percentiles_that_windows_do_not_earn_are_unknown(expected: Expected) -> None:
    few = (Span(Purpose.MEASURED, 2_000, 11_000),)
    found = measured(right_rows(expected, delay_ms=12), expected, spans=few)
    assert found.measured_windows == 90
    assert found.measures["delay_p50_ms"] == found.measures["delay_max_ms"] == 12
    assert found.measures["delay_p99_ms"] is None
    nothing = measured(right_rows(expected), expected, spans=())
    assert nothing.measured_windows == 0
    assert nothing.measures["delay_max_ms"] is nothing.measures["processed_per_s"] is None


def test_a_lost_row_censors_its_window(expected: Expected) -> None:
    rows = right_rows(expected, delay_ms=10)
    victim = int(np.flatnonzero(closing_of(rows, expected) > 5_000)[0])
    found = measured(rows.filter(pa.array(np.arange(rows.num_rows) != victim)), expected)
    assert found.censored_windows == 1
    assert found.measured_windows == 120
    assert found.measures["delay_p50_ms"] == 10
    assert found.measures["delay_p99_ms"] == 10  # the 119th of 120
    assert found.measures["delay_max_ms"] is None
    assert found.measures["first_row_p99_ms"] == 10
    assert any("result delay max" in note for note in found.notes)
    assert any("1 of 120" in note for note in found.notes)
    (window,) = (
        w
        for w in found.windows.to_pylist()
        if w["window_start_ms"] == rows.column("window_start_ms")[victim].as_py()
    )
    assert window["complete_ms"] is None
    assert window["first_row_ms"] == 10
    assert window["right_rows"] == window["expected_rows"] - 1


def test_two_censored_windows_of_120_leave_no_p99(expected: Expected) -> None:
    rows = right_rows(expected)
    starts = rows.column("window_start_ms").to_numpy() - OFFSET_MS
    found = measured(rows.filter(pa.array((starts != 5_000) & (starts != 6_000))), expected)
    assert found.censored_windows == 2
    assert found.measures["delay_p99_ms"] is None
    assert found.measures["delay_p50_ms"] == 10


def test_rates_count_each_record_once_and_where_its_instant_falls(expected: Expected) -> None:
    found = measured(right_rows(expected), expected)
    rate = PER_QUANTUM * 1_000 / QUANTUM_MS
    assert found.measures["offered_per_s"] == rate
    assert found.measures["written_per_s"] == pytest.approx(rate, rel=0.001)
    assert found.measures["acknowledged_per_s"] == pytest.approx(rate * 0.9, rel=0.01)
    assert found.measures["processed_per_s"] == pytest.approx(rate, rel=0.02)
    series = found.series.to_pydict()
    assert series["offered"][:15] == [rate] * 15
    assert sum(series["offered"]) == rate * 15
    assert sum(series["written"]) == rate * 15
    # Records before the origin and in windows outside the judged ones are nobody's to process.
    assert rate * 14.9 < sum(series["processed"]) <= rate * 15


def test_records_of_windows_that_are_not_right_are_not_processed(expected: Expected) -> None:
    rows = right_rows(expected)
    wrong = rows.column("window_start_ms").to_numpy() - OFFSET_MS >= 8_000
    found = measured(changed(rows, "value:n", rows.column("value:n").to_numpy() + wrong), expected)
    offered = found.measures["offered_per_s"]
    processed = found.measures["processed_per_s"]
    assert offered is not None
    assert processed is not None
    assert processed == pytest.approx(offered / 2, rel=0.05)


def test_under_exactly_once_processing_and_lag_go_by_what_is_visible(expected: Expected) -> None:
    rows = right_rows(expected, delay_ms=10)
    rows = changed(rows, "visible_ns", rows.column("visible_ns").to_numpy() + 700_000_000)
    strict = measured(rows, expected, guarantee=Guarantee.EXACTLY_ONCE)
    assert strict.measures["visible_p50_ms"] == pytest.approx(711)
    assert strict.measures["delay_p50_ms"] == 10
    assert strict.measures["excess_lag_max_ms"] == pytest.approx(711, rel=0.1)
    assert strict.measures["reader_floor_p99_ms"] is None
    loose = measured(rows, expected)
    assert loose.measures["excess_lag_max_ms"] == pytest.approx(10, rel=0.5)
    # At-least-once rows are visible when appended: so much must be the reader's own slowness.
    assert loose.measures["visible_p50_ms"] is loose.measures["visible_max_ms"] is None
    assert any("was read" in note for note in loose.notes)


def test_excess_lag_of_an_engine_that_keeps_up_is_its_delay_without_a_sawtooth(
    expected: Expected,
) -> None:
    found = measured(right_rows(expected, delay_ms=30), expected)
    lag = np.array(found.series.column("excess_lag_ms").to_pylist()[2:14])
    np.testing.assert_allclose(lag, 30, atol=4)
    assert found.measures["excess_lag_end_ms"] == pytest.approx(30, abs=4)


def test_excess_lag_of_an_engine_that_falls_behind_grows(expected: Expected) -> None:
    rows = right_rows(expected, delay_ms=0)
    closing = closing_of(rows, expected)
    stamps = rows.column("appended_ms").to_numpy() + np.maximum(0, closing - 4_000) // 4
    found = measured(changed(rows, "appended_ms", stamps), expected)
    lag = np.array(found.series.column("excess_lag_ms").to_pylist()[4:14])
    assert np.all(np.diff(lag) > 0)
    # Closed at 14 s is complete at 16.5 s: at 14 s the engine is at what closed at 12 s.
    assert found.measures["excess_lag_end_ms"] == pytest.approx(2_000, rel=0.1)
    assert found.trend is not None
    assert "rises" in found.trend


def test_one_lost_row_or_window_does_not_freeze_excess_lag(expected: Expected) -> None:
    rows = right_rows(expected)
    starts = rows.column("window_start_ms").to_numpy() - OFFSET_MS
    for kept in (np.arange(len(starts)) != 200, starts != 5_000):
        found = measured(rows.filter(pa.array(kept)), expected)
        end_ms = found.measures["excess_lag_end_ms"]
        assert end_ms is not None
        assert end_ms < 20


def test_an_engine_that_falls_silent_lags_ever_more(expected: Expected) -> None:
    rows = right_rows(expected)
    starts = rows.column("window_start_ms").to_numpy() - OFFSET_MS
    found = measured(rows.filter(pa.array(starts < 8_000)), expected)
    assert found.measures["excess_lag_end_ms"] == pytest.approx(5_400, abs=300)
    assert found.measured_windows == 120
    assert found.measures["delay_p50_ms"] in (10, None)


def test_excess_lag_steps_by_whole_windows() -> None:
    closing_ms = np.array([100.0, 200.0, 300.0])
    breaks_ms, lag_ms = excess_lag(closing_ms, np.array([110.0, 240.0, 305.0]), until_ms=400.0)
    assert breaks_ms.tolist() == [0, 100, 110, 200, 240, 300, 305, 400]
    assert lag_ms.tolist() == [0, 100, 0, 100, 0, 100, 0, 0]


def test_windows_without_any_row_due_say_nothing_of_delay(tmp_path: Path) -> None:
    records = [Record(0, 0, 500), Record(1, 0, 50, key="b"), Record(2, 0, 900), Record(9, 0, 2_000)]
    late = expect(
        trace_of(tmp_path / "columns", records, partitions=1), query(), EventClock.PER_PARTITION
    )
    found = measured(right_rows(late), late, spans=(Span(Purpose.MEASURED, 0, 15_000),))
    assert found.windows.num_rows == 4
    assert found.measured_windows == 2
    assert found.censored_windows == 0


def test_the_wait_for_the_commit_is_known_under_exactly_once_only(expected: Expected) -> None:
    rows = right_rows(expected, delay_ms=12)
    plain = measured(rows, expected)
    exact = measured(rows, expected, guarantee=Guarantee.EXACTLY_ONCE)
    assert "commit_wait_p50_ms" not in plain.measures
    assert exact.measures["commit_wait_p50_ms"] == pytest.approx(1)
    # The parts of a window's time add up to its event latency.
    clock_ms, latency_ms = (
        plain.measures[name] for name in ("clock_wait_p50_ms", "event_latency_p50_ms")
    )
    assert clock_ms is not None
    assert latency_ms == pytest.approx(clock_ms + 12)
