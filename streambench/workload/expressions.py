"""SQL text becomes the closed expression language of `model.expression`, or a refusal with a position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from streambench.model.expression import (
    MOST_DIGITS,
    Aggregate,
    AggregateFunction,
    And,
    Comparison,
    Convert,
    DecimalType,
    Expression,
    FieldReference,
    FieldType,
    Literal,
    Not,
    Or,
    parts_of,
    type_of,
)
from streambench.model.workload import Field
from streambench.workload.reading import ExpressionError, ExpressionReader

__all__ = [
    "ExpressionError",
    "Named",
    "parse_aggregate",
    "parse_expression",
    "parse_having",
    "parse_named",
]

Named: TypeAlias = Mapping[str, Expression]
"""Expressions that a workload gave names."""

_AGGREGATES: Final[Mapping[type[exp.Expression], AggregateFunction]] = {
    exp.Sum: AggregateFunction.SUM,
    exp.Min: AggregateFunction.MIN,
    exp.Max: AggregateFunction.MAX,
    exp.Avg: AggregateFunction.AVG,
}
# Spark makes the sum of decimals ten digits longer than they are, and no longer than 38.
_SUMMED_DIGITS: Final = MOST_DIGITS - 10
_AGGREGATE_FORMS: Final = "count(*), count(distinct x), sum(x), avg(x), min(x) or max(x)"


def parse_expression(text: str, fields: Sequence[Field], named: Named | None = None) -> Expression:
    """Return the condition in `text` over `fields`, type-checked.

    Raises ExpressionError for what is outside the subset, unknown columns and mixed types.
    """
    return ExpressionReader(text, fields, named).condition(_parse(text))


def parse_named(text: str, fields: Sequence[Field], named: Named | None = None) -> Expression:
    """Return the value or condition in `text`, which is to get a name. Raises as `parse_expression`."""
    return ExpressionReader(text, fields, named).anything(_parse(text))


def parse_aggregate(
    text: str, alias: str, fields: Sequence[Field], named: Named | None = None
) -> Aggregate:
    """Return the aggregate in `text`, to be called `alias`, with its FILTER if it has one.

    Raises ExpressionError as `parse_expression` does.
    """
    node = _parse(text)
    reader = ExpressionReader(text, fields, named)
    condition = None
    if isinstance(node, exp.Filter):
        condition = reader.condition(node.expression.this)
        node = node.this
    function, argument = _aggregate(reader, node)
    return Aggregate(alias, function, argument, condition)


def parse_having(text: str, aggregates: Sequence[Aggregate]) -> Expression:
    """Return the condition in `text` over the aliases of `aggregates`.

    Each is compared with a constant or another one, so that bounds on them bound the condition. Raises
    ExpressionError as `parse_expression` does.
    """
    node = _parse(text)
    fields = [Field(aggregate.alias, aggregate.type, None) for aggregate in aggregates]
    reader = ExpressionReader(text, fields)
    for part in node.find_all(exp.AggFunc):
        raise reader.refusal(
            part, "an aggregate; `having` names those of `select` by their aliases"
        )
    condition = reader.condition(node)
    nullable = {aggregate.alias for aggregate in aggregates if aggregate.may_be_null}
    for part in parts_of(condition):
        match part:
            case FieldReference(name=name) if name in nullable:
                raise ExpressionError(
                    f"{text!r} compares '{name}', which has no value where no record passes its filter;"
                    " compare a count with the same filter"
                )
            case FieldReference() | Literal() | Convert(operand=FieldReference()):
                pass
            case Comparison() | And() | Or() | Not():
                pass
            case _:
                raise ExpressionError(
                    f"{text!r} computes with aggregates; `having` compares each with a constant or with"
                    " another one"
                )
    return condition


def _aggregate(
    reader: ExpressionReader, node: exp.Expression
) -> tuple[AggregateFunction, Expression | None]:
    if isinstance(node, exp.Count):
        return _count(reader, node)
    function = _AGGREGATES.get(type(node))
    if function is None:
        raise reader.refusal(node, f"this; an aggregate is {_AGGREGATE_FORMS}")
    if isinstance(node.this, exp.Distinct) or node.args.get("expressions"):
        name = function.value
        raise reader.refusal(node, f"DISTINCT or several arguments; the nearest is '{name}(x)'")
    argument = reader.number(node.this)
    type_ = type_of(argument)
    if isinstance(type_, DecimalType) and function is AggregateFunction.SUM:
        digits = type_.precision
        if digits > _SUMMED_DIGITS:
            raise reader.refusal(
                node, f"a sum of decimals of {digits} digits; {_SUMMED_DIGITS} are the most"
            )
    return function, argument


def _count(
    reader: ExpressionReader, node: exp.Count
) -> tuple[AggregateFunction, Expression | None]:
    counted = node.this
    if isinstance(counted, exp.Star):
        return AggregateFunction.COUNT, None
    if counted is None or node.args.get("expressions"):
        raise reader.refusal(node, "count of no or of several things; the nearest is 'count(*)'")
    if not isinstance(counted, exp.Distinct):
        reader.anything(counted)  # it must be one; as no value is ever null, each record counts
        return AggregateFunction.COUNT, None
    if len(counted.expressions) != 1:
        raise reader.refusal(node, "DISTINCT of several values; the nearest is 'count(distinct x)'")
    value = reader.anything(counted.expressions[0])
    if type_of(value) is FieldType.DOUBLE:
        raise reader.refusal(
            node,
            "DISTINCT of doubles, whose last digits differ between engines; count whole numbers",
        )
    return AggregateFunction.COUNT_DISTINCT, value


def _parse(text: str) -> exp.Expression:
    try:
        # As an expression: a statement may begin with what is a user's field, such as load or update.
        nodes = sqlglot.Dialect.get_or_raise(None).parse_into(exp.Condition, text)
    except ParseError as error:
        first = error.errors[0]
        at = f" near '{first['highlight']}'" if first.get("highlight") else ""
        raise ExpressionError(
            f"{text!r} is not SQL at position {first.get('col') or 1}{at}: {first['description']}"
        ) from None
    except TokenError:
        raise ExpressionError(f"{text!r} is not SQL: a quote is not closed") from None
    node = nodes[0]
    if len(nodes) != 1 or not isinstance(node, exp.Expression):
        raise ExpressionError(f"{text!r} is not one SQL expression")
    return node
