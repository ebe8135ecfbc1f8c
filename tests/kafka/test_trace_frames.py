"""What a play's requests hold: the trace's bytes, each batch under the header that it has by itself."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from streambench.kafka.frames import Frame, TraceFrames
from streambench.kafka.sequences import Sequences
from streambench.kafka.wire import ProduceLayout, ProducerIdentity
from streambench.load.batch import stamp_header
from streambench.load.writer import BATCH

OFFSET_MS = 1_764_000_000_000
SEQUENCES = [2**31 - 5, 40]  # the first soon begins again at 0
# quantum, partition, count, offset, length, base_ms, max_ms
BATCHES = [
    (0, 0, 4, 0, 30, 1, 3),
    (0, 1, 2, 30, 20, -2, 4),
    (2, 0, 3, 50, 25, 10, 11),
    (3, 0, 1, 75, 5, 15, 15),
    (3, 1, 7, 80, 70_000, 16, 19),
]
RECORDS = bytes(np.random.default_rng(1).integers(0, 256, 70_080, dtype=np.uint8))


@pytest.fixture
def sequences() -> Sequences:
    return Sequences(ProducerIdentity(77, 3), list(SEQUENCES))


@pytest.fixture
def frames(sequences: Sequences, tmp_path: Path) -> TraceFrames:
    records_path = tmp_path / "records.bin"
    records_path.write_bytes(RECORDS)
    return TraceFrames(
        np.array(BATCHES, BATCH),
        records_path=records_path,
        quantum_ms=5,
        layout=ProduceLayout("t"),
        sequences=sequences,
        event_offset_ms=OFFSET_MS,
        holds=[(12, 20)],
    )


def batches_in(frame: Frame) -> list[tuple[int, bytes]]:
    """(partition, batch) of a request to the topic `t`."""
    request = b"".join(frame.parts)
    assert len(request) == frame.size_bytes
    at = len(ProduceLayout("t").parts(0, [])[0][0])
    (count,) = struct.unpack_from(">i", request, at - 4)
    found = []
    for _ in range(count):
        partition, size_bytes = struct.unpack_from(">ii", request, at)
        found.append((partition, request[at + 8 : at + 8 + size_bytes]))
        at += 8 + size_bytes
    assert at == len(request)
    return found


def wanted(number: int, base_sequence: int) -> tuple[int, bytes]:
    _, partition, count, offset, length, base_ms, max_ms = BATCHES[number]
    section = RECORDS[offset : offset + length]
    header = stamp_header(
        section,
        count=count,
        base_ms=base_ms + OFFSET_MS,
        max_ms=max_ms + OFFSET_MS,
        producer_id=77,
        producer_epoch=3,
        base_sequence=base_sequence,
    )
    return partition, header + section


def test_each_batch_is_the_traces_bytes_under_its_own_header(frames: TraceFrames) -> None:
    built = [frames.build(index) for index in range(len(frames))]
    assert [batches_in(frame) for frame in built] == [
        [wanted(0, 2**31 - 5), wanted(1, 40)],
        [wanted(2, 2**31 - 1)],
        [wanted(3, 2), wanted(4, 42)],
    ]
    assert [frame.records for frame in built] == [6, 3, 8]
    assert [frame.quantum for frame in built] == [0, 2, 3]
    assert [len(frame.parts) for frame in built] == [1, 1, 5]  # what is large is not copied


def test_what_is_built_again_is_the_same(frames: TraceFrames) -> None:
    first, again = frames.build(2), frames.build(2)
    assert batches_in(first) == batches_in(again)
    assert again.correlation_id == first.correlation_id + 1


def test_a_frame_is_due_at_its_quantums_end_or_at_the_end_of_a_hold(frames: TraceFrames) -> None:
    assert [frames.build(index).due_ns for index in range(3)] == [5_000_000, 20_000_000, 20_000_000]


def test_a_frame_is_narrowed_to_what_has_to_be_written_again(frames: TraceFrames) -> None:
    frame = frames.build(0)
    frames.narrow(frame, [1])
    assert batches_in(frame) == [wanted(1, 40)]
    assert list(frame.numbers) == [1]


def test_the_producers_numbers_go_on_after_the_play(
    frames: TraceFrames, sequences: Sequences
) -> None:
    assert len(frames) == 3
    assert sequences.next_of == [3, 49]
    assert sequences.copy() == sequences
