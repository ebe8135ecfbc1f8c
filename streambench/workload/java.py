"""An expression as Java over local variables: `String` for STRING, `long` for BIGINT."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import assert_never

from streambench.model.expression import (
    And,
    Arithmetic,
    Comparison,
    ComparisonOperator,
    Expression,
    FieldReference,
    FieldType,
    Literal,
    Not,
    Or,
)


def to_java(expression: Expression, *, variable: Callable[[str], str] = lambda name: name) -> str:
    """Return a Java expression of type boolean, long or String; `variable` renders a field's name."""

    def operand(inner: Expression) -> str:
        text = to_java(inner, variable=variable)
        return text if isinstance(inner, FieldReference | Literal) else f"({text})"

    match expression:
        case FieldReference(name=name):
            return variable(name)
        case Literal(value=value):
            if isinstance(value, str):
                # JSON's escapes, ASCII only, are Java's too: the source's encoding does not matter.
                return json.dumps(value)
            return f"{value}L" if value >= 0 else f"({value}L)"
        case Arithmetic(operator=arithmetic, left=left, right=right):
            return f"{operand(left)} {arithmetic.value} {operand(right)}"
        case Comparison(operator=comparison, left=left, right=right):
            if _is_string(left):
                return _compare_strings(comparison, operand(left), operand(right))
            return f"{operand(left)} {_JAVA_OPERATOR[comparison]} {operand(right)}"
        case And(operands=operands):
            return " && ".join(operand(inner) for inner in operands)
        case Or(operands=operands):
            return " || ".join(operand(inner) for inner in operands)
        case Not(operand=inner):
            return f"!({to_java(inner, variable=variable)})"
        case _:
            assert_never(expression)


_JAVA_OPERATOR = {
    ComparisonOperator.EQ: "==",
    ComparisonOperator.NE: "!=",
    ComparisonOperator.LT: "<",
    ComparisonOperator.LE: "<=",
    ComparisonOperator.GT: ">",
    ComparisonOperator.GE: ">=",
}


def _is_string(expression: Expression) -> bool:
    match expression:
        case FieldReference(type=type_):
            return type_ is FieldType.STRING
        case Literal(value=value):
            return isinstance(value, str)
        case _:
            return False


def _compare_strings(operator: ComparisonOperator, left: str, right: str) -> str:
    match operator:
        case ComparisonOperator.EQ:
            return f"{left}.equals({right})"
        case ComparisonOperator.NE:
            return f"!{left}.equals({right})"
        case _:
            # Java orders by UTF-16 units, the others by code points. The two differ only beyond U+FFFF,
            # and there `workload.validate` refuses the comparison.
            return f"{left}.compareTo({right}) {_JAVA_OPERATOR[operator]} 0"
