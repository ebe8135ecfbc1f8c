"""The 61-byte header of a Kafka RecordBatch, version 2, stamped around record bytes that never change."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from crc32c import crc32c

# base offset, length of what follows, partition leader epoch, magic, CRC
_PREFIX: Final = struct.Struct(">qiibI")
# attributes, last offset delta, base timestamp, max timestamp, producer id, epoch, sequence, count
_COVERED: Final = struct.Struct(">hiqqqhii")

HEADER_BYTES: Final = _PREFIX.size + _COVERED.size
"""Size of the header; the record section follows it."""

HEADER: Final = np.dtype(
    [
        ("base_offset", ">i8"),
        ("length", ">i4"),
        ("leader_epoch", ">i4"),
        ("magic", "i1"),
        ("crc", ">u4"),
        ("attributes", ">i2"),
        ("last_delta", ">i4"),
        ("base_ms", ">i8"),
        ("max_ms", ">i8"),
        ("producer_id", ">i8"),
        ("producer_epoch", ">i2"),
        ("base_sequence", ">i4"),
        ("count", ">i4"),
    ]
)
"""The same header as columns, for those of many batches at once."""

COVERED_AT: Final = _PREFIX.size
"""Where that begins of the header which the CRC covers; the CRC stands right before."""

MAGIC: Final = 2
_CREATE_TIME_UNCOMPRESSED: Final = 0
NO_LEADER_EPOCH: Final = -1
# The length field counts what comes after it: the header without base offset and length itself.
LENGTH_BEFORE_RECORDS: Final = HEADER_BYTES - 12


def stamp_header(
    records: memoryview | bytes,
    *,
    count: int,
    base_ms: int,
    max_ms: int,
    producer_id: int,
    producer_epoch: int,
    base_sequence: int,
) -> bytes:
    """Return the 61 header bytes of a batch holding `records` (a record section of `count` records).

    `base_ms` and `max_ms` are absolute (ms since the epoch): the least and greatest record timestamp.
    The CRC covers everything from the attributes to the end of the records. Pass -1 for producer id,
    epoch and sequence to send without idempotence.
    """
    covered = _COVERED.pack(
        _CREATE_TIME_UNCOMPRESSED,
        count - 1,
        base_ms,
        max_ms,
        producer_id,
        producer_epoch,
        base_sequence,
        count,
    )
    return (
        _PREFIX.pack(
            0,
            LENGTH_BEFORE_RECORDS + len(records),
            NO_LEADER_EPOCH,
            MAGIC,
            crc32c(records, crc32c(covered)),
        )
        + covered
    )
