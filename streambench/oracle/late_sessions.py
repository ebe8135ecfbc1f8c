"""Sessions where records may be late: which are certain, which follow from the log, and what stays open.

1. Records of a group that lie more than a gap apart never meet. Each run of nearer ones is looked at by itself.
2. A run is one session for certain where every record came before its own session could have closed, and
   before that of its neighbour could have.
3. Any other run is followed record by record where the clock at each record is known.
4. Where it is not known, the run stays open until the rows that came are seen (`unsettled`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.model.plan import EventClock
from streambench.model.windows import Sessions
from streambench.oracle import after_repartition
from streambench.oracle.evidence import ClockEvidence
from streambench.oracle.met import met_sql
from streambench.oracle.session_log import DROPPED, NOT_YET, SessionLog, taken
from streambench.oracle.standing import ELSEWHERE, register_batches
from streambench.oracle.standings import MUST

Int64s = npt.NDArray[np.int64]
# Of a record whose clock is not known: everything may have closed.
_ANY: Final = int(np.iinfo(np.int64).max // 2)
_RUNS: Final = "session_runs"


@dataclass(frozen=True)
class LateRules:
    """What decides about late records: the engine's clock and what is known of it, gap and grace."""

    clock: EventClock
    window: Sessions
    grace_ms: int
    evidence: ClockEvidence


@dataclass(frozen=True)
class SessionDrops:
    """Of so many records that pass `where`, how many are in no session at least, and at most."""

    records: int
    least: int
    most: int


@dataclass(frozen=True, eq=False)
class PlacedRecords:
    """What is known before any row is seen.

    `judged` is a query over records whose session is known, with `standing` and `session`. `open_records` are
    all others (`Unsettled.records`, with the group's columns in place of its text).
    """

    judged: str
    open_records: pa.Table
    drops: SessionDrops


