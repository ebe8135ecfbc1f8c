"""The small SQL expression language of workloads, as a closed set of frozen nodes."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TypeAlias


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


Expression: TypeAlias = FieldReference | Literal | Arithmetic | Comparison | And | Or | Not


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
