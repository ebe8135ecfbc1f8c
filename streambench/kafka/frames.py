"""Produce requests of one play, built in order: one request a quantum, holding all partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from streambench.kafka.gauge import least_s
from streambench.kafka.records_file import RecordsFile
from streambench.kafka.sequences import Sequences
from streambench.kafka.stamped import StampedBatches
from streambench.kafka.wire import AnswerLayout, Buffer, ProduceLayout, partition_head
from streambench.load.batch import stamp_header
from streambench.load.encode import encode_single

_NS_PER_MS: Final = 1_000_000


@dataclass(slots=True)
class Frame:
    """One request, ready to be written; kept until it is acknowledged, to be written again if need be.

    `due_ns` is since T0; `quantum` is 0 outside a trace; `numbers` are its batches' places in the play.
    """

    index: int
    due_ns: int
    quantum: int
    correlation_id: int
    numbers: Sequence[int]
    records: int
    parts: tuple[Buffer, ...]
    size_bytes: int
    answer: AnswerLayout
    good: tuple[int, ...]
    attempts: int = 0


class FrameSource(Protocol):
    """Frames by index; `build` is called once for each, in order."""

    def __len__(self) -> int: ...

    @property
    def partition_of(self) -> Sequence[int]:
        """Of each batch."""
        ...

    @property
    def records_of(self) -> Sequence[int]:
        """How many each batch holds."""
        ...

    def due_of(self, index: int) -> int:
        """When a frame is due, in ns since T0."""
        ...

    def quantum_of(self, index: int) -> int:
        """The quantum of a frame; 0 outside a trace."""
        ...

    def numbers_of(self, index: int) -> Sequence[int]:
        """The batches of a frame."""
        ...

    def records_in(self, index: int) -> int:
        """How many records a frame holds."""
        ...

    def build(self, index: int) -> Frame:
        """Stamp the frame's headers, CRC included."""
        ...

    def part(self, index: int, numbers: Sequence[int]) -> Frame:
        """A request with some of a frame's batches, made as often as it has to be."""
        ...

    def narrow(self, frame: Frame, numbers: Sequence[int]) -> None:
        """Leave only batches of these numbers in a frame that is to be written again."""
        ...


@dataclass(frozen=True)
class ControlRecord:
    """A record outside the trace (probe, closer, flush), with its absolute event time; `key` None: it has none."""

    partition: int
    event_ms: int
    key: bytes | None
    value: bytes


class ControlFrames:
    """Control records, each a batch of its own, due at once, in the order given for each partition.

    Records of different partitions that stand side by side share a request: the broker takes up a
    connection's next request when it has answered the last one.
    """

    def __init__(
        self, records: Sequence[ControlRecord], *, layout: ProduceLayout, sequences: Sequences
    ) -> None:
        self._layout = layout
        self._sequences = sequences
        self.partition_of = [record.partition for record in records]
        self.records_of = [1] * len(records)
        self._pieces = [self._stamped(record) for record in records]
        self._numbers: list[list[int]] = []  # of the records of each request
        held: set[int] = set()
        for number, partition in enumerate(self.partition_of):
            if not self._numbers or partition in held:
                self._numbers.append([])
                held = set()
            self._numbers[-1].append(number)
            held.add(partition)

    def __len__(self) -> int:
        return len(self._numbers)

    def due_of(self, index: int) -> int:
        """At once."""
        return 0

    def quantum_of(self, index: int) -> int:
        """None: it stands outside the trace."""
        return 0

    def numbers_of(self, index: int) -> Sequence[int]:
        """The places of its records."""
        return self._numbers[index]

    def records_in(self, index: int) -> int:
        """Each is a batch."""
        return len(self._numbers[index])

    def build(self, index: int) -> Frame:
        """Make a request of its records."""
        return self.part(index, self._numbers[index])

    def part(self, index: int, numbers: Sequence[int]) -> Frame:
        """Make a request of some of its records."""
        correlation_id = self._sequences.next_correlation_id()
        parts, size_bytes = self._parts(correlation_id, numbers)
        answer = self._layout.answer(len(numbers))
        return Frame(
            index,
            0,
            0,
            correlation_id,
            numbers,
            len(numbers),
            parts,
            size_bytes,
            answer,
            answer.good(correlation_id),
        )

    def narrow(self, frame: Frame, numbers: Sequence[int]) -> None:
        """Leave only these batches in the frame."""
        frame.numbers = numbers
        frame.parts, frame.size_bytes = self._parts(frame.correlation_id, numbers)

    def _parts(self, correlation_id: int, numbers: Sequence[int]) -> tuple[tuple[Buffer, ...], int]:
        pieces = [piece for number in numbers for piece in self._pieces[number]]
        return self._layout.parts(correlation_id, pieces)

    def _stamped(self, record: ControlRecord) -> tuple[bytes, bytes]:
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
        return partition_head(record.partition, len(header) + len(section)) + header, section


