"""Numbers of one type, and constants that are computed while a text is read.

No engine then computes constants in a narrower type.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final, TypeAlias, TypeVar, assert_never

from streambench.model.expression import (
    BIGINT_AS_DECIMAL,
    Arithmetic,
    ArithmeticOperator,
    Convert,
    DecimalType,
    Division,
    Expression,
    FieldType,
    Literal,
    type_of,
)

MAX_BIGINT: Final = 2**63 - 1
# More than any sum or product of two decimals has.
_DIGITS: Final = 100

Number: TypeAlias = int | float | Decimal
Kind = TypeVar("Kind", int, float, Decimal)


def is_number(value: Expression) -> bool:
    """Whether it is a BIGINT, a DOUBLE or a decimal."""
    type_ = type_of(value)
    return isinstance(type_, DecimalType) or type_ in (FieldType.BIGINT, FieldType.DOUBLE)


def as_double(value: Expression) -> Expression:
    """A number as a double."""
    if type_of(value) is FieldType.DOUBLE:
        return value
    match value:
        case Literal(value=int(number)):
            return Literal(float(number))
        case Literal(value=Decimal() as number):
            return Literal(float(number))
        case _:
            return Convert(FieldType.DOUBLE, value)


def as_decimal(value: Expression) -> Expression:
    """A BIGINT or a decimal as a decimal."""
    match value:
        case Literal(value=int(number)):
            return Literal(Decimal(number))
        case _ if type_of(value) is FieldType.BIGINT:
            return Convert(BIGINT_AS_DECIMAL, value)
        case _:
            return value


def negated(expression: Expression) -> Literal | None:
    """The constant with the other sign; None for what is no constant number."""
    match expression:
        case Literal(value=Decimal() as number):
            return Literal(number.copy_negate())  # its minus rounds
        case Literal(value=(int() | float()) as value) if not isinstance(value, bool):
            return Literal(-value)
        case _:
            return None


def magnitude(expression: Expression) -> Literal | None:
    """The constant without its sign; None for what is no constant number."""
    match expression:
        case Literal(value=Decimal() as number):
            return Literal(number.copy_abs())
        case Literal(value=(int() | float()) as value) if not isinstance(value, bool):
            return Literal(abs(value))
        case _:
            return None


def computed(expression: Arithmetic) -> Expression:
    """Its value where both sides are constants and it has one; else itself."""
    match expression.left, expression.right:
        case Literal(value=int(left)), Literal(value=int(right)):
            if expression.operator is ArithmeticOperator.MOD and right == 0:
                return expression
            return Literal(_value(expression.operator, left, right))
        case Literal(value=float(first)), Literal(value=float(second)):
            return Literal(_value(expression.operator, first, second))
        case Literal(value=Decimal() as one), Literal(value=Decimal() as other):
            with localcontext(prec=_DIGITS):
                return Literal(_value(expression.operator, one, other))
        case _:
            return expression


def divided(expression: Division) -> Expression:
    """The same of a quotient."""
    match expression.left, expression.right:
        case Literal(value=float(left)), Literal(value=float(right)) if right:
            return Literal(left / right)
        case _:
            return expression


def remainder(left: int, right: int) -> int:
    """What is left of a division towards zero: it has the sign of what is divided, as in SQL and Java."""
    found = abs(left) % abs(right)
    return -found if left < 0 else found


def _value(operator: ArithmeticOperator, left: Kind, right: Kind) -> Number:
    match operator:
        case ArithmeticOperator.ADD:
            return left + right
        case ArithmeticOperator.SUB:
            return left - right
        case ArithmeticOperator.MUL:
            return left * right
        case ArithmeticOperator.MOD:
            return remainder(int(left), int(right))
        case _:
            assert_never(operator)
