"""What must come out of a query by hand: the rows of `oracle.sql`, as an expectation.

1. Nothing of it is known but its rows. So no record may be late: the declaration is refused otherwise.
2. A row stands for its window. It closes when all clocks have reached the window's end plus the grace.
3. A program of the author's may read all partitions for a row, or one. So a row is early only where no clock at
   all has reached that instant.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from streambench.model.columns import ResultColumn, bound_columns, null_column, tolerance_column
from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.windows import Sessions
from streambench.model.workload import SESSION_LENGTH, Query
from streambench.oracle.clocks import TraceClocks, read_clocks
from streambench.oracle.columns import TRACE, TraceColumns, parquet_sql, passes_sql
from streambench.workload.keys import key_texts
from streambench.workload.oracle_sql import (
    EVENTS,
    WINDOW_END,
    WINDOW_START,
    columns_due,
    oracle_text,
    refused,
    selected,
    shift_ms,
)

_RELATIVE: Final = 1e-9
_SHOWN: Final = 3


def given_rows(connection: Any, query: Query, source: str) -> pa.Table:
    """The rows of `oracle.sql` over `source`: its columns, and `key`, the text of the group.

    `source` is SQL for the fields of the records that pass `where`, and `event_ms` by the trace's clock, by which
    the windows are then as well.

    Raises UsageError where a row is there twice, lacks a value, or begins at no window's start.
    """
    import duckdb

    later_ms = shift_ms(query)
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {EVENTS} AS"
        f" SELECT * REPLACE (CAST(event_ms + {later_ms} AS BIGINT) AS event_ms) FROM ({source})"
    )
    try:
        rows: pa.Table = selected(connection, query).to_arrow_table()
    except duckdb.Error as error:
        raise refused(oracle_text(query), error) from None
    keys = [rows.column(key.name) for key in query.row_keys]
    path = oracle_text(query).path
    for each in columns_due(query):
        if not each.nullable and rows.column(each.name).null_count:
            raise UsageError(
                f"{path}: column {each.name} has no value in {rows.column(each.name).null_count:,} rows",
                hint=f'leave them out, or declare {each.name} = {{ type = "{each.type.value}", null = true }}',
            )
    rows = rows.append_column("key", key_texts(keys))
    _refuse_repeats(rows, path)
    _refuse_strange_starts(rows, query, path)
    for name in {WINDOW_START, WINDOW_END} & set(rows.column_names):
        earlier = pc.subtract(rows.column(name), later_ms)
        rows = rows.set_column(rows.column_names.index(name), name, earlier)
    return rows


def _refuse_repeats(rows: pa.Table, path: str) -> None:
    places = rows.select(["key", WINDOW_START]).group_by(["key", WINDOW_START])
    counted = places.aggregate([([], "count_all")])
    twice = counted.filter(pc.greater(counted.column("count_all"), 1))
    if twice.num_rows:
        shown = ", ".join(
            f"{key} at {start}"
            for key, start in zip(
                twice.column("key").to_pylist()[:_SHOWN],
                twice.column(WINDOW_START).to_pylist()[:_SHOWN],
                strict=True,
            )
        )
        raise UsageError(
            f"{path}: {twice.num_rows:,} rows have the group and the window of another one ({shown})",
            hint="group_by names what tells rows of a window apart; add a field to it",
        )


def _refuse_strange_starts(rows: pa.Table, query: Query, path: str) -> None:
    window = query.window
    if isinstance(window, Sessions):
        return
    starts = rows.column(WINDOW_START).to_numpy()
    strange = starts[window.newest(starts) != starts]
    if len(strange):
        raise UsageError(
            f"{path}: window_start {strange[0]} is no window's start",
            hint="[query] window says where windows begin; event_ms is in the same ms",
        )


def given(connection: Any, trace: TraceColumns, query: Query) -> tuple[pa.Table, TraceClocks]:
    """The table of an expectation (`Expected.table`), and the trace's clocks. Raises UsageError."""
    clocks = read_clocks(connection, trace, query)
    if not clocks.nothing_late:
        raise UsageError(
            "a record may come after its window has closed, and nothing says what oracle.sql makes of that",
            hint="a longer grace lets all of them be in time: streambench validate NAME",
        )
    source = (
        f"SELECT {TRACE}.* EXCLUDE (quantum, partition, position) "
        f"FROM {parquet_sql(trace.columns_glob)} WHERE {passes_sql(query)}"
    )
    rows = given_rows(connection, query, source)
    order = [(WINDOW_START, "ascending"), ("key", "ascending")]
    return _table(rows.sort_by(order), query, clocks, _newest(connection, trace, query)), clocks


