"""What a row is by its values alone: right, over-counted, under-counted or neither."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from streambench.model.aggregate import AggregateFunction
from streambench.model.columns import (
    ResultColumn,
    bound_columns,
    null_column,
    tolerance_column,
    value_column,
)
from streambench.model.expression import FieldType
from streambench.oracle.expected import Expected

RIGHT, DUPLICATE, OVER, UNDER, CONFLICTING, UNEXPECTED = range(6)
EXEMPT: Final = -1
"""Codes of a row's class while judging; EXEMPT is a row that is not judged."""

Codes = npt.NDArray[np.int8]
Int64s = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def classes(rows: pa.Table, known: Int64s, expected: Expected, index: Int64s) -> Codes:
    """The class of each of the `known` rows by its value; `index` are their rows of the expectation.

    Over-counted means: every aggregate lies where more records would take it. Counts and sums must
    be beyond their bounds for that. A maximum may stay where it is, and a minimum falls. So may a count
    or sum with a filter stay, and a number of distinct values. An average, a variance, what is first or last, and a
    sum with negative numbers go either way, and tell nothing. Nor do the columns of a query by hand.
    """
    every = np.ones(len(known), dtype=np.bool_)
    within, over, under = every.copy(), every.copy(), every.copy()
    # Where all may stay where they are: one of them must be beyond, else the row would be right.
    beyond_over, beyond_under = ~every, ~every
    for column in expected.aggregates:
        more, less = _more_and_less(column, rows, known, expected, index)
        within &= ~more & ~less
        if _tells_nothing(column.function) or column.alias in expected.signed:
            continue
        if _moves_with_each_record(column):
            over &= more
            under &= less
            beyond_over, beyond_under = every, every
        else:
            over &= ~less
            under &= ~more
            beyond_over, beyond_under = beyond_over | more, beyond_under | less
    must_not_be = ~expected.may[index]
    return np.select(
        [must_not_be, within, over & beyond_over, under & beyond_under],
        [np.int8(UNEXPECTED), np.int8(RIGHT), np.int8(OVER), np.int8(UNDER)],
        np.int8(CONFLICTING),
    )


def _tells_nothing(function: AggregateFunction | None) -> bool:
    if function is None:
        return True
    return function is AggregateFunction.AVG or function.spreads or function.goes_by_time


def _moves_with_each_record(column: ResultColumn) -> bool:
    match column.function:
        case AggregateFunction.COUNT | AggregateFunction.SUM:
            return not column.filtered
        case _:
            return False


def _more_and_less(
    column: ResultColumn, rows: pa.Table, known: Int64s, expected: Expected, index: Int64s
) -> tuple[Flags, Flags]:
    """Where a value lies beyond its bounds as more records would make it, and as fewer would."""
    value = rows.column(value_column(column.alias)).take(pa.array(known))
    place = pa.array(index)
    low, high = (
        expected.table.column(name).take(place) for name in bound_columns(column.alias)[:2]
    )
    if column.type is FieldType.DOUBLE:
        tolerance = expected.table.column(tolerance_column(column.alias)).take(place)
        low, high = pc.subtract(low, tolerance), pc.add(high, tolerance)
    more, less = _flags(pc.greater(value, high)), _flags(pc.less(value, low))
    if column.function is AggregateFunction.MIN:
        more, less = less, more
    if not column.may_be_null:
        return more, less
    has_value = _flags(value.is_valid())
    may_have_none = _flags(expected.table.column(null_column(column.alias)).take(place))
    return more | (has_value & _flags(high.is_null())), less | (~has_value & ~may_have_none)


def same_values(
    rows: pa.Table, one: Int64s, other: Int64s, expected: Expected, index: Int64s
) -> Flags:
    """Whether rows say the same as other ones of the same group and window, row `index` of the expectation."""
    same = np.ones(len(one), dtype=np.bool_)
    for column in expected.aggregates:
        values = rows.column(value_column(column.alias))
        left, right = values.take(pa.array(one)), values.take(pa.array(other))
        equal = pc.equal(left, right)
        if column.type is FieldType.DOUBLE:
            tolerance = expected.table.column(tolerance_column(column.alias)).take(pa.array(index))
            equal = pc.less_equal(pc.abs(pc.subtract(left, right)), tolerance)
        neither = pc.and_(left.is_null(), right.is_null())
        same &= _flags(equal) | _flags(neither)
    return same


def _flags(flags: pa.ChunkedArray) -> Flags:
    """Where something is known to hold."""
    return np.asarray(flags.fill_null(False).to_numpy(), dtype=np.bool_)
