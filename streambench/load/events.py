"""The events of a trace, one by one, as they stand in its records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kafka.record import MemoryRecords

from streambench.load.batch import stamp_header
from streambench.load.trace import Trace
from streambench.model.workload import Replay, Workload

_GENERATED_FROM_MS: Final = 946_684_800_000  # 2000-01-01T00:00:00Z


@dataclass(frozen=True)
class Event:
    """One record: its key (None: none) and JSON object as bytes, and its event time in ms since the epoch."""

    partition: int
    key: bytes | None
    value: bytes
    event_ms: int


def first_instant_ms(workload: Workload, trace: Trace) -> int:
    """The trace's origin in ms since the epoch: a replayed file's own; the year 2000 where generated.

    No window's edge moves by it, whatever the windows' length.
    """
    if isinstance(workload.input, Replay):
        return trace.meta.origin_ms
    return workload.query.window.grid(_GENERATED_FROM_MS)


def events_of(trace: Trace, origin_ms: int) -> Iterator[Event]:
    """The events in the order in which they are due, and within a quantum by partition."""
    with trace.records_path.open("rb") as records:
        for row in trace.batches:
            records.seek(int(row["offset"]))
            section = records.read(int(row["length"]))
            header = stamp_header(
                section,
                count=int(row["count"]),
                base_ms=origin_ms + int(row["base_ms"]),
                max_ms=origin_ms + int(row["max_ms"]),
                producer_id=-1,
                producer_epoch=-1,
                base_sequence=-1,
            )
            for batch in MemoryRecords(header + section):
                for record in batch:
                    yield Event(int(row["partition"]), record.key, record.value, record.timestamp)
