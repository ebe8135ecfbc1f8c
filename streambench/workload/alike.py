"""Values that meet are made of one type, and what is computed of them has a value of its type."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import TypeVar

from streambench.model.expression import (
    MOST_DIGITS,
    Comparison,
    ComparisonOperator,
    Convert,
    DecimalType,
    Expression,
    FieldType,
    Literal,
    Membership,
    Or,
    common_decimal,
    type_of,
)
from streambench.workload.constants import MAX_BIGINT, as_decimal, as_double, is_number

Value = TypeVar("Value", bound=Expression)


class UnlikeError(ValueError):
    """What cannot be of one type, or is beyond it; the message ends a sentence on what uses it."""


def alike(values: Sequence[Expression]) -> list[Expression]:
    """The values in one type; of decimals the digits may differ. Raises UnlikeError."""
    types = {type_of(value) for value in values}
    if len(types) == 1:
        return list(values)
    if not all(map(is_number, values)):
        names = " and a ".join(sorted(type_.value for type_ in types))
        raise UnlikeError(f"a {names} where one type is due")
    if FieldType.DOUBLE in types:
        return [as_double(value) for value in values]
    return [as_decimal(value) for value in values]


def of_one_type(values: Sequence[Expression]) -> list[Expression]:
    """The same; decimals become ones of the digits that hold all of them. Raises UnlikeError."""
    values = alike(values)
    types = [type_ for value in values if isinstance(type_ := type_of(value), DecimalType)]
    if len(set(types)) < 2:
        return values
    common = reduce(common_decimal, types)
    return [in_digits(Convert(common, value)) for value in values]


def compared(operator: ComparisonOperator, left: Expression, right: Expression) -> Comparison:
    """A comparison of two values that can be compared so. Raises UnlikeError."""
    types = (type_of(left), type_of(right))
    if types[0] != types[1] and not (is_number(left) and is_number(right)):
        raise UnlikeError(f"a {types[0].value} compared with a {types[1].value}")
    ordered = operator not in (ComparisonOperator.EQ, ComparisonOperator.NE)
    if types[0] is FieldType.BOOLEAN and ordered:
        raise UnlikeError("conditions compared by an order; compare them with = or <>")
    return Comparison(operator, *alike([left, right]))


def one_of(value: Expression, equals: Sequence[Comparison]) -> Expression:
    """Whether one of the comparisons of `value` holds: constants of its own type become one list."""
    # Numbers with a fraction are compared one by one: what they are compared with is converted.
    listed = type_of(value) in (FieldType.STRING, FieldType.BIGINT, FieldType.TIMESTAMP)
    several: dict[str | int, None] = {}
    others: list[Expression] = []
    for each in equals:
        match each.right:
            case Literal(value=str() | int() as constant) if listed and each.left == value:
                several[constant] = None
            case _:
                others.append(each)
    found: list[Expression] = []
    if len(several) == 1:
        found = [Comparison(ComparisonOperator.EQ, value, Literal(*several))]
    elif several:
        found = [Membership(value, tuple(several))]
    found += others
    return found[0] if len(found) == 1 else Or(tuple(found))


def finite(value: Value) -> Value:
    """The value, unless it is a constant beyond its type. Raises UnlikeError."""
    match value:
        case Literal(value=float(number)) if not math.isfinite(number):
            raise UnlikeError("a number that is beyond a double")
        case Literal(value=int(whole)) if abs(whole) > MAX_BIGINT:
            raise UnlikeError("a number that is beyond a bigint")
        case _:
            return value


def in_digits(value: Value) -> Value:
    """The value, unless it is a decimal of more digits than one has. Raises UnlikeError."""
    type_ = type_of(value)
    if isinstance(type_, DecimalType) and type_.precision > MOST_DIGITS:
        raise UnlikeError(
            f"what can have {type_.precision} digits; a decimal has {MOST_DIGITS} at most: declare"
            " fields with fewer, or compute with doubles (1e0 * x)"
        )
    return value
