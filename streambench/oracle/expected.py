"""What must come out: every (key, window) with bounds on each aggregate, from the trace's columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.model.columns import ResultColumn
from streambench.model.plan import EventClock
from streambench.model.windows import Aligned, Hopping, Sessions, Tumbling
from streambench.model.workload import Query
from streambench.oracle.after_repartition import joined_sql, register_late, register_targets
from streambench.oracle.bounds import (
    all_sql,
    arguments_sql,
    bounded_sql,
    signed_sql,
    with_bounds,
)
from streambench.oracle.clocks import read_clocks
from streambench.oracle.columns import (
    TRACE,
    TraceColumns,
    duckdb_session,
    key_columns,
    keys_sql,
    parquet_sql,
    passes_sql,
)
from streambench.oracle.described import MAY, described
from streambench.oracle.evidence import NO_EVIDENCE, ClockEvidence
from streambench.oracle.given import given, given_columns
from streambench.oracle.keyed_windows import KeyedWindows
from streambench.oracle.late_sessions import LateRules, PlacedRecords, SessionDrops, place
from streambench.oracle.same_start import one_row_each
from streambench.oracle.sessions import late_sessions_sql, sessions_sql
from streambench.oracle.standing import standing_sql
from streambench.oracle.unsettled import Unsettled
from streambench.workload.keys import key_texts


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
    must exist), may (whether it may; only of a query with `having`), and `low:<alias>`, `high:<alias>`,
    `full:<alias>` per aggregate (`full`: none late).
    Bounds are null where no record may count, so that there must be no row, or where the aggregate can
    have no value. `null:<alias>` says where it may lawfully have none, `tolerance:<alias>` by how much a
    double may lie outside its bounds.

    A table of sessions has slot_ms, too (`slots_ms`), and where some are late how many `sessions` a row stands
    for: several can begin in one millisecond.

    `inputs`: window_start_ms (of sessions the slot) and the number of input records of which
    it is the newest window, whether or not they pass `where`: each record counts once. `moving_quanta`: per partition the quanta, in their order, with a record that passes
    `where`; only these move its clock. `holds` are [start_ms, end_ms) of the load's time that came at
    once at their end.
    `unsettled` are records of sessions that may be cut in several ways, of which no row is in the table yet
    (`settled`); `session_drops` is how many records are in no session, where some may be late.
    `exact`: low equals high everywhere. `nothing_late`: no record can be late by any
    clock. `signed`: the aliases of sums of which some number is negative, so that more records may make
    them less.
    """

    table: pa.Table
    inputs: pa.Table
    aggregates: tuple[ResultColumn, ...]
    clock: EventClock
    quantum_ms: int
    quanta: int
    exact: bool
    nothing_late: bool
    holds: tuple[tuple[int, int], ...] = ()
    moving_quanta: Mapping[int, npt.NDArray[np.int64]] = field(default_factory=dict)
    signed: tuple[str, ...] = ()
    unsettled: Unsettled | None = None
    session_drops: SessionDrops | None = None

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

    @property
    def may(self) -> npt.NDArray[np.bool_]:
        """Which rows may come; those that must are among them."""
        if self.hides_rows:
            return np.asarray(self.table.column(MAY).to_numpy(), dtype=np.bool_)
        return np.asarray(self.table.column("possible_records").to_numpy() > 0, dtype=np.bool_)

    @property
    def hides_rows(self) -> bool:
        """Whether groups with records in time may lawfully have no row."""
        return MAY in self.table.column_names

    def due(self) -> Due:
        """The rows that must come, and those that may."""
        places = self.table.select(["key", "window_start_ms"])
        may = self.may
        must = KeyedWindows.of(places.filter(self.table.column("must")))
        if self.clock is EventClock.AFTER_REPARTITION and not self.exact:
            # Nothing but a lagging task takes a row away: all are waited for.
            must = KeyedWindows.of(places.filter(pa.array(may)))
        if self.unsettled is not None:
            open_places = self.unsettled.places.cast(places.schema)
            every = pa.concat_tables([places.filter(pa.array(may)), open_places])
            return Due(must, KeyedWindows.of(every))
        if len(must) == np.count_nonzero(may):
            return Due(must, must)
        return Due(must, KeyedWindows.of(places.filter(pa.array(may))))


