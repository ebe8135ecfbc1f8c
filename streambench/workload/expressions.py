"""SQL text becomes the closed expression language of `model.expression`, or a refusal with a position.

sqlglot only parses; everything that it accepts and this file does not name is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from sqlglot import exp

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
    Membership,
    Not,
    Or,
    depth,
    parts,
)
from streambench.model.workload import Field
from streambench.model.written import printable, quoted, shortened
from streambench.workload.limits import (
    LONGEST_TEXT,
    MOST_DEEP,
    MOST_PARTS,
    MOST_VALUES,
)
from streambench.workload.names import did_you_mean
from streambench.workload.sql_text import SUBSET, ExpressionError, excerpt, parsed_sql, too_deep

MAX_BIGINT: Final = 2**63 - 1

_Read = TypeVar("_Read")

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
    exp.Avg: "avg: not supported, as it is not exact; the nearest is 'sum(x)' and 'count(*)'",
}
_AGGREGATE_FORMS: Final = "count(*), sum(x), min(x) or max(x)"


def parse_expression(text: str, fields: Sequence[Field]) -> Expression:
    """Return the condition in `text` over `fields`, type-checked.

    Raises ExpressionError for what is outside the subset, unknown columns, mixed types and what is too large.
    """
    return _read(text, fields, _condition)


def parse_aggregate(text: str, alias: str, fields: Sequence[Field]) -> Aggregate:
    """Return the aggregate in `text`, to be called `alias`: count(*), sum, min or max of a whole number."""
    return _read(text, fields, lambda reader, node: _aggregate(reader, node, alias))


def _read(
    text: str, fields: Sequence[Field], read: Callable[[_Reader, exp.Expression], _Read]
) -> _Read:
    node = parsed_sql(text)
    try:
        return read(_Reader(text, fields), node)
    except RecursionError:
        raise too_deep(text, 1, "too many operators") from None


def _condition(reader: _Reader, node: exp.Expression) -> Expression:
    found = reader.condition(node)
    _check_size((found,), reader)
    return found


def _aggregate(reader: _Reader, node: exp.Expression, alias: str) -> Aggregate:
    if type(node) is exp.Count:
        if not isinstance(node.this, exp.Star):
            raise reader.refusal(
                node,
                "count of anything but rows: not supported; the nearest is 'count(*)', as no field is null",
            )
        return Aggregate(alias, AggregateFunction.COUNT, None)
    function = _AGGREGATES.get(type(node))
    if function is None:
        if type(node) in _INSTEAD and isinstance(node, exp.AggFunc):
            raise reader.outside(node)
        if isinstance(node, exp.AggFunc | exp.Window | exp.Filter):
            raise reader.refusal(
                node,
                f"{node.key}: not supported; the nearest: an aggregate is {_AGGREGATE_FORMS}",
            )
        raise reader.refusal(node, f"this; an aggregate is {_AGGREGATE_FORMS}")
    name = function.value
    if isinstance(node.this, exp.Distinct) or node.args.get("expressions"):
        raise reader.refusal(
            node, f"DISTINCT or several arguments: not supported; the nearest is '{name}(x)'"
        )
    if not isinstance(node.this, exp.Expression):
        raise reader.refusal(node, f"nothing to aggregate; write '{name}(x)'")
    argument = reader.number(node.this)
    _check_size((argument,), reader)
    return Aggregate(alias, function, argument)


def _check_size(expressions: Sequence[Expression], reader: _Reader) -> None:
    """Raise ExpressionError for expressions that engines could not compile."""
    every = [part for each in expressions for part in parts(each)]
    values = sum(len(part.values) for part in every if isinstance(part, Membership))
    text = reader.text
    for found, most, what in (
        (len(every), MOST_PARTS, "columns, constants and operators"),
        (values, MOST_VALUES, "constants in IN (…)"),
        (max(map(depth, expressions), default=0), MOST_DEEP, "operators within each other"),
    ):
        if found > most:
            raise ExpressionError(
                f"{excerpt(text, 1)} has, from position 1 on, {found:,} {what}; at most {most:,} can be "
                "used",
                1,
                "use fewer: let the records carry a field that says it already, such as a group",
            )


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
            position = self._position(node)
            raise ExpressionError(
                f"{excerpt(self.text, position)} names an unknown column {quoted(name)} at position "
                f"{position}{did_you_mean(name, self.types)}",
                position,
                f"the columns are {', '.join(self.types)}",
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
            if len(text) > LONGEST_TEXT:
                raise self.refusal(
                    node,
                    f"a string of {len(text):,} characters; at most {LONGEST_TEXT:,} can be used",
                )
            return Literal(text)
        if not (text.isascii() and text.isdigit()):
            raise self.refusal(
                node, f"the number {quoted(text)}; only whole numbers are exact on every engine"
            )
        # Python does not read a number of thousands of digits.
        if len(text.lstrip("0")) > len(str(MAX_BIGINT)) or int(text) > MAX_BIGINT:
            raise self.refusal(node, f"the number {quoted(text)}; the greatest is {MAX_BIGINT}")
        return Literal(int(text))

    def _membership(self, node: exp.In) -> Expression:
        members = node.args.get("expressions")
        if not members:
            raise self.refusal(node, "IN without a list of constants; write x IN (1, 2)")
        left = self.value(node.this)
        equals = [
            self._compare(member, ComparisonOperator.EQ, left, self.value(member))
            for member in members
        ]
        constants = [each.right.value for each in equals if isinstance(each.right, Literal)]
        several = tuple(dict.fromkeys(constants))
        others = [each for each in equals if not isinstance(each.right, Literal)]
        found: list[Expression] = [*others]
        if len(several) == 1:
            found = [Comparison(ComparisonOperator.EQ, left, Literal(several[0])), *others]
        elif several:
            found = [Membership(left, several), *others]
        return found[0] if len(found) == 1 else Or(tuple(found))

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
            return self.refusal(node, f"functions: not supported; what can be used: {SUBSET}")
        position = self._position(node)
        rest = shortened(printable(self.text[position - 1 :]), 40)
        return self.refusal(node, f"'{rest}'; what can be used: {SUBSET}")

    def refusal(self, node: exp.Expression, what: str) -> ExpressionError:
        """An error that tells where and what."""
        position = self._position(node)
        return ExpressionError(
            f"{excerpt(self.text, position)} uses, at position {position}, {what}", position
        )

    def _position(self, node: exp.Expression) -> int:
        # Only tokens that carry text keep their place: a construct begins at its first one.
        starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
        return min(starts, default=0) + 1


def _flat(node: exp.Expression, kind: type[exp.Expression]) -> list[exp.Expression]:
    """The operands of a chain `a AND b AND c`, without its nesting."""
    found: list[exp.Expression] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, kind):
            waiting += [part.expression, part.this]
        else:
            found.append(part)
    return found


def _type_of(value: Expression) -> FieldType:
    match value:
        case FieldReference(type=type_):
            return type_
        case Literal(value=str()):
            return FieldType.STRING
        case _:
            return FieldType.BIGINT
