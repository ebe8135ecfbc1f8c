"""SQL text becomes the closed expression language of `model.expression`, or a refusal with a position."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final, TypeAlias, TypeVar

from sqlglot import exp

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.expression import (
    MOST_DIGITS,
    And,
    Comparison,
    Convert,
    DecimalType,
    Expression,
    FieldReference,
    FieldType,
    IsNull,
    Literal,
    Membership,
    Not,
    Or,
    depth,
    may_be_null,
    parts,
    type_of,
)
from streambench.model.workload import Field
from streambench.workload.limits import MOST_DEEP, MOST_PARTS, MOST_VALUES
from streambench.workload.literals import is_instant
from streambench.workload.names import nearest
from streambench.workload.reading import ExpressionReader
from streambench.workload.sql_text import ExpressionError, excerpt, parsed_sql, too_deep
from streambench.workload.subset import COMPUTING

Named: TypeAlias = Mapping[str, Expression]
"""Expressions that a workload gave names."""

_Read = TypeVar("_Read")

_AGGREGATES: Final[Mapping[type[exp.Expression], AggregateFunction]] = {
    exp.Sum: AggregateFunction.SUM,
    exp.Min: AggregateFunction.MIN,
    exp.Max: AggregateFunction.MAX,
    exp.Avg: AggregateFunction.AVG,
    exp.StddevPop: AggregateFunction.STDDEV_POP,
    exp.StddevSamp: AggregateFunction.STDDEV_SAMP,
    exp.VariancePop: AggregateFunction.VAR_POP,
    exp.Variance: AggregateFunction.VAR_SAMP,
    exp.First: AggregateFunction.FIRST,
    exp.Last: AggregateFunction.LAST,
}
# What engines understand differently, or call otherwise, and what is one thing to all.
_OTHER_NAMES: Final = {
    "stddev": "stddev_pop or stddev_samp",
    "std": "stddev_pop or stddev_samp",
    "stdev": "stddev_pop or stddev_samp",
    "variance": "var_pop or var_samp",
    "variance_pop": "var_pop",
    "variance_samp": "var_samp",
}
# Spark makes the sum of decimals ten digits longer than they are, and no longer than 38.
_SUMMED_DIGITS: Final = MOST_DIGITS - 10
_AGGREGATE_FORMS: Final = (
    "count(*), count(distinct x), sum(x), avg(x), min(x), max(x), stddev_pop(x), stddev_samp(x), var_pop(x), "
    "var_samp(x), first(x) or last(x)"
)
_OF_INSTANTS: Final = (
    AggregateFunction.MIN,
    AggregateFunction.MAX,
    AggregateFunction.FIRST,
    AggregateFunction.LAST,
)
# Of expressions with names there can be more than anybody counts.
_COUNTED: Final = 100_000


def parse_expression(text: str, fields: Sequence[Field], named: Named | None = None) -> Expression:
    """Return the condition in `text` over `fields`, type-checked.

    Raises ExpressionError for what is outside the subset, unknown columns, mixed types and what is too large.
    """
    return _read(ExpressionReader(text, fields, named), _condition)


def parse_named(text: str, fields: Sequence[Field], named: Named | None = None) -> Expression:
    """Return the value or condition in `text`, which is to get a name. Raises as `parse_expression`."""
    return _read(ExpressionReader(text, fields, named), _anything)


def parse_aggregate(
    text: str, alias: str, fields: Sequence[Field], named: Named | None = None
) -> Aggregate:
    """Return the aggregate in `text`, to be called `alias`, with its FILTER if it has one.

    Raises ExpressionError as `parse_expression` does.
    """
    reader = ExpressionReader(text, fields, named)
    return _read(reader, lambda reader, node: _filtered(reader, node, alias))


def parse_having(text: str, aggregates: Sequence[Aggregate]) -> Expression:
    """Return the condition in `text` over the aliases of `aggregates`.

    Each is compared with a constant or another one, so that bounds on them bound the condition. Raises
    ExpressionError as `parse_expression` does.
    """
    fields = [Field(each.alias, each.type, None, nullable=each.may_be_null) for each in aggregates]
    return _read(ExpressionReader(text, fields, called="aggregate"), _having)


def _read(
    reader: ExpressionReader, read: Callable[[ExpressionReader, exp.Expression], _Read]
) -> _Read:
    node = parsed_sql(reader.text)
    try:
        return read(reader, node)
    except RecursionError:
        raise too_deep(reader.text, 1, "too many operators") from None


def _condition(reader: ExpressionReader, node: exp.Expression) -> Expression:
    found = reader.condition(node)
    _check_size(reader, found)
    return found


def _anything(reader: ExpressionReader, node: exp.Expression) -> Expression:
    found = reader.anything(node)
    _check_size(reader, found)
    return found


def _having(reader: ExpressionReader, node: exp.Expression) -> Expression:
    for part in node.walk():
        if isinstance(part, exp.Expression) and isinstance(part, exp.AggFunc):
            raise reader.refusal(
                part, "an aggregate; `having` names those of `select` by their aliases"
            )
    condition = _condition(reader, node)
    converted = any(
        isinstance(each, exp.Expression) and not is_instant(each)
        for each in node.find_all(exp.Cast, exp.Round)
    )
    if converted or not all(map(_compares_aggregates, parts(condition))):
        where = next(node.find_all(*COMPUTING), node)
        raise reader.refusal(
            where,
            "what is computed with aggregates; `having` compares each with a constant or with another one",
        )
    return condition


def _compares_aggregates(part: Expression) -> bool:
    match part:
        case FieldReference() | Literal() | Convert(operand=FieldReference()):
            return True
        case Membership(operand=operand) | IsNull(operand=operand):
            return isinstance(operand, FieldReference)
        case Comparison() | And() | Or() | Not():
            return True
        case _:
            return False


def _filtered(reader: ExpressionReader, node: exp.Expression, alias: str) -> Aggregate:
    condition = None
    if isinstance(node, exp.Filter):
        condition = reader.condition(node.expression.this)
        node = node.this
    function, argument = _aggregate(reader, node)
    _check_size(reader, *(each for each in (argument, condition) if each is not None))
    return Aggregate(alias, function, argument, condition)


def _aggregate(
    reader: ExpressionReader, node: exp.Expression
) -> tuple[AggregateFunction, Expression | None]:
    if isinstance(node, exp.Count):
        return _count(reader, node)
    _check_name(reader, node)
    function = _AGGREGATES.get(type(node))
    if function is None:
        if isinstance(node, exp.AggFunc | exp.Window):
            raise reader.refusal(
                node, f"{node.key}: not supported; the nearest: an aggregate is {_AGGREGATE_FORMS}"
            )
        if isinstance(node, exp.Anonymous):
            near = nearest(str(node.this).lower(), [each.value for each in AggregateFunction], 0.6)
            meant = "" if near is None else f"; did you mean '{near}'?"
            raise reader.refusal(
                node,
                f"'{node.this}', which is no aggregate{meant}; an aggregate is {_AGGREGATE_FORMS}",
            )
        raise reader.refusal(node, f"what is no aggregate; an aggregate is {_AGGREGATE_FORMS}")
    name = function.value
    others = [value for key, value in node.args.items() if key != "this" and value]
    if isinstance(node.this, exp.Distinct) or others:
        raise reader.refusal(
            node, f"DISTINCT or several arguments: not supported; the nearest is '{name}(x)'"
        )
    if not isinstance(node.this, exp.Expression):
        raise reader.refusal(node, f"nothing to aggregate; write '{name}(x)'")
    argument = reader.value(node.this)
    type_ = type_of(argument)
    if type_ is not FieldType.TIMESTAMP or function not in _OF_INSTANTS:
        argument = reader.number(node.this)
    if isinstance(type_, DecimalType) and function is AggregateFunction.SUM:
        digits = type_.precision
        if digits > _SUMMED_DIGITS:
            raise reader.refusal(
                node, f"a sum of decimals of {digits} digits; {_SUMMED_DIGITS} are the most"
            )
    return function, argument


def _check_name(reader: ExpressionReader, node: exp.Expression) -> None:
    """Raise ExpressionError for a name that engines understand differently; the parser takes it for another."""
    name = ""
    if "start" in node.meta:
        name = reader.text[node.meta["start"] : node.meta["end"] + 1].lower()
    if name == "variance" or isinstance(node, exp.Stddev):
        raise reader.refusal(
            node,
            f"{name}, which is that of a sample to some engines and that of a population to others; write "
            f"{_OTHER_NAMES[name]}",
        )
    if name in _OTHER_NAMES:
        raise reader.refusal(node, f"{name}, which some engines lack; write {_OTHER_NAMES[name]}")


def _count(
    reader: ExpressionReader, node: exp.Count
) -> tuple[AggregateFunction, Expression | None]:
    counted = node.this
    if isinstance(counted, exp.Star):
        return AggregateFunction.COUNT, None
    if counted is None or node.args.get("expressions"):
        raise reader.refusal(node, "count of no or of several things; the nearest is 'count(*)'")
    if not isinstance(counted, exp.Distinct):
        value = reader.anything(counted)
        # Where each record has a value, each counts.
        return AggregateFunction.COUNT, value if may_be_null(value) else None
    if len(counted.expressions) != 1:
        raise reader.refusal(
            node, "DISTINCT of several values: not supported; the nearest is 'count(distinct x)'"
        )
    value = reader.anything(counted.expressions[0])
    if type_of(value) is FieldType.DOUBLE:
        raise reader.refusal(
            node,
            "DISTINCT of doubles, whose last digits differ between engines; count whole numbers",
        )
    return AggregateFunction.COUNT_DISTINCT, value


def _check_size(reader: ExpressionReader, *expressions: Expression) -> None:
    """Raise ExpressionError for expressions that engines could not compile."""
    every = list(islice((part for each in expressions for part in parts(each)), _COUNTED + 1))
    _check(reader, len(every), MOST_PARTS, "columns, constants and operators")
    values = sum(len(part.values) for part in every if isinstance(part, Membership))
    _check(reader, values, MOST_VALUES, "constants in IN (…)")
    deepest = max(map(depth, expressions), default=0)
    _check(reader, deepest, MOST_DEEP, "operators within each other")


def _check(reader: ExpressionReader, found: int, most: int, what: str) -> None:
    if found <= most:
        return
    many = f"{found:,}" if found <= _COUNTED else f"more than {_COUNTED:,}"
    raise ExpressionError(
        f"{excerpt(reader.text, 1)} has, from position 1 on, {many} {what}; at most {most:,} can be used",
        1,
        "use fewer: let the records carry a field that says it already, such as a group",
    )
