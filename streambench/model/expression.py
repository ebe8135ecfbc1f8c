"""The small SQL expression language of workloads, as a closed set of frozen nodes.

Operands that meet have one type: where a user mixed them, one was converted. Logic is three-valued, as in
SQL: what is computed of NULL is NULL, unless the node says otherwise. `may_be_null` tells where that can be.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias, assert_never


class FieldType(enum.Enum):
    """The types of values that have no parameters."""

    STRING = "string"
    BIGINT = "bigint"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"  # an instant, to engines the whole number of ms since 1970 in UTC


@dataclass(frozen=True)
class DecimalType:
    """Exact numbers of `precision` digits at most, `scale` of them behind the point."""

    precision: int
    scale: int

    @property
    def value(self) -> str:
        """As it is written in a workload and in SQL."""
        return f"decimal({self.precision},{self.scale})"

    @property
    def whole_digits(self) -> int:
        """Those before the point."""
        return self.precision - self.scale


ValueType: TypeAlias = FieldType | DecimalType

MOST_DIGITS: Final = 38
"""Of a decimal, on every engine."""

BIGINT_AS_DECIMAL: Final = DecimalType(19, 0)


class ComparisonOperator(enum.Enum):
    """Comparison operators, by their SQL spelling; strings are ordered by their code points."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class ArithmeticOperator(enum.Enum):
    """Arithmetic on numbers of one type. MOD is of BIGINT, with the sign of what is divided."""

    ADD = "+"
    SUB = "-"
    MUL = "*"
    MOD = "%"


class Function(enum.Enum):
    """Functions, by their SQL names. A string's characters are code points, the first is number 1."""

    LOWER = "lower"
    UPPER = "upper"
    LENGTH = "length"
    SUBSTRING = "substring"
    CONCAT = "concat"
    ABS = "abs"
    ROUND = "round"


@dataclass(frozen=True)
class FieldReference:
    """A field of the record; `nullable`: some record may have no value in it."""

    name: str
    type: ValueType
    nullable: bool = False


class Instant(int):
    """A constant of type TIMESTAMP: ms since 1970 in UTC."""


Constant: TypeAlias = str | int | float | Decimal | bool


@dataclass(frozen=True)
class Literal:
    """A constant: a string, a 64-bit integer, a double, a decimal, true or false."""

    value: Constant


@dataclass(frozen=True)
class Arithmetic:
    """`left operator right` on numbers of one type; of decimals the digits may differ."""

    operator: ArithmeticOperator
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Division:
    """`left / right`, real and of doubles."""

    left: Expression
    right: Expression


@dataclass(frozen=True)
class Convert:
    """A number as one of another type, or as a text.

    As a BIGINT it is cut off towards 0. As a decimal with fewer digits behind the point it is rounded, halves
    away from 0.
    """

    type: ValueType
    operand: Expression


@dataclass(frozen=True)
class Call:
    """A function of values; SUBSTRING has a string, where it begins and, or not, how long it is at most."""

    function: Function
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Branch:
    """`WHEN condition THEN value`."""

    condition: Expression
    value: Expression


@dataclass(frozen=True)
class CaseWhen:
    """The value of the first branch whose condition holds, or else another one; all of one type.

    `otherwise` None is NULL. A condition that is NULL does not hold.
    """

    branches: tuple[Branch, ...]
    otherwise: Expression | None


