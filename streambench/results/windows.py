"""When each window was due and when its rows came: the unit of sampling (docs/method.md, what is reported)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.model.trial import Purpose, Span
from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]
NS_PER_MS = 1_000_000


@dataclass(frozen=True)
class WindowTimes:
    """One entry a judged window, by window start; instants in ms since T0.

    `closing_ms` is NaN where only the flush closes the window. `expected_rows` must exist,
    `right_rows` of them came right. The `first_*` are of its first right row, NaN when there is
    none; `complete_*` of its last expected row, NaN when one never came right. `seen_*` are of the
    last row that ever came right, whatever is missing. `input_records` counts the records of which it is the newest
    window, whether or not they pass `where`.

    `own_clock_ms` is when the engine's own event clock could first lawfully close the row that
    completed the window (the last of them by that clock, when it never was complete); the end of
    the load where only the flush lets it; NaN where `closing_ms` is. `waited_for` is the partition
    whose records this clock waited for; −1: it waits for none.
    """

    start_ms: Int64s
    closing_ms: Floats
    newest_due_ms: Floats
    expected_rows: Int64s
    right_rows: Int64s
    first_appended_ms: Floats
    first_visible_ms: Floats
    complete_appended_ms: Floats
    complete_visible_ms: Floats
    seen_appended_ms: Floats
    seen_visible_ms: Floats
    input_records: Int64s
    own_clock_ms: Floats
    waited_for: Int64s

    def select(self, spans: Sequence[Span], purpose: Purpose) -> npt.NDArray[np.bool_]:
        """Which windows close within the spans of this purpose; unknown closings are in none."""
        chosen = np.zeros(len(self.start_ms), dtype=np.bool_)
        for span in spans:
            if span.purpose is purpose:
                chosen |= (self.closing_ms >= span.start_ms) & (self.closing_ms < span.end_ms)
        return chosen


def window_times(judged: Judged, expected: Expected, *, start_realtime_ns: int) -> WindowTimes:
    """Gather the stamps of the first right row of every (key, window) by window."""
    table = expected.table
    starts, window = np.unique(expected.slots_ms, return_inverse=True)
    must = table.column("must").to_numpy(zero_copy_only=False).astype(np.bool_)
    closing = table.column("closing_quantum").fill_null(-1).to_numpy().astype(np.int64)
    newest = table.column("newest_quantum").to_numpy().astype(np.int64)

    first = judged.rows.filter(judged.rows.column("first_right"))
    row = first.column("expected_index").to_numpy().astype(np.int64)
    appended = first.column("appended_ms").to_numpy() - start_realtime_ns / NS_PER_MS
    visible = (first.column("visible_ns").to_numpy() - start_realtime_ns) / NS_PER_MS

    count = len(starts)
    closing_quantum = _greatest(closing, window, count)
    closing_ms = np.where(closing_quantum >= 0, expected.due_ms(closing_quantum), np.nan)
    earlier_ms = closes_earlier_ms(closing, closing_ms[window], expected)
    appended, visible = appended + earlier_ms[row], visible + earlier_ms[row]
    expected_rows = np.bincount(window[must], minlength=count)
    right_rows = np.bincount(window[row[must[row]]], minlength=count)
    # A window in which no row must exist is complete with the last of those that came.
    counts_for_complete = must[row] | (expected_rows[window[row]] == 0)
    complete = right_rows >= expected_rows

    def last(stamps: Floats, wanted: npt.NDArray[np.bool_]) -> Floats:
        found = np.full(count, -np.inf)
        np.maximum.at(found, window[row[wanted]], stamps[wanted])
        return np.where(np.isfinite(found), found, np.nan)

    def earliest(stamps: Floats) -> Floats:
        found = np.full(count, np.inf)
        np.minimum.at(found, window[row], stamps)
        return np.where(np.isfinite(found), found, np.nan)

    every = np.ones(len(row), dtype=np.bool_)
    newest_due_ms = np.full(count, -np.inf)
    np.maximum.at(newest_due_ms, window, expected.due_ms(newest) + earlier_ms)
    by_own_clock_ms = _own_clock_ms(table, expected) + earlier_ms
    # Of the rows that must come, the last by this clock; of a complete window, the row that completed it.
    wanted_rows = np.flatnonzero(must | (expected_rows[window] == 0))
    decides = _last_of(window[wanted_rows], (by_own_clock_ms[wanted_rows],), wanted_rows, count)
    ended = row[counts_for_complete]
    completed_by = _last_of(
        window[ended], (appended[counts_for_complete], by_own_clock_ms[ended]), ended, count
    )
    decides = np.where(complete & (completed_by >= 0), completed_by, decides)
    waited_for = table.column("waits_for_partition").fill_null(-1).to_numpy().astype(np.int64)
    return WindowTimes(
        start_ms=starts,
        closing_ms=closing_ms,
        newest_due_ms=newest_due_ms,
        expected_rows=expected_rows,
        right_rows=right_rows,
        first_appended_ms=earliest(appended),
        first_visible_ms=earliest(visible),
        complete_appended_ms=np.where(complete, last(appended, counts_for_complete), np.nan),
        complete_visible_ms=np.where(complete, last(visible, counts_for_complete), np.nan),
        seen_appended_ms=last(appended, every),
        seen_visible_ms=last(visible, every),
        input_records=_input_records(expected, starts),
        own_clock_ms=np.maximum(by_own_clock_ms[decides], closing_ms),
        waited_for=waited_for[decides],
    )


def windows_table(times: WindowTimes, spans: Sequence[Span], *, event_offset_ms: int) -> pa.Table:
    """The bundle's table of windows: delays after the closing instant in ms, null where unknown.

    A window that only the flush closes belongs to the cool-down.
    """
    purpose = np.full(len(times.start_ms), Purpose.COOL_DOWN.value, dtype=object)
    for each in Purpose:
        purpose[times.select(spans, each)] = each.value
    return pa.table(
        {
            "window_start_ms": pa.array(times.start_ms + event_offset_ms, pa.int64()),
            "closing_ms": _nullable(times.closing_ms),
            "first_row_ms": _nullable(times.first_appended_ms - times.closing_ms),
            "complete_ms": _nullable(times.complete_appended_ms - times.closing_ms),
            "visible_first_ms": _nullable(times.first_visible_ms - times.closing_ms),
            "visible_complete_ms": _nullable(times.complete_visible_ms - times.closing_ms),
            "event_latency_ms": _nullable(times.complete_appended_ms - times.newest_due_ms),
            "own_clock_wait_ms": _nullable(times.own_clock_ms - times.closing_ms),
            "expected_rows": pa.array(times.expected_rows, pa.int64()),
            "right_rows": pa.array(times.right_rows, pa.int64()),
            "purpose": pa.array(purpose, pa.string()),
        }
    )


def closes_earlier_ms(closing: Int64s, closing_ms: Floats, expected: Expected) -> Floats:
    """By how much each row is due before the last one with which it is taken together.

    All rows of a window are due at one instant; sessions of a slot are not. So much is added to the instants
    of a row, that its own delay counts. `closing` are quanta (−1: only the flush closes it).
    """
    known = (closing >= 0) & np.isfinite(closing_ms)
    return np.where(known, closing_ms - expected.due_ms(np.maximum(closing, 0)), 0.0)


def _own_clock_ms(table: pa.Table, expected: Expected) -> Floats:
    """When the engine's clock may first close each row; the load's end where only the flush lets it."""
    quantum = table.column("earliest_quantum").fill_null(expected.quanta - 1).to_numpy()
    return expected.due_ms(quantum.astype(np.int64))


def _last_of(window: Int64s, by: tuple[Floats, ...], rows: Int64s, count: int) -> Int64s:
    """Of each window the entry of `rows` that is greatest by the keys `by`; −1 where it has none."""
    order = np.lexsort((*reversed(by), window))
    found = np.full(count, -1, dtype=np.int64)
    found[window[order]] = rows[order]  # of several assignments to one place the last one stays
    return found


def _greatest(values: Int64s, window: Int64s, count: int) -> Int64s:
    found = np.full(count, -1, dtype=np.int64)
    np.maximum.at(found, window, values)
    return found


def _input_records(expected: Expected, starts: Int64s) -> Int64s:
    known = expected.inputs.column("window_start_ms").to_numpy()
    records = expected.inputs.column("records").to_numpy()
    return np.asarray(records[np.searchsorted(known, starts)], dtype=np.int64)


def _nullable(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))
