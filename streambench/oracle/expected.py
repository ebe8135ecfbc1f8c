"""What must come out: every (key, window) with bounds on each aggregate, from the trace's columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.model.columns import bound_columns
from streambench.model.errors import UsageError
from streambench.model.expression import Aggregate, AggregateFunction
from streambench.model.plan import EventClock
from streambench.model.windows import Aligned, Hopping, Sessions, Tumbling
from streambench.model.workload import Query
from streambench.oracle.clocks import earliest_quanta, read_clocks
from streambench.oracle.columns import (
    TraceColumns,
    argument_sql,
    duckdb_session,
    key_columns,
    keys_sql,
    parquet_sql,
    passes_sql,
    quoted,
)
from streambench.oracle.keyed_windows import KeyedWindows
from streambench.oracle.sessions import LAST_EVENT, sessions_sql
from streambench.oracle.standing import LATE, MAY, MUST, Batches, standing_sql
from streambench.oracle.waits import partitions_waited_for
from streambench.workload.keys import key_texts


class LateSessions(UsageError):
    """Sessions are judged only where no record can be late."""

    def __init__(self) -> None:
        super().__init__(
            "a record came after the session that it may extend could have closed, so nobody knows which "
            "sessions are right",
            hint="streambench validate WORKLOAD says which grace is enough",
        )


@dataclass(frozen=True, eq=False)
class Due:
    """Rows that must come and all that may, their windows relative to the trace's origin."""

    must: KeyedWindows
    may: KeyedWindows


