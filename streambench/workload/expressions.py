"""SQL text becomes the closed expression language of `model.expression`, or a refusal with a position.

sqlglot only parses; everything that it accepts and this file does not name is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from streambench.model.errors import UsageError
from streambench.model.expression import (
    Aggregate,
    AggregateFunction,
    And,
    Arithmetic,
    ArithmeticOperator,
    Comparison,
    ComparisonOperator,
    Expression,
    FieldReference,
    FieldType,
    Literal,
    Not,
    Or,
)
from streambench.model.workload import Field
from streambench.workload.names import did_you_mean

MAX_BIGINT: Final = 2**63 - 1

_COMPARISONS: Final[Mapping[type[exp.Expression], ComparisonOperator]] = {
    exp.EQ: ComparisonOperator.EQ,
    exp.NEQ: ComparisonOperator.NE,
    exp.LT: ComparisonOperator.LT,
    exp.LTE: ComparisonOperator.LE,
    exp.GT: ComparisonOperator.GT,
    exp.GTE: ComparisonOperator.GE,
}
_ARITHMETIC: Final[Mapping[type[exp.Expression], ArithmeticOperator]] = {
    exp.Add: ArithmeticOperator.ADD,
    exp.Sub: ArithmeticOperator.SUB,
    exp.Mul: ArithmeticOperator.MUL,
}
_AGGREGATES: Final[Mapping[type[exp.Expression], AggregateFunction]] = {
    exp.Sum: AggregateFunction.SUM,
    exp.Min: AggregateFunction.MIN,
    exp.Max: AggregateFunction.MAX,
}
_SUBSET: Final = (
    "columns, whole numbers, 'strings', + - *, = <> < <= > >=, AND, OR, NOT, IN (…), BETWEEN"
)
# What people try first, and what to write instead.
_INSTEAD: Final[Mapping[type[exp.Expression], str]] = {
    exp.Div: "division, whose rounding differs between engines; compare products instead (a > 2 * b)",
    exp.IntDiv: "division, whose rounding differs between engines; compare products instead (a > 2 * b)",
    exp.Mod: "the remainder (%); use BETWEEN or IN (…)",
    exp.Like: "LIKE; use = or IN (…)",
    exp.ILike: "ILIKE; use = or IN (…)",
    exp.Is: "IS NULL: no field is ever null",
    exp.Null: "NULL: no field is ever null",
    exp.Boolean: "TRUE and FALSE; leave `where` out to take every record",
    exp.Case: "CASE; use AND, OR and NOT",
    exp.Cast: "casts: a field is a string or a bigint",
    exp.DPipe: "string operators",
    exp.Subquery: "sub-queries",
    exp.Select: "sub-queries",
    exp.Avg: "avg, which is not exact; select 'sum(x)' and 'count(*)'",
}
_AGGREGATE_FORMS: Final = "count(*), sum(x), min(x) or max(x)"


class ExpressionError(UsageError):
    """A text that is not in the subset; the message tells the position (1 is the first character)."""


def parse_expression(text: str, fields: Sequence[Field]) -> Expression:
    """Return the condition in `text` over `fields`, type-checked.

    Raises ExpressionError for what is outside the subset, unknown columns and mixed types.
    """
    node = _parse(text)
    return _Reader(text, fields).condition(node)


def parse_aggregate(text: str, alias: str, fields: Sequence[Field]) -> Aggregate:
    """Return the aggregate in `text`, to be called `alias`: count(*), sum, min or max of a whole number."""
    node = _parse(text)
    reader = _Reader(text, fields)
    if type(node) is exp.Count:
        if not isinstance(node.this, exp.Star):
            raise reader.refusal(
                node, "count of anything but rows; the nearest is 'count(*)', as no field is null"
            )
        return Aggregate(alias, AggregateFunction.COUNT, None)
    function = _AGGREGATES.get(type(node))
    if function is None:
        if isinstance(node, exp.Avg):
            raise reader.outside(node)
        raise reader.refusal(node, f"this; an aggregate is {_AGGREGATE_FORMS}")
    if isinstance(node.this, exp.Distinct) or node.args.get("expressions"):
        name = function.value
        raise reader.refusal(node, f"DISTINCT or several arguments; the nearest is '{name}(x)'")
    return Aggregate(alias, function, reader.number(node.this))


def _parse(text: str) -> exp.Expression:
    try:
        nodes = sqlglot.parse(text)
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


class _Reader:
    """Turns sqlglot's nodes into ours; keeps the text to tell where a refusal lies."""

    def __init__(self, text: str, fields: Sequence[Field]) -> None:
        self.text = text
        self.types = {field.name: field.type for field in fields}

    def condition(self, node: exp.Expression) -> Expression:
        """Read what is true or false."""
        match node:
            case exp.Paren():
                return self.condition(node.this)
            case exp.And():
                return And(tuple(self.condition(part) for part in _flat(node, exp.And)))
            case exp.Or():
                return Or(tuple(self.condition(part) for part in _flat(node, exp.Or)))
            case exp.Not():
                return Not(self.condition(node.this))
            case exp.In():
                return self._membership(node)
            case exp.Between():
                return self._between(node)
            case _:
                operator = _COMPARISONS.get(type(node))
                if operator is not None:
                    left, right = self.value(node.this), self.value(node.expression)
                    return self._compare(node, operator, left, right)
        value = self.value(node)
        raise self.refusal(node, f"a {_type_of(value).value} where a condition is due; compare it")

    def number(self, node: exp.Expression) -> Expression:
        """Read a BIGINT."""
        value = self.value(node)
        if _type_of(value) is not FieldType.BIGINT:
            raise self.refusal(node, "a string where a whole number is due")
        return value

    def value(self, node: exp.Expression) -> Expression:
        """Read a STRING or a BIGINT."""
        match node:
            case exp.Paren():
                return self.value(node.this)
            case exp.Column():
                return self._column(node)
            case exp.Literal():
                return self._literal(node)
            case exp.Neg():
                operand = self.number(node.this)
                if isinstance(operand, Literal) and isinstance(operand.value, int):
                    return Literal(-operand.value)
                return Arithmetic(ArithmeticOperator.SUB, Literal(0), operand)
        operator = _ARITHMETIC.get(type(node))
        if operator is not None:
            return Arithmetic(operator, self.number(node.this), self.number(node.expression))
        if type(node) in _COMPARISONS or isinstance(node, exp.And | exp.Or | exp.Not | exp.In):
            raise self.refusal(node, "a condition where a value is due")
        raise self.outside(node)

    def _column(self, node: exp.Column) -> FieldReference:
        if node.args.get("table") is not None:
            raise self.refusal(node, "a qualified column; write the field's name alone")
        name = node.name
        if name not in self.types:
            raise ExpressionError(
                f"{self.text!r} names an unknown column '{name}' at position {self._position(node)}"
                f"{did_you_mean(name, self.types)}"
            )
        return FieldReference(name, self.types[name])

    def _literal(self, node: exp.Literal) -> Literal:
        text = str(node.this)
        if node.is_string:
            if any(not c.isprintable() or c in "'\\" for c in text) or "${" in text:
                # Engines disagree on how these are escaped in SQL text.
                raise self.refusal(
                    node, "quotes, backslashes, control characters or ${ in a string"
                )
            return Literal(text)
        if not (text.isascii() and text.isdigit()):
            raise self.refusal(
                node, f"the number {text}; only whole numbers are exact on every engine"
            )
        if int(text) > MAX_BIGINT:
            raise self.refusal(node, f"the number {text}; the greatest is {MAX_BIGINT}")
        return Literal(int(text))

    def _membership(self, node: exp.In) -> Expression:
        members = node.args.get("expressions")
        if not members:
            raise self.refusal(node, "IN without a list of constants; write x IN (1, 2)")
        left = self.value(node.this)
        equals = tuple(
            self._compare(member, ComparisonOperator.EQ, left, self.value(member))
            for member in members
        )
        return equals[0] if len(equals) == 1 else Or(equals)

    def _between(self, node: exp.Between) -> Expression:
        if node.args.get("symmetric"):
            raise self.refusal(node, "BETWEEN SYMMETRIC; the nearest is BETWEEN")
        value = self.value(node.this)
        low, high = self.value(node.args["low"]), self.value(node.args["high"])
        return And(
            (
                self._compare(node, ComparisonOperator.GE, value, low),
                self._compare(node, ComparisonOperator.LE, value, high),
            )
        )

    def _compare(
        self,
        node: exp.Expression,
        operator: ComparisonOperator,
        left: Expression,
        right: Expression,
    ) -> Comparison:
        left_type, right_type = _type_of(left), _type_of(right)
        if left_type is not right_type:
            raise self.refusal(node, f"a {left_type.value} compared with a {right_type.value}")
        return Comparison(operator, left, right)

    def outside(self, node: exp.Expression) -> ExpressionError:
        """The refusal of a construct that the subset lacks."""
        if (instead := _INSTEAD.get(type(node))) is not None:
            return self.refusal(node, instead)
        if isinstance(node, exp.AggFunc):
            return self.refusal(
                node, f"this here; an aggregate stands in `select` alone: {_AGGREGATE_FORMS}"
            )
        if isinstance(node, exp.Func):
            return self.refusal(node, f"functions; what can be used: {_SUBSET}")
        return self.refusal(node, f"{node.sql()!r}; what can be used: {_SUBSET}")

    def refusal(self, node: exp.Expression, what: str) -> ExpressionError:
        """An error that tells where and what."""
        return ExpressionError(f"{self.text!r} uses, at position {self._position(node)}, {what}")

    def _position(self, node: exp.Expression) -> int:
        # Only tokens that carry text keep their place: a construct begins at its first one.
        starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
        return min(starts, default=0) + 1


def _flat(node: exp.Expression, kind: type[exp.Expression]) -> list[exp.Expression]:
    """The operands of a chain `a AND b AND c`, without its nesting."""
    parts: list[exp.Expression] = []
    for side in (node.this, node.expression):
        parts.extend(_flat(side, kind) if isinstance(side, kind) else [side])
    return parts


def _type_of(value: Expression) -> FieldType:
    match value:
        case FieldReference(type=type_):
            return type_
        case Literal(value=str()):
            return FieldType.STRING
        case _:
            return FieldType.BIGINT
