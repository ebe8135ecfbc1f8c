"""The batches of a play as they stand in a request: heads are made for many at once, then stamped."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from crc32c import crc32c

from streambench.kafka.records_file import RecordsFile
from streambench.kafka.sequences import SEQUENCE_MASK, Sequences
from streambench.kafka.wire import Buffer
from streambench.load.batch import (
    COVERED_AT,
    HEADER,
    HEADER_BYTES,
    LENGTH_BEFORE_RECORDS,
    MAGIC,
    NO_LEADER_EPOCH,
)

_HEAD: Final = np.dtype([("partition", ">i4"), ("batch_bytes", ">i4"), ("header", HEADER)])
_BYTES: Final = _HEAD.itemsize
_COVERED_AT: Final = _BYTES - HEADER_BYTES + COVERED_AT
_CRC: Final = struct.Struct(">I")
_CRC_AT: Final = _COVERED_AT - _CRC.size
# Many are made at once, in little memory (300 kB), and in much less than the time between two frames.
_AT_ONCE: Final = 4_096


class StampedBatches:
    """The batches of a play (dtype `writer.BATCH`), each under its head: partition, size and header.

    The next numbers of `sequences` are used up. All of a head but its CRC is made for many batches at
    once.
    """

    def __init__(
        self,
        batches: npt.NDArray[np.void],
        records: RecordsFile,
        sequences: Sequences,
        event_offset_ms: int,
    ) -> None:
        self._records = records
        self._batches = batches
        self._identity = sequences.identity
        self._event_offset_ms = event_offset_ms
        self._base_sequence = np.zeros(len(batches), np.int32)
        for partition in np.unique(batches["partition"]):
            own = batches["partition"] == partition
            count = batches["count"][own].astype(np.int64)
            base = sequences.take(int(partition), int(count.sum()))
            self._base_sequence[own] = (np.cumsum(count) - count + base) & SEQUENCE_MASK
        self._first = self._end = 0

    def pieces(self, numbers: Sequence[int]) -> list[Buffer]:
        """Return two pieces of each batch: its head and its records, which are not copied."""
        if not self._first <= numbers[0] <= numbers[-1] < self._end:
            self._make(numbers[0], numbers[-1] + 1)
        heads, pieces = self._heads, list[Buffer]()
        places = [number - self._first for number in numbers]
        records = self._records.whole(self._begin[places[0]])
        for place in places:
            at = place * _BYTES
            end = at + _BYTES
            section = records[self._begin[place] : self._end_of[place]]
            crc = crc32c(section, crc32c(heads[at + _COVERED_AT : end]))
            _CRC.pack_into(heads, at + _CRC_AT, crc)
            pieces += (heads[at:end], section)
        return pieces

    def _make(self, first: int, end: int) -> None:
        """Make the heads from `first` on, at least to `end`."""
        batches = self._batches[first : max(end, first + _AT_ONCE)]
        self._first, self._end = first, first + len(batches)
        heads = np.zeros(len(batches), _HEAD)
        header = heads["header"]
        heads["partition"] = batches["partition"]
        heads["batch_bytes"] = HEADER_BYTES + batches["length"]
        header["length"] = LENGTH_BEFORE_RECORDS + batches["length"]
        header["leader_epoch"] = NO_LEADER_EPOCH
        header["magic"] = MAGIC
        header["last_delta"] = batches["count"] - 1
        header["base_ms"] = batches["base_ms"] + self._event_offset_ms
        header["max_ms"] = batches["max_ms"] + self._event_offset_ms
        header["producer_id"] = self._identity.producer_id
        header["producer_epoch"] = self._identity.epoch
        header["base_sequence"] = self._base_sequence[self._first : self._end]
        header["count"] = batches["count"]
        self._heads = memoryview(bytearray(heads.tobytes()))
        self._begin: list[int] = batches["offset"].tolist()
        self._end_of: list[int] = (batches["offset"] + batches["length"]).tolist()
