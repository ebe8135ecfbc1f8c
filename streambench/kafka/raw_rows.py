"""Rows of the output topic as they lie in memory: columns of numbers, and places in one piece of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from streambench.kafka.records import Int64s

_NULL = -1


class RawRow(NamedTuple):
    """A record of the output topic.

    `appended_ms` is the broker's stamp, `visible_ns` when the reader had it (both realtime).
    """

    partition: int
    offset: int
    appended_ms: int
    visible_ns: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, eq=False)
class RawRows:
    """Many of them, in the order in which they became visible.

    A key or value is data[begin:end]; one that is null has the end −1.
    """

    data: bytes
    partition: Int64s
    offset: Int64s
    appended_ms: Int64s
    visible_ns: Int64s
    key_begin: Int64s
    key_end: Int64s
    value_begin: Int64s
    value_end: Int64s

    @classmethod
    def of(cls, rows: Iterable[RawRow]) -> RawRows:
        """Rows that there are objects of already."""
        parts: list[bytes] = []
        numbers: list[tuple[int, ...]] = []
        at = 0
        for row in rows:
            ends = []
            for text in (row.key, row.value):
                parts.append(text or b"")
                ends += [at, _NULL if text is None else at + len(text)]
                at += len(text or b"")
            parts.append(b"\n")  # no value touches the next one
            at += 1
            numbers.append((*row[:4], *ends))
        table = np.array(numbers, dtype=np.int64).reshape(len(numbers), 8)
        return cls(b"".join(parts), *table.T.copy())

    def __len__(self) -> int:
        return len(self.offset)

    def __getitem__(self, index: int) -> RawRow:
        return RawRow(
            int(self.partition[index]),
            int(self.offset[index]),
            int(self.appended_ms[index]),
            int(self.visible_ns[index]),
            self._bytes(int(self.key_begin[index]), int(self.key_end[index])),
            self._bytes(int(self.value_begin[index]), int(self.value_end[index])),
        )

    def __iter__(self) -> Iterator[RawRow]:
        return (self[index] for index in range(len(self)))

    def _bytes(self, begin: int, end: int) -> bytes | None:
        return None if end == _NULL else self.data[begin:end]


NO_ROWS = RawRows.of(())
