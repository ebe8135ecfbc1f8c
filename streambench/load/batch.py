"""The 61-byte header of a Kafka RecordBatch, version 2, stamped around record bytes that never change."""

from __future__ import annotations

import struct
from typing import Final

from crc32c import crc32c

# base offset, length of what follows, partition leader epoch, magic, CRC
_PREFIX: Final = struct.Struct(">qiibI")
# attributes, last offset delta, base timestamp, max timestamp, producer id, epoch, sequence, count
_COVERED: Final = struct.Struct(">hiqqqhii")

HEADER_BYTES: Final = _PREFIX.size + _COVERED.size
"""Size of the header; the record section follows it."""

_MAGIC: Final = 2
_CREATE_TIME_UNCOMPRESSED: Final = 0
_NO_LEADER_EPOCH: Final = -1
# The length field counts what comes after it: the header without base offset and length itself.
_LENGTH_BEFORE_RECORDS: Final = HEADER_BYTES - 12


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
            _LENGTH_BEFORE_RECORDS + len(records),
            _NO_LEADER_EPOCH,
            _MAGIC,
            crc32c(records, crc32c(covered)),
        )
        + covered
    )
