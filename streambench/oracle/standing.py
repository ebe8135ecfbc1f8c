"""Which records must, may or must not count, by an engine's event clock (docs/method.md, late records).

The SQL here adds to each record that passes `where` a column `standing`: MUST, MAY or LATE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, assert_never

import pyarrow as pa

from streambench.model.plan import EventClock
from streambench.model.windows import Aligned
from streambench.oracle import after_repartition
from streambench.oracle.evidence import Batches, ClockEvidence
from streambench.oracle.standings import LATE, MAY, MUST

ELSEWHERE: Final = """
    SELECT mine.partition, max(other.newest) AS elsewhere
    FROM (SELECT DISTINCT partition FROM records) AS mine
    LEFT JOIN (SELECT partition, max(event_ms) AS newest FROM records
               WHERE passes GROUP BY partition) AS other
      ON other.partition <> mine.partition
    GROUP BY mine.partition
"""
"""Per partition the newest event of all others in `records` (null: none)."""


def standing_sql(
    connection: Any,
    clock: EventClock,
    *,
    nothing_late: bool,
    window: Aligned,
    grace_ms: int,
    evidence: ClockEvidence,
) -> str:
    """A query over the relation `records` that selects those that pass, with their `standing`.

    `records` has partition, position, event_ms, window_start_ms, passes; where they are moved, input_partition
    and the group's number as well.
    """
    if nothing_late:
        return f"SELECT *, {MUST} AS standing FROM records WHERE passes"
    closing_ms = window.closes_sql("window_start_ms", grace_ms)
    match clock:
        case EventClock.PER_PARTITION:
            return _per_partition(closing_ms)
        case EventClock.MIN_OF_PARTITIONS:
            return _min_of_partitions(closing_ms)
        case EventClock.AFTER_REPARTITION:
            if evidence.moved is None:
                return after_repartition.wide_sql(closing_ms)
            return after_repartition.exact_sql(closing_ms, restarted=evidence.moved.restarted)
        case EventClock.GLOBAL_PER_BATCH | EventClock.OF_ITS_OWN:
            if evidence.batches is None:
                return _global_unknown_batches(closing_ms)
            register_batches(
                connection, evidence.batches, evidence.first_offsets, evidence.event_offset_ms
            )
            return _global_by_batch(window.closes_sql("window_start_ms", 0))
        case _:
            assert_never(clock)


def _per_partition(closing_ms: str) -> str:
    # Kafka Streams first advances its observed stream time to the record's own, then compares; the
    # aggregation stands behind the filter, so only records that pass move it.
    return f"""
        SELECT *, CASE WHEN {closing_ms} <= max(event_ms) OVER log
                       THEN {LATE} ELSE {MUST} END AS standing
        FROM records WHERE passes
        WINDOW log AS (PARTITION BY partition ORDER BY position
                       ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    """


def _min_of_partitions(closing_ms: str) -> str:
    # Flink's source makes its watermark, of NULL for records that fail WHERE: those leave it where it
    # is. It is emitted periodically and is the least over partitions: never ahead of the record's own
    # partition, but how far behind is not known. Hence MUST on one side and MAY on the other.
    return f"""
        SELECT * EXCLUDE (earlier),
               CASE WHEN coalesce(earlier < {closing_ms}, true)
                    THEN {MUST} ELSE {MAY} END AS standing
        FROM (SELECT *, max(event_ms) OVER log AS earlier
              FROM records WHERE passes
              WINDOW log AS (PARTITION BY partition ORDER BY position
                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
    """


def _global_unknown_batches(closing_ms: str) -> str:
    # A batch may have read another partition arbitrarily far ahead of this one, but never a later
    # record of this partition. Without the batches only this is proved: a record counts when neither
    # its own partition before it nor any other partition anywhere holds one that closes its window.
    return f"""
        SELECT passing.* EXCLUDE (earlier),
               CASE WHEN coalesce(greatest(earlier, elsewhere) < {closing_ms}, true)
                    THEN {MUST} ELSE {MAY} END AS standing
        FROM (SELECT *, max(event_ms) OVER log AS earlier
              FROM records WHERE passes
              WINDOW log AS (PARTITION BY partition ORDER BY position
                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS passing
        JOIN ({ELSEWHERE}) AS others
          ON others.partition = passing.partition
    """


def register_batches(
    connection: Any, batches: Batches, first_offsets: Mapping[int, int], event_offset_ms: int
) -> None:
    """Register `batch_ends`: per partition the end position of each batch that advanced it.

    `late_ms` is what the batch's filter compares with, relative to the trace's origin: the watermark
    of the batch *before* it (Spark evicts by the batch's own watermark, but drops by the previous).
    """
    partitions: list[int] = []
    ends: list[int] = []
    late_ms: list[int | None] = []
    reached: dict[int, int] = {}
    for number, (_, end_offsets) in enumerate(batches):
        for partition, offset in end_offsets.items():
            end = offset - first_offsets.get(partition, 0)
            if end <= reached.get(partition, 0):
                continue
            reached[partition] = end
            partitions.append(partition)
            ends.append(end)
            late_ms.append(batches[number - 1][0] - event_offset_ms if number else None)
    connection.register(
        "batch_ends",
        pa.table(
            {
                "partition": pa.array(partitions, pa.int32()),
                "end_position": pa.array(ends, pa.int64()),
                "late_ms": pa.array(late_ms, pa.int64()),
            }
        ),
    )


def _global_by_batch(end_ms: str) -> str:
    # The watermark has the grace taken off already, so it is compared with the window's end alone.
    # A record beyond the last known batch may count.
    return f"""
        SELECT records.*,
               CASE WHEN batch_ends.end_position IS NULL THEN {MAY}
                    WHEN {end_ms} <= batch_ends.late_ms THEN {LATE}
                    ELSE {MUST} END AS standing
        FROM records
        ASOF LEFT JOIN batch_ends
          ON records.partition = batch_ends.partition
         AND records.position < batch_ends.end_position
        WHERE passes
    """
