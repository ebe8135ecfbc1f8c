"""Pieces of a partition's log, as a broker keeps them."""

from __future__ import annotations

import struct

from streambench.load.batch import HEADER_BYTES, stamp_header
from streambench.load.encode import encode_single

TRANSACTIONAL, CONTROL = 0x10, 0x20
COMMIT, ABORT = 1, 0


def batch(
    offset: int,
    key: bytes,
    value: bytes,
    *,
    producer_id: int = -1,
    attributes: int = 0,
    timestamp_ms: int = 1_000,
) -> bytes:
    """A batch of one record at `offset`."""
    section = encode_single(key, value)
    header = bytearray(
        stamp_header(
            section,
            count=1,
            base_ms=timestamp_ms,
            max_ms=timestamp_ms,
            producer_id=producer_id,
            producer_epoch=0,
            base_sequence=0,
        )
    )
    assert len(header) == HEADER_BYTES
    struct.pack_into(">q", header, 0, offset)
    struct.pack_into(">h", header, 21, attributes)
    return bytes(header) + section


def in_transaction(offset: int, producer_id: int) -> bytes:
    """A batch that belongs to a transaction."""
    value = b"%d" % offset
    return batch(offset, b"k", value, producer_id=producer_id, attributes=TRANSACTIONAL)


def marker(offset: int, producer_id: int, kind: int) -> bytes:
    """The end of a transaction."""
    key, value = struct.pack(">hh", 0, kind), struct.pack(">hi", 0, 0)
    return batch(offset, key, value, producer_id=producer_id, attributes=TRANSACTIONAL | CONTROL)