class TraceFrames:
    """The frames of a trace: record sections straight from the mapped file, headers stamped on demand.

    The next numbers of `sequences` are used up at the beginning. Frames are stamped in the idle time
    before they are due. That reads the records' pages before they are needed, and needs no memory that
    grows with the records: only 30 bytes a batch are held.
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
        quanta, starts = np.unique(batches["quantum"], return_index=True)
        self.batch_quantum = np.ascontiguousarray(batches["quantum"], dtype=np.int32)
        self.batch_partition = np.ascontiguousarray(batches["partition"], dtype=np.int16)
        self.batch_records = np.ascontiguousarray(batches["count"], dtype=np.int32)
        self.frame_of_batch = np.searchsorted(quanta, self.batch_quantum).astype(np.int32)
        self.due_ns = (quanta.astype(np.int64) + 1) * (quantum_ms * _NS_PER_MS)
        unheld_ns = self.due_ns.copy()
        for start_ms, end_ms in reversed(holds):  # the first that fits counts
            begin_ns, end_ns = start_ms * _NS_PER_MS, end_ms * _NS_PER_MS
            self.due_ns[(begin_ns < unheld_ns) & (unheld_ns <= end_ns)] = end_ns
        if unthrottled:
            self.due_ns[:] = 0
        # Flat views, whose elements are read as Python integers, fast.
        self.partition_of, self.records_of = self.batch_partition.data, self.batch_records.data
        self._due_ns = self.due_ns.data
        self._quantum = quanta.astype(np.int64).data
        self._starts = np.append(starts, len(batches)).astype(np.int64).data
        self._records_in = np.add.reduceat(self.batch_records, starts, dtype=np.int64).data
        self._stamped = StampedBatches(
            batches, RecordsFile(records_path), sequences, event_offset_ms
        )

    def __len__(self) -> int:
        return len(self._quantum)

    def due_of(self, index: int) -> int:
        """When its quantum is over, or the load is no longer held."""
        return self._due_ns[index]

    def quantum_of(self, index: int) -> int:
        """Its quantum."""
        return self._quantum[index]

    def numbers_of(self, index: int) -> Sequence[int]:
        """The batches of its quantum."""
        return range(self._starts[index], self._starts[index + 1])

    def records_in(self, index: int) -> int:
        """Of its quantum."""
        return self._records_in[index]

    def part(self, index: int, numbers: Sequence[int]) -> Frame:
        """Stamp some batches of one quantum."""
        frame = self._framed(index, numbers)
        frame.records = sum(self.records_of[number] for number in numbers)
        return frame

    def build(self, index: int) -> Frame:
        """Stamp the batches of one quantum."""
        return self._framed(index, range(self._starts[index], self._starts[index + 1]))

    def _framed(self, index: int, numbers: Sequence[int]) -> Frame:
        correlation_id = self._sequences.next_correlation_id()
        answer = self._layout.answer(len(numbers))
        parts, size_bytes = self._parts(correlation_id, numbers)
        return Frame(
            index,
            self._due_ns[index],
            self._quantum[index],
            correlation_id,
            numbers,
            self._records_in[index],
            parts,
            size_bytes,
            answer,
            answer.good(correlation_id),
        )

    def narrow(self, frame: Frame, numbers: Sequence[int]) -> None:
        """Leave only these batches in the frame."""
        frame.numbers = numbers
        frame.parts, frame.size_bytes = self._parts(frame.correlation_id, numbers)

    def _parts(self, correlation_id: int, numbers: Sequence[int]) -> tuple[tuple[Buffer, ...], int]:
        return self._layout.parts(correlation_id, self._stamped.pieces(numbers))

    def least_build_us(self) -> float | None:
        """This thread's least processor time to build one frame, in µs; None without frames."""
        return 1e6 * least_s(self._build_all) / len(self) if len(self) else None

    def _build_all(self) -> None:
        for index in range(len(self)):
            self.build(index)
