"""The range of values that an expression can take, from the ranges of its fields."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final, TypeAlias, assert_never

from streambench.model.expression import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Call,
    CaseWhen,
    Coalesce,
    Comparison,
    ComparisonOperator,
    Constant,
    Convert,
    DecimalType,
    Division,
    Expression,
    FieldReference,
    FieldType,
    Function,
    Literal,
    Not,
    Or,
    children,
)
from streambench.model.field_source import (
    Choice,
    Coin,
    DecimalRange,
    DoubleRange,
    Growing,
    InstantRange,
    IntRange,
)
from streambench.model.lookup import LookedUp
from streambench.model.workload import Workload

Number: TypeAlias = int | float | Fraction
Range: TypeAlias = tuple[Number, Number]
"""Least and greatest value, both inclusive; those of decimals are fractions, so that they are exact."""

Ranges: TypeAlias = Mapping[str, Range]

_LONGEST: Final = 2**31 - 1
_INFINITE: Final = float("inf")
_OPPOSITE: Final = {
    ComparisonOperator.EQ: ComparisonOperator.NE,
    ComparisonOperator.NE: ComparisonOperator.EQ,
    ComparisonOperator.LT: ComparisonOperator.GE,
    ComparisonOperator.LE: ComparisonOperator.GT,
    ComparisonOperator.GT: ComparisonOperator.LE,
    ComparisonOperator.GE: ComparisonOperator.LT,
}
_SWAPPED: Final = {
    ComparisonOperator.EQ: ComparisonOperator.EQ,
    ComparisonOperator.NE: ComparisonOperator.NE,
    ComparisonOperator.LT: ComparisonOperator.GT,
    ComparisonOperator.LE: ComparisonOperator.GE,
    ComparisonOperator.GT: ComparisonOperator.LT,
    ComparisonOperator.GE: ComparisonOperator.LE,
}


def exact(value: int | float | Decimal) -> Number:
    """A value as a bound."""
    return Fraction(value) if isinstance(value, Decimal) else value


def _as_double(value: Number) -> float:
    try:
        return float(value)
    except OverflowError:
        return _INFINITE if value > 0 else -_INFINITE


def size(value: Number) -> Number:
    """A number without its sign."""
    return max(value, -value)


def ranges_of(workload: Workload) -> dict[str, Range]:
    """Return the range of every generated number; replayed fields are absent."""
    found: dict[str, Range] = {}
    for field in workload.fields:
        match field.source:
            case IntRange(low=low, high=high) | DoubleRange(low=low, high=high):
                found[field.name] = (low, high)
            case Growing() as growing:
                found[field.name] = growing.span
            case InstantRange(low_s=first, high_s=last):
                found[field.name] = (first * 1_000, last * 1_000)
            case DecimalRange(low=low, high=high, scale=scale):
                found[field.name] = (Fraction(low, 10**scale), Fraction(high, 10**scale))
            case LookedUp(values=values):
                numbers = [exact(each) for each in values if not isinstance(each, str | bool)]
                if field.type not in (FieldType.STRING, FieldType.BOOLEAN):
                    # A column without any value is of no range, and nothing is computed of it.
                    found[field.name] = (min(numbers, default=0), max(numbers, default=0))
            case Choice() | Coin() | None:
                pass
            case _:
                assert_never(field.source)
    return found


def range_of(expression: Expression, ranges: Ranges) -> Range:
    """Return the range of a number; it encloses all values, and may be wider than they are. NULL is none.

    A quotient has none where it can divide by 0 (infinite), nor has a remainder (that of its dividend).
    """
    match expression:
        case FieldReference(name=name):
            return ranges[name]
        case Literal(value=(int() | float() | Decimal()) as value):
            return (exact(value), exact(value))
        case Convert(type=type_, operand=operand):
            low, high = range_of(operand, ranges)
            if type_ is FieldType.DOUBLE:
                return (_as_double(low), _as_double(high))
            if isinstance(type_, DecimalType):
                return (_rounded(low, type_.scale), _rounded(high, type_.scale))
            return (_cut_off(low), _cut_off(high))
        case Arithmetic(operator=operator, left=left, right=right):
            return _arithmetic(operator, range_of(left, ranges), range_of(right, ranges))
        case Division(left=left, right=right):
            return _quotient(range_of(left, ranges), range_of(right, ranges))
        case Call(function=Function.LENGTH):
            return (0, _LONGEST)
        case Call(function=Function.ROUND, arguments=arguments):
            low, high = range_of(arguments[0], ranges)
            return (_as_double(_nearest(low)), _as_double(_nearest(high)))
        case Call(function=Function.ABS, arguments=arguments):
            low, high = range_of(arguments[0], ranges)
            least = 0 if low <= 0 <= high else min(size(low), size(high))
            return (least, max(size(low), size(high)))
        case CaseWhen():
            return _hull([range_of(value, known) for value, known in reached(expression, ranges)])
        case Coalesce(operands=operands):
            return _hull([range_of(operand, ranges) for operand in operands])
        case _:
            raise ValueError(f"{expression} is no number")


def _cut_off(value: Number) -> Number:
    return value if isinstance(value, float) and not math.isfinite(value) else int(value)


def _nearest(value: Number) -> Number:
    """The nearest whole number; of two the one farther from 0."""
    if isinstance(value, float) and not math.isfinite(value):
        return value
    whole = math.floor(size(Fraction(value)) + Fraction(1, 2))
    return whole if value > 0 else -whole


def _rounded(value: Number, scale: int) -> Number:
    """A number as a decimal of so many digits behind the point."""
    one = Fraction(1, 10**scale)
    return _nearest(Fraction(value) / one) * one


def magnitude(value: Number) -> str:
    """A number as a message shows it: with all its digits, unless they tell nothing any more."""
    if isinstance(value, float) or (isinstance(value, Fraction) and value.denominator > 1):
        try:
            return f"{float(value):,g}"
        except OverflowError:
            value = int(value)
    value = int(value)
    if value.bit_length() <= 100:
        return f"{value:,}"
    # Python refuses to write down what has thousands of digits.
    return f"{'-' if value < 0 else ''}10^{(value.bit_length() - 1) * 30103 // 100000}"


def steps_of(expression: Expression, ranges: Ranges) -> Iterator[tuple[Expression, Ranges]]:
    """An expression and all that it is computed from, with the ranges that fields have there."""
    yield expression, ranges
    if not isinstance(expression, CaseWhen):
        for operand in children(expression):
            yield from steps_of(operand, ranges)
        return
    for branch in expression.branches:
        yield from steps_of(branch.condition, ranges)
        yield from steps_of(branch.value, narrowed(ranges, branch.condition))
        ranges = narrowed(ranges, Not(branch.condition))
    if expression.otherwise is not None:
        yield from steps_of(expression.otherwise, ranges)


def reached(case: CaseWhen, ranges: Ranges) -> list[tuple[Expression, Ranges]]:
    """The values of CASE with the ranges that fields have where each is computed."""
    found: list[tuple[Expression, Ranges]] = []
    for branch in case.branches:
        found.append((branch.value, narrowed(ranges, branch.condition)))
        ranges = narrowed(ranges, Not(branch.condition))
    return found if case.otherwise is None else [*found, (case.otherwise, ranges)]


def narrowed(ranges: Ranges, condition: Expression) -> Ranges:
    """The ranges where a condition holds, as far as it compares fields with constants."""
    match condition:
        case Comparison(operator=operator, left=FieldReference(name=name), right=Literal(value=v)):
            return _compared(ranges, name, operator, v)
        case Comparison(operator=operator, left=Literal(value=v), right=FieldReference(name=name)):
            return _compared(ranges, name, _SWAPPED[operator], v)
        case And(operands=operands):
            for operand in operands:
                ranges = narrowed(ranges, operand)
            return ranges
        case Not(operand=Comparison(operator=operator, left=left, right=right)):
            return narrowed(ranges, Comparison(_OPPOSITE[operator], left, right))
        case Not(operand=Or(operands=operands)):
            return narrowed(ranges, And(tuple(map(Not, operands))))
        case Not(operand=Not(operand=operand)):
            return narrowed(ranges, operand)
        case _:
            return ranges


def _compared(
    ranges: Ranges, name: str, operator: ComparisonOperator, constant: Constant
) -> Ranges:
    if name not in ranges or isinstance(constant, str | bool):
        return ranges
    value = exact(constant)
    # The next number, where there is one; that of a decimal is not known here.
    step = 1 if isinstance(value, int) else 0
    low, high = ranges[name]
    match operator:
        case ComparisonOperator.EQ:
            low, high = max(low, value), min(high, value)
        case ComparisonOperator.NE:
            low, high = low + step * (low == value), high - step * (high == value)
        case ComparisonOperator.LT:
            high = min(high, value - step)
        case ComparisonOperator.LE:
            high = min(high, value)
        case ComparisonOperator.GT:
            low = max(low, value + step)
        case ComparisonOperator.GE:
            low = max(low, value)
        case _:
            assert_never(operator)
    # Where nothing is left nothing is computed either.
    return ranges if low > high else {**ranges, name: (low, high)}


def _arithmetic(operator: ArithmeticOperator, left: Range, right: Range) -> Range:
    (low, high), (other_low, other_high) = left, right
    match operator:
        case ArithmeticOperator.ADD:
            return (low + other_low, high + other_high)
        case ArithmeticOperator.SUB:
            return (low - other_high, high - other_low)
        case ArithmeticOperator.MUL:
            return _hull_of([a * b for a in left for b in right])
        case ArithmeticOperator.MOD:
            most = max(size(other_low), size(other_high)) - 1
            return (max(low, -most) if low < 0 else 0, min(high, most) if high > 0 else 0)
        case _:
            assert_never(operator)


def _quotient(left: Range, right: Range) -> Range:
    if right[0] <= 0 <= right[1]:
        return (-_INFINITE, _INFINITE)
    return _hull_of([a / b for a in left for b in right])


def _hull_of(values: list[Number]) -> Range:
    return (min(values), max(values))


def _hull(ranges: list[Range]) -> Range:
    return (min(low for low, _ in ranges), max(high for _, high in ranges))
