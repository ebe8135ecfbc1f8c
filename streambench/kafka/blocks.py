"""The format of the reader's file: one block for each answer of the broker, its batches as they came."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from streambench.kafka.fetch import Batch

_HEAD: Final = struct.Struct("<qqi")  # bytes that follow, visible_realtime_ns, rows
_BATCH: Final = struct.Struct("<ii")  # partition, bytes

HEAD_BYTES: Final = _HEAD.size


class Head(NamedTuple):
    """What stands before a block's batches."""

    follow_bytes: int
    visible_ns: int
    rows: int


def encode_block(visible_ns: int, batches: Sequence[tuple[int, Batch]]) -> bytes:
    """Frame what one answer held: (partition, batch) in the order of the answer."""
    parts: list[bytes] = [b""]
    for partition, batch in batches:
        parts += (_BATCH.pack(partition, len(batch.data)), batch.data)
    rows = sum(batch.records for _partition, batch in batches)
    parts[0] = _HEAD.pack(sum(map(len, parts)), visible_ns, rows)
    return b"".join(parts)


def read_head(data: bytes, at: int = 0) -> Head:
    """Read the head that begins at `at`."""
    return Head(*_HEAD.unpack_from(data, at))


def batch_places(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (partition, begin, end) of each batch in a block whose head ends at `begin`."""
    at = begin
    while at < end:
        partition, size_bytes = _BATCH.unpack_from(data, at)
        at += _BATCH.size
        yield partition, at, at + size_bytes
        at += size_bytes
