"""What lies in a topic, taken apart to the bytes of a trace before they were stamped."""

from __future__ import annotations

import hashlib
import struct
from collections import deque
from typing import Final

import numpy as np

from streambench.kafka.cluster import Cluster
from streambench.kafka.fetch import Batch, Isolation, data_only
from streambench.kafka.follower import Follower
from streambench.load.batch import HEADER_BYTES
from streambench.load.trace import Trace
from streambench.load.writer import BATCH
from streambench.model.kafka_access import KafkaAccess

_TIMES: Final = struct.Struct(">qq")
_TIMES_AT: Final = 27


def batches_of(access: KafkaAccess, topic: str, partitions: int) -> list[list[Batch]]:
    """All batches of a topic, by partition, in the order of the log."""
    follower = Follower(Cluster(access), topic, partitions, Isolation.READ_UNCOMMITTED)
    found: list[list[Batch]] = [[] for _ in range(partitions)]
    behind = set(range(partitions))
    try:
        while behind:
            for _arrived_ns, fetched in follower.fetch():
                for one in fetched:
                    found[one.partition] += data_only(one)
                    if follower.offsets[one.partition] >= one.high_watermark:
                        behind.discard(one.partition)
    finally:
        follower.close()
    return found


def sha256_of(found: list[list[Batch]], trace: Trace, event_offset_ms: int) -> str:
    """The SHA-256 of a trace's bytes, made of what lies in the log; a batch too many or too few changes it.

    Only which quantum a batch belongs to is the trace's word: the log does not know quanta.
    """
    left = [deque(batches) for batches in found]
    digest = hashlib.sha256()
    rows = np.zeros(len(trace.batches), BATCH)
    offset = 0
    for number, (quantum, partition) in enumerate(
        zip(trace.batches["quantum"].tolist(), trace.batches["partition"].tolist(), strict=True)
    ):
        batch = left[partition].popleft()
        section = batch.data[HEADER_BYTES:]
        digest.update(section)
        base_ms, max_ms = _TIMES.unpack_from(batch.data, _TIMES_AT)
        rows[number] = (
            quantum,
            partition,
            batch.records,
            offset,
            len(section),
            base_ms - event_offset_ms,
            max_ms - event_offset_ms,
        )
        offset += len(section)
    assert not any(left), "the log holds more than the trace"
    digest.update(rows.tobytes())
    return digest.hexdigest()
