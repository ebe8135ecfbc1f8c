"""Sessions of one group that begin in the same millisecond, which late records can make: one row for them all."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streambench.model.columns import bound_columns, null_column, tolerance_column
from streambench.model.workload import Query
from streambench.oracle.bounds import values_of
from streambench.oracle.sessions import LAST_EVENT

SESSIONS: Final = "sessions"
"""The column that says how many sessions a row of an expectation stands for."""


def one_row_each(counted: pa.Table, query: Query) -> pa.Table:
    """Of rows with one key and start one, whose bounds hold the values of each; it has the column SESSIONS."""
    places = pa.table(
        {
            "key": counted.column("key").cast(pa.string()),
            "window_start_ms": counted.column("window_start_ms"),
        }
    )
    coded = places.group_by(["key", "window_start_ms"], use_threads=False)
    if coded.aggregate([]).num_rows == counted.num_rows:
        return counted.append_column(SESSIONS, pa.array(np.ones(counted.num_rows, np.int64)))
    ways = _ways(query)
    grouped = (
        counted.set_column(counted.schema.get_field_index("key"), "key", places.column("key"))
        .append_column(SESSIONS, pa.array(np.ones(counted.num_rows, np.int64)))
        .group_by(["key", "window_start_ms"], use_threads=False)
        .aggregate([(name, way) for name, way in ways.items()])
    )
    renamed = {f"{name}_{way}": name for name, way in ways.items()}
    return grouped.rename_columns([renamed.get(name, name) for name in grouped.column_names])


def _ways(query: Query) -> dict[str, str]:
    """How each column of several rows becomes one: as early as the earliest, as wide as the widest."""
    ways = {
        LAST_EVENT: "min",
        "partition": "min",
        "newest_quantum": "min",
        "records": "sum",
        "must_records": "max",
        "possible_records": "sum",
        SESSIONS: "sum",
    }
    values = set(values_of(query))
    for aggregate in query.judged:
        low, high, full = bound_columns(aggregate.alias)
        ways |= {low: "min", high: "max", full: "max"}
        for name, way in ((null_column, "any"), (tolerance_column, "max")):
            if name(aggregate.alias) in values:
                ways[name(aggregate.alias)] = way
    return ways


def several(table: pa.Table) -> np.ndarray:
    """Which rows of an expectation stand for more sessions than one."""
    if SESSIONS not in table.column_names:
        return np.zeros(table.num_rows, dtype=np.bool_)
    return np.asarray(pc.greater(table.column(SESSIONS), 1).to_numpy(), dtype=np.bool_)
