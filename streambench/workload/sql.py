"""An expression as SQL, understood alike by DuckDB, Flink and Spark."""

from __future__ import annotations

from typing import assert_never

from streambench.model.expression import (
    Aggregate,
    And,
    Arithmetic,
    Comparison,
    Expression,
    FieldReference,
    Literal,
    Membership,
    Not,
    Or,
)


def to_sql(expression: Expression, *, quote: str = '"', table: str = "") -> str:
    """Return `expression` as SQL; `quote` encloses identifiers: " (standard) or ` (Flink, Spark).

    `table` qualifies the fields, so that none can be taken for another column of the statement.
    """

    def operand(inner: Expression) -> str:
        text = to_sql(inner, quote=quote, table=table)
        return text if isinstance(inner, FieldReference) or _is_plain(inner) else f"({text})"

    match expression:
        case FieldReference(name=name):
            return f"{table}{'.' if table else ''}{quote}{name}{quote}"
        case Literal(value=str(value)):
            return "'" + value.replace("'", "''") + "'"
        case Literal(value=value):
            return str(value)
        case Arithmetic(operator=arithmetic, left=left, right=right):
            return f"{operand(left)} {arithmetic.value} {operand(right)}"
        case Comparison(operator=comparison, left=left, right=right):
            return f"{operand(left)} {comparison.value} {operand(right)}"
        case Membership(operand=inner, values=values):
            listed = ", ".join(to_sql(Literal(value)) for value in values)
            return f"{operand(inner)} IN ({listed})"
        case And(operands=operands):
            return " AND ".join(operand(inner) for inner in operands)
        case Or(operands=operands):
            return " OR ".join(operand(inner) for inner in operands)
        case Not(operand=inner):
            return f"NOT ({to_sql(inner, quote=quote, table=table)})"
        case _:
            assert_never(expression)


def aggregate_to_sql(aggregate: Aggregate, *, quote: str = '"') -> str:
    """Return the aggregate without its alias, such as `SUM("price")`."""
    if aggregate.argument is None:
        return "COUNT(*)"
    return f"{aggregate.function.value.upper()}({to_sql(aggregate.argument, quote=quote)})"


def _is_plain(expression: Expression) -> bool:
    """Whether it needs no parentheses; a negative number does, as in a - (-1)."""
    return isinstance(expression, Literal) and not (
        isinstance(expression.value, int) and expression.value < 0
    )
