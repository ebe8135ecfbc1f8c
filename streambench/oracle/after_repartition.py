"""Late records where an engine moves records by their group, through a topic whose partitions have a clock each.

Several tasks write to one partition of that topic, each in the order of its own input. When one of them lags,
its records come behind those of the others.

1. The log of the topic tells the clock that each record met, and so whether its window had closed.
2. A record there is known by its group and event time. Of several that are alike in both it is not known
   which is which: where some came in time and some too late, each of them may count.
3. Without the log only this is proved: a record counts where no record of its partition that is not surely
   behind it closes its window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.model.windows import Window
from streambench.model.workload import Query
from streambench.oracle.columns import (
    TRACE,
    TraceColumns,
    key_columns,
    keys_sql,
    parquet_sql,
    passes_sql,
    quoted,
)
from streambench.oracle.evidence import MovedLog
from streambench.oracle.standings import LATE, MAY, MUST
from streambench.workload.keys import key_texts
from streambench.workload.partition import partition_of

Int64s = npt.NDArray[np.int64]
TARGETS: Final = "moved_targets"
_LATE: Final = "moved_late"


@dataclass(frozen=True)
class Targets:
    """The groups of a trace: their texts, by the number that they have in the table TARGETS."""

    texts: tuple[str, ...]


def register_targets(connection: Any, trace: TraceColumns, query: Query) -> Targets:
    """Make the table TARGETS: each group's values (`key_columns`), its number, and its `target` partition."""
    found = connection.sql(f"""
        SELECT DISTINCT {keys_sql(query)} FROM {parquet_sql(trace.columns_glob)}
        WHERE {passes_sql(query)}
    """).to_arrow_table()
    texts = tuple(key_texts([found.column(name) for name in key_columns(query)]).to_pylist())
    partitions = trace.meta.partitions
    target = [partition_of(text.encode(), partitions) for text in texts]
    table = found.append_column("number", pa.array(np.arange(len(texts))))
    connection.register(
        "targets_found", table.append_column("target", pa.array(target, pa.int64()))
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {TARGETS} AS FROM targets_found")
    return Targets(texts)


def joined_sql(query: Query) -> str:
    """SQL that joins the relation TRACE with its target; a record of no group has none."""
    same = " AND ".join(
        f"{TRACE}.{quoted(key.name)} = {TARGETS}.{column}"
        for key, column in zip(query.group_by, key_columns(query), strict=True)
    )
    return f"LEFT JOIN {TARGETS} ON {same}"


def register_late(
    connection: Any, log: MovedLog, targets: Targets, window: Window, grace_ms: int
) -> bool:
    """Make the table of entries of the log that may have met a closed window; False: there is none.

    It has the group's `number`, event_ms, the `clocks` that entries of this group and time met where one of them
    was that late, and how many `entries` there are of them in all.
    """
    clock = _clocks(log)
    number = _numbers(log, targets)
    late = (clock >= window.late_from(log.event_ms, grace_ms)) & (number >= 0)
    if not late.any():
        return False
    span = int(log.event_ms.max()) - int(log.event_ms.min()) + 1
    alike = number * span + (log.event_ms - int(log.event_ms.min()))
    some = np.isin(alike, alike[late]) & (number >= 0)
    table = {"number": number[some], "event_ms": log.event_ms[some], "clock_ms": clock[some]}
    connection.register("late_found", pa.table(table))
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {_LATE} AS
        SELECT number, event_ms, list(clock_ms) AS clocks, count(*) AS entries
        FROM late_found GROUP BY ALL
    """)
    return True


def _clocks(log: MovedLog) -> Int64s:
    """The clock of each entry's partition, its own time included: engines move it before they compare."""
    clock = np.empty(len(log.event_ms), dtype=np.int64)
    for partition in np.unique(log.partition):
        own = np.flatnonzero(log.partition == partition)
        clock[own] = np.maximum.accumulate(log.event_ms[own])
    return clock


def _numbers(log: MovedLog, targets: Targets) -> Int64s:
    """The number of each entry's group; −1 for one that no record of the trace has."""
    known = {text: number for number, text in enumerate(targets.texts)}
    of_group = np.array([known.get(text, -1) for text in log.groups], dtype=np.int64)
    if not len(of_group):
        return np.full(len(log.group), -1, dtype=np.int64)
    return np.asarray(of_group[log.group], dtype=np.int64)


def exact_sql(closing_ms: str, *, restarted: bool) -> str:
    """The standing of each record, by the log. Who has restarted may let in what had been late."""
    too_late = MAY if restarted else LATE
    return f"""
        WITH passing AS (SELECT * FROM records WHERE passes),
        alike AS (
            SELECT passing.number, passing.event_ms, window_start_ms, count(*) AS records, any_value(entries) AS entries,
                   any_value(len(list_filter(clocks, lambda met_ms: met_ms >= {closing_ms}))) AS late
            FROM passing JOIN {_LATE}
              ON passing.number = {_LATE}.number AND passing.event_ms = {_LATE}.event_ms
            GROUP BY ALL
        ),
        stands AS (
            SELECT number, event_ms, window_start_ms,
                   CASE WHEN late = 0 OR (records = 1 AND late < entries) THEN {MUST}
                        WHEN late = entries AND records <= entries THEN {too_late}
                        ELSE {MAY} END AS standing
            FROM alike
        )
        SELECT passing.*, coalesce(stands.standing, {MUST}) AS standing
        FROM passing LEFT JOIN stands
          ON passing.number = stands.number AND passing.event_ms = stands.event_ms
         AND passing.window_start_ms = stands.window_start_ms
    """


def wide_sql(closing_ms: str) -> str:
    """The standing of each record where the log is not known.

    The flush record of a partition goes by the input partition of the same number. So only records of that
    input partition are surely before it.
    """
    return f"""
        SELECT passing.* EXCLUDE (earlier),
               CASE WHEN input_partition = passing.partition
                     AND coalesce(greatest(earlier, elsewhere) < {closing_ms}, true)
                    THEN {MUST} ELSE {MAY} END AS standing
        FROM (SELECT *, max(event_ms) OVER log AS earlier
              FROM records WHERE passes
              WINDOW log AS (PARTITION BY partition, input_partition ORDER BY position
                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS passing
        LEFT JOIN (SELECT partition, max(event_ms) AS elsewhere FROM records
                   WHERE passes AND input_partition <> partition GROUP BY partition) AS others
          ON others.partition = passing.partition
    """


def seen_sql(number: str, *, known: bool) -> str:
    """Records that pass with `seen_ms`, the clock before each at most, for sessions (`late_sessions`).

    `number` is an expression for a number of the record's own. Where the log is not known, everything may have closed.
    """
    any_clock, not_yet = np.iinfo(np.int64).max // 2, np.iinfo(np.int64).min
    if not known:
        return (
            f"SELECT *, {any_clock} AS seen_ms, false AS known, {number} FROM records WHERE passes"
        )
    return f"""
        SELECT records.*, coalesce(list_max(clocks), {not_yet}) AS seen_ms, false AS known, {number}
        FROM records LEFT JOIN {_LATE}
          ON records.number = {_LATE}.number AND records.event_ms = {_LATE}.event_ms
        WHERE passes
    """