def expect(
    trace: TraceColumns,
    query: Query,
    clock: EventClock,
    evidence: ClockEvidence = NO_EVIDENCE,
) -> Expected:
    """Compute what must come out of `trace` for an engine with this event clock, which left that `evidence`."""
    if query.by_hand is not None:
        return _expect_given(trace, query, clock)
    window, keys = query.window, key_columns(query)
    placed: PlacedRecords | None = None
    moves = clock is EventClock.AFTER_REPARTITION
    with duckdb_session() as connection:
        targets = register_targets(connection, trace, query) if moves else None
        clocks = read_clocks(connection, trace, query, moved=moves)
        if targets is not None:
            some_late = evidence.moved is None or register_late(
                connection, evidence.moved, targets, window, query.grace_ms
            )
            clocks = replace(clocks, nothing_late=not some_late)
        counting = all_sql(query) if clocks.nothing_late else bounded_sql(query)
        match window:
            case Sessions():
                records = _records_sql(trace, query, moved=moves)
                if clocks.nothing_late:
                    counts = sessions_sql(records, keys, window, counting)
                else:
                    rules = LateRules(clock, window, query.grace_ms, evidence)
                    placed = place(connection, records, keys, rules)
                    counts = late_sessions_sql(placed.judged, keys, window, counting)
            case Tumbling() | Hopping():
                standing = standing_sql(
                    connection,
                    clock,
                    nothing_late=clocks.nothing_late,
                    window=window,
                    grace_ms=query.grace_ms,
                    evidence=evidence,
                )
                counts = f"""
                    WITH records AS ({_records_sql(trace, query, window, moved=moves)}), judged AS ({standing})
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
        counted = with_bounds(counted, query)
    counted = _with_key(counted, keys)
    if placed is not None:
        counted = one_row_each(counted, query)
    table = described(counted, query, clock, clocks, trace.meta.partitions)
    unsettled = None
    if placed is not None and placed.open_records.num_rows:
        unsettled = Unsettled(
            _with_key(placed.open_records, keys), query, clock, clocks, trace.meta.partitions
        )
    must_records, possible_records = table.column("must_records"), table.column("possible_records")
    return Expected(
        table=table,
        inputs=clocks.inputs,
        aggregates=tuple(ResultColumn.of(each) for each in query.judged),
        clock=clock,
        quantum_ms=trace.meta.quantum_ms,
        quanta=trace.meta.quanta,
        exact=unsettled is None and must_records.equals(possible_records),
        nothing_late=clocks.nothing_late,
        moving_quanta={p: steps.quanta for p, steps in clocks.passing_by_partition.items()},
        signed=signed,
        unsettled=unsettled,
        session_drops=None if placed is None else placed.drops,
    )


def _expect_given(trace: TraceColumns, query: Query, clock: EventClock) -> Expected:
    """The same of a query by hand, whose rows `oracle.sql` tells. Raises UsageError for what it refuses."""
    with duckdb_session() as connection:
        table, clocks = given(connection, trace, query)
    return Expected(
        table=table,
        inputs=clocks.inputs,
        aggregates=given_columns(query),
        clock=clock,
        quantum_ms=trace.meta.quantum_ms,
        quanta=trace.meta.quanta,
        exact=True,
        nothing_late=True,
        moving_quanta={p: steps.quanta for p, steps in clocks.passing_by_partition.items()},
    )


def _with_key(records: pa.Table, keys: Sequence[str]) -> pa.Table:
    """With the text of the group in place of its values."""
    texts = key_texts([records.column(name) for name in keys])
    return records.drop_columns(list(keys)).append_column("key", texts)


def _signed(connection: Any, trace: TraceColumns, query: Query) -> tuple[str, ...]:
    columns = signed_sql(query)
    if not columns:
        return ()
    found = connection.execute(
        f"SELECT {', '.join(columns.values())} FROM ({_records_sql(trace, query)}) WHERE passes"
    ).fetchone()
    return tuple(alias for alias, negative in zip(columns, found, strict=True) if negative)


def _records_sql(
    trace: TraceColumns, query: Query, window: Aligned | None = None, *, moved: bool = False
) -> str:
    """The records with their arguments; a row for each of `window` that holds a record.

    Where they are `moved`, their partition is that to which they are, and the group's number is with them.
    """
    placed, join = f"{TRACE}.partition", ""
    if moved:
        placed = f"coalesce(target, -1) AS partition, {TRACE}.partition AS input_partition, number"
        join = joined_sql(query)
    starts = "" if window is None else f"{window.starts_sql('event_ms')} AS window_start_ms,"
    return f"""
        SELECT {placed}, position, quantum, event_ms,
               {starts}
               {keys_sql(query)},
               {passes_sql(query)} AS passes{arguments_sql(query)}
        FROM {parquet_sql(trace.columns_glob)} {join}
    """
