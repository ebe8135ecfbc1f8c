"""The range of values that an expression can take, from the ranges of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from streambench.model.expression import (
    Arithmetic,
    ArithmeticOperator,
    Expression,
    FieldReference,
    Literal,
)
from streambench.model.workload import IntRange, Workload

Range: TypeAlias = tuple[int, int]
"""Least and greatest value, both inclusive."""


def ranges_of(workload: Workload) -> dict[str, Range]:
    """Return the range of every generated BIGINT field; replayed fields are absent."""
    return {
        field.name: (field.source.low, field.source.high)
        for field in workload.fields
        if isinstance(field.source, IntRange)
    }


def range_of(expression: Expression, ranges: Mapping[str, Range]) -> Range:
    """Return the range of a BIGINT expression; it encloses all values, and may be wider than they are."""
    match expression:
        case FieldReference(name=name):
            return ranges[name]
        case Literal(value=int(value)):
            return (value, value)
        case Arithmetic(operator=operator, left=left, right=right):
            (low, high), (other_low, other_high) = range_of(left, ranges), range_of(right, ranges)
            match operator:
                case ArithmeticOperator.ADD:
                    return (low + other_low, high + other_high)
                case ArithmeticOperator.SUB:
                    return (low - other_high, high - other_low)
                case ArithmeticOperator.MUL:
                    corners = [a * b for a in (low, high) for b in (other_low, other_high)]
                    return (min(corners), max(corners))
        case _:
            raise ValueError(f"{expression} is not a BIGINT")


def magnitude(value: int) -> str:
    """A number as a message shows it: with all its digits, unless they tell nothing any more."""
    if value.bit_length() <= 100:
        return f"{value:,}"
    # Python refuses to write down what has thousands of digits.
    return f"{'-' if value < 0 else ''}10^{(value.bit_length() - 1) * 30103 // 100000}"
