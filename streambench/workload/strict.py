"""What is NULL where one of its operands is, taken apart: the node over values that are there, and its operands."""

from __future__ import annotations

from dataclasses import replace

from streambench.model.expression import (
    Arithmetic,
    Call,
    Comparison,
    Convert,
    Division,
    Expression,
    FieldReference,
    Like,
    Literal,
    Membership,
    Not,
    type_of,
)


def strict_name(at: int) -> str:
    """What stands for an operand that has a value."""
    return f"v{at + 1}"


def strict_form(expression: Expression) -> tuple[Expression, tuple[Expression, ...]]:
    """The expression with `strict_name` in place of its operands, but for constants; and these operands.

    Raises ValueError for one that can have a value where an operand has none.
    """
    given: list[Expression] = []

    def known(operand: Expression) -> Expression:
        if isinstance(operand, Literal):
            return operand
        given.append(operand)
        return FieldReference(strict_name(len(given) - 1), type_of(operand))

    strict: Expression
    match expression:
        case Arithmetic() | Division() | Comparison():
            left, right = known(expression.left), known(expression.right)
            strict = replace(expression, left=left, right=right)
        case Convert() | Like() | Membership() | Not():
            strict = replace(expression, operand=known(expression.operand))
        case Call():
            strict = replace(expression, arguments=tuple(map(known, expression.arguments)))
        case _:
            raise ValueError(f"{expression} may have a value without all of its operands")
    return strict, tuple(given)
