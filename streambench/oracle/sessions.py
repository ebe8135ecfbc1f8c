"""Sessions of each group in the oracle's SQL."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.model.columns import bound_columns
from streambench.model.windows import Sessions
from streambench.model.workload import SESSION_LENGTH
from streambench.oracle.columns import quoted

LAST_EVENT = "last_event_ms"


def sessions_sql(records: str, keys: Sequence[str], window: Sessions, counting: str) -> str:
    """A row for each session where no record is late: the group, window_start_ms, its last event, its length, and what is counted.

    `records` is a query with partition, event_ms, passes and the columns `keys`; `counting` aggregates more
    of its columns. A session begins with a record more than a gap behind the one before it in event time.
    """
    group = ", ".join(keys)
    length = quoted(bound_columns(SESSION_LENGTH.alias)[2])
    return f"""
        WITH records AS ({records}),
        marked AS (
            SELECT *, CASE WHEN event_ms - lag(event_ms) OVER log <= {window.gap_ms}
                           THEN 0 ELSE 1 END AS begins
            FROM records WHERE passes
            WINDOW log AS (PARTITION BY {group} ORDER BY event_ms)
        ),
        numbered AS (
            SELECT *, sum(begins) OVER (PARTITION BY {group} ORDER BY event_ms
                                        RANGE UNBOUNDED PRECEDING) AS session
            FROM marked
        )
        SELECT {group}, min(event_ms) AS window_start_ms, max(event_ms) AS {LAST_EVENT},
               max(event_ms) - min(event_ms) + {window.gap_ms} AS {length},
               min(partition) AS partition, count(*) AS records, {counting}
        FROM numbered
        GROUP BY {group}, session
        ORDER BY window_start_ms, {group}
    """


def late_sessions_sql(judged: str, keys: Sequence[str], window: Sessions, counting: str) -> str:
    """The same of records whose session is known: `judged` is a query with `standing` and `session`."""
    group = ", ".join(keys)
    length = f"max(event_ms) - min(event_ms) + {window.gap_ms}"
    lengths = ", ".join(
        f"{length} AS {quoted(each)}" for each in bound_columns(SESSION_LENGTH.alias)
    )
    return f"""
        WITH judged AS ({judged})
        SELECT {group}, min(event_ms) AS window_start_ms, max(event_ms) AS {LAST_EVENT}, {lengths},
               min(partition) AS partition, count(*) AS records, {counting}
        FROM judged
        GROUP BY {group}, session
        ORDER BY window_start_ms, {group}
    """
