"""Windows of a query by hand whose rows need the parts of all partitions: they meet in one place.

1. A partition's window closes by its own clock. What is kept of it goes as a part to partition 0 of a topic in
   between, in the order of the windows. It says up to where that partition is done.
2. There a window is over when every partition of the input is done with it. Its rows are made of its parts.
3. Whoever takes that place over reads again from the first part of the oldest window that is not over, and from
   the last word of each partition. A part that comes once more is the same, and counts once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from streambench.engines.common.query_module import HandProgram
from streambench.engines.kafka_python.mover import MovedRecord
from streambench.engines.kafka_python.windows import CommitMark, OpenWindows, Record

_PLACE: Final = 0


class Parting:
    """The open windows of one partition of the input, of which parts go on."""

    def __init__(self, query: HandProgram, mark: CommitMark, partition: int) -> None:
        self._query = query
        self._windows = OpenWindows(query, mark)
        self._partition = partition

    @property
    def committed(self) -> CommitMark:
        """The last mark that was committed."""
        return self._windows.committed

    @committed.setter
    def committed(self, mark: CommitMark) -> None:
        self._windows.committed = mark

    @property
    def late_records(self) -> int:
        """As of its windows."""
        return self._windows.late_records

    def mark(self) -> CommitMark:
        """What may be committed once all parts have been written."""
        return self._windows.mark()

    def feed(self, records: Sequence[Record], events: Sequence[Any]) -> list[MovedRecord]:
        """Take the next records; return the parts of what closed, and how far this partition is done."""
        before_ms = self._windows.mark().closed_ms
        over = self._windows.feed(records, events)
        done_ms = self._windows.mark().closed_ms
        if done_ms == before_ms:
            return []
        parts = [
            self._moved({"window_start": start_ms, "part": self._query.part_of(kept)}, start_ms)
            for start_ms, kept in over
        ]
        return [*parts, self._moved({"done_ms": done_ms}, done_ms)]

    def _moved(self, said: dict[str, Any], event_ms: int) -> MovedRecord:
        value = json.dumps({"from": self._partition, **said}).encode()
        return MovedRecord(_PLACE, str(self._partition).encode(), value, event_ms)


class Gathering:
    """The windows of which parts have come, in the one place where they do."""

    late_records = 0

    def __init__(self, query: HandProgram, mark: CommitMark, partitions: int) -> None:
        self._query = query
        self._partitions = partitions
        self._position = mark.offset
        self._closed_ms = mark.closed_ms
        self._parts: dict[int, dict[int, Any]] = {}
        self._first_offset: dict[int, int] = {}
        # Of each partition up to where it is done, and the offset at which it said so.
        self._done: dict[int, tuple[int, int]] = {}
        self.committed = mark

    def mark(self) -> CommitMark:
        """What may be committed once the rows of all windows that are over have been written."""
        words = [offset for _, offset in self._done.values()]
        first = min([self._position, *self._first_offset.values(), *words])
        return CommitMark(first, self._closed_ms)

    def feed(
        self, records: Sequence[Record], events: Sequence[Any]
    ) -> Iterator[tuple[bytes, bytes]]:
        """Take the next parts; return the rows of what is over by them."""
        for record, said in zip(records, events, strict=True):
            if "done_ms" in said:
                before = self._done.get(said["from"], (said["done_ms"], 0))
                self._done[said["from"]] = (max(before[0], said["done_ms"]), record.offset)
            elif said["window_start"] >= self._closed_ms:
                self._parts.setdefault(said["window_start"], {})[said["from"]] = said["part"]
                self._first_offset.setdefault(said["window_start"], record.offset)
        if records:
            self._position = records[-1].offset + 1
        if len(self._done) == self._partitions:
            yield from self._over(min(done_ms for done_ms, _ in self._done.values()))

    def _over(self, before_ms: int) -> Iterator[tuple[bytes, bytes]]:
        for start_ms in sorted(start for start in self._parts if start < before_ms):
            parts = self._parts.pop(start_ms)
            del self._first_offset[start_ms]
            yield from self._query.rows_of([parts[each] for each in sorted(parts)], start_ms)
        self._closed_ms = max(self._closed_ms, before_ms)
