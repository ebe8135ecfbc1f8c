"""Each event is in one window, and numbers, arrays and SQL agree in which."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from streambench.model.windows import Tumbling, by_starts

EVENTS = (-1_501, -1_500, -500, -1, 0, 1, 499, 500, 501, 1_790_000_000_123)
SIZES = (1, 7, 500, 420_000)


@pytest.mark.parametrize("size_ms", SIZES)
@pytest.mark.parametrize("event_ms", EVENTS)
def test_a_window_holds_its_events_and_begins_at_a_multiple_of_its_size(
    size_ms: int, event_ms: int
) -> None:
    window = Tumbling(size_ms)
    start_ms = window.assign(event_ms)
    assert start_ms <= event_ms < window.end(start_ms)
    assert start_ms % size_ms == 0
    assert window.phase_ms(event_ms) == event_ms - start_ms


@pytest.mark.parametrize("size_ms", SIZES)
def test_arrays_and_sql_say_what_single_instants_say(size_ms: int) -> None:
    window, grace_ms = Tumbling(size_ms), 100
    starts = [window.assign(event_ms) for event_ms in EVENTS]
    closings = [window.closes_at(start_ms, grace_ms) for start_ms in starts]

    events = np.array(EVENTS, dtype=np.int64)
    assert window.assign(events).tolist() == starts
    assert window.closes_at(window.assign(events), grace_ms).tolist() == closings

    start = window.assign_sql("event")
    rows = duckdb.sql(
        f"SELECT {start}, {window.closes_sql(start, grace_ms)}"
        f" FROM (SELECT unnest({list(EVENTS)}) AS event)"
    ).fetchall()
    assert rows == list(zip(starts, closings, strict=True))


def test_a_window_closes_its_grace_after_its_end() -> None:
    window = Tumbling(500)
    assert window.closes_at(1_000, 0) == window.end(1_000) == 1_500
    assert window.closes_at(1_000, 100) == 1_600
    assert window.horizon_ms(100) == 600


def test_windows_are_counted_in_whole_ones() -> None:
    window = Tumbling(500)
    assert window.span_ms(3) == 1_500
    assert [window.count_in(ms) for ms in (0, 499, 500, 1_499)] == [0, 0, 1, 2]
    assert [window.count_over(ms) for ms in (0, 1, 500, 501)] == [0, 1, 1, 2]
    assert window.shifted(1_000, 2) == 2_000
    assert window.shifted(1_000, -3) == -500


def test_windows_are_known_by_the_least_distance_of_their_starts() -> None:
    assert by_starts(np.array([0.0, 1_000.0, 1_500.0, 3_000.0])) == Tumbling(500)
    assert by_starts(np.array([500.0])) is None
    assert by_starts(np.array([])) is None
