"""Sessions that may be cut in several ways, held against the rows that came (docs/method.md, late records).

A row says from when to when its session lasts. Of the records in between, those that are surely in a session
and in no other row must be counted, the others may be.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa

from streambench.model.columns import value_column
from streambench.model.windows import Sessions
from streambench.model.workload import SESSION_LENGTH
from streambench.oracle.bounds import bounded_sql
from streambench.oracle.columns import duckdb_session
from streambench.oracle.described import described
from streambench.oracle.expected import Expected
from streambench.oracle.met import met_sql
from streambench.oracle.same_start import one_row_each
from streambench.oracle.sessions import late_sessions_sql
from streambench.oracle.standings import MAY, MUST
from streambench.oracle.unsettled import Unsettled


def settled(expected: Expected, rows: pa.Table, *, event_offset_ms: int) -> Expected:
    """The expectation with a row for each session that may be cut in several ways, as the rows cut them.

    1. A row is lawful where it begins and ends with a record, and no hole in between is longer than the gap.
       Of different rows with one start there are as many as there are records of that millisecond, at most.
    2. It does not part two records that were surely joined, where no row is hidden by `having`.
    3. Two rows that lie a gap apart or nearer are lawful where one may have closed before a record of the other.
    4. Records that are surely in some session and in no lawful row make a session that was lost. Where
       `having` may hide it, they do not.

    `rows` are a trial's (`judge`), with event times `event_offset_ms` later. Without such sessions the same
    expectation comes back. An unlawful row has no place in the expectation, so that it is unexpected.
    """
    unsettled = expected.unsettled
    if unsettled is None:
        return expected
    came = _came(rows, event_offset_ms)
    with duckdb_session() as connection:
        connection.register("unsettled_records", unsettled.records)
        connection.execute("CREATE TEMP TABLE records AS FROM unsettled_records")
        connection.register("came_rows", came)
        connection.execute("CREATE TEMP TABLE came AS FROM came_rows")
        counted = one_row_each(_counted(connection, unsettled), unsettled.query)
    added = described(
        counted, unsettled.query, unsettled.clock, unsettled.clocks, unsettled.partitions
    )
    table = pa.concat_tables([expected.table, added.cast(expected.table.schema)])
    order = [("window_start_ms", "ascending"), ("key", "ascending")]
    return replace(expected, table=table.sort_by(order), unsettled=None)


def _came(rows: pa.Table, event_offset_ms: int) -> pa.Table:
    """The place and length of each row, relative to the trace's origin, and what tells their order."""
    window_ms = rows.column("window_start_ms").to_numpy() - event_offset_ms
    ordered = rows.select(["key"]).append_column("start_ms", pa.array(window_ms, pa.int64()))
    length = rows.column(value_column(SESSION_LENGTH.alias))
    ordered = ordered.append_column("length_ms", length)
    for name in ("appended_ms", "partition", "offset"):
        ordered = ordered.append_column(name, rows.column(name))
    return ordered


def _counted(connection: Any, unsettled: Unsettled) -> pa.Table:
    """What is counted of each lawful row and each lost session."""
    query = unsettled.query
    window = query.window
    assert isinstance(window, Sessions)
    # Between two rows of one group one may be hidden by `having`, and have taken any record.
    hidden = query.having is not None
    _lawful(connection, window, unsettled, hidden=hidden)
    surely = "false" if hidden else "surely AND covers = 1"
    counting = bounded_sql(query)
    judged = f"""
        SELECT * EXCLUDE (surely, covers, alike),
               CASE WHEN {surely} OR (alike = 1 AND event_ms IN (start_ms, last_ms))
                    THEN {MUST} ELSE {MAY} END AS standing
        FROM (
            SELECT records.*, start_ms, last_ms, came AS session,
                   count(*) OVER (PARTITION BY record) AS covers,
                   count(*) OVER (PARTITION BY came, event_ms) AS alike
            FROM records JOIN lawful
              ON records.key = lawful.key AND event_ms BETWEEN start_ms AND last_ms
        )
    """
    found = connection.sql(late_sessions_sql(judged, ["key"], window, counting)).to_arrow_table()
    if hidden:
        return found
    lost = f"""
        WITH alone AS (
            SELECT * FROM records WHERE surely AND NOT EXISTS (
                SELECT 1 FROM lawful
                WHERE lawful.key = records.key AND event_ms BETWEEN start_ms AND last_ms)
        ),
        marked AS (
            SELECT *, coalesce(event_ms - lag(event_ms) OVER near > {window.gap_ms}, true) AS begins
            FROM alone WINDOW near AS (PARTITION BY key ORDER BY event_ms, position)
        )
        SELECT * EXCLUDE (begins), {MUST} AS standing,
               count(*) FILTER (begins) OVER (PARTITION BY key ORDER BY event_ms, position
                                              ROWS UNBOUNDED PRECEDING) AS session
        FROM marked
    """
    gone = connection.sql(late_sessions_sql(lost, ["key"], window, counting)).to_arrow_table()
    # What is lost has the start of an unlawful row at most.
    return pa.concat_tables([found, gone.cast(found.schema)])


