"""sqlglot's nodes become those of `model.expression`, or a refusal with a position.

sqlglot only parses; everything that it accepts and this file does not name is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlglot import exp

from streambench.model.expression import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Branch,
    Call,
    CaseWhen,
    Coalesce,
    Comparison,
    ComparisonOperator,
    Division,
    Expression,
    FieldReference,
    FieldType,
    Function,
    IsNull,
    Literal,
    Not,
    Or,
    may_be_null,
    type_of,
)
from streambench.model.workload import Field
from streambench.model.written import printable, quoted, shortened
from streambench.workload.alike import (
    UnlikeError,
    alike,
    compared,
    finite,
    in_digits,
    of_one_type,
    one_of,
)
from streambench.workload.constants import (
    as_double,
    computed,
    divided,
    is_number,
    magnitude,
    negated,
)
from streambench.workload.conversions import Conversion, ConversionError, cast, rounded
from streambench.workload.literals import (
    LiteralError,
    instant_literal,
    is_instant,
    number_literal,
    text_literal,
)
from streambench.workload.names import did_you_mean, nearest
from streambench.workload.patterns import PatternError, like
from streambench.workload.sql_text import ExpressionError, excerpt
from streambench.workload.subset import (
    ARITHMETIC,
    COMPARISONS,
    CONDITIONS,
    INSTEAD,
    NEVER_NULL,
    OF_A_STRING,
    SUBSET,
)


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
            field.name: FieldReference(field.name, field.type, field.nullable) for field in fields
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
            case exp.Is():
                return self._is_null(node)
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
        if type_of(value) is FieldType.TIMESTAMP:
            raise self.refusal(
                node,
                "a timestamp where a number is due; cast(x as bigint) is its ms since 1970 in UTC",
            )
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
        if isinstance(node, exp.Coalesce):
            return self._coalesce(node)
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

    def _arithmetic(self, node: exp.Expression) -> Expression:
        operand = self.number(node.this)
        if isinstance(node, exp.Abs):
            return magnitude(operand) or Call(Function.ABS, (operand,))
        with self._refusing(node):
            if isinstance(node, exp.Neg):
                if (negative := negated(operand)) is not None:
                    return negative
                zero, operand = alike([Literal(0), operand])
                return in_digits(Arithmetic(ArithmeticOperator.SUB, zero, operand))
            left, right = operand, self.number(node.expression)
            if isinstance(node, exp.Div):
                return finite(divided(Division(as_double(left), as_double(right))))
            operator = ARITHMETIC[type(node)]
            left, right = alike([left, right])
            if operator is ArithmeticOperator.MOD and type_of(left) is not FieldType.BIGINT:
                raise UnlikeError(
                    "the remainder (%) of numbers with a fraction; it is of whole numbers"
                )
            return in_digits(finite(computed(Arithmetic(operator, left, right))))

    def _function(self, node: exp.Expression) -> Expression:
        if (function := OF_A_STRING.get(type(node))) is not None:
            return Call(function, (self.string(node.this),))
        match node:
            case exp.Substring():
                return self._substring(node)
            case exp.Cast() if is_instant(node):
                with self._refusing(node):
                    return instant_literal(str(node.this.this))
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
        value = self.anything(operand)
        with self._refusing(node):
            return make(value, to)

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
        conditions = [self._when(node, each) for each in node.args["ifs"]]
        values = [self.value(each.args["true"]) for each in node.args["ifs"]]
        values += [] if otherwise is None else [self.value(otherwise)]
        with self._refusing(node):
            values = of_one_type(values)
        branches = tuple(map(Branch, conditions, values))
        return CaseWhen(branches, None if otherwise is None else values[-1])

    def _coalesce(self, node: exp.Coalesce) -> Expression:
        values = [self.value(each) for each in (node.this, *node.expressions)]
        if not may_be_null(values[0]):
            raise self.refusal(node, f"coalesce of {NEVER_NULL}")
        if len(values) < 2:
            raise self.refusal(node, "coalesce of one value; write coalesce(x, 0)")
        with self._refusing(node):
            values = of_one_type(values)
        # Behind one that always has a value none is asked for.
        last = next((at for at, each in enumerate(values) if not may_be_null(each)), len(values))
        return Coalesce(tuple(values[: last + 1]))

    def _is_null(self, node: exp.Is) -> Expression:
        if not isinstance(node.expression, exp.Null):
            raise self.refusal(node, "IS; write x IS NULL, x IS NOT NULL, or the condition alone")
        operand = self.anything(node.this)
        if not may_be_null(operand):
            raise self.refusal(node, f"IS NULL of {NEVER_NULL}")
        return IsNull(operand)

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
        return one_of(left, equals)

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
        with self._refusing(node):
            return compared(operator, left, right)

    @contextmanager
    def _refusing(self, node: exp.Expression) -> Iterator[None]:
        """Name the place of what cannot be made of one type, or converted."""
        try:
            yield
        except (UnlikeError, ConversionError, LiteralError) as error:
            raise self.refusal(node, str(error)) from None

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
