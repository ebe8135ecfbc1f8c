"""When windows close: by the most eager clock, and by an engine's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.model.plan import EventClock
from streambench.model.windows import Window
from streambench.model.workload import Query
from streambench.oracle.after_repartition import joined_sql
from streambench.oracle.columns import (
    TRACE,
    TraceColumns,
    parquet_sql,
    passes_sql,
)

Int64s = npt.NDArray[np.int64]
_NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True)
class ClockSteps:
    """A clock that only moves forward: `event_ms[i]` is its value once quantum `quanta[i]` is read."""

    quanta: Int64s
    event_ms: Int64s

    def first_quantum(self, event_ms: Int64s) -> Int64s:
        """The first quantum at which the clock has reached each of `event_ms`; −1 where it never does."""
        if not len(self.quanta):
            return np.full(len(event_ms), -1, dtype=np.int64)
        at = np.searchsorted(self.event_ms, event_ms, side="left")
        return np.where(
            at < len(self.quanta), self.quanta[np.minimum(at, len(self.quanta) - 1)], -1
        )


@dataclass(frozen=True)
class TraceClocks:
    """The trace's clocks by quantum, and its windows.

    Only records that pass `where` move them. `passing_by_partition` sees those of one partition (a
    partition without any has a clock that never moves), `passing` those of all. `nothing_late`: no
    record's window had closed when the record was due, by any clock. `inputs`: window_start_ms and
    the number of records, whether or not they pass `where`, of which it is the newest window: each counts once.
    """

    passing_by_partition: dict[int, ClockSteps]
    passing: ClockSteps
    nothing_late: bool
    inputs: pa.Table


def _steps(quanta: Int64s, event_ms: Int64s) -> ClockSteps:
    """Running maximum over quanta; the entries of one quantum are merged."""
    order = np.argsort(quanta, kind="stable")
    quanta, event_ms = quanta[order], event_ms[order]
    if not len(quanta):
        return ClockSteps(quanta, event_ms)
    starts = np.flatnonzero(np.r_[True, quanta[1:] != quanta[:-1]])
    greatest = np.maximum.reduceat(event_ms, starts)
    return ClockSteps(quanta[starts], np.maximum.accumulate(greatest))


def read_clocks(
    connection: Any, trace: TraceColumns, query: Query, *, moved: bool = False
) -> TraceClocks:
    """Read what moves the clocks, in one pass over the trace.

    Where records are `moved` the partitions are those to which they are (`after_repartition`).
    """
    window = query.window
    partition_sql, join = f"{TRACE}.partition", ""
    if moved:
        partition_sql, join = "coalesce(target, -1)", joined_sql(query)
    grouped = connection.sql(f"""
        SELECT quantum, {partition_sql} AS partition, {window.slot_sql("event_ms")} AS slot_ms,
               count(*) AS records,
               min(CASE WHEN {passes_sql(query)} THEN event_ms END) AS oldest_passing,
               max(CASE WHEN {passes_sql(query)} THEN event_ms END) AS newest_passing
        FROM {parquet_sql(trace.columns_glob)} {join}
        GROUP BY 1, 2, 3
    """).to_arrow_table()
    quantum = _int64s(grouped, "quantum")
    partition = _int64s(grouped, "partition")
    oldest = _int64s(grouped, "oldest_passing", null=_NEVER)
    passing = _int64s(grouped, "newest_passing", null=_NEVER)
    passes = passing != _NEVER

    everywhere = _steps(quantum[passes], passing[passes])
    # One request carries all partitions of a quantum and requests are handled in turn, so when a
    # record is read nothing of a later quantum can have moved a clock that keeps up with the log's
    # end. All clocks are then behind this one.
    seen = everywhere.event_ms[np.searchsorted(everywhere.quanta, quantum[passes], side="left")]
    late_from = window.late_from(oldest[passes], query.grace_ms)
    return TraceClocks(
        passing_by_partition={
            int(p): _steps(quantum[passes & (partition == p)], passing[passes & (partition == p)])
            for p in np.unique(partition[partition >= 0])
        },
        passing=everywhere,
        nothing_late=bool(np.all(late_from > seen)),
        inputs=_inputs(window, _int64s(grouped, "slot_ms"), _int64s(grouped, "records")),
    )


def _inputs(window: Window, slot_ms: Int64s, records: Int64s) -> pa.Table:
    _, start_ms = window.spread(slot_ms)
    starts = np.unique(start_ms)
    counts = np.zeros(len(starts), dtype=np.int64)
    np.add.at(counts, np.searchsorted(starts, window.newest(slot_ms)), records)
    return pa.table({"window_start_ms": starts, "records": counts})


def _int64s(table: pa.Table, name: str, null: int = 0) -> Int64s:
    column = table.column(name).cast(pa.int64()).fill_null(null)
    return np.asarray(column.to_numpy(), dtype=np.int64)


def earliest_quanta(
    clocks: TraceClocks,
    clock: EventClock,
    *,
    closing_event_ms: Int64s,
    partition: Int64s,
    partitions: int,
) -> Int64s:
    """The first quantum after which `clock` lawfully knows that a window is over; −1: only the flush.

    `closing_event_ms` is window end + grace and `partition` that of the key, one entry a row of the
    expectation. Lawful means as early as that clock can be: an engine that reads more slowly, or
    one micro-batch late, comes after it.
    """
    match clock:
        case EventClock.PER_PARTITION | EventClock.AFTER_REPARTITION:
            found = np.full(len(partition), -1, dtype=np.int64)
            for p, steps in clocks.passing_by_partition.items():
                own = partition == p
                found[own] = steps.first_quantum(closing_event_ms[own])
            return found
        case EventClock.MIN_OF_PARTITIONS:
            return _all_partitions(clocks, closing_event_ms, partitions)
        case EventClock.GLOBAL_PER_BATCH | EventClock.OF_ITS_OWN:
            return clocks.passing.first_quantum(closing_event_ms)
        case _:
            assert_never(clock)


def _all_partitions(clocks: TraceClocks, event_ms: Int64s, partitions: int) -> Int64s:
    """When the last partition's clock has reached `event_ms`; −1 while one of them never does."""
    each = list(clocks.passing_by_partition.values())
    if len(each) < partitions:
        return np.full(len(event_ms), -1, dtype=np.int64)
    reached = np.stack([steps.first_quantum(event_ms) for steps in each])
    return np.where((reached < 0).any(axis=0), -1, reached.max(axis=0))
