"""The engines' event clocks, record by record, to compare the oracle with: slow and obvious."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from streambench.model.windows import Sessions, Window
from streambench.model.workload import Query
from tests.oracle.stand_in import OFFSET_MS, Record

Counts = Mapping[tuple[str, int], list[int]]
"""Values counted in time, by (key, window start)."""


def starts_ms(event_ms: int, window: Window) -> list[int]:
    """The starts of all windows that hold an event, instant by instant."""
    assert not isinstance(window, Sessions)
    advance_ms, offset_ms = window.advance_ms, window.offset_ms
    return [
        start_ms
        for start_ms in range(event_ms - window.shortest_ms + 1, event_ms + 1)
        if start_ms % advance_ms == offset_ms
    ]


def _passes(record: Record, query: Query) -> bool:
    return query.where is None or record.action == "view"


def kafka_streams(records: Sequence[Record], query: Query) -> Counts:
    """Observed stream time per partition, moved by the record itself first."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    observed: dict[int, int] = {}
    for record in records:
        if not _passes(record, query):
            continue
        stream_ms = max(observed.get(record.partition, record.event_ms), record.event_ms)
        observed[record.partition] = stream_ms
        for start in starts_ms(record.event_ms, query.window):
            if start + query.window.shortest_ms > stream_ms - query.grace_ms:
                found[record.key, start].append(record.value)
    return found


def flink(
    records: Sequence[Record], query: Query, partitions: int, rng: np.random.Generator
) -> Counts:
    """Partitions read in any interleaving, watermarks made at any time, by the records that pass."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    logs = [[r for r in records if r.partition == p] for p in range(partitions)]
    greatest = [-(10**9)] * partitions
    watermark = -(10**9)
    while any(logs):
        p = int(rng.choice([i for i, log in enumerate(logs) if log]))
        for _ in range(int(rng.integers(1, 12))):
            if not logs[p]:
                break
            record = logs[p].pop(0)
            if _passes(record, query):
                for start in starts_ms(record.event_ms, query.window):
                    if watermark < start + query.window.shortest_ms:
                        found[record.key, start].append(record.value)
                greatest[p] = max(greatest[p], record.event_ms)
            if rng.random() < 0.5:
                watermark = max(watermark, min(greatest) - query.grace_ms)
    return found


def spark(
    records: Sequence[Record], query: Query, partitions: int, rng: np.random.Generator
) -> tuple[Counts, list[tuple[int, dict[int, int]]]]:
    """Micro-batches of any size by partition; also their metadata as a checkpoint has them."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    logs = [[r for r in records if r.partition == p] for p in range(partitions)]
    ends = [0] * partitions
    batches: list[tuple[int, dict[int, int]]] = []
    own_ms, late_ms = 0, 0  # watermark of this batch, and of the one before, since the epoch
    while any(ends[p] < len(logs[p]) for p in range(partitions)):
        greatest_ms = 0
        for p in range(partitions):
            end = min(len(logs[p]), ends[p] + int(rng.integers(0, 9)))
            for record in logs[p][ends[p] : end]:
                if not _passes(record, query):
                    continue
                greatest_ms = max(greatest_ms, record.event_ms + OFFSET_MS)
                for start in starts_ms(record.event_ms, query.window):
                    if start + OFFSET_MS + query.window.shortest_ms > late_ms:
                        found[record.key, start].append(record.value)
            ends[p] = end
        batches.append((own_ms, {p: ends[p] + 2 for p in range(partitions)}))
        own_ms, late_ms = max(own_ms, greatest_ms - query.grace_ms), own_ms
    return found, batches
