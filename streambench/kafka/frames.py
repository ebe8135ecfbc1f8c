"""Produce requests of one play, built in order: one request a quantum, holding all partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from streambench.kafka.gauge import least_s
from streambench.kafka.records_file import RecordsFile
from streambench.kafka.wire import ProduceLayout, ProducerIdentity, StampedBatch
from streambench.load.batch import stamp_header
from streambench.load.encode import encode_single

_NS_PER_MS: Final = 1_000_000
_SEQUENCE_MASK = 0x7FFFFFFF  # sequence numbers count up to 2³¹ − 1 and begin again at 0


@dataclass(slots=True)
class Frame:
    """One request, ready to be written; kept until it is acknowledged, to be written again if need be."""

    index: int
    correlation_id: int
    batches: Sequence[StampedBatch]
    records: int
    parts: tuple[bytes | memoryview, ...]
    size_bytes: int
    attempts: int = 0


@dataclass
class Sequences:
    """Where the next batch of each partition continues, over all plays and control records."""

    identity: ProducerIdentity
    next_of: list[int] = field(default_factory=list)
    correlation_id: int = 0

    def take(self, partition: int, count: int) -> int:
        """Return the base sequence for `count` records and move past them."""
        base = self.next_of[partition]
        self.next_of[partition] = (base + count) & _SEQUENCE_MASK
        return base

    def next_correlation_id(self) -> int:
        """Return a number for the next request."""
        self.correlation_id = (self.correlation_id + 1) & _SEQUENCE_MASK
        return self.correlation_id


class FrameSource(Protocol):
    """Frames by index; `build` is called once for each, in order."""

    def __len__(self) -> int: ...

    @property
    def batches(self) -> int:
        """Number of batches in all frames."""
        ...

    def due_ns(self, index: int) -> int:
        """When the frame is due, since T0."""
        ...

    def build(self, index: int) -> Frame:
        """Stamp the frame's headers, CRC included."""
        ...

    def narrow(self, frame: Frame, batches: Sequence[StampedBatch]) -> None:
        """Leave only `batches` in a frame that is to be written again."""
        ...


@dataclass(frozen=True)
class ControlRecord:
    """A record outside the trace (probe, closer, flush), with its absolute event time."""

    partition: int
    event_ms: int
    key: bytes
    value: bytes


class ControlFrames:
    """Control records, each a batch of its own, due at once, in the order given for each partition.

    Records of different partitions that stand side by side share a request: the broker takes up a
    connection's next request when it has answered the last one.
    """

    def __init__(
        self, records: Sequence[ControlRecord], *, layout: ProduceLayout, sequences: Sequences
    ) -> None:
        self._records = records
        self._layout = layout
        self._sequences = sequences
        self._numbers: list[list[int]] = []  # of the records of each request
        held: set[int] = set()
        for number, record in enumerate(records):
            if not self._numbers or record.partition in held:
                self._numbers.append([])
                held = set()
            self._numbers[-1].append(number)
            held.add(record.partition)

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def batches(self) -> int:
        """One a record."""
        return len(self._records)

    def due_ns(self, index: int) -> int:
        """At once."""
        return 0

    def build(self, index: int) -> Frame:
        """Encode and stamp the records of one request."""
        batches = [self._batch(number) for number in self._numbers[index]]
        return _frame(index, batches, len(batches), self._layout, self._sequences)

    def _batch(self, number: int) -> StampedBatch:
        record = self._records[number]
        section = encode_single(record.key, record.value)
        header = stamp_header(
            section,
            count=1,
            base_ms=record.event_ms,
            max_ms=record.event_ms,
            producer_id=self._sequences.identity.producer_id,
            producer_epoch=self._sequences.identity.epoch,
            base_sequence=self._sequences.take(record.partition, 1),
        )
        return StampedBatch(number, record.partition, 1, header, section)

    def narrow(self, frame: Frame, batches: Sequence[StampedBatch]) -> None:
        """Leave only `batches` in the frame."""
        _narrow(frame, batches, self._layout)


def _column(batches: npt.NDArray[np.void], name: str, code: str) -> memoryview:
    """Return one column as a flat view whose elements are read as Python integers, fast."""
    return np.ascontiguousarray(batches[name], dtype=np.dtype(code)).data


