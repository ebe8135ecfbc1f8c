"""Exact windows over all partitions, by either of two clocks."""

from __future__ import annotations

from typing import Any

from streambench.engines.common.query_module import (
    EVENT_TIME,
    GroupKey,
    QueryProgram,
    Totals,
    reads_time,
)
from streambench.engines.reference.damage import OutputRow


class Windows:
    """Takes records in the order of each partition's log and returns the rows of what closes.

    With `one_clock` a window closes in all partitions when the least of their clocks has passed its
    end and grace; else each partition goes by its own.
    """

    def __init__(self, query: QueryProgram, partitions: int, *, one_clock: bool) -> None:
        self._query = query
        self._one_clock = one_clock
        self._clock_ms = [-1] * partitions
        self._closed_ms = [0] * partitions
        self._open: list[dict[int, dict[GroupKey, Totals]]] = [{} for _ in range(partitions)]
        self.late_records = 0

    def feed(self, partition: int, timestamp_ms: int, event: Any) -> list[OutputRow]:
        """One record; the rows, if any, of the windows that it closes."""
        query = self._query
        if not query.where(event):
            return []
        rows: list[OutputRow] = []
        if timestamp_ms > self._clock_ms[partition]:
            self._clock_ms[partition] = timestamp_ms
            rows = self._close(partition)
        if reads_time(query):
            event[EVENT_TIME] = timestamp_ms
        newest_ms = timestamp_ms - (timestamp_ms - query.OFFSET_MS) % query.ADVANCE_MS
        for start_ms in range(newest_ms, timestamp_ms - query.WINDOW_MS, -query.ADVANCE_MS):
            if start_ms < self._closed_ms[partition]:
                self.late_records += 1
            else:
                query.accumulate(self._open[partition].setdefault(start_ms, {}), event)
        return rows

    def next_end_ms(self) -> int | None:
        """The least event time at which an open window is over, with its grace; None when none is open."""
        starts = [start_ms for windows in self._open for start_ms in windows]
        return min(starts) + self._query.WINDOW_MS + self._query.GRACE_MS if starts else None

    def over_by(self, event_ms: float) -> list[OutputRow]:
        """The rows of the windows that are over at `event_ms`, whatever was read.

        A record of theirs that comes later is late.
        """
        query = self._query
        rows = []
        for number, windows in enumerate(self._open):
            for start_ms in sorted(windows):
                if start_ms + query.WINDOW_MS + query.GRACE_MS > event_ms:
                    break
                over_ms = start_ms + query.ADVANCE_MS
                self._closed_ms[number] = max(self._closed_ms[number], over_ms)
                rows += self._rows(number, start_ms, windows.pop(start_ms))
        return rows

    def _rows(
        self, partition: int, start_ms: int, groups: dict[GroupKey, Totals]
    ) -> list[OutputRow]:
        having = self._query.having
        return [
            OutputRow(partition, key, start_ms, totals)
            for key, totals in groups.items()
            if having(totals)
        ]

    def _close(self, partition: int) -> list[OutputRow]:
        query = self._query
        clock_ms = min(self._clock_ms) if self._one_clock else self._clock_ms[partition]
        # All windows that begin before this one are over.
        past_ms = clock_ms - query.GRACE_MS - query.WINDOW_MS
        closed_ms = past_ms - (past_ms - query.OFFSET_MS) % query.ADVANCE_MS + query.ADVANCE_MS
        if closed_ms <= self._closed_ms[partition]:
            return []
        rows = []
        for number in range(len(self._open)) if self._one_clock else (partition,):
            self._closed_ms[number] = closed_ms
            open_windows = self._open[number]
            for start_ms in sorted(start for start in open_windows if start < closed_ms):
                rows += self._rows(number, start_ms, open_windows.pop(start_ms))
        return rows
