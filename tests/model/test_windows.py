"""Numbers, arrays and SQL agree in which windows an event is, and these are all that hold it."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from streambench.model.windows import Aligned, Hopping, Sessions, Tumbling

EVENTS = (-1_501, -1_500, -500, -1, 0, 1, 499, 500, 501, 1_790_000_000_123)
SIZES = (1, 7, 500, 420_000)
WINDOWS = (
    *(Tumbling(size_ms) for size_ms in SIZES),
    Tumbling(500, 33),
    Hopping(500, 100),
    Hopping(500, 200),
    Hopping(500, 499, 7),
    Hopping(7, 3, 2),
)


@pytest.mark.parametrize("size_ms", SIZES)
@pytest.mark.parametrize("event_ms", EVENTS)
def test_a_window_holds_its_events_and_begins_at_a_multiple_of_its_size(
    size_ms: int, event_ms: int
) -> None:
    window = Tumbling(size_ms)
    (start_ms,) = window.starts(event_ms)
    assert start_ms <= event_ms < window.end(start_ms)
    assert start_ms % size_ms == 0
    assert window.phase_ms(event_ms) == event_ms - start_ms
    assert window.oldest(event_ms) == window.newest(event_ms) == window.slot(event_ms) == start_ms


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("event_ms", EVENTS)
def test_an_event_is_in_every_window_whose_bounds_hold_it(window: Aligned, event_ms: int) -> None:
    starts = list(window.starts(event_ms))
    near = [
        start_ms
        for start_ms in range(
            window.newest(event_ms) - 6 * window.advance_ms,
            window.newest(event_ms) + 6 * window.advance_ms,
            window.advance_ms,
        )
        if start_ms <= event_ms < window.end(start_ms)
    ]
    assert starts == near
    assert {(start_ms - window.offset_ms) % window.advance_ms for start_ms in starts} == {0}
    assert (window.oldest(event_ms), window.newest(event_ms)) == (starts[0], starts[-1])
    assert window.per_event - 1 <= len(starts) <= window.per_event


@pytest.mark.parametrize("window", WINDOWS)
def test_all_events_of_a_slot_are_in_the_same_windows(window: Aligned) -> None:
    for event_ms in (*EVENTS, *range(-20, 20)):
        slot_ms = window.slot(event_ms)
        assert slot_ms <= event_ms < slot_ms + window.slot_ms
        assert window.starts(slot_ms) == window.starts(event_ms)


@pytest.mark.parametrize("window", WINDOWS)
def test_arrays_and_sql_say_what_single_instants_say(window: Aligned) -> None:
    grace_ms = 100
    each = [(event_ms, start_ms) for event_ms in EVENTS for start_ms in window.starts(event_ms)]

    events = np.array(EVENTS, dtype=np.int64)
    place, starts = window.spread(events)
    assert list(zip(events[place].tolist(), starts.tolist(), strict=True)) == each
    assert window.slot(events).tolist() == [window.slot(event_ms) for event_ms in EVENTS]

    rows = duckdb.sql(
        f"SELECT *, {window.closes_sql('start', grace_ms)} FROM (SELECT event,"
        f" {window.starts_sql('event')} AS start, {window.slot_sql('event')} AS slot"
        f" FROM (SELECT unnest({list(EVENTS)}) AS event))"
    ).fetchall()
    assert rows == [
        (event_ms, start_ms, window.slot(event_ms), window.closes_at(start_ms, grace_ms))
        for event_ms, start_ms in each
    ]


@pytest.mark.parametrize("window", WINDOWS)
def test_time_shifted_along_the_grid_moves_no_edge(window: Aligned) -> None:
    shift_ms = window.grid(1_790_000_000_123)
    assert 0 <= 1_790_000_000_123 - shift_ms < window.advance_ms
    for event_ms in EVENTS:
        assert [start + shift_ms for start in window.starts(event_ms)] == list(
            window.starts(event_ms + shift_ms)
        )


def test_a_session_of_one_event_ends_a_gap_after_it() -> None:
    window = Sessions(500)
    assert list(window.starts(1_234)) == [1_234]
    assert window.end(1_234) == 1_734
    assert window.closes_at(1_234, 100) == 1_834
    # It may extend one that ended just then.
    assert window.late_from(1_734, 100) == 1_834
    assert [window.slot(ms) for ms in (-1, 0, 499, 500)] == [-500, 0, 0, 500]
    slots = np.array([-500, 0, 500])
    place, same = window.spread(slots)
    assert (place.tolist(), same.tolist()) == ([0, 1, 2], [-500, 0, 500])
    (row,) = duckdb.sql(f"SELECT {window.slot_sql('-1::BIGINT')}").fetchall()
    assert row == (-500,)


def test_a_window_closes_its_grace_after_its_end() -> None:
    for window in (Tumbling(500), Hopping(500, 100), Tumbling(500, 33)):
        assert window.closes_at(1_000, 0) == window.end(1_000) == 1_500
        assert window.closes_at(1_000, 100) == 1_600
        assert window.horizon_ms(100) == 600


def test_windows_are_counted_in_whole_ones() -> None:
    window = Tumbling(500)
    assert window.span_ms(3) == window.whole_ms(3) == 1_500
    assert [window.count_in(ms) for ms in (0, 499, 500, 1_499)] == [0, 0, 1, 2]
    assert [window.count_over(ms) for ms in (0, 1, 500, 501)] == [0, 1, 1, 2]
    assert window.shifted(1_000, 2) == 2_000
    assert window.shifted(1_000, -3) == -500
    assert Hopping(500, 100).span_ms(3) == 300
    assert Hopping(500, 100).whole_ms(3) == 700
