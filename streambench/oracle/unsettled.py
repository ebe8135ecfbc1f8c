"""Records of sessions that may lawfully be cut in several ways: nobody knows when an engine's clock moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from streambench.model.plan import EventClock
from streambench.model.workload import Query
from streambench.oracle.clocks import TraceClocks


@dataclass(frozen=True, eq=False)
class Unsettled:
    """Them, and what else a row of an expectation needs.

    `records` has key, event_ms, partition, position, record (a number), quantum, seen_ms (what the clock was
    before the record, at most), surely (in some session for certain) and the arguments of the aggregates.
    """

    records: pa.Table
    query: Query
    clock: EventClock
    clocks: TraceClocks
    partitions: int

    @property
    def places(self) -> pa.Table:
        """The key and window_start_ms of every session that there may be."""
        starts_ms = np.asarray(self.records.column("event_ms").to_numpy(), dtype=np.int64)
        return pa.table({"key": self.records.column("key"), "window_start_ms": starts_ms})
