"""So many records of a group that it gets a row, whatever `having` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from streambench.load.probe import Values, of_group, records_of
from streambench.model.workload import Workload
from streambench.workload.sql import DUCKDB, aggregate_to_sql, to_sql

_MOST: Final = 1 << 12
_AT_ONCE: Final = DUCKDB.at_time("0")


def together(workload: Workload, values: Values) -> Sequence[Values] | None:
    """Records of the group of `values`, which passes `where`; None where none were found.

    Tried are 1, 2, 4 … of them up to some thousands: the same record again, then records as they come.
    Raises UsageError where a file cannot be read.
    """
    if workload.query.having is None:
        return [values]
    for records in ([values] * _MOST, of_group(workload, values, _MOST)):
        if (count := _enough(workload, records)) is not None:
            return records[:count]
    return None


def _enough(workload: Workload, records: Sequence[Values]) -> int | None:
    """How many of the first of them pass `having`; None: no number that was tried."""
    query = workload.query
    assert query.having is not None
    aggregates = {each.alias: aggregate_to_sql(each, _AT_ONCE) for each in query.aggregates}
    having = to_sql(query.having, DUCKDB.with_columns(aggregates.__getitem__))
    with duckdb.connect() as connection:
        count = 1
        while count <= len(records):
            connection.register("records", records_of(workload, records[:count]))
            ((passes,),) = connection.execute(f"SELECT {having} FROM records").fetchall()
            if passes:
                return count
            count *= 2
    return None
