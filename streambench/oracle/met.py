"""The clock when the second of two records came, which stand beside each other by event time."""

from __future__ import annotations

from streambench.model.plan import EventClock


def met_sql(clock: EventClock) -> str:
    """SQL for it, at most: of the record before and this one, over a WINDOW called `near`.

    Both have `position` and `seen_ms`, the clock before each. Where records were moved, positions are those of
    different partitions and say nothing.
    """
    if clock is EventClock.AFTER_REPARTITION:
        return "greatest(lag(seen_ms) OVER near, seen_ms)"
    return (
        "CASE WHEN lag(position) OVER near > position THEN lag(seen_ms) OVER near ELSE seen_ms END"
    )
