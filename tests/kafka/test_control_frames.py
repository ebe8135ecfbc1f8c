"""Control records of different partitions share a request, and each partition keeps its order."""

from __future__ import annotations

from streambench.kafka.frames import ControlFrames, ControlRecord
from streambench.kafka.sequences import Sequences
from streambench.kafka.wire import ProduceLayout, ProducerIdentity


def test_a_request_holds_each_partition_once_and_the_order_of_each_is_kept() -> None:
    partitions = [0, 1, 2, 0, 1, 1]
    frames = ControlFrames(
        [ControlRecord(partition, 1, b"k", b"v") for partition in partitions],
        layout=ProduceLayout("t"),
        sequences=Sequences(ProducerIdentity(9, 0), [0, 0, 0]),
    )
    assert (len(frames), list(frames.partition_of)) == (3, partitions)
    built = [frames.build(index) for index in range(len(frames))]
    assert [list(frame.numbers) for frame in built] == [[0, 1, 2], [3, 4], [5]]
    assert [frame.records for frame in built] == [3, 2, 1]
