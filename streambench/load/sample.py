"""The first records of a generated load, made again: how large they are, and how they spread over groups."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import numpy as np

from streambench.load.batch import HEADER_BYTES
from streambench.load.keys import group_texts
from streambench.load.resolve import chunks, resolve
from streambench.load.writer import batch_starts, by_batch, encode_chunk
from streambench.model.workload import Synthetic, Workload

SAMPLED_RECORDS: Final = 200_000


@dataclass(frozen=True)
class LoadSample:
    """`sent_bytes` of `records`, with the headers of their batches; `busiest_share` of them are of one group."""

    records: int
    sent_bytes: int
    busiest_share: float

    @property
    def bytes_per_record(self) -> float:
        """As the broker is sent it."""
        return self.sent_bytes / self.records


def sample_load(
    workload: Workload, *, rate_per_s: int, partitions: int, seed: int
) -> LoadSample | None:
    """The first 200,000 records of a load at this rate, in memory; None for a replayed file.

    The rate counts: a batch has a header, and holds what comes in a quantum.
    """
    if not isinstance(workload.input, Synthetic):
        return None
    duration_ms = max(workload.quantum_ms, -(-SAMPLED_RECORDS * 1_000 // rate_per_s))
    load = resolve(workload, duration_ms=duration_ms, rate_per_s=rate_per_s)
    groups: Counter[str] = Counter()
    sent_bytes = 0
    for chunk in chunks(workload, load, seed=seed, partitions=partitions):
        ordered = by_batch(chunk, workload, partitions)
        starts = batch_starts(ordered.chunk.quantum, ordered.partition)
        encoded = encode_chunk(ordered, workload, starts)
        sent_bytes += len(encoded.data) + HEADER_BYTES * len(starts)
        group = group_texts(chunk, workload)
        counts = np.bincount(group.codes)
        for code in np.flatnonzero(counts).tolist():
            groups[group.table.values[code]] += int(counts[code])
    records = groups.total()
    if not records:
        return None
    return LoadSample(records, sent_bytes, max(groups.values()) / records)
