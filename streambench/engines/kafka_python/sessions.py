"""The open sessions of one input partition, and what a new owner needs to build them again.

The log is the state, as with windows of one length: whoever takes over a partition reads again from the first
record of its oldest open session. What had closed before the commit is built again, too, and not written.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple, cast

from streambench.engines.common.query_module import (
    EVENT_TIME,
    GroupKey,
    HandSessions,
    SessionProgram,
    Totals,
    is_by_hand,
    reads_time,
)
from streambench.engines.kafka_python.windows import CommitMark, Record


class ClosedSession(NamedTuple):
    """A session that is over; its totals are final."""

    key: GroupKey
    start_ms: int
    end_ms: int
    totals: Totals


@dataclass(eq=False)
class _OpenSession:
    """A session from its first to its last event; the offset of its first record in the log, and the clock before."""

    start_ms: int
    last_ms: int
    offset: int
    clock_ms: int
    totals: dict[GroupKey, Totals]
    merged: bool = False


class OpenSessions:
    """Feeds the records of one partition, in the order of its log, and returns sessions that are over.

    The clock is the greatest timestamp so far among records that pass `where`, of this partition alone.
    """

    def __init__(self, query: SessionProgram, mark: CommitMark) -> None:
        self._query = query
        self._position = mark.offset
        self._written_ms = mark.closed_ms  # sessions that ended by then have been written
        self._clock_ms = mark.clock_ms
        self._open: dict[GroupKey, list[_OpenSession]] = {}
        # By the instant at which each closes, if nothing extends it; the number decides between equals.
        self._closings: list[tuple[int, int, GroupKey, _OpenSession]] = []
        self._numbers = count()
        self.committed = mark
        self.late_records = 0

    def mark(self) -> CommitMark:
        """What may be committed once all sessions that closed have been written."""
        opened = (
            (each.offset, each.clock_ms) for sessions in self._open.values() for each in sessions
        )
        offset, clock_ms = min(opened, default=(self._position, self._clock_ms))
        closed_ms = max(self._written_ms, self._clock_ms - self._query.GRACE_MS)
        return CommitMark(offset, closed_ms, clock_ms)

    def feed(self, records: Sequence[Record], events: Sequence[Any]) -> list[ClosedSession]:
        """Take the next records, `events` being their parsed values; return what closed, in order."""
        query = self._query
        over: list[ClosedSession] = []
        timed = reads_time(query)
        for record, event in zip(records, events, strict=True):
            if not query.where(event):
                continue
            if timed:
                event[EVENT_TIME] = record.timestamp
            # First taken, then counted by the clock: events just a gap apart are in one session.
            self._take(record, event)
            if record.timestamp > self._clock_ms:
                self._clock_ms = record.timestamp
                over += self._close()
        if records:
            self._position = records[-1].offset + 1
        return over

    def rows(self, over: Sequence[ClosedSession]) -> Iterator[tuple[bytes, bytes]]:
        """Key and value of each row of output."""
        query = self._query
        if is_by_hand(query):
            rows_of = cast(HandSessions, query).rows_of
            return (
                row for each in over for row in rows_of(each.totals, each.start_ms, each.end_ms)
            )
        return (query.row(*each) for each in over if query.having(each.totals))

    def _take(self, record: Record, event: Any) -> None:
        query, at_ms = self._query, record.timestamp
        key = query.key_of(event)
        sessions = self._open.get(key, [])
        near = [
            each
            for each in sessions
            if each.start_ms - query.GAP_MS <= at_ms <= each.last_ms + query.GAP_MS
        ]
        if not near:
            if at_ms + query.GAP_MS + query.GRACE_MS <= self._clock_ms:
                self.late_records += 1
                return
            session = _OpenSession(at_ms, at_ms, record.offset, self._clock_ms, {})
            self._open.setdefault(key, []).append(session)
            self._closes_later(key, session)
        else:
            session, *others = near
            before_ms = session.last_ms
            for other in others:
                self._merge(key, session, other)
            session.start_ms = min(session.start_ms, at_ms)
            session.last_ms = max(session.last_ms, at_ms)
            if session.last_ms > before_ms:
                self._closes_later(key, session)
        query.accumulate(session.totals, event)

    def _merge(self, key: GroupKey, session: _OpenSession, other: _OpenSession) -> None:
        self._open[key].remove(other)
        other.merged = True
        session.start_ms = min(session.start_ms, other.start_ms)
        session.last_ms = max(session.last_ms, other.last_ms)
        session.offset, session.clock_ms = min(
            (session.offset, session.clock_ms), (other.offset, other.clock_ms)
        )
        self._query.merge(session.totals[key], other.totals[key])

    def _closes_later(self, key: GroupKey, session: _OpenSession) -> None:
        closes_ms = session.last_ms + self._query.GAP_MS + self._query.GRACE_MS
        heapq.heappush(self._closings, (closes_ms, next(self._numbers), key, session))

    def _close(self) -> list[ClosedSession]:
        over: list[ClosedSession] = []
        while self._closings and self._closings[0][0] <= self._clock_ms:
            closes_ms, _, key, session = heapq.heappop(self._closings)
            end_ms = session.last_ms + self._query.GAP_MS
            if session.merged or end_ms + self._query.GRACE_MS != closes_ms:
                continue  # it went on since
            sessions = self._open[key]
            sessions.remove(session)
            if not sessions:
                del self._open[key]
            if end_ms > self._written_ms:
                over.append(ClosedSession(key, session.start_ms, end_ms, session.totals[key]))
        return over
