"""Whether a replayed file has a record that may be late, which only its rows can tell."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from streambench.model.workload import Replay, Workload
from streambench.workload.file.converted import version_of
from streambench.workload.source import ARRIVAL_MS, EVENT_MS, opened, survey
from streambench.workload.sql import DUCKDB, to_sql


def with_lateness(workload: Workload) -> Workload:
    """The workload that knows whether its records may be late; generated load knows by itself.

    Raises UsageError where the file cannot be read.
    """
    if not isinstance(workload.input, Replay):
        return workload
    # Neither its name nor what is counted of it changes when a record comes.
    query = replace(workload.query, aggregates=(), having=None)
    asked = replace(
        workload, query=query, title="", input=replace(workload.input, may_be_late=True)
    )
    late = _may_be_late(asked, version_of(workload.input.path))
    return replace(workload, input=replace(workload.input, may_be_late=late))


@lru_cache(maxsize=64)
def _may_be_late(workload: Workload, version: tuple[int, ...]) -> bool:
    """As the oracle tells it of a trace: a record is in time if no clock can be past its window.

    Of the quantum in which it is due all records may have been read before it.
    """
    import numpy as np  # a generated load needs none of it

    replay, query = workload.input, workload.query
    assert isinstance(replay, Replay)
    surveyed = survey(replay, workload.fields, query.group_by)
    elapsed = f'("{ARRIVAL_MS}" - {surveyed.first_arrival_ms})'
    quantum = f"floor({elapsed} / {float(replay.speed_up * workload.quantum_ms)!r})"
    passes = "TRUE" if query.where is None else to_sql(query.where, DUCKDB.of_table("source"))
    with opened(replay, workload.fields) as connection:
        table = connection.sql(
            f'SELECT {quantum} AS quantum, max("{EVENT_MS}") AS newest,'
            f' min("{EVENT_MS}") AS oldest'
            f" FROM source WHERE {passes} GROUP BY 1 ORDER BY 1"
        ).to_arrow_table()
    if table.num_rows == 0:
        return False
    newest = np.maximum.accumulate(np.asarray(table.column("newest").to_numpy(), dtype=np.int64))
    oldest = np.asarray(table.column("oldest").to_numpy(), dtype=np.int64)
    return bool(np.any(query.window.late_from(oldest, query.grace_ms) <= newest))