class TraceFrames:
    """The frames of a trace: record sections straight from the mapped file, headers stamped on demand.

    Frames are stamped in the idle time before they are due. That costs 2 µs a batch plus the CRC
    (several GB/s), reads the records' pages before they are needed, and needs no memory that grows
    with the records: only 30 bytes a batch are held.
    """

    def __init__(
        self,
        batches: npt.NDArray[np.void],
        *,
        records_path: Path,
        quantum_ms: int,
        layout: ProduceLayout,
        sequences: Sequences,
        event_offset_ms: int,
        unthrottled: bool = False,
        holds: Sequence[tuple[int, int]] = (),
    ) -> None:
        self._layout = layout
        self._sequences = sequences
        self._event_offset_ms = event_offset_ms
        self._unthrottled = unthrottled
        self._quantum_ns = quantum_ms * 1_000_000
        self._holds_ns = [
            (start_ms * _NS_PER_MS, end_ms * _NS_PER_MS) for start_ms, end_ms in holds
        ]
        quanta, starts = np.unique(batches["quantum"], return_index=True)
        self.batch_quantum = np.ascontiguousarray(batches["quantum"], dtype=np.int32)
        self.batch_partition = np.ascontiguousarray(batches["partition"], dtype=np.int16)
        self.batch_records = np.ascontiguousarray(batches["count"], dtype=np.int32)
        self.frame_of_batch = np.searchsorted(quanta, self.batch_quantum).astype(np.int32)
        self._quanta = np.ascontiguousarray(quanta, dtype=np.int64).data
        self._starts = np.append(starts, len(batches)).astype(np.int64).data
        self._partition = self.batch_partition.data
        self._count = self.batch_records.data
        self._offset = _column(batches, "offset", "i8")
        self._length = _column(batches, "length", "i4")
        self._base_ms = _column(batches, "base_ms", "i8")
        self._max_ms = _column(batches, "max_ms", "i8")
        self._records = RecordsFile(records_path)

    def __len__(self) -> int:
        return len(self._quanta)

    @property
    def batches(self) -> int:
        """Number of batches of the trace."""
        return len(self._partition)

    def quantum(self, index: int) -> int:
        """The quantum that frame `index` carries."""
        return int(self._quanta[index])

    def due_ns(self, index: int) -> int:
        """The end of the frame's quantum, since T0, or of the hold that it falls into.

        Always 0 when unthrottled.
        """
        if self._unthrottled:
            return 0
        due_ns: int = (self._quanta[index] + 1) * self._quantum_ns
        for start_ns, end_ns in self._holds_ns:
            if start_ns < due_ns <= end_ns:
                return end_ns
        return due_ns

    def build(self, index: int) -> Frame:
        """Stamp the batches of one quantum."""
        first, end = self._starts[index], self._starts[index + 1]
        identity, offset_ms = self._sequences.identity, self._event_offset_ms
        batches: list[StampedBatch] = []
        total = 0
        for at in range(first, end):
            partition, count = self._partition[at], self._count[at]
            section = self._records.section(self._offset[at], self._length[at])
            header = stamp_header(
                section,
                count=count,
                base_ms=self._base_ms[at] + offset_ms,
                max_ms=self._max_ms[at] + offset_ms,
                producer_id=identity.producer_id,
                producer_epoch=identity.epoch,
                base_sequence=self._sequences.take(partition, count),
            )
            batches.append(StampedBatch(at, partition, count, header, section))
            total += count
        return _frame(index, batches, total, self._layout, self._sequences)

    def narrow(self, frame: Frame, batches: Sequence[StampedBatch]) -> None:
        """Leave only `batches` in the frame."""
        _narrow(frame, batches, self._layout)

    def least_build_us(self) -> float | None:
        """This thread's least processor time to build one frame, in µs; None without frames.

        No number of the play is used up.
        """
        if not len(self):
            return None
        kept = self._sequences
        self._sequences = Sequences(kept.identity, list(kept.next_of), kept.correlation_id)
        try:
            return 1e6 * least_s(self._build_all) / len(self)
        finally:
            self._sequences = kept

    def _build_all(self) -> None:
        for index in range(len(self)):
            self.build(index)


def _frame(
    index: int,
    batches: Sequence[StampedBatch],
    records: int,
    layout: ProduceLayout,
    sequences: Sequences,
) -> Frame:
    correlation_id = sequences.next_correlation_id()
    parts, size_bytes = layout.parts(correlation_id, batches)
    return Frame(index, correlation_id, batches, records, parts, size_bytes)


def _narrow(frame: Frame, batches: Sequence[StampedBatch], layout: ProduceLayout) -> None:
    frame.batches = batches
    frame.parts, frame.size_bytes = layout.parts(frame.correlation_id, batches)
