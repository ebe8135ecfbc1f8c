"""An expression as Python over local variables: `str` for STRING, `int` for BIGINT."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from streambench.model.expression import (
    And,
    Arithmetic,
    Comparison,
    ComparisonOperator,
    Expression,
    FieldReference,
    Literal,
    Membership,
    Not,
    Or,
)

_PYTHON_OPERATOR = {
    ComparisonOperator.EQ: "==",
    ComparisonOperator.NE: "!=",
    ComparisonOperator.LT: "<",
    ComparisonOperator.LE: "<=",
    ComparisonOperator.GT: ">",
    ComparisonOperator.GE: ">=",
}


def to_python(expression: Expression, *, variable: Callable[[str], str] = lambda name: name) -> str:
    """Return a Python expression; `variable` renders a field's name, such as `d["price"]`."""

    def operand(inner: Expression) -> str:
        text = to_python(inner, variable=variable)
        return text if isinstance(inner, FieldReference | Literal) else f"({text})"

    match expression:
        case FieldReference(name=name):
            return variable(name)
        case Literal(value=value):
            if isinstance(value, str):
                return ascii(value)
            return str(value) if value >= 0 else f"({value})"
        case Arithmetic(operator=arithmetic, left=left, right=right):
            return f"{operand(left)} {arithmetic.value} {operand(right)}"
        case Comparison(operator=comparison, left=left, right=right):
            return f"{operand(left)} {_PYTHON_OPERATOR[comparison]} {operand(right)}"
        case Membership(operand=inner, values=values):
            listed = ", ".join(map(ascii, values))
            return f"{operand(inner)} in {{{listed}}}"
        case And(operands=operands):
            return " and ".join(operand(inner) for inner in operands)
        case Or(operands=operands):
            return " or ".join(operand(inner) for inner in operands)
        case Not(operand=inner):
            return f"not ({to_python(inner, variable=variable)})"
        case _:
            assert_never(expression)
