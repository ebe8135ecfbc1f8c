"""Which groups get a row: surely, or maybe, by the bounds on their aggregates.

A condition surely holds when it holds for all values within the bounds, and may hold when it is not sure
that it does not. Both are on the safe side where a condition names one aggregate twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeAlias, assert_never

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.model.columns import ResultColumn, bound_columns, null_column, tolerance_column
from streambench.model.expression import (
    And,
    Comparison,
    ComparisonOperator,
    Convert,
    Expression,
    FieldReference,
    FieldType,
    IsNull,
    Literal,
    Membership,
    Not,
    Or,
)

Flags: TypeAlias = npt.NDArray[np.bool_]
# Numbers, of decimals objects.
Values: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Held:
    """Of each group, whether a condition surely holds, and whether it may; then the same of its failing.

    It may do neither, where it compares what has no value.
    """

    surely: Flags
    maybe: Flags
    surely_not: Flags
    maybe_not: Flags

    def negated(self) -> Held:
        """The same of the condition's opposite."""
        return Held(self.surely_not, self.maybe_not, self.surely, self.maybe)


@dataclass(frozen=True, eq=False)
class _Interval:
    """Bounds, where there is a value: there may be none, or surely is none."""

    low: Values
    high: Values
    may_lack: Flags
    lacks: Flags


def held(having: Expression, table: pa.Table, columns: Mapping[str, ResultColumn]) -> Held:
    """Of each row of `table`, which holds bounds; `columns` are the aggregates by their aliases.

    It says nothing of rows without bounds, as no record of theirs can count.
    """
    match having:
        case Comparison(operator=operator, left=left, right=right):
            sides = (_interval(side, table, columns) for side in (left, right))
            return _compared(operator, *sides)
        case And(operands=operands):
            every = [held(operand, table, columns) for operand in operands]
            return Held(
                np.all([each.surely for each in every], axis=0),
                np.all([each.maybe for each in every], axis=0),
                np.any([each.surely_not for each in every], axis=0),
                np.any([each.maybe_not for each in every], axis=0),
            )
        case Or(operands=operands):
            return held(And(tuple(map(Not, operands))), table, columns).negated()
        case IsNull(operand=operand):
            side = _interval(operand, table, columns)
            return Held(side.lacks, side.may_lack, ~side.may_lack, ~side.lacks)
        case Membership(operand=operand, values=values):
            equals = ComparisonOperator.EQ
            each = tuple(Comparison(equals, operand, Literal(value)) for value in values)
            return held(Or(each), table, columns)
        case Literal(value=bool(value)):
            flags = np.full(table.num_rows, value)
            return Held(flags, flags, ~flags, ~flags)
        case Not(operand=operand):
            return held(operand, table, columns).negated()
        case _:
            raise ValueError(f"{having} is no condition")


def _interval(side: Expression, table: pa.Table, columns: Mapping[str, ResultColumn]) -> _Interval:
    match side:
        case Literal(value=(int() | float() | Decimal()) as value):
            constant = np.full(table.num_rows, value)
            never = np.zeros(table.num_rows, dtype=np.bool_)
            return _Interval(constant, constant, never, never)
        case Convert(type=type_, operand=operand):
            exact = _interval(operand, table, columns)
            if type_ is not FieldType.DOUBLE:  # numbers of Python compare exactly
                return exact
            low, high = (bound.astype(np.float64) for bound in (exact.low, exact.high))
            return replace(exact, low=low, high=high)
        case FieldReference(name=name):
            low, high = (_values(table.column(column)) for column in bound_columns(name)[:2])
            if columns[name].type is FieldType.DOUBLE:
                tolerance = _values(table.column(tolerance_column(name)))
                low, high = low - tolerance, high + tolerance
            may_lack = lacks = np.zeros(table.num_rows, dtype=np.bool_)
            if columns[name].may_be_null:
                may_lack = np.asarray(table.column(null_column(name)).to_numpy(), dtype=np.bool_)
                lacks = np.asarray(table.column(bound_columns(name)[0]).is_null().to_numpy())
            return _Interval(low, high, may_lack, lacks)
        case _:
            raise ValueError(f"{side} is no side of a comparison of aggregates")


def _values(column: pa.ChunkedArray) -> Values:
    zero: Decimal | int = Decimal(0) if pa.types.is_decimal(column.type) else 0
    return np.asarray(column.fill_null(pa.scalar(zero, column.type)).to_numpy())


def _held(surely: Flags, maybe: Flags, left: _Interval, right: _Interval) -> Held:
    """A comparison that surely holds, and may, where both sides have a value."""
    may_lack, lacks = left.may_lack | right.may_lack, left.lacks | right.lacks
    return Held(surely & ~may_lack, maybe & ~lacks, ~maybe & ~may_lack, ~surely & ~lacks)


def _compared(operator: ComparisonOperator, left: _Interval, right: _Interval) -> Held:
    match operator:
        case ComparisonOperator.LT:
            return _held(left.high < right.low, left.low < right.high, left, right)
        case ComparisonOperator.LE:
            return _held(left.high <= right.low, left.low <= right.high, left, right)
        case ComparisonOperator.GT:
            return _compared(ComparisonOperator.LT, right, left)
        case ComparisonOperator.GE:
            return _compared(ComparisonOperator.LE, right, left)
        case ComparisonOperator.EQ:
            one = (left.low == left.high) & (right.low == right.high)
            meet = (left.low <= right.high) & (right.low <= left.high)
            return _held(one & (left.low == right.low), meet, left, right)
        case ComparisonOperator.NE:
            return _compared(ComparisonOperator.EQ, left, right).negated()
        case _:
            assert_never(operator)
