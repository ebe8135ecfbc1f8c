"""sqlglot's nodes become those of `model.expression`, or a refusal with a position.

sqlglot only parses; everything that it accepts and this file does not name is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TypeVar

from sqlglot import exp

from streambench.model.expression import (
    MOST_DIGITS,
    And,
    Arithmetic,
    ArithmeticOperator,
    Branch,
    Call,
    CaseWhen,
    Comparison,
    ComparisonOperator,
    Convert,
    DecimalType,
    Division,
    Expression,
    FieldReference,
    FieldType,
    Function,
    Literal,
    Membership,
    Not,
    Or,
    common_decimal,
    type_of,
)
from streambench.model.workload import Field
from streambench.model.written import printable, quoted, shortened
from streambench.workload.constants import (
    MAX_BIGINT,
    as_decimal,
    as_double,
    computed,
    divided,
    is_number,
    negated,
)
from streambench.workload.conversions import Conversion, ConversionError, cast, rounded
from streambench.workload.literals import LiteralError, number_literal, text_literal
from streambench.workload.names import did_you_mean, nearest
from streambench.workload.patterns import PatternError, like
from streambench.workload.sql_text import ExpressionError, excerpt
from streambench.workload.subset import (
    ARITHMETIC,
    COMPARISONS,
    CONDITIONS,
    INSTEAD,
    NO_NULL,
    OF_A_STRING,
    SUBSET,
)

Value = TypeVar("Value", bound=Expression)


class ExpressionReader:
    """Reads the nodes of one text over fields, and over expressions that were given names."""

    def __init__(
        self,
        text: str,
        fields: Sequence[Field],
        named: Mapping[str, Expression] | None = None,
        *,
        called: str = "column",
    ) -> None:
        self.text = text
        self._called = called
        self._columns: dict[str, Expression] = {
            field.name: FieldReference(field.name, field.type) for field in fields
        }
        self._columns |= named or {}

    def anything(self, node: exp.Expression) -> Expression:
        """Read a value or a condition."""
        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, exp.Column):
            return self._column(node)
        return self.condition(node) if isinstance(node, CONDITIONS) else self.value(node)

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
            case exp.Like() | exp.Escape():
                return self._like(node)
            case exp.Boolean():
                return Literal(bool(node.this))
            case _:
                operator = COMPARISONS.get(type(node))
                if operator is not None:
                    left, right = self.anything(node.this), self.anything(node.expression)
                    return self._compare(node, operator, left, right)
        value = self._column(node) if isinstance(node, exp.Column) else self.value(node)
        if type_of(value) is FieldType.BOOLEAN:
            return value
        raise self.refusal(node, f"a {type_of(value).value} where a condition is due; compare it")

    def number(self, node: exp.Expression) -> Expression:
        """Read a BIGINT, a DOUBLE or a decimal."""
        value = self.value(node)
        if not is_number(value):
            raise self.refusal(node, f"a {type_of(value).value} where a number is due")
        return value

    def string(self, node: exp.Expression) -> Expression:
        """Read a STRING."""
        value = self.value(node)
        if type_of(value) is not FieldType.STRING:
            raise self.refusal(node, f"a {type_of(value).value} where a string is due")
        return value

    def value(self, node: exp.Expression) -> Expression:
        """Read anything but a condition."""
        if isinstance(node, exp.Paren):
            return self.value(node.this)
        if isinstance(node, exp.Column):
            column = self._column(node)
            if type_of(column) is FieldType.BOOLEAN:
                raise self.refusal(node, "a condition where a value is due")
            return column
        if isinstance(node, exp.Literal):
            return self._literal(node)
        if isinstance(node, exp.Case):
            return self._case(node)
        if isinstance(node, exp.Neg | exp.Div | exp.Abs) or type(node) in ARITHMETIC:
            return self._arithmetic(node)
        if isinstance(node, CONDITIONS):
            raise self.refusal(node, "a condition where a value is due")
        return self._function(node)

    def _column(self, node: exp.Column) -> Expression:
        if node.args.get("table") is not None:
            raise self.refusal(node, "a qualified column; write the field's name alone")
        name = node.name
        if name not in self._columns:
            position = self._position(node)
            meant = did_you_mean(name, self._columns)
            if (
                isinstance(node.parent, exp.EQ | exp.NEQ)
                and nearest(name, self._columns, 0.75) is None
            ):
                meant = f"; where a text is meant, write '{name}' in single quotes"
            raise ExpressionError(
                f"{excerpt(self.text, position)} names an unknown {self._called} {quoted(name)} at position "
                f"{position}{meant}",
                position,
                f"the {self._called}s are {', '.join(self._columns)}",
            )
        return self._columns[name]

    def _literal(self, node: exp.Literal) -> Literal:
        try:
            text = str(node.this)
            return text_literal(text) if node.is_string else number_literal(text)
        except LiteralError as error:
            raise self.refusal(node, str(error)) from None

    def _finite(self, node: exp.Expression, value: Value) -> Value:
        match value:
            case Literal(value=float(number)) if not math.isfinite(number):
                raise self.refusal(node, "a number that is beyond a double")
            case Literal(value=int(whole)) if abs(whole) > MAX_BIGINT:
                raise self.refusal(node, "a number that is beyond a bigint")
            case _:
                return value

    def _arithmetic(self, node: exp.Expression) -> Expression:
        operand = self.number(node.this)
        if isinstance(node, exp.Abs):
            return Call(Function.ABS, (operand,))
        if isinstance(node, exp.Neg):
            if (negative := negated(operand)) is not None:
                return negative
            zero, operand = self._alike(node, Literal(0), operand)
            return self._in_digits(node, Arithmetic(ArithmeticOperator.SUB, zero, operand))
        left, right = operand, self.number(node.expression)
        if isinstance(node, exp.Div):
            return self._finite(node, divided(Division(as_double(left), as_double(right))))
        operator = ARITHMETIC[type(node)]
        left, right = self._alike(node, left, right)
        if operator is ArithmeticOperator.MOD and type_of(left) is not FieldType.BIGINT:
            raise self.refusal(
                node, "the remainder (%) of numbers with a fraction; it is of whole numbers"
            )
        found = self._finite(node, computed(Arithmetic(operator, left, right)))
        return self._in_digits(node, found)

    def _in_digits(self, node: exp.Expression, value: Value) -> Value:
        type_ = type_of(value)
        if isinstance(type_, DecimalType) and type_.precision > MOST_DIGITS:
            raise self.refusal(
                node,
                f"what can have {type_.precision} digits; a decimal has {MOST_DIGITS} at most: declare"
                " fields with fewer, or compute with doubles (1e0 * x)",
            )
        return value

    def _function(self, node: exp.Expression) -> Expression:
        if (function := OF_A_STRING.get(type(node))) is not None:
            return Call(function, (self.string(node.this),))
        match node:
            case exp.Substring():
                return self._substring(node)
            case exp.Cast() if type(node) is exp.Cast:
                return self._made(node, cast, node.this, node.args["to"])
            case exp.Round():
                return self._made(node, rounded, node.this, node.args.get("decimals"))
            case exp.Concat():
                return Call(Function.CONCAT, tuple(self.string(part) for part in node.expressions))
            case exp.DPipe():
                return Call(
                    Function.CONCAT, tuple(self.string(part) for part in _flat(node, exp.DPipe))
                )
            case _:
                raise self.outside(node)

    def _made(
        self, node: exp.Expression, make: Conversion, operand: object, to: exp.Expression | None
    ) -> Expression:
        if not isinstance(operand, exp.Expression):
            raise self.refusal(node, "nothing to convert")
        if any(value for key, value in node.args.items() if key not in ("this", "to", "decimals")):
            raise self.refusal(node, "a cast or round with more than that; write round(x, 2)")
        try:
            return make(self.anything(operand), to)
        except ConversionError as error:
            raise self.refusal(node, str(error)) from None

    def _substring(self, node: exp.Substring) -> Expression:
        start, length = node.args.get("start"), node.args.get("length")
        arguments: list[Expression] = [self.string(node.this)]
        for part, least, what in (
            (start, 1, "which begins at a whole number from 1 on"),
            (length, 0, "whose length is a whole number from 0 on"),
        ):
            if part is None and what.startswith("whose"):
                continue
            number = self._literal(part) if isinstance(part, exp.Literal) else None
            if number is None or type(number.value) is not int or number.value < least:
                raise self.refusal(node, f"a substring, {what}")
            arguments.append(number)
        return Call(Function.SUBSTRING, tuple(arguments))

    def _case(self, node: exp.Case) -> Expression:
        otherwise = node.args.get("default")
        if otherwise is None:
            raise self.refusal(
                node,
                f"CASE without ELSE: {NO_NULL}; an aggregate may have FILTER (WHERE …) instead",
            )
        conditions = [self._when(node, each) for each in node.args["ifs"]]
        values = [self.value(each.args["true"]) for each in node.args["ifs"]]
        values = self._all_alike(node, [*values, self.value(otherwise)])
        values = self._of_equal_digits(node, values)
        branches = tuple(map(Branch, conditions, values[:-1]))
        return CaseWhen(branches, values[-1])

    def _of_equal_digits(self, node: exp.Expression, values: list[Expression]) -> list[Expression]:
        """Decimals as ones of the digits that hold all of them; others as they are."""
        types = [type_ for value in values if isinstance(type_ := type_of(value), DecimalType)]
        if len(set(types)) < 2:
            return values
        common = reduce(common_decimal, types)
        return [self._in_digits(node, Convert(common, value)) for value in values]

    def _when(self, node: exp.Case, branch: exp.If) -> Expression:
        if node.this is None:
            return self.condition(branch.this)
        compared, value = self.value(node.this), self.value(branch.this)
        return self._compare(branch, ComparisonOperator.EQ, compared, value)

    def _membership(self, node: exp.In) -> Expression:
        members = node.args.get("expressions")
        if not members:
            raise self.refusal(node, "IN without a list of constants; write x IN (1, 2)")
        left = self.value(node.this)
        equals = [
            self._compare(member, ComparisonOperator.EQ, left, self.value(member))
            for member in members
        ]
        # Numbers with a fraction are compared one by one: what they are compared with is converted.
        listed = type_of(left) in (FieldType.STRING, FieldType.BIGINT)
        several: dict[str | int, None] = {}
        others: list[Expression] = []
        for each in equals:
            match each.right:
                case Literal(value=str() | int() as value) if listed and each.left == left:
                    several[value] = None
                case _:
                    others.append(each)
        found: list[Expression] = []
        if len(several) == 1:
            found = [Comparison(ComparisonOperator.EQ, left, Literal(*several))]
        elif several:
            found = [Membership(left, tuple(several))]
        found += others
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

    def _like(self, node: exp.Like | exp.Escape) -> Expression:
        escape: str | None = None
        if isinstance(node, exp.Escape):
            if not (isinstance(node.expression, exp.Literal) and node.expression.is_string):
                raise self.refusal(node, "ESCAPE without a character; write ESCAPE '!'")
            escape = str(self._literal(node.expression).value)
            node = node.this
        if not isinstance(node, exp.Like):
            raise self.outside(node)
        pattern = node.expression
        if not (isinstance(pattern, exp.Literal) and pattern.is_string):
            raise self.refusal(node, "LIKE without a constant; write x LIKE 'a%'")
        text = str(self._literal(pattern).value)
        try:
            found = like(self.string(node.this), text, escape)
        except PatternError as error:
            raise self.refusal(pattern, str(error)) from None
        return Not(found) if node.args.get("negate") else found

    def _compare(
        self,
        node: exp.Expression,
        operator: ComparisonOperator,
        left: Expression,
        right: Expression,
    ) -> Comparison:
        types = (type_of(left), type_of(right))
        if types[0] != types[1] and not (is_number(left) and is_number(right)):
            raise self.refusal(node, f"a {types[0].value} compared with a {types[1].value}")
        ordered = operator not in (ComparisonOperator.EQ, ComparisonOperator.NE)
        if types[0] is FieldType.BOOLEAN and ordered:
            raise self.refusal(node, "conditions compared by an order; compare them with = or <>")
        return Comparison(operator, *self._alike(node, left, right))

    def _alike(
        self, node: exp.Expression, left: Expression, right: Expression
    ) -> tuple[Expression, Expression]:
        left, right = self._all_alike(node, [left, right])
        return left, right

    def _all_alike(self, node: exp.Expression, values: list[Expression]) -> list[Expression]:
        """The values in one type; of decimals the digits may differ."""
        types = {type_of(value) for value in values}
        if len(types) == 1:
            return values
        if not all(map(is_number, values)):
            names = " and a ".join(sorted(type_.value for type_ in types))
            raise self.refusal(node, f"a {names} where one type is due")
        if FieldType.DOUBLE in types:
            return [as_double(value) for value in values]
        return [as_decimal(value) for value in values]

    def outside(self, node: exp.Expression) -> ExpressionError:
        """The refusal of a construct that the subset lacks."""
        if (instead := INSTEAD.get(type(node))) is not None:
            return self.refusal(node, instead)
        if isinstance(node, exp.AggFunc):
            return self.refusal(node, "this here; an aggregate stands in `select` alone")
        if isinstance(node, exp.Func):
            return self.refusal(node, f"this function: not supported; what can be used: {SUBSET}")
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
