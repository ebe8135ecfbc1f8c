"""The open windows of one input partition, and what a new owner needs to build them again.

There is no store and no changelog. The log is the state: whoever takes over a partition reads again
from the first record of its oldest open window, and drops records of windows that had been closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd
from typing import Any, Final, NamedTuple, Protocol, cast

from streambench.engines.common.query_module import (
    EVENT_TIME,
    GroupKey,
    HandProgram,
    QueryProgram,
    Totals,
    is_by_hand,
    reads_time,
)

NEVER_MS: Final = -(2**62)
"""A clock that no record has moved."""


class Record(Protocol):
    """What is read of a consumed record; kafka-python's ConsumerRecord is one."""

    @property
    def offset(self) -> int: ...  # noqa: D102

    @property
    def timestamp(self) -> int: ...  # noqa: D102


class Closed(NamedTuple):
    """A window that is over; `totals` by group are final."""

    start_ms: int
    totals: dict[GroupKey, Totals]


class CommitMark(NamedTuple):
    """What is committed: read on from `offset`, and take windows before `closed_ms` as done.

    `clock_ms` is the clock before the record at `offset`, which only sessions need: what was late stays so.
    """

    offset: int
    closed_ms: int
    clock_ms: int = NEVER_MS

    @property
    def text(self) -> str:
        """All but the offset, as it is committed with it."""
        clock = "" if self.clock_ms == NEVER_MS else f",{self.clock_ms}"
        return f"{self.closed_ms}{clock}"

    @classmethod
    def read(cls, offset: int, text: str) -> CommitMark:
        """What was committed; nothing was closed where there is no text."""
        return cls(offset, *map(int, text.split(","))) if text else cls(offset, 0)


class OpenWindows:
    """Feeds the records of one partition, in the order of its log, and returns windows that close.

    The clock is the greatest timestamp so far among records that pass `where`, of this partition
    alone: another partition's progress says nothing about this one's. A record that is late for some of
    its windows counts in the others; `late_records` counts it once for each window that it missed.
    """

    def __init__(self, query: QueryProgram, mark: CommitMark) -> None:
        self._query = query
        self._offset = query.OFFSET_MS
        # All events of a pane are in the same windows.
        self._pane = gcd(query.WINDOW_MS, query.ADVANCE_MS)
        self._position = mark.offset
        self._closed_ms = mark.closed_ms
        self._open: dict[int, dict[GroupKey, Totals]] = {}
        self._first_offset: dict[int, int] = {}
        self.committed = mark
        self.late_records = 0

    def mark(self) -> CommitMark:
        """What may be committed once all windows that closed have been written."""
        return CommitMark(min(self._first_offset.values(), default=self._position), self._closed_ms)

    def feed(self, records: Sequence[Record], events: Sequence[Any]) -> list[Closed]:
        """Take the next records, `events` being their parsed values; return what closed, in order."""
        query = self._query
        size, grace = query.WINDOW_MS, query.GRACE_MS
        where, accumulate = query.where, query.accumulate
        closed_ms = self._closed_ms
        closes_at = closed_ms + size + grace
        # The pane of `held`, empty at first, and how many of its windows are over.
        start = end = late = 0
        held: list[dict[GroupKey, Totals]] = []
        over: list[Closed] = []
        if reads_time(query):
            for record, event in zip(records, events, strict=True):
                event[EVENT_TIME] = record.timestamp
        for record, event in zip(records, events, strict=True):
            if not where(event):
                continue
            timestamp = record.timestamp
            if timestamp >= closes_at:
                closed_ms = self._oldest(timestamp - grace)
                closes_at = closed_ms + size + grace
                over += self._close(closed_ms)
                start = end = 0
            if not start <= timestamp < end:
                start = (timestamp - self._offset) // self._pane * self._pane + self._offset
                end = start + self._pane
                starts = range(self._oldest(start), start + 1, query.ADVANCE_MS)
                held = [self._totals(s, record.offset) for s in starts if s >= closed_ms]
                late = len(starts) - len(held)
            self.late_records += late
            for totals in held:
                accumulate(totals, event)
        self._closed_ms = closed_ms
        if records:
            self._position = records[-1].offset + 1
        return over

    def rows(self, over: Sequence[Closed]) -> Iterator[tuple[bytes, bytes]]:
        """Key and value of each row of output."""
        if is_by_hand(self._query):
            rows_of = cast(HandProgram, self._query).rows_of
            for start_ms, kept in over:
                yield from rows_of(kept, start_ms)
            return
        having, row = self._query.having, self._query.row
        for start_ms, totals_by_key in over:
            for key, totals in totals_by_key.items():
                if having(totals):
                    yield row(key, start_ms, totals)

    def _oldest(self, event_ms: int) -> int:
        """The start of the oldest window that holds an event."""
        advance = self._query.ADVANCE_MS
        before = event_ms - self._query.WINDOW_MS - self._offset
        return before // advance * advance + advance + self._offset

    def _totals(self, start_ms: int, offset: int) -> dict[GroupKey, Totals]:
        """Those of a window that is not over; `offset` is its first record's if it is new."""
        found = self._open.get(start_ms)
        if found is None:
            found = self._open[start_ms] = {}
            self._first_offset[start_ms] = offset
        return found

    def _close(self, before_ms: int) -> list[Closed]:
        starts = sorted(start for start in self._open if start < before_ms)
        for start in starts:
            del self._first_offset[start]
        return [Closed(start, self._open.pop(start)) for start in starts]
