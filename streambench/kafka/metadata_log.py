"""What a controller has written down about its broker: the cluster metadata log, read from its folder."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kafka.record import MemoryRecords

# Kafka 4.3, metadata/src/main/resources/common/metadata/BrokerRegistrationChangeRecord.json
_REGISTRATION_CHANGE: Final = 17
_BROKER_AND_EPOCH: Final = struct.Struct(">iq")
_FENCED_TAG: Final = 0
_FENCED: Final = 1


def broker_fenced(log_data_dir: Path, broker_id: int) -> bool:
    """Whether the last word of the metadata log about this broker's standing is that it is fenced.

    A record that is cut off ends the log, as it does for a controller that starts on this folder.
    """
    fenced = False
    for value in _values(log_data_dir):
        change = _standing(value)
        if change is not None and change[0] == broker_id:
            fenced = change[1]
    return fenced


def _values(log_data_dir: Path) -> Iterator[bytes]:
    for segment in sorted((log_data_dir / "__cluster_metadata-0").glob("*.log")):
        for batch in MemoryRecords(segment.read_bytes()):
            if not batch.is_control_batch:
                yield from (record.value for record in batch if record.value is not None)


def _standing(value: bytes) -> tuple[int, bool] | None:
    """(broker, fenced) of a record that changes it: a frame's version, type, type's version, body."""
    at = 0
    head = []
    for _ in range(3):
        number, at = _varint(value, at)
        head.append(number)
    if head[1] != _REGISTRATION_CHANGE:
        return None
    broker_id, _epoch = _BROKER_AND_EPOCH.unpack_from(value, at)
    at += _BROKER_AND_EPOCH.size
    tags, at = _varint(value, at)
    for _ in range(tags):
        tag, at = _varint(value, at)
        size_bytes, at = _varint(value, at)
        if tag == _FENCED_TAG:
            return broker_id, value[at] == _FENCED
        at += size_bytes
    return None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(an unsigned variable-length number, where the next field begins)."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7