@dataclass(frozen=True)
class Expected:
    """The expectation for one trace, query and event clock.

    `table`, ordered by window and group: key (its text, `workload.keys`), window_start_ms (relative to the trace's origin),
    closing_quantum (the first that holds a record that passes `where` with event time ≥ window end
    + grace; null: only the flush closes it), earliest_quantum (the same by the engine's own clock),
    waits_for_partition (the partition that this clock waits for before it closes the window; null:
    none), newest_quantum (of the newest record that may count), records (all that pass `where`),
    must_records and possible_records (how many of them must and may count), must (whether the row
    must exist), and `low:<alias>`, `high:<alias>`, `full:<alias>` per aggregate (`full`: none late).
    Bounds are null where no record may count, so that there must be no row.

    A table of sessions has slot_ms, too (`slots_ms`).

    `inputs`: window_start_ms (of sessions the slot) and the number of all input records in that window, whether or not they
    pass `where`. `moving_quanta`: per partition the quanta, in their order, with a record that passes
    `where`; only these move its clock. `holds` are [start_ms, end_ms) of the load's time that came at
    once at their end.
    `exact`: low equals high everywhere. `nothing_late`: no record can be late by any
    clock. `signed`: the aliases of sums of which some number is negative, so that more records may make
    them less.
    """

    table: pa.Table
    inputs: pa.Table
    aggregates: tuple[Aggregate, ...]
    clock: EventClock
    quantum_ms: int
    quanta: int
    exact: bool
    nothing_late: bool
    holds: tuple[tuple[int, int], ...] = ()
    moving_quanta: Mapping[int, npt.NDArray[np.int64]] = field(default_factory=dict)
    signed: tuple[str, ...] = ()

    @property
    def slots_ms(self) -> npt.NDArray[np.int64]:
        """Of each row that with which it is taken together for statistics: its window, or a session's slot."""
        name = "slot_ms" if "slot_ms" in self.table.column_names else "window_start_ms"
        slots: npt.NDArray[np.int64] = self.table.column(name).to_numpy()
        return slots

    def due_ms(self, quantum: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """When a quantum was due, in ms since T0: at its end, or at the end of the hold it fell into."""
        due_ms = ((quantum + 1) * self.quantum_ms).astype(np.float64)
        for start_ms, end_ms in self.holds:
            due_ms[(due_ms > start_ms) & (due_ms <= end_ms)] = end_ms
        return due_ms

    def due(self) -> Due:
        """The rows that must come, and those that may."""
        places = self.table.select(["key", "window_start_ms"])
        possible = self.table.column("possible_records").to_numpy() > 0
        must = KeyedWindows.of(places.filter(self.table.column("must")))
        if len(must) == np.count_nonzero(possible):
            return Due(must, must)
        return Due(must, KeyedWindows.of(places.filter(pa.array(possible))))


def expect(
    trace: TraceColumns,
    query: Query,
    clock: EventClock,
    *,
    batches: Batches | None = None,
    event_offset_ms: int = 0,
    first_offsets: Mapping[int, int] | None = None,
) -> Expected:
    """Compute what must come out of `trace` for an engine with this event clock.

    `batches`, for a micro-batch engine, is per batch from the first (watermark in its metadata, ms
    since the epoch; end offset by partition); `first_offsets` is then the offset of the trace's first
    record in each partition, and `event_offset_ms` what was added to event times at play. Without
    batches the bounds of such an engine are wide. No other clock needs these three.
    """
    window, keys = query.window, key_columns(query)
    with duckdb_session() as connection:
        clocks = read_clocks(connection, trace, query)
        counting = _all_sql(query) if clocks.nothing_late else _bounded_sql(query)
        match window:
            case Sessions():
                if not clocks.nothing_late:
                    raise LateSessions
                counts = sessions_sql(_records_sql(trace, query), keys, window, counting)
            case Tumbling() | Hopping():
                standing = standing_sql(
                    connection,
                    clock,
                    nothing_late=clocks.nothing_late,
                    window=window,
                    grace_ms=query.grace_ms,
                    batches=batches,
                    first_offsets=first_offsets or {},
                    event_offset_ms=event_offset_ms,
                )
                counts = f"""
                    WITH records AS ({_records_sql(trace, query, window)}), judged AS ({standing})
                    SELECT {", ".join(keys)}, window_start_ms, min(partition) AS partition,
                           count(*) AS records, {counting}
                    FROM judged
                    GROUP BY {", ".join(keys)}, window_start_ms
                    ORDER BY window_start_ms, {", ".join(keys)}
                """
            case _:
                assert_never(window)
        counted = connection.sql(counts).to_arrow_table()
        signed = _signed(connection, trace, query)
    if clocks.nothing_late:
        counted = _with_bounds(counted, query)

    # Of a session the last event tells when it closes, of any other window its start.
    tells = counted.column(LAST_EVENT if isinstance(window, Sessions) else "window_start_ms")
    tells_ms = tells.to_numpy()
    closing_event_ms = window.closes_at(tells_ms, query.grace_ms)
    row_partition = counted.column("partition").to_numpy()
    earliest = earliest_quanta(
        clocks,
        clock,
        closing_event_ms=closing_event_ms,
        partition=row_partition,
        partitions=trace.meta.partitions,
    )
    waited_for = partitions_waited_for(
        clocks,
        clock,
        closing_event_ms=closing_event_ms,
        partition=row_partition,
        partitions=trace.meta.partitions,
    )
    must_records = counted.column("must_records").to_numpy()
    possible_records = counted.column("possible_records").to_numpy()
    fixed = {
        "key": key_texts([counted.column(name) for name in keys]),
        "window_start_ms": counted.column("window_start_ms"),
        "closing_quantum": _quanta(clocks.passing.first_quantum(closing_event_ms)),
        "earliest_quantum": _quanta(earliest),
        "waits_for_partition": _quanta(waited_for),
        "newest_quantum": counted.column("newest_quantum").cast(pa.int32()),
        "records": counted.column("records"),
        "must_records": counted.column("must_records"),
        "possible_records": counted.column("possible_records"),
        "must": pa.array(must_records > 0),
    }
    if isinstance(window, Sessions):
        fixed["slot_ms"] = pa.array(window.slot(tells_ms))
    values = {
        name: counted.column(name)
        for aggregate in query.judged
        for name in bound_columns(aggregate.alias)
    }
    return Expected(
        table=pa.table(fixed | values),
        inputs=clocks.inputs,
        aggregates=query.judged,
        clock=clock,
        quantum_ms=trace.meta.quantum_ms,
        quanta=trace.meta.quanta,
        exact=bool(np.array_equal(must_records, possible_records)),
        nothing_late=clocks.nothing_late,
        moving_quanta={p: steps.quanta for p, steps in clocks.passing_by_partition.items()},
        signed=signed,
    )


def _signed(connection: Any, trace: TraceColumns, query: Query) -> tuple[str, ...]:
    sums = [a for a in query.aggregates if a.function is AggregateFunction.SUM]
    if not sums:
        return ()
    least = ", ".join(f"min({argument_sql(aggregate)}) < 0" for aggregate in sums)
    found = connection.execute(
        f"SELECT {least} FROM {parquet_sql(trace.columns_glob)} WHERE {passes_sql(query)}"
    ).fetchone()
    return tuple(a.alias for a, negative in zip(sums, found, strict=True) if negative)


def _records_sql(trace: TraceColumns, query: Query, window: Aligned | None = None) -> str:
    """The records with their arguments; a row for each of `window` that holds a record."""
    starts = "" if window is None else f"{window.starts_sql('event_ms')} AS window_start_ms,"
    arguments = ", ".join(
        f"{argument_sql(aggregate)} AS argument_{at}"
        for at, aggregate in enumerate(query.aggregates)
    )
    return f"""
        SELECT partition, position, quantum, event_ms,
               {starts}
               {keys_sql(query)},
               {passes_sql(query)} AS passes,
               {arguments}
        FROM {parquet_sql(trace.columns_glob)}
    """


def _all_sql(query: Query) -> str:
    """SQL for what is counted where no record is late: full values alone, in a third of the memory."""
    full = (
        f"CAST({_full_sql(aggregate, f'argument_{at}')} AS BIGINT) "
        f"AS {quoted(bound_columns(aggregate.alias)[2])}"
        for at, aggregate in enumerate(query.aggregates)
    )
    return ", ".join(("max(quantum) AS newest_quantum", *full))


def _with_bounds(counted: pa.Table, query: Query) -> pa.Table:
    """Where no record is late every bound is the full value; the columns share their memory."""
    names = {"must_records": "records", "possible_records": "records"}
    for low, high, full in (bound_columns(aggregate.alias) for aggregate in query.judged):
        names |= {low: full, high: full}
    for name, same in names.items():
        counted = counted.append_column(name, counted.column(same))
    return counted


def _bounded_sql(query: Query) -> str:
    """SQL for what is counted where records may be late."""
    bounds = (
        text
        for at, aggregate in enumerate(query.aggregates)
        for text in _bounds_sql(aggregate, f"argument_{at}")
    )
    return ", ".join(
        (
            f"coalesce(max(quantum) FILTER (standing <> {LATE}), max(quantum)) AS newest_quantum",
            f"count(*) FILTER (standing = {MUST}) AS must_records",
            f"count(*) FILTER (standing <> {LATE}) AS possible_records",
            *bounds,
        )
    )


def _full_sql(aggregate: Aggregate, argument: str) -> str:
    """SQL for an aggregate over all records of one (key, window)."""
    if aggregate.function is AggregateFunction.COUNT:
        return "count(*)"
    return f"{aggregate.function.value}({argument})"


def _bounds_sql(aggregate: Aggregate, argument: str) -> tuple[str, str, str]:
    """SQL for the columns `bound_columns` over the records of one (key, window).

    Any set of records between "those that must" and "those that may" gives a value within the bounds:
    a COUNT of 0 is among them, though a row needs one record. MIN and MAX of records of which none
    must count lie between the least and the greatest of those that may.
    """
    must = f"FILTER (standing = {MUST})"
    may = f"FILTER (standing = {MAY})"
    possible = f"FILTER (standing <> {LATE})"
    match aggregate.function:
        case AggregateFunction.COUNT:
            low, high = f"count(*) {must}", f"count(*) {possible}"
        case AggregateFunction.SUM:
            # A negative value that may count lowers the lower bound, a positive one raises the upper.
            surely = f"coalesce(sum({argument}) {must}, 0)"
            low = f"{surely} + coalesce(sum(least({argument}, 0)) {may}, 0)"
            high = f"{surely} + coalesce(sum(greatest({argument}, 0)) {may}, 0)"
        case AggregateFunction.MAX:
            low = f"coalesce(max({argument}) {must}, min({argument}) {may})"
            high = f"max({argument}) {possible}"
        case AggregateFunction.MIN:
            low = f"min({argument}) {possible}"
            high = f"coalesce(min({argument}) {must}, max({argument}) {may})"
        case _:
            assert_never(aggregate.function)
    lawful = f"count(*) {possible} > 0"
    low_name, high_name, full_name = bound_columns(aggregate.alias)
    return (
        f"CAST(CASE WHEN {lawful} THEN {low} END AS BIGINT) AS {quoted(low_name)}",
        f"CAST(CASE WHEN {lawful} THEN {high} END AS BIGINT) AS {quoted(high_name)}",
        f"CAST({_full_sql(aggregate, argument)} AS BIGINT) AS {quoted(full_name)}",
    )


def _quanta(found: npt.NDArray[np.int64]) -> pa.Array:
    """Quanta or partitions as int32, null where −1."""
    return pa.array(found, pa.int32(), mask=found < 0)