def place(connection: Any, records: str, keys: tuple[str, ...], rules: LateRules) -> PlacedRecords:
    """Find the session of each record of the query `records`, as far as it can be known."""
    group = ", ".join(keys)
    own, lower = (
        rules.window.closes_sql(each, rules.grace_ms) for each in ("event_ms", "lower_ms")
    )
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {_RUNS} AS
        WITH records AS ({records}),
        seen AS ({_seen_sql(connection, rules)}),
        beside AS (
            SELECT *, lag(event_ms) OVER near AS lower_ms, {met_sql(rules.clock)} AS met_ms
            FROM seen WINDOW near AS (PARTITION BY {group} ORDER BY event_ms, position)
        ),
        marked AS (
            SELECT *, coalesce(event_ms - lower_ms > {rules.window.gap_ms}, true) AS begins
            FROM beside
        ),
        runs AS (
            SELECT * EXCLUDE (begins, met_ms, lower_ms),
                   seen_ms >= {own} OR (NOT begins AND met_ms >= {lower}) AS unsure,
                   count(*) FILTER (begins) OVER (
                       PARTITION BY {group} ORDER BY event_ms, position
                       ROWS UNBOUNDED PRECEDING) AS run
            FROM marked
        )
        SELECT * EXCLUDE (run, unsure),
               seen_ms < {own} AS surely,
               bool_or(unsure) OVER whole AS unsure_run, bool_and(known) OVER whole AS known_run,
               min(record) OVER whole AS session
        FROM runs WINDOW whole AS (PARTITION BY {group}, run)
    """)
    followed = _followed(connection, rules)
    connection.register("followed_records", followed)
    connection.execute("CREATE OR REPLACE TEMP TABLE followed AS FROM followed_records")
    columns = f"{_RUNS}.* EXCLUDE (session, surely, unsure_run, known_run, known, seen_ms)"
    open_records = connection.sql(f"""
        SELECT * EXCLUDE (session, unsure_run, known_run, known) FROM {_RUNS}
        WHERE unsure_run AND record NOT IN (SELECT record FROM followed)
    """).to_arrow_table()
    dropped = int(np.count_nonzero(followed.column("session").to_numpy() == DROPPED))
    ((passing,),) = connection.execute(f"SELECT count(*) FROM {_RUNS}").fetchall()
    maybe = open_records.num_rows - int(np.sum(open_records.column("surely").to_numpy()))
    return PlacedRecords(
        judged=f"""
            SELECT {columns}, session, {MUST} AS standing FROM {_RUNS} WHERE NOT unsure_run
            UNION ALL
            SELECT {columns}, followed.session, {MUST} AS standing
            FROM {_RUNS} JOIN followed USING (record) WHERE followed.session <> {DROPPED}
        """,
        open_records=open_records,
        drops=SessionDrops(passing, dropped, dropped + maybe),
    )


def _seen_sql(connection: Any, rules: LateRules) -> str:
    """The records that pass, with `seen_ms` (the clock before each, at most), `known` (that it was just that)
    and a number of their own.
    """
    # A position counts in the partition of the input, wherever its record is moved.
    moves = rules.clock is EventClock.AFTER_REPARTITION
    log = "records.input_partition" if moves else "records.partition"
    number = f"records.position * (1 + max({log}) OVER ()) + {log} AS record"
    match rules.clock:
        case EventClock.PER_PARTITION | EventClock.MIN_OF_PARTITIONS:
            # The least over partitions is never ahead of a record's own.
            known = rules.clock is EventClock.PER_PARTITION
            return f"""
                SELECT *, coalesce(max(event_ms) OVER (
                              PARTITION BY partition ORDER BY position
                              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), {NOT_YET}) AS seen_ms,
                       {known} AS known, {number}
                FROM records WHERE passes
            """
        case EventClock.AFTER_REPARTITION:
            return after_repartition.seen_sql(number, known=rules.evidence.moved is not None)
        case EventClock.GLOBAL_PER_BATCH | EventClock.OF_ITS_OWN if rules.evidence.batches is None:
            return f"""
                SELECT * EXCLUDE (earliest_ms, elsewhere), false AS known,
                       greatest(earliest_ms, elsewhere) AS seen_ms
                FROM (SELECT passing.*, elsewhere, coalesce(max(event_ms) OVER (
                          PARTITION BY passing.partition ORDER BY position
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), {NOT_YET}) AS earliest_ms
                      FROM (SELECT *, {number} FROM records WHERE passes) AS passing
                      JOIN ({ELSEWHERE}) AS others ON others.partition = passing.partition)
            """
        case EventClock.GLOBAL_PER_BATCH | EventClock.OF_ITS_OWN:
            evidence = rules.evidence
            assert evidence.batches is not None
            register_batches(
                connection, evidence.batches, evidence.first_offsets, evidence.event_offset_ms
            )
            # The watermark has the grace taken off already.
            return f"""
                SELECT records.*,
                       CASE WHEN batch_ends.end_position IS NULL THEN {_ANY}
                            ELSE coalesce(batch_ends.late_ms + {rules.grace_ms}, {NOT_YET})
                       END AS seen_ms,
                       batch_ends.end_position IS NOT NULL AS known, {number}
                FROM records
                ASOF LEFT JOIN batch_ends
                  ON records.partition = batch_ends.partition
                 AND records.position < batch_ends.end_position
                WHERE passes
            """
        case _:
            assert_never(rules.clock)


def _followed(connection: Any, rules: LateRules) -> pa.Table:
    """Records of unsure runs whose clock is known, with the session that each got."""
    table = connection.sql(f"""
        SELECT record, session AS run, event_ms, seen_ms FROM {_RUNS}
        WHERE unsure_run AND known_run ORDER BY partition, position
    """).to_arrow_table()

    def column(name: str) -> Int64s:
        return np.asarray(table.column(name).to_numpy(), dtype=np.int64)

    record = column("record")
    place_of = taken(
        SessionLog(column("run"), column("event_ms"), column("seen_ms")),
        rules.window,
        rules.grace_ms,
        joins_before_test=rules.clock is not EventClock.GLOBAL_PER_BATCH,
    )
    session = np.where(place_of == DROPPED, DROPPED, record[place_of]) if len(record) else place_of
    return pa.table({"record": record, "session": session})
