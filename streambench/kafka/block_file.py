"""Reading the reader's file while it grows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kafka.record import MemoryRecords

from streambench.kafka.blocks import HEAD_BYTES, block_batches, read_head


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


class BlockFile:
    """Reads a growing file of blocks; a block whose end is not there yet is left for later."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counted_bytes = 0
        self._counted_rows = 0
        self._taken_bytes = 0

    def count(self) -> int:
        """Rows so far; reads nothing but the heads of new blocks."""
        with self._path.open("rb") as file:
            size_bytes = file.seek(0, os.SEEK_END)
            while self._counted_bytes + HEAD_BYTES <= size_bytes:
                file.seek(self._counted_bytes)
                head = read_head(file.read(HEAD_BYTES))
                end = self._counted_bytes + HEAD_BYTES + head.follow_bytes
                if end > size_bytes:
                    break
                self._counted_bytes = end
                self._counted_rows += head.rows
        return self._counted_rows

    def skip(self) -> None:
        """Pass over all whole blocks that are there."""
        self.count()
        self._taken_bytes = self._counted_bytes

    def take(self) -> list[RawRow]:
        """Rows that came since the last `take`, in the order in which they became visible."""
        with self._path.open("rb") as file:
            file.seek(self._taken_bytes)
            data = file.read()
        rows: list[RawRow] = []
        at = 0
        while at + HEAD_BYTES <= len(data):
            head = read_head(data, at)
            begin = at + HEAD_BYTES
            at = begin + head.follow_bytes
            if at > len(data):
                break
            self._taken_bytes += at - begin + HEAD_BYTES
            for partition, batch in block_batches(data[begin:at]):
                rows += _records(partition, batch, head.visible_ns)
        return rows


def _records(partition: int, batch: bytes, visible_ns: int) -> Iterator[RawRow]:
    """Decode a batch with kafka-python, which knows every compression, without checking its CRC.

    The broker checked it when it appended, what is read comes over loopback, and a damaged row would
    be found by the judge.
    """
    for decoded in MemoryRecords(batch):
        for record in decoded:
            yield RawRow(
                partition, record.offset, record.timestamp, visible_ns, record.key, record.value
            )
