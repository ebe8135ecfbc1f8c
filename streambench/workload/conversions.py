"""`cast` and `round`: those between two types that mean one thing on every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from sqlglot import exp

from streambench.model.expression import (
    MOST_DIGITS,
    Call,
    Convert,
    DecimalType,
    Expression,
    FieldType,
    Function,
    ValueType,
    type_of,
)
from streambench.workload.constants import as_double

Conversion: TypeAlias = Callable[[Expression, exp.Expression | None], Expression]
"""Makes another value of one; the second is what it is to become, as it is written."""

_TYPES: Final = {
    "BIGINT": FieldType.BIGINT,
    "DOUBLE": FieldType.DOUBLE,
    "TEXT": FieldType.STRING,
    "VARCHAR": FieldType.STRING,
}
_NEAREST: Final = (
    "a cast to this type; the nearest are bigint, double, string and decimal with its digits, such as"
    " decimal(10,2)"
)


class ConversionError(ValueError):
    """What engines would do differently; the message ends a sentence on what uses it."""


def cast(value: Expression, to: exp.Expression | None) -> Expression:
    """The value as one of the type `to`. Raises ConversionError."""
    type_, before = _written(to), type_of(value)
    if type_ == before:
        return value
    if before is FieldType.BOOLEAN:
        raise ConversionError(
            "a cast of a condition; write CASE WHEN x THEN 1 ELSE 0 END, or with other values"
        )
    if before is FieldType.TIMESTAMP and type_ is not FieldType.BIGINT:
        raise ConversionError(
            "a cast of a timestamp; the nearest is bigint: its ms since 1970 in UTC"
        )
    if before is FieldType.STRING:
        raise ConversionError(
            "a cast of a string, which may be no number: engines differ on what happens then"
        )
    if before is FieldType.DOUBLE and type_ is FieldType.STRING:
        raise ConversionError("a double as a string, which engines write differently")
    if before is FieldType.DOUBLE and isinstance(type_, DecimalType):
        raise ConversionError(
            "a double as a decimal, whose last digit engines round differently; declare a decimal field"
        )
    return as_double(value) if type_ is FieldType.DOUBLE else Convert(type_, value)


def rounded(value: Expression, to: exp.Expression | None) -> Expression:
    """The value rounded to `to` digits behind the point, or to a whole number; halves go away from 0.

    Raises ConversionError.
    """
    digits = 0 if to is None else _whole(to)
    if digits is None or digits > MOST_DIGITS:
        raise ConversionError(
            f"round to what is no whole number of digits from 0 to {MOST_DIGITS}; write round(x, 2)"
        )
    match type_of(value):
        case FieldType.BIGINT:
            return value
        case DecimalType() as type_:
            if digits >= type_.scale:
                return value
            # What is rounded up can have a digit more before the point.
            before = min(type_.whole_digits + 1, MOST_DIGITS - digits)
            return Convert(DecimalType(before + digits, digits), value)
        case FieldType.DOUBLE:
            if digits:
                raise ConversionError(
                    "round of a double to digits behind the point, which engines do differently; declare a"
                    " decimal field, or write round(x)"
                )
            return Call(Function.ROUND, (value,))
        case other:
            raise ConversionError(f"a {other.value} where a number is due")


def _written(to: exp.Expression | None) -> ValueType:
    if not isinstance(to, exp.DataType) or not isinstance(to.this, exp.DataType.Type):
        raise ConversionError(_NEAREST)
    digits = [_whole(each) for each in to.expressions]
    match to.this.value, digits:
        case "DECIMAL", [int(precision), int(scale)]:
            if not 1 <= precision <= MOST_DIGITS or scale > precision:
                raise ConversionError(
                    f"a decimal of {precision} digits, {scale} of them behind the point; 1 to {MOST_DIGITS} can be,"
                    " and no more behind the point"
                )
            return DecimalType(precision, scale)
        case str(name), [] if name in _TYPES:
            return _TYPES[name]
        case _:
            raise ConversionError(_NEAREST)


def _whole(written: exp.Expression) -> int | None:
    """A whole number from 0 on; None for anything else."""
    number = written.this if isinstance(written, exp.DataTypeParam) else written
    if not isinstance(number, exp.Literal) or number.is_string:
        return None
    text = str(number.this)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None
