"""The greatest sum that a window of a load can hold, without regard to its sign."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.expression import FieldType, type_of
from streambench.model.shape import peak_per_s
from streambench.model.windows import Sessions
from streambench.model.workload import Query, Replay, Synthetic, Workload
from streambench.workload.bounds import Ranges, range_of
from streambench.workload.source import EVENT_MS, opened
from streambench.workload.sql import DUCKDB, to_sql

SESSION_AT_MOST_MS: Final = 86_400_000
"""How long a session of generated load is taken to be at most, where the load has no length yet."""


def summed(query: Query) -> tuple[Aggregate, ...]:
    """The aggregates that add up whole numbers; an average keeps its sum as one."""
    return tuple(
        aggregate
        for aggregate in query.aggregates
        if aggregate.function in (AggregateFunction.SUM, AggregateFunction.AVG)
        and aggregate.argument is not None
        and type_of(aggregate.argument) is FieldType.BIGINT
    )


def most_records_in_a_window(
    workload: Workload, load: Synthetic, *, rate_per_s: int, duration_ms: int | None
) -> int:
    """How many records of generated load can have event times in one window.

    An event lies up to its longest delay and a quantum behind the instant at which it is due.
    """
    window = workload.query.window
    span_ms = window.horizon_ms(load.longest_delay_ms + workload.quantum_ms)
    if isinstance(window, Sessions):
        span_ms = SESSION_AT_MOST_MS
    if duration_ms is not None:
        span_ms = min(span_ms, duration_ms)
    return math.ceil(rate_per_s * span_ms / 1_000) + 1


def peak_rate_per_s(load: Synthetic, rate_per_s: int | None) -> int:
    """The greatest rate of generated load; a rate that was asked for takes the place of its shape."""
    if rate_per_s is not None:
        return rate_per_s
    return load.rate_per_s if load.shape is None else peak_per_s(load.shape)


def greatest_generated(aggregate: Aggregate, ranges: Ranges, *, records: int) -> int:
    """The greatest magnitude that this sum over so many records can reach."""
    assert aggregate.argument is not None
    return records * max(abs(int(bound)) for bound in range_of(aggregate.argument, ranges))


def greatest_replayed(workload: Workload, replay: Replay) -> dict[str, int]:
    """Per sum, by alias: the greatest total of magnitudes in any (key, window) of the file.

    No order of records and no set of late ones makes a partial sum greater. Of copies, which come a
    little later, a window can hold records of two of the file's own. Raises UsageError where the file
    cannot be read.
    """
    sums: Sequence[Aggregate] = summed(workload.query)
    if not sums:
        return {}
    totals = ", ".join(f"max(total_{at})" for at in range(len(sums)))
    each = ", ".join(f"sum(value_{at}) AS total_{at}" for at in range(len(sums)))
    values = ", ".join(
        f"abs(CAST({_argument(aggregate)} AS HUGEINT)) AS value_{at}"
        for at, aggregate in enumerate(sums)
    )
    keys = workload.query.group_by
    grouped = ", ".join(f"key_{at}" for at in range(len(keys)))
    named = ", ".join(f'source."{key.name}" AS key_{at}' for at, key in enumerate(keys))
    has_key = " AND ".join(f'source."{key.name}" IS NOT NULL' for key in keys if key.nullable)
    window = workload.query.window
    # A session may hold all records of its group.
    starts = "0" if isinstance(window, Sessions) else window.starts_sql(f'source."{EVENT_MS}"')
    times = 1 if replay.copies is None else 2
    with opened(replace(replay, copies=None), workload.fields) as connection:
        row = connection.execute(
            f"SELECT {totals} FROM (SELECT {each} FROM ("
            f"SELECT {named}, {starts} AS starts_ms, {values}"
            f" FROM source WHERE {has_key or 'TRUE'}) GROUP BY {grouped}, starts_ms)"
        ).fetchone()
    return {a.alias: times * int(value or 0) for a, value in zip(sums, row, strict=True)}


def _argument(aggregate: Aggregate) -> str:
    assert aggregate.argument is not None
    return to_sql(aggregate.argument, DUCKDB.of_table("source"))
