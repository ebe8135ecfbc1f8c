"""The windows of one partition: its own clock, its own late records, and what a new owner needs."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from streambench.engines.common.query_module import QueryProgram, load_query
from streambench.engines.common.query_source import query_source
from streambench.engines.kafka_python.windows import Closed, CommitMark, OpenWindows
from tests.engines.cluster_lab import CLICKS, GRACE_MS, VIEW, WINDOW_MS


class Record(NamedTuple):
    offset: int
    timestamp: int


@pytest.fixture
def query(tmp_path: Path) -> QueryProgram:
    path = tmp_path / "query.py"
    path.write_text(query_source(CLICKS))
    return load_query(path)


def event(key: str = "c1", action: str = VIEW, price: int = 1) -> dict[str, Any]:
    return {"campaign": key, "action": action, "price": price}


def feed(windows: OpenWindows, *times: int, offset: int = 0, **fields: Any) -> list[Closed]:
    records = [Record(offset + index, time) for index, time in enumerate(times)]
    return windows.feed(records, [event(**fields)] * len(records))


def counts(closed: list[Closed]) -> list[tuple[int, int]]:
    return [(window.start_ms, window.totals["c1"][0]) for window in closed]


def test_a_window_closes_at_its_end_and_grace_not_before(query: QueryProgram) -> None:
    windows = OpenWindows(query, CommitMark(0, 0))
    assert feed(windows, 0, 499, WINDOW_MS + GRACE_MS - 1) == []
    assert counts(feed(windows, WINDOW_MS + GRACE_MS, offset=3)) == [(0, 2)]


def test_a_record_within_grace_counts_and_one_behind_it_does_not(query: QueryProgram) -> None:
    windows = OpenWindows(query, CommitMark(0, 0))
    assert counts(feed(windows, 10, 599, 20, 600, 30, 1_100)) == [(0, 2), (500, 2)]
    assert windows.late_records == 1


def test_records_that_are_filtered_out_move_no_clock(query: QueryProgram) -> None:
    windows = OpenWindows(query, CommitMark(0, 0))
    feed(windows, 10)
    assert feed(windows, 99_999, offset=1, action="click") == []
    assert counts(feed(windows, 20, 700, offset=2)) == [(0, 2)]


def test_several_windows_close_in_order(query: QueryProgram) -> None:
    windows = OpenWindows(query, CommitMark(0, 0))
    feed(windows, 599, 10, 700 - 101)
    assert counts(feed(windows, 10_000, offset=3)) == [(0, 1), (500, 2)]


def test_the_mark_is_the_first_record_of_the_oldest_open_window(query: QueryProgram) -> None:
    windows = OpenWindows(query, CommitMark(0, 0))
    feed(windows, 10, 500, 20, 520, offset=100)
    assert windows.mark() == CommitMark(100, 0)
    feed(windows, 650, offset=104)
    assert windows.mark() == CommitMark(101, 500)


def test_with_no_window_open_the_mark_is_where_to_read_on(query: QueryProgram) -> None:
    windows = OpenWindows(query, CommitMark(7, 0))
    assert windows.mark() == CommitMark(7, 0)
    feed(windows, 10, 20, offset=7, action="click")
    assert windows.mark() == CommitMark(9, 0)


def test_a_new_owner_does_not_repeat_what_was_closed(query: QueryProgram) -> None:
    first = OpenWindows(query, CommitMark(0, 0))
    log = [(0, 10), (1, 510), (2, 20), (3, 650), (4, 700), (5, 1_700)]
    feed(first, *(time for _, time in log[:4]))
    mark = first.mark()
    second = OpenWindows(query, mark)
    rest = [time for offset, time in log if offset >= mark.offset]
    assert counts(feed(second, *rest, offset=mark.offset)) == [(500, 3)]


@pytest.mark.parametrize("seed", range(20))
def test_takeovers_anywhere_change_no_row(query: QueryProgram, seed: int) -> None:
    chance = random.Random(seed)
    times = [max(0, n * 13 - chance.randrange(300)) for n in range(400)] + [100_000]
    records = [Record(offset, time) for offset, time in enumerate(times)]
    events = [
        event(key=f"c{chance.randrange(3)}", action=chance.choice([VIEW, VIEW, "click"]))
        for _ in records
    ]
    events[-1] = event()

    def run(takeovers: bool) -> list[Closed]:
        windows, at, rows = OpenWindows(query, CommitMark(0, 0)), 0, []
        while at < len(records):
            size = chance.randrange(1, 40)
            rows += windows.feed(records[at : at + size], events[at : at + size])
            at += size
            if takeovers and chance.random() < 0.5:
                mark = windows.mark()
                windows, at = OpenWindows(query, mark), mark.offset
        return rows

    assert run(takeovers=True) == run(takeovers=False)
