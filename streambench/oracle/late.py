"""How many records come too late: measured, proved from the log, and modelled (docs/method.md, late records)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from streambench.load.columns import ByteTable
from streambench.model.columns import value_column
from streambench.model.plan import EventClock
from streambench.model.verdict import RowClass
from streambench.model.windows import Sessions, Window
from streambench.model.workload import Query, Replay, Workload
from streambench.oracle.columns import (
    TRACE,
    TraceColumns,
    duckdb_session,
    key_columns,
    keys_sql,
    parquet_sql,
    passes_sql,
    quoted,
)
from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged
from streambench.oracle.late_sessions import SessionDrops
from streambench.oracle.session_log import DROPPED, NOT_YET, SessionLog, taken
from streambench.workload.keys import key_texts
from streambench.workload.source import (
    ARRIVAL_MS,
    EVENT_MS,
    arrival_order,
    opened,
    survey,
)

Int64s = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_NEVER = NOT_YET


@dataclass(frozen=True)
class LateDrops:
    """Of `records` that pass `where`, how many are dropped as late.

    `dropped` is None where only bounds are known. `low` and `high` are proved for a log that was
    replayed; in the model they hold as far as partitions keep in step.
    """

    records: int
    dropped: int | None
    low: int
    high: int


@dataclass(frozen=True)
class Arrivals:
    """Records in the order of arrival: when each is played, its event time, its partition.

    `due_ms` is in playing time (speed-up applied), and never falls. `window_start_ms` belongs
    to `event_ms`; of sessions it is the record itself. Records that fail `passes` move no clock.
    `group` is a number for each group of the query.
    """

    due_ms: Int64s
    event_ms: Int64s
    window_start_ms: Int64s
    partition: Int64s
    passes: Flags
    group: Int64s
    window: Window

    @property
    def records(self) -> int:
        """How many pass `where`."""
        return int(np.count_nonzero(self.passes))


def prove_drops(expected: Expected) -> LateDrops:
    """What the engine's documented clock drops of exactly the log that was played.

    The expectation has replayed that log already. `dropped` is None where the clock cannot be
    replayed, so that only bounds are known.
    """
    if expected.session_drops is not None:
        drops = expected.session_drops
        exact = drops.least if drops.least == drops.most else None
        return LateDrops(drops.records, exact, drops.least, drops.most)
    records, must, possible = (
        int(np.sum(expected.table.column(name).to_numpy()))
        for name in ("records", "must_records", "possible_records")
    )
    low, high = records - possible, records - must
    return LateDrops(records, low if low == high else None, low, high)


def measured_drops(judged: Judged, expected: Expected) -> int | None:
    """How many records the engine left out: the full counts less those of its first right rows.

    Rows that are missing though they must exist, or wrong, are damage and not counted here. None
    when the query counts nothing, so that records cannot be told from values, or when it hides groups.
    """
    if expected.hides_rows:
        return None
    alias = next((a.alias for a in expected.aggregates if a.counts_records), None)
    if alias is None:
        return None
    rows = judged.rows
    counted = np.zeros(expected.table.num_rows, dtype=np.int64)
    index = rows.column("expected_index").fill_null(-1).to_numpy()
    first = rows.column("first_right").to_numpy(zero_copy_only=False)
    counted[index[first]] = rows.column(value_column(alias)).to_numpy()[first]
    accounted = np.zeros(len(counted), dtype=np.bool_)
    accounted[index[first]] = True
    if expected.session_drops is not None:
        return _outside_sessions(judged, expected, alias, expected.session_drops)
    # A row may be missing lawfully; it is no such case when wrong rows came in its place.
    lawful = ~expected.table.column("must").to_numpy(zero_copy_only=False)
    lawful[index[index >= 0]] = False
    accounted |= lawful
    full = expected.table.column("records").to_numpy()
    return int(np.sum((full - counted)[accounted]))


def _outside_sessions(judged: Judged, expected: Expected, alias: str, drops: SessionDrops) -> int:
    """How many records no session counted. What is lost or wrong is damage, and so are its records."""
    rows, table = judged.rows, expected.table
    right = pc.equal(rows.column("row_class"), RowClass.RIGHT.value).fill_null(False)
    counted = pc.sum(rows.column(value_column(alias)).filter(right)).as_py() or 0
    held = np.zeros(table.num_rows, dtype=np.bool_)
    held[rows.column("expected_index").filter(right).to_numpy()] = True
    damaged = ~held & table.column("must").to_numpy(zero_copy_only=False)
    return drops.records - int(counted) - int(np.sum(table.column("records").to_numpy()[damaged]))


def predict_drops(
    trace: TraceColumns,
    query: Query,
    clock: EventClock,
    *,
    grace_ms: int | None = None,
    batch_ms: int | None = None,
) -> LateDrops:
    """Model the drops of one trace as played, with all partitions in step.

    `grace_ms` replaces the query's own; `batch_ms` is the length of a micro-batch, None for a clock
    that never lags. Memory: about 40 bytes a record.
    """
    window = query.window
    with duckdb_session() as connection:
        table = connection.sql(f"""
            SELECT (CAST(quantum AS BIGINT) + 1) * {trace.meta.quantum_ms} AS due_ms, event_ms,
                   {_starts_sql(window, "event_ms")} AS window_start_ms,
                   CAST(partition AS BIGINT) AS partition, {passes_sql(query)} AS passes,
                   {_group_sql(query)} AS "group"
            FROM {parquet_sql(trace.columns_glob)}
            ORDER BY quantum, partition, position
        """).to_arrow_table()
    grace = query.grace_ms if grace_ms is None else grace_ms
    return _predict(_arrivals(table, window), clock, grace_ms=grace, batch_ms=batch_ms)


def predict_whole_file(
    workload: Workload,
    clock: EventClock,
    *,
    partitions: int,
    graces_ms: Sequence[int],
    batch_ms: int | None = None,
    speed_up: float = 1.0,
) -> tuple[LateDrops, ...]:
    """Model the drops of a replay's file from its first to its last record: `begin` and `end` are not heeded.

    All else is as in `predict_file`.
    """
    if not isinstance(workload.input, Replay):
        raise ValueError(f"{workload.name} replays no file")
    whole = replace(workload, input=replace(workload.input, begin=None, end=None, copies=None))
    return predict_file(
        whole,
        clock,
        partitions=partitions,
        graces_ms=graces_ms,
        batch_ms=batch_ms,
        speed_up=speed_up,
    )


def predict_file(
    workload: Workload,
    clock: EventClock,
    *,
    partitions: int,
    graces_ms: Sequence[int],
    batch_ms: int | None = None,
    speed_up: float = 1.0,
) -> tuple[LateDrops, ...]:
    """Model the drops of what a replay selects of its file, one entry a grace.

    `speed_up` 1 is real time; it matters only to a clock that moves once a micro-batch of `batch_ms`,
    since compression of time makes that lag worth more event time. Raises ValueError for a workload that
    replays no file, UsageError for a file that cannot be read.
    """
    if not isinstance(workload.input, Replay):
        raise ValueError(f"{workload.name} replays no file")
    whole = workload.input
    query, window = workload.query, workload.query.window
    found = survey(whole, workload.fields, query.group_by)
    with opened(whole, workload.fields) as connection:
        keys = f"SELECT DISTINCT {keys_sql(query)} FROM source AS {TRACE}"
        groups = connection.sql(keys).to_arrow_table()
        connection.register("partition_of_key", _with_partition(groups, partitions))
        same = " AND ".join(
            f"{TRACE}.{quoted(key.name)} = partition_of_key.{column}"
            for key, column in zip(query.group_by, key_columns(query), strict=True)
        )
        start = _starts_sql(window, f"{TRACE}.{quoted(EVENT_MS)}")
        arrival = f"{TRACE}.{quoted(ARRIVAL_MS)}"
        table = connection.sql(f"""
            SELECT CAST(floor(({arrival} - {found.first_arrival_ms}) / {float(speed_up)!r})
                        AS BIGINT) AS due_ms,
                   {TRACE}.{quoted(EVENT_MS)} AS event_ms,
                   {start} AS window_start_ms,
                   partition_of_key.partition AS partition, {passes_sql(query)} AS passes,
                   partition_of_key.number AS "group"
            FROM source AS {TRACE}
            JOIN partition_of_key ON {same}
            ORDER BY {arrival_order(whole)}
        """).to_arrow_table()
    arrivals = _arrivals(table, window)
    return tuple(
        _predict(arrivals, clock, grace_ms=grace_ms, batch_ms=batch_ms) for grace_ms in graces_ms
    )


def _with_partition(groups: pa.Table, partitions: int) -> pa.Table:
    """Groups, by the values of their fields, with the partition and a number of each."""
    texts = ByteTable.of([text.encode() for text in key_texts(groups.columns).to_pylist()])
    numbers = pa.array(np.arange(groups.num_rows))
    return groups.append_column("partition", pa.array(texts.partitions(partitions))).append_column(
        "number", numbers
    )


def late_records(
    arrivals: Arrivals, clock: EventClock, *, grace_ms: int, batch_ms: int | None
) -> Flags:
    """Which records that pass `where` find their window closed by `clock`, partitions in step."""
    clock_ms = _clock_ms(arrivals, clock, batch_ms)
    if isinstance(arrivals.window, Sessions) and clock is not EventClock.GLOBAL_PER_BATCH:
        # What joins a session that is still open is in time.
        some = np.flatnonzero(arrivals.passes)
        log = SessionLog(arrivals.group[some], arrivals.event_ms[some], clock_ms[some])
        late = np.zeros(len(arrivals.passes), dtype=np.bool_)
        session = taken(log, arrivals.window, grace_ms, joins_before_test=True)
        late[some] = session == DROPPED
        return late
    closing_ms = arrivals.window.closes_at(arrivals.window_start_ms, grace_ms)
    return np.asarray(arrivals.passes & (closing_ms <= clock_ms))


def _clock_ms(arrivals: Arrivals, clock: EventClock, batch_ms: int | None) -> Int64s:
    """The clock that each record finds. Whether it has moved it itself makes no difference to it."""
    passing_ms = np.where(arrivals.passes, arrivals.event_ms, _NEVER)
    match clock:
        # In step, the tasks that move records lose nothing of their order: arrivals lie by their groups' partitions.
        case EventClock.PER_PARTITION | EventClock.AFTER_REPARTITION:
            clock_ms = np.full(len(passing_ms), _NEVER)
            for p in np.unique(arrivals.partition):
                own = np.flatnonzero(arrivals.partition == p)
                clock_ms[own[1:]] = np.maximum.accumulate(passing_ms[own])[:-1]
            return clock_ms
        case EventClock.MIN_OF_PARTITIONS:
            clock_ms = np.full(len(passing_ms), np.iinfo(np.int64).max)
            for p in np.unique(arrivals.partition):
                own_ms = np.where(arrivals.partition == p, passing_ms, _NEVER)
                clock_ms = np.minimum(clock_ms, _before_instant(arrivals.due_ms, own_ms))
            return clock_ms
        case EventClock.GLOBAL_PER_BATCH | EventClock.OF_ITS_OWN:
            if batch_ms is None:
                return np.maximum.accumulate(passing_ms) if len(passing_ms) else passing_ms
            # Batch N drops by the watermark of batch N − 1, which knows what batch N − 2 read.
            return _before_instant(arrivals.due_ms // batch_ms, passing_ms, lag=1)
        case _:
            assert_never(clock)


def _starts_sql(window: Window, event_ms: str) -> str:
    return event_ms if isinstance(window, Sessions) else window.starts_sql(event_ms)


def _group_sql(query: Query) -> str:
    """A number for each group; of windows that begin with the clock alone nobody asks for it."""
    if not isinstance(query.window, Sessions):
        return "CAST(0 AS BIGINT)"
    names = ", ".join(f"{TRACE}.{quoted(key.name)}" for key in query.group_by)
    return f"dense_rank() OVER (ORDER BY {names})"


def _before_instant(instant: Int64s, event_ms: Int64s, *, lag: int = 0) -> Int64s:
    """Per record the greatest of `event_ms` over records with an instant before its own − `lag`."""
    if not len(instant):
        return event_ms
    greatest = np.maximum.accumulate(event_ms)
    count = np.searchsorted(instant, instant - lag, side="left")
    return np.where(count > 0, greatest[np.maximum(count, 1) - 1], _NEVER)


def _predict(
    arrivals: Arrivals, clock: EventClock, *, grace_ms: int, batch_ms: int | None
) -> LateDrops:
    late = late_records(arrivals, clock, grace_ms=grace_ms, batch_ms=batch_ms)
    dropped = int(np.count_nonzero(late))
    match clock:
        case EventClock.PER_PARTITION | EventClock.AFTER_REPARTITION:
            low = high = dropped
        case EventClock.MIN_OF_PARTITIONS:
            low, high = 0, _late_by_own_partition(arrivals, grace_ms)
        case EventClock.GLOBAL_PER_BATCH | EventClock.OF_ITS_OWN:
            # A batch that takes longer drops less, none more than a clock without lag.
            low = 0 if batch_ms is not None else dropped
            unlagged = late_records(arrivals, clock, grace_ms=grace_ms, batch_ms=None)
            high = int(np.count_nonzero(unlagged))
        case _:
            assert_never(clock)
    return LateDrops(arrivals.records, dropped, low, high)


def _late_by_own_partition(arrivals: Arrivals, grace_ms: int) -> int:
    """The most that a least-over-partitions clock can drop: by the record's own partition alone."""
    closing_ms = arrivals.window.closes_at(arrivals.window_start_ms, grace_ms)
    most = 0
    for p in np.unique(arrivals.partition):
        own = np.flatnonzero((arrivals.partition == p) & arrivals.passes)
        earlier = np.r_[_NEVER, np.maximum.accumulate(arrivals.event_ms[own])[:-1]]
        most += int(np.count_nonzero(closing_ms[own] <= earlier))
    return most


def _arrivals(table: pa.Table, window: Window) -> Arrivals:
    def column(name: str) -> Int64s:
        return np.asarray(table.column(name).to_numpy(), dtype=np.int64)

    return Arrivals(
        due_ms=column("due_ms"),
        event_ms=column("event_ms"),
        window_start_ms=column("window_start_ms"),
        partition=column("partition"),
        passes=table.column("passes").to_numpy(zero_copy_only=False).astype(np.bool_),
        group=column("group"),
        window=window,
    )
