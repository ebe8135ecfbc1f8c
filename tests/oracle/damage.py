"""Damage done to an engine's decoded rows, real or made up, to see whether the judge finds it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.columns import ResultColumn, value_column
from streambench.model.verdict import RowClass


class Kind(enum.Enum):
    """What is done to one row, and what the judge must then call the finding."""

    DROPPED = "dropped"
    DOUBLED = "doubled"
    ALTERED_UP = "altered up"
    ALTERED_DOWN = "altered down"
    ALTERED_MIXED = "altered, one aggregate up and another down"
    MOVED = "moved to a window that has no such key"
    EARLY = "appended before its window could be closed"
    EXTRA_KEY = "a key that was never sent"
    RIGHT_AT_SECOND = "wrong at first, then right"


FOUND_AS = {
    Kind.DROPPED: RowClass.LOST,
    Kind.DOUBLED: RowClass.DUPLICATE,
    Kind.ALTERED_UP: RowClass.OVER_COUNTED,
    Kind.ALTERED_DOWN: RowClass.UNDER_COUNTED,
    Kind.ALTERED_MIXED: RowClass.CONFLICTING,
    Kind.MOVED: RowClass.UNEXPECTED,
    Kind.EARLY: RowClass.RIGHT,
    Kind.EXTRA_KEY: RowClass.UNEXPECTED,
    Kind.RIGHT_AT_SECOND: RowClass.UNDER_COUNTED,
}
"""The class of the damaged row; MOVED is lost in its own window, too, and EARLY is only flagged."""


@dataclass(frozen=True)
class Damaged:
    """Damaged rows, and which (key, window start) was hit; `row` is its index in what was given."""

    rows: pa.Table
    row: int
    key: str
    window_start_ms: int


def damage(
    rows: pa.Table,
    kind: Kind,
    aggregates: tuple[Aggregate | ResultColumn, ...],
    *,
    row: int,
    advance_ms: int,
    by: int = 1,
) -> Damaged:
    """Do `kind` to the row with index `row`.

    `rows` are decoded rows (key, window_start_ms, appended_ms, partition, offset, visible_ns and the
    aggregates); `advance_ms` is the query window's advance. ALTERED_MIXED needs two
    aggregates. The change to each value is `by`.
    """
    victim = rows.slice(row, 1)
    rest = pa.concat_tables([rows.slice(0, row), rows.slice(row + 1)])
    match kind:
        case Kind.DROPPED:
            changed = rest
        case Kind.DOUBLED:
            changed = pa.concat_tables([rows, _later(victim)])
        case Kind.ALTERED_UP:
            changed = pa.concat_tables([rest, _altered(victim, aggregates, more=True, by=by)])
        case Kind.ALTERED_DOWN:
            changed = pa.concat_tables([rest, _altered(victim, aggregates, more=False, by=by)])
        case Kind.ALTERED_MIXED:
            up = _altered(victim, aggregates[:1], more=True, by=by)
            changed = pa.concat_tables([rest, _altered(up, aggregates[1:2], more=False, by=by)])
        case Kind.MOVED:
            changed = pa.concat_tables([rest, _to_a_free_window(rows, victim, advance_ms)])
        case Kind.EARLY:
            # By far more than any engine is late: a cold one on a slow machine took longer than ten windows.
            changed = pa.concat_tables([rest, moved(victim, "appended_ms", -3_600_000)])
        case Kind.EXTRA_KEY:
            stranger = _replaced(victim, "key", pa.array(["never-sent"], pa.string()))
            changed = pa.concat_tables([rows, stranger])
        case Kind.RIGHT_AT_SECOND:
            wrong = _altered(victim, aggregates, more=False, by=by)
            changed = pa.concat_tables([rest, wrong, _later(victim)])
    return Damaged(
        changed, row, victim.column("key")[0].as_py(), victim.column("window_start_ms")[0].as_py()
    )


def _altered(
    victim: pa.Table, aggregates: tuple[Aggregate | ResultColumn, ...], *, more: bool, by: int
) -> pa.Table:
    """Every value as if more (or fewer) records had been counted: a minimum goes the other way."""
    for aggregate in aggregates:
        falls = aggregate.function is AggregateFunction.MIN
        victim = moved(victim, value_column(aggregate.alias), by if more != falls else -by)
    return victim


def _to_a_free_window(rows: pa.Table, victim: pa.Table, advance_ms: int) -> pa.Table:
    """The row in the nearest window from its own on in which its key has no row, forwards or back."""
    key = victim.column("key")[0].as_py()
    taken = {
        start
        for name, start in zip(
            rows.column("key").to_pylist(), rows.column("window_start_ms").to_pylist(), strict=True
        )
        if name == key
    }
    own = victim.column("window_start_ms")[0].as_py()
    shift = next(
        step * sign * advance_ms
        for step in range(1, len(taken) + 2)
        for sign in (1, -1)
        if own + step * sign * advance_ms not in taken
    )
    return moved(victim, "window_start_ms", shift)


def _later(victim: pa.Table) -> pa.Table:
    """The row again, 5 ms later and further on in its partition."""
    again = moved(moved(victim, "appended_ms", 5), "offset", 1 << 40)
    return moved(again, "visible_ns", 5_000_000)


def moved(table: pa.Table, name: str, by: int) -> pa.Table:
    """The rows with `by` added to one column."""
    values = table.column(name).to_numpy() + by
    return _replaced(table, name, pa.array(values.astype(np.int64), table.schema.field(name).type))


def _replaced(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), values)
