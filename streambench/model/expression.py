"""The small SQL expression language of workloads, as a closed set of frozen nodes."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never


class FieldType(enum.Enum):
    """The types a field can have; both are exact on every engine (no floats: sums would depend on order)."""

    STRING = "string"
    BIGINT = "bigint"


class ComparisonOperator(enum.Enum):
    """Comparison operators, by their SQL spelling."""

    EQ = "="
    NE = "<>"
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


class ArithmeticOperator(enum.Enum):
    """Arithmetic on BIGINT; no division, whose rounding differs between engines."""

    ADD = "+"
    SUB = "-"
    MUL = "*"


@dataclass(frozen=True)
class FieldReference:
    """A field of the record."""

    name: str
    type: FieldType


@dataclass(frozen=True)
class Literal:
    """A constant: a string or a 64-bit integer."""

    value: str | int


@dataclass(frozen=True)
class Arithmetic:
    """`left operator right` on integers."""

    operator: ArithmeticOperator
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Comparison:
    """`left operator right`, both of one type."""

    operator: ComparisonOperator
    left: Expression
    right: Expression


@dataclass(frozen=True)
class Membership:
    """`operand` is one of `values`, which are of its type: two or more, each once."""

    operand: Expression
    values: tuple[str | int, ...]


@dataclass(frozen=True)
class And:
    """All operands hold."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Or:
    """Any operand holds."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Not:
    """The operand does not hold."""

    operand: Expression


Expression: TypeAlias = (
    FieldReference | Literal | Arithmetic | Comparison | Membership | And | Or | Not
)


def children(expression: Expression) -> tuple[Expression, ...]:
    """What an expression is directly made of."""
    match expression:
        case FieldReference() | Literal():
            return ()
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return (left, right)
        case And(operands=operands) | Or(operands=operands):
            return operands
        case Not(operand=operand) | Membership(operand=operand):
            return (operand,)
        case _:
            assert_never(expression)


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


class AggregateFunction(enum.Enum):
    """Aggregates whose results have provable bounds where records may be late."""

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True)
class Aggregate:
    """`function(argument) AS alias`; COUNT has no argument and counts rows."""

    alias: str
    function: AggregateFunction
    argument: Expression | None