def _newest(connection: Any, trace: TraceColumns, query: Query) -> dict[int, int]:
    """The quantum of the newest record of each window; of sessions of all, by no start."""
    starts = "0" if isinstance(query.window, Sessions) else query.window.starts_sql("event_ms")
    found = connection.execute(
        f"SELECT start_ms, max(quantum) FROM (SELECT {starts} AS start_ms, quantum"
        f" FROM {parquet_sql(trace.columns_glob)} WHERE {passes_sql(query)}) GROUP BY ALL"
    ).fetchall()
    return {int(start): int(quantum) for start, quantum in found}


def _table(rows: pa.Table, query: Query, clocks: TraceClocks, newest: dict[int, int]) -> pa.Table:
    window = query.window
    starts: npt.NDArray[np.int64] = rows.column(WINDOW_START).to_numpy()
    last_ms = starts
    if isinstance(window, Sessions):
        last_ms = rows.column(WINDOW_END).to_numpy() - window.gap_ms
    closing = clocks.passing.first_quantum(window.closes_at(last_ms, query.grace_ms))
    quanta = pa.array(closing, pa.int32(), mask=closing < 0)
    count = len(starts)
    if isinstance(window, Sessions):
        # Its last record is in the quantum by which the clock reached it, or in a later one.
        newest_quantum = np.maximum(clocks.passing.first_quantum(last_ms), 0)
    else:
        newest_quantum = np.array([newest.get(int(start), 0) for start in starts], dtype=np.int64)
    one = pa.array(np.ones(count, dtype=np.int64))
    fixed = {
        "key": rows.column("key"),
        "window_start_ms": rows.column(WINDOW_START),
        "closing_quantum": quanta,
        "earliest_quantum": quanta,
        "waits_for_partition": pa.nulls(count, pa.int32()),
        "newest_quantum": pa.array(newest_quantum, pa.int32()),
        # Of how many records a row is made is not known: it stands for one.
        "records": one,
        "must_records": one,
        "possible_records": one,
        "must": pa.array(np.ones(count, dtype=np.bool_)),
    }
    if isinstance(window, Sessions):
        fixed["slot_ms"] = pa.array(window.slot(last_ms))
    values: dict[str, Any] = {}
    for column, within in _given_columns(query):
        if column.alias == SESSION_LENGTH.alias:
            value = pc.subtract(rows.column(WINDOW_END), rows.column(WINDOW_START))
        else:
            value = rows.column(column.alias)
        values |= dict.fromkeys(bound_columns(column.alias), value)
        if column.may_be_null:
            values[null_column(column.alias)] = pc.is_null(value)
        if column.type is FieldType.DOUBLE:
            tolerance = pc.max_element_wise(pc.multiply(pc.abs(value), _RELATIVE), within)
            values[tolerance_column(column.alias)] = tolerance
    return pa.table(fixed | values)


def _given_columns(query: Query) -> list[tuple[ResultColumn, float]]:
    """What rows are compared by, and how far a double may be off at least."""
    assert query.by_hand is not None, "it is by hand"
    found = [(ResultColumn.given(each), each.within or 0.0) for each in query.by_hand.columns]
    if isinstance(query.window, Sessions):
        found.append((ResultColumn(SESSION_LENGTH.alias, None), 0.0))
    return found


def given_columns(query: Query) -> tuple[ResultColumn, ...]:
    """What rows are compared by."""
    return tuple(column for column, _ in _given_columns(query))
