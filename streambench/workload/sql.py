"""An expression as the SQL of DuckDB, Flink and Spark."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, TypeAlias, assert_never

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.expression import (
    BIGINT_AS_DECIMAL,
    MOST_DIGITS,
    And,
    Arithmetic,
    ArithmeticOperator,
    Call,
    CaseWhen,
    Coalesce,
    Comparison,
    ComparisonOperator,
    Constant,
    Convert,
    DecimalType,
    Division,
    Expression,
    FieldReference,
    FieldType,
    Function,
    IsNull,
    Like,
    Literal,
    Membership,
    Not,
    Or,
    ValueType,
    Wildcard,
    common_decimal,
    may_be_null,
    type_of,
)
from streambench.workload.constants import as_double
from streambench.workload.patterns import to_regex, to_sql_pattern

Column: TypeAlias = Callable[[str], str]
"""The SQL of a field, by its name."""


class SqlReader(enum.Enum):
    """Who reads the SQL."""

    DUCKDB = enum.auto()
    FLINK = enum.auto()
    SPARK = enum.auto()


@dataclass(frozen=True)
class Dialect:
    """The SQL of one reader, and how it names fields."""

    reader: SqlReader
    column: Column
    time: str = "event_ms"  # a record's event time; to Flink a text of 23 characters

    def of_table(self, table: str) -> Dialect:
        """With fields qualified, so that none can be taken for another column of the statement."""
        return self.with_columns(lambda name: f"{table}.{self.column(name)}")

    def at_time(self, time: str) -> Dialect:
        """With another name for the event time."""
        return replace(self, time=time)

    def with_columns(self, column: Column) -> Dialect:
        """With other names for fields."""
        return replace(self, column=column)


DUCKDB: Final = Dialect(SqlReader.DUCKDB, lambda name: f'"{name}"')
LONGEST_TIME: Final = 23
"""Characters of an event time as Flink writes it."""
_DIGITS_OF_64_BITS: Final = 18
_SAME_FOR_ALL: Final = (ComparisonOperator.EQ, ComparisonOperator.NE)
FLINK: Final = Dialect(SqlReader.FLINK, lambda name: f"`{name}`")
SPARK: Final = Dialect(SqlReader.SPARK, lambda name: f"`{name}`")


def sql_type(type_: ValueType, dialect: Dialect = DUCKDB) -> str:
    """The type as SQL calls it."""
    if type_ is FieldType.STRING and dialect.reader is SqlReader.DUCKDB:
        return "VARCHAR"
    if type_ is FieldType.TIMESTAMP:
        return FieldType.BIGINT.value.upper()
    return type_.value.upper()


def to_sql(expression: Expression, dialect: Dialect = DUCKDB) -> str:
    """Return `expression` as SQL."""

    def operand(inner: Expression) -> str:
        text = to_sql(inner, dialect)
        return text if _is_closed(inner) else f"({text})"

    match expression:
        case FieldReference(name=name):
            return dialect.column(name)
        case Literal(value=value):
            return _constant(value, dialect)
        case Arithmetic(operator=ArithmeticOperator.MOD, left=left, right=right):
            # Flink's has the type of the divisor, which may be a constant.
            return _bigint(f"MOD({to_sql(left, dialect)}, {to_sql(right, dialect)})")
        case Arithmetic(operator=arithmetic, left=left, right=right):
            wide = _wide_enough(expression) if dialect.reader is SqlReader.DUCKDB else None
            if wide is not None:
                return f"CAST({to_sql(left, dialect)} AS {sql_type(wide)}) {arithmetic.value} {operand(right)}"
            return f"{operand(left)} {arithmetic.value} {operand(right)}"
        case Division(left=left, right=right):
            return f"{operand(left)} / {operand(right)}"
        case Convert(type=type_, operand=inner):
            text = to_sql(inner, dialect)
            if type_of(inner) is FieldType.TIMESTAMP:
                return text  # a whole number as it is
            if dialect.reader is SqlReader.DUCKDB and type_ is FieldType.BIGINT:
                text = f"TRUNC({text})"  # else it rounds
            elif dialect.reader is SqlReader.DUCKDB and isinstance(type_of(inner), DecimalType):
                # It divides by a power of ten, and rounds twice where there are many digits.
                text = f"CAST({text} AS VARCHAR)"
            return f"CAST({text} AS {sql_type(type_, dialect)})"
        case Call(function=Function.CONCAT, arguments=arguments) if (
            dialect.reader is SqlReader.DUCKDB and may_be_null(expression)
        ):
            # Its CONCAT leaves out what is NULL.
            return f"({' || '.join(operand(each) for each in arguments)})"
        case Call(function=function, arguments=arguments):
            return _call(function, [to_sql(each, dialect) for each in arguments])
        case CaseWhen(branches=branches, otherwise=otherwise):
            whens = "".join(
                f" WHEN {to_sql(each.condition, dialect)} THEN {_chosen(each.value, dialect)}"
                for each in branches
            )
            last = "" if otherwise is None else f" ELSE {_chosen(otherwise, dialect)}"
            return f"CASE{whens}{last} END"
        case Coalesce(operands=operands):
            return f"COALESCE({', '.join(_chosen(each, dialect) for each in operands)})"
        case IsNull(operand=inner):
            return f"{operand(inner)} IS NULL"
        case Comparison(operator=comparison, left=left, right=right):
            first = operand(left)
            if comparison not in _SAME_FOR_ALL and type_of(left) is FieldType.STRING:
                first = _by_code_points(first, dialect)
            second = operand(right)
            if dialect.reader is SqlReader.FLINK:
                first, second = _with_all_digits(expression, first, second)
            return f"{first} {comparison.value} {second}"
        case Like():
            return _like(expression, operand(expression.operand), dialect)
        case Membership(operand=inner, values=values):
            listed = ", ".join(_constant(each, dialect) for each in values)
            return f"{operand(inner)} IN ({listed})"
        case And(operands=operands):
            return " AND ".join(operand(inner) for inner in operands)
        case Or(operands=operands):
            return " OR ".join(operand(inner) for inner in operands)
        case Not(operand=IsNull(operand=inner)):
            return f"{operand(inner)} IS NOT NULL"
        case Not(operand=inner):
            return f"NOT ({to_sql(inner, dialect)})"
        case _:
            assert_never(expression)


def _wide_enough(computed: Arithmetic) -> DecimalType | None:
    """What its first side has to become, so that DuckDB computes with more than 64 bits.

    Where neither side has more than 18 digits it does not, and fails where the result has.
    """
    match type_of(computed.left), type_of(computed.right), type_of(computed):
        case DecimalType() as left, DecimalType() as right, DecimalType() as result:
            of_64_bits = max(left.precision, right.precision) <= _DIGITS_OF_64_BITS
            if of_64_bits and result.precision > _DIGITS_OF_64_BITS:
                return DecimalType(_DIGITS_OF_64_BITS + 1, left.scale)
    return None


def _with_all_digits(compared: Comparison, first: str, second: str) -> tuple[str, str]:
    """Both sides of a comparison, for Flink: what has more than 38 digits together loses some behind the point.

    The side with fewer of them gets those of the other.
    """
    match type_of(compared.left), type_of(compared.right):
        case DecimalType() as left, DecimalType() as right if (
            common_decimal(left, right).precision > MOST_DIGITS
        ):
            scale = max(left.scale, right.scale)
            as_wide = f"CAST({{}} AS DECIMAL({MOST_DIGITS},{scale}))"
            if left.scale < scale:
                first = as_wide.format(first)
            if right.scale < scale:
                second = as_wide.format(second)
    return first, second


def _constant(value: Constant, dialect: Dialect) -> str:
    match value:
        case str():
            return "'" + value.replace("'", "''") + "'"
        case bool():
            return str(value).upper()
        case Decimal():
            text = format(value, "f")
            if "." in text:
                return text
            # Flink reads no whole number beyond a BIGINT, but for one in a text.
            beyond = dialect.reader is SqlReader.FLINK and not -(2**63) <= value < 2**63
            number = f"'{text}'" if beyond else text
            # Without a point it would be an INT, which has more digits as a decimal.
            return f"CAST({number} AS DECIMAL({len(text)},0))"
        case float():
            # With an exponent it is a double to all, and else a decimal.
            text = repr(value)
            return text if "e" in text else f"{text}E0"
        case int():
            return str(value)


def _chosen(value: Expression, dialect: Dialect) -> str:
    """A value of CASE, in the type that it has; constants would make it narrow ones."""
    text = to_sql(value, dialect)
    match value:
        case Literal():
            return f"CAST({text} AS {sql_type(type_of(value), dialect)})"
        case _:
            return text


def _bigint(text: str) -> str:
    return f"CAST({text} AS BIGINT)"


def _call(function: Function, arguments: Sequence[str]) -> str:
    match function:
        case Function.LENGTH:
            # Elsewhere than in DuckDB an INT, as are sums and products of it.
            return _bigint(f"CHAR_LENGTH({arguments[0]})")
        case Function.CONCAT:
            return f"CONCAT({', '.join(arguments)})"
        case Function.LOWER | Function.UPPER | Function.SUBSTRING | Function.ABS | Function.ROUND:
            return f"{function.value.upper()}({', '.join(arguments)})"
        case _:
            assert_never(function)


def _by_code_points(text: str, dialect: Dialect) -> str:
    """A string that is compared by its order.

    Flink orders two strings that it has as objects of Java by their UTF-16, and others by their bytes,
    which is the order of code points. What it has just put together it has as bytes.
    """
    return f"CONCAT({text}, '')" if dialect.reader is SqlReader.FLINK else text


def _like(expression: Like, operand: str, dialect: Dialect) -> str:
    if dialect.reader is SqlReader.FLINK and Wildcard.ONE in expression.pattern:
        # There _ stands for no line end.
        regex = _constant(f"(?s)^{to_regex(expression.pattern)}\\z", dialect)
        return f"REGEXP({operand}, {regex})"
    pattern, escape = to_sql_pattern(expression.pattern)
    return f"{operand} LIKE {_constant(pattern, dialect)} ESCAPE {_constant(escape, dialect)}"


def aggregate_to_sql(aggregate: Aggregate, dialect: Dialect = DUCKDB) -> str:
    """Return the aggregate without its alias, such as `SUM("price") FILTER (WHERE "price" > 3)`."""
    x = aggregate.argument
    argument = None if x is None else to_sql(x, dialect)
    match aggregate.function:
        case AggregateFunction.COUNT:
            call = "COUNT(*)" if argument is None else f"COUNT({argument})"
        case AggregateFunction.COUNT_DISTINCT if dialect.reader is SqlReader.SPARK:
            # It counts nothing distinct in a stream; the size of the set that it collects is the same.
            return f"SIZE(COLLECT_SET({argument}){filter_to_sql(aggregate, dialect)})"
        case AggregateFunction.COUNT_DISTINCT:
            call = f"COUNT(DISTINCT {argument})"
        case AggregateFunction.AVG:
            # Of whole numbers it would be a whole number to Flink.
            assert x is not None, "an average is of something"
            call = f"AVG({to_sql(as_double(x), dialect)})"
        case AggregateFunction.SUM | AggregateFunction.MIN | AggregateFunction.MAX:
            call = f"{aggregate.function.value.upper()}({argument})"
        case (
            AggregateFunction.STDDEV_POP
            | AggregateFunction.STDDEV_SAMP
            | AggregateFunction.VAR_POP
            | AggregateFunction.VAR_SAMP
        ):
            return _spread(aggregate, dialect)
        case AggregateFunction.FIRST | AggregateFunction.LAST:
            return _by_time(aggregate, dialect)
        case _:
            assert_never(aggregate.function)
    return call + filter_to_sql(aggregate, dialect)


def _spread(aggregate: Aggregate, dialect: Dialect) -> str:
    """A variance or its root.

    Flink makes both of the sum of squares, which can come out below 0; the root of that is no number. And it
    takes the variance of a sample for a number that is always there, where what it is of is.
    """
    assert aggregate.argument is not None, "a variance is of something"
    x, where = to_sql(as_double(aggregate.argument), dialect), filter_to_sql(aggregate, dialect)
    if dialect.reader is not SqlReader.FLINK:
        return f"{aggregate.function.value.upper()}({x}){where}"
    variance = "VAR_SAMP" if aggregate.function.needs_two else "VAR_POP"
    never_negative = f"GREATEST({variance}({x}){where}, 0E0)"
    is_root = aggregate.function in (AggregateFunction.STDDEV_POP, AggregateFunction.STDDEV_SAMP)
    value = f"SQRT({never_negative})" if is_root else never_negative
    if aggregate.function.needs_two and aggregate.passing is None:
        return f"CASE WHEN COUNT(*) > 1 THEN {value} END"
    return value


def _by_time(aggregate: Aggregate, dialect: Dialect) -> str:
    """The value at the least or the greatest time: of pairs of both the least or the greatest one.

    A pair is there where its value is NULL, too, so such records are left out. Flink has no order of pairs. To it they are texts, with digits of which the order is that of numbers.
    """
    assert aggregate.argument is not None, "what is first is something"
    extreme = "MIN" if aggregate.function is AggregateFunction.FIRST else "MAX"
    x, where = to_sql(aggregate.argument, dialect), _filter(aggregate.passing, dialect)
    type_ = type_of(aggregate.argument)
    match dialect.reader:
        case SqlReader.DUCKDB:
            return f"({extreme}({{'at': {dialect.time}, 'value': {x}}}){where}).value"
        case SqlReader.SPARK:
            pair = f"NAMED_STRUCT('at', {dialect.time}, 'value', {x})"
            return f"{extreme}({pair}){where}.value"
        case SqlReader.FLINK:
            digits = type_ if isinstance(type_, DecimalType) else BIGINT_AS_DECIMAL
            # As much more than the greatest value that no number is below 0.
            more = _constant(Decimal(10**digits.whole_digits), dialect)
            same = f"CAST({x} AS {sql_type(digits, dialect)})"
            sign_free = sql_type(DecimalType(digits.precision + 2, digits.scale), dialect)
            width = digits.precision + 3
            text = f"LPAD(CAST(CAST({same} + {more} AS {sign_free}) AS STRING), {width}, '0')"
            found = f"{extreme}(CONCAT({dialect.time}, {text})){where}"
            value = f"CAST(SUBSTRING({found}, {LONGEST_TIME + 1}) AS {sign_free}) - {more}"
            return f"CAST({value} AS {sql_type(type_, dialect)})"
        case _:
            assert_never(dialect.reader)


def filter_to_sql(aggregate: Aggregate, dialect: Dialect = DUCKDB) -> str:
    """Return its FILTER, with a space before it; nothing where it has none."""
    return _filter(aggregate.filter, dialect)


def _filter(condition: Expression | None, dialect: Dialect) -> str:
    return "" if condition is None else f" FILTER (WHERE {to_sql(condition, dialect)})"


def _is_closed(expression: Expression) -> bool:
    """Whether it needs no parentheses; a negative number does, as in a - (-1)."""
    match expression:
        case FieldReference() | Call() | Convert() | CaseWhen() | Coalesce():
            return True
        case Arithmetic(operator=operator):
            return operator is ArithmeticOperator.MOD
        case Literal(value=value):
            return isinstance(value, str) or value >= 0
        case _:
            return False