@dataclass(frozen=True)
class Coalesce:
    """The first of several values that is not NULL; all of one type."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class IsNull:
    """Whether there is no value; itself it always has one."""

    operand: Expression


@dataclass(frozen=True)
class Comparison:
    """`left operator right`, both of one type."""

    operator: ComparisonOperator
    left: Expression
    right: Expression


class Wildcard(enum.Enum):
    """What stands for other characters in a pattern."""

    ANY = "%"
    ONE = "_"


@dataclass(frozen=True)
class Like:
    """Whether a string is as a pattern says: pieces of text, and wildcards between them."""

    operand: Expression
    pattern: tuple[str | Wildcard, ...]


@dataclass(frozen=True)
class Membership:
    """`operand`, a STRING or a BIGINT, is one of `values`: two or more, each once."""

    operand: Expression
    values: tuple[str | int, ...]


@dataclass(frozen=True)
class And:
    """All operands hold; NULL where none fails and some are NULL."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Or:
    """Any operand holds; NULL where none does and some are NULL."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Not:
    """The operand does not hold."""

    operand: Expression


Expression: TypeAlias = (
    FieldReference
    | Literal
    | Arithmetic
    | Division
    | Convert
    | Call
    | CaseWhen
    | Coalesce
    | IsNull
    | Comparison
    | Like
    | Membership
    | And
    | Or
    | Not
)


def type_of(expression: Expression) -> ValueType:
    """The type of its value; a condition is a BOOLEAN."""
    match expression:
        case FieldReference(type=type_) | Convert(type=type_):
            return type_
        case Literal(value=value):
            return _type_of_constant(value)
        case Division():
            return FieldType.DOUBLE
        case Arithmetic(operator=operator, left=left, right=right):
            return _type_of_result(operator, type_of(left), type_of(right))
        case CaseWhen(branches=branches):
            return type_of(branches[0].value)
        case Coalesce(operands=operands):
            return type_of(operands[0])
        case Call(function=function, arguments=arguments):
            match function:
                case Function.LENGTH:
                    return FieldType.BIGINT
                case Function.ABS | Function.ROUND:
                    return type_of(arguments[0])
                case Function.LOWER | Function.UPPER | Function.SUBSTRING | Function.CONCAT:
                    return FieldType.STRING
                case _:
                    assert_never(function)
        case Comparison() | Like() | Membership() | And() | Or() | Not() | IsNull():
            return FieldType.BOOLEAN
        case _:
            assert_never(expression)


def _type_of_constant(value: Constant) -> ValueType:
    match value:
        case str():
            return FieldType.STRING
        case bool():
            return FieldType.BOOLEAN
        case Instant():
            return FieldType.TIMESTAMP
        case int():
            return FieldType.BIGINT
        case float():
            return FieldType.DOUBLE
        case Decimal():
            _, digits, exponent = value.as_tuple()
            assert isinstance(exponent, int), "a constant is finite"
            scale = max(0, -exponent)
            return DecimalType(max(len(digits) + max(0, exponent), scale), scale)
        case _:
            assert_never(value)


def _type_of_result(operator: ArithmeticOperator, left: ValueType, right: ValueType) -> ValueType:
    """That of `left`, and of decimals one in which every result is exact."""
    if not (isinstance(left, DecimalType) and isinstance(right, DecimalType)):
        return left
    if operator is ArithmeticOperator.MUL:
        # One digit more than can be: Spark gives such a product one, and cuts off what is beyond 38.
        return DecimalType(left.precision + right.precision + 1, left.scale + right.scale)
    common = common_decimal(left, right)
    return DecimalType(common.precision + 1, common.scale)


def common_decimal(left: DecimalType, right: DecimalType) -> DecimalType:
    """The least decimal that holds what either holds."""
    scale = max(left.scale, right.scale)
    return DecimalType(max(left.whole_digits, right.whole_digits) + scale, scale)


def children(expression: Expression) -> tuple[Expression, ...]:
    """What an expression is directly made of, in its order."""
    match expression:
        case FieldReference() | Literal():
            return ()
        case (
            Arithmetic(left=left, right=right)
            | Division(left=left, right=right)
            | Comparison(left=left, right=right)
        ):
            return (left, right)
        case (
            Convert(operand=operand)
            | Like(operand=operand)
            | Membership(operand=operand)
            | Not(operand=operand)
            | IsNull(operand=operand)
        ):
            return (operand,)
        case (
            Call(arguments=operands)
            | And(operands=operands)
            | Or(operands=operands)
            | Coalesce(operands=operands)
        ):
            return operands
        case CaseWhen(branches=branches, otherwise=otherwise):
            sides = tuple(side for each in branches for side in (each.condition, each.value))
            return sides if otherwise is None else (*sides, otherwise)
        case _:
            assert_never(expression)


def may_be_null(expression: Expression) -> bool:
    """Whether it can have no value, of some record."""
    match expression:
        case FieldReference(nullable=nullable):
            return nullable
        case IsNull():
            return False
        case Coalesce(operands=operands):
            return all(map(may_be_null, operands))
        case CaseWhen(branches=branches, otherwise=otherwise):
            values = (each.value for each in branches)
            return otherwise is None or may_be_null(otherwise) or any(map(may_be_null, values))
        case _:
            return any(map(may_be_null, children(expression)))


def parts(expression: Expression) -> Iterator[Expression]:
    """An expression and all that it is made of, the outer before the inner."""
    waiting = [expression]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(children(found)))


def depth(expression: Expression) -> int:
    """How many expressions stand within each other, at most; one alone is 1."""
    level, deep = [expression], 0
    while level:
        level = [child for each in level for child in children(each)]
        deep += 1
    return deep


def divides(expression: Expression) -> bool:
    """Whether it divides, which it must not do by 0."""
    if isinstance(expression, Arithmetic):
        return expression.operator is ArithmeticOperator.MOD
    return isinstance(expression, Division)


def fields_of(expression: Expression) -> frozenset[str]:
    """The names of the fields that it reads."""
    return frozenset(part.name for part in parts(expression) if isinstance(part, FieldReference))