def _lawful(connection: Any, window: Sessions, unsettled: Unsettled, *, hidden: bool) -> None:
    """Make the table `lawful` of the rows that came: came (a number), key, start_ms, last_ms.

    `hidden`: there may be sessions without a row, so that records which were joined may seem parted.
    """
    grace_ms = unsettled.query.grace_ms
    closes = window.closes_sql("least(one.last_ms, other.last_ms)", grace_ms)
    connection.execute(f"""
        CREATE TEMP TABLE whole AS
        WITH different AS (
            SELECT key, start_ms, length_ms,
                   row_number() OVER (PARTITION BY key, start_ms ORDER BY min(place)) AS nth
            FROM (SELECT *, row_number() OVER (ORDER BY appended_ms, partition, "offset") AS place
                  FROM came)
            GROUP BY key, start_ms, length_ms
        ),
        firsts AS (
            SELECT row_number() OVER () AS came, key, start_ms,
                   start_ms + length_ms - {window.gap_ms} AS last_ms
            FROM different
            JOIN (SELECT key, event_ms AS start_ms, count(*) AS begins FROM records GROUP BY ALL)
            USING (key, start_ms)
            WHERE nth <= begins
        ),
        inside AS (
            SELECT firsts.*, event_ms,
                   event_ms - lag(event_ms) OVER (PARTITION BY came ORDER BY event_ms) AS hole_ms
            FROM firsts JOIN records
              ON records.key = firsts.key AND event_ms BETWEEN start_ms AND last_ms
        )
        SELECT came, key, start_ms, last_ms FROM inside
        GROUP BY ALL
        HAVING min(event_ms) = start_ms AND max(event_ms) = last_ms
           AND coalesce(max(hole_ms), 0) <= {window.gap_ms}
    """)
    connection.execute(f"""
        CREATE TEMP TABLE lawful AS
        WITH beside AS (
            SELECT key, event_ms, lag(event_ms) OVER near AS lower_ms,
                   {met_sql(unsettled.clock)} AS met_ms
            FROM records WHERE surely AND NOT {hidden}
            WINDOW near AS (PARTITION BY key ORDER BY event_ms, position)
        ),
        joined AS (
            SELECT * FROM beside
            WHERE event_ms - lower_ms <= {window.gap_ms} AND met_ms < {window.closes_sql("lower_ms", grace_ms)}
        ),
        parted AS (
            SELECT came FROM whole JOIN joined
              ON joined.key = whole.key
             AND (lower_ms BETWEEN start_ms AND last_ms OR event_ms BETWEEN start_ms AND last_ms)
            WHERE NOT EXISTS (
                SELECT 1 FROM whole AS holds
                WHERE holds.key = joined.key
                  AND holds.start_ms <= lower_ms AND holds.last_ms >= event_ms)
        ),
        near AS (
            SELECT one.came AS one, other.came AS other, one.key AS key, {closes} AS closes_ms,
                   least(one.start_ms, other.start_ms) AS from_ms,
                   greatest(one.last_ms, other.last_ms) AS until_ms
            FROM whole AS one JOIN whole AS other
              ON one.key = other.key AND one.came < other.came
             AND one.start_ms <= other.last_ms + {window.gap_ms}
             AND other.start_ms <= one.last_ms + {window.gap_ms}
        ),
        cut AS (
            SELECT one, other FROM near WHERE NOT EXISTS (
                SELECT 1 FROM records
                WHERE records.key = near.key AND event_ms BETWEEN from_ms AND until_ms
                  AND seen_ms >= closes_ms)
        )
        SELECT * FROM whole
        WHERE came NOT IN (SELECT one FROM cut UNION ALL SELECT other FROM cut
                           UNION ALL SELECT came FROM parted)
    """)
