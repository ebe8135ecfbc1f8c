"""What a window's totals are in Java: their parts, how a record changes them, and their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.expression import DecimalType, Expression, FieldType, ValueType, type_of
from streambench.model.workload import Query
from streambench.workload.constants import as_double
from streambench.workload.java import JavaConstants, java_condition, java_type, to_java


@dataclass(frozen=True)
class JavaPart:
    """A field of the totals: its declaration, how it is read of a buffer and put into one, its bytes, and
    how that of `other` totals is taken in.
    """

    name: str
    declared: str
    read: str
    put: str
    size: str
    merge: str


@dataclass(frozen=True)
class JavaTotal:
    """An aggregate: its parts, what a record does to them, and its value.

    `value` is an expression over `totals`, as is `has_value`; the latter is None where there always is one.
    """

    alias: str
    parts: tuple[JavaPart, ...]
    update: tuple[str, ...]
    value: str
    has_value: str | None
    type: ValueType

    @property
    def object(self) -> str:
        """An expression over `totals`: its value, or null where there is none."""
        if self.has_value is None:
            return self.value
        return f"({self.has_value} ? ({java_type(self.type, nullable=True)}) ({self.value}) : null)"


def counted_of(query: Query) -> list[Expression]:
    """What the totals ask of a record: filters and arguments."""
    asked = [each for one in query.aggregates for each in (one.passing, one.argument)]
    return [each for each in asked if each is not None]


def totals_of(query: Query, constants: JavaConstants) -> list[JavaTotal]:
    """One for each aggregate, in the order of the query; `constants` are those of its class."""
    return [_total(aggregate, constants) for aggregate in query.aggregates]


def _total(aggregate: Aggregate, constants: JavaConstants) -> JavaTotal:
    # A part's further name has a capital, which no alias has.
    alias, flag = aggregate.alias, f"{aggregate.alias}Some"
    parts, update, value = _unfiltered(aggregate, constants)
    has_value = None
    if aggregate.function.spreads and aggregate.may_be_null:
        has_value = f"totals.{alias}.has({2 if aggregate.function.needs_two else 1})"
    if aggregate.passing is None:
        return JavaTotal(alias, parts, update, value, has_value, aggregate.type)
    match aggregate.function:
        case AggregateFunction.COUNT | AggregateFunction.COUNT_DISTINCT:
            pass
        case AggregateFunction.AVG:
            has_value = f"totals.{alias}Count > 0"
        case (
            AggregateFunction.SUM
            | AggregateFunction.MIN
            | AggregateFunction.MAX
            | AggregateFunction.FIRST
            | AggregateFunction.LAST
        ):
            parts = (*parts, _flag(flag))
            update = (*update, f"{flag} = true;")
            has_value = f"totals.{flag}"
        case (
            AggregateFunction.STDDEV_POP
            | AggregateFunction.STDDEV_SAMP
            | AggregateFunction.VAR_POP
            | AggregateFunction.VAR_SAMP
        ):
            pass
        case _:
            assert_never(aggregate.function)
    passes = java_condition(aggregate.passing, variable=_event_field, constants=constants)
    guarded = (f"if ({passes}) {{", *(f"    {line}" for line in update), "}")
    return JavaTotal(alias, parts, guarded, value, has_value, aggregate.type)


def _unfiltered(
    aggregate: Aggregate, constants: JavaConstants
) -> tuple[tuple[JavaPart, ...], tuple[str, ...], str]:
    alias, value = aggregate.alias, f"totals.{aggregate.alias}"
    if aggregate.argument is None or aggregate.function is AggregateFunction.COUNT:
        return (_long(alias),), (f"{alias} += 1;",), value
    if aggregate.function.spreads:
        return _spread(aggregate.function, alias, _java(as_double(aggregate.argument), constants))
    x = _java(aggregate.argument, constants)
    if aggregate.function.goes_by_time:
        return _by_time(aggregate.function, alias, x, type_of(aggregate.argument))
    match aggregate.function:
        case AggregateFunction.COUNT_DISTINCT:
            return (
                (_set(aggregate),),
                (f"{alias}.add({_as_element(x, type_of(aggregate.argument))});",),
                f"{value}.size()",
            )
        case _ if isinstance(type_of(aggregate.argument), DecimalType):
            return _of_decimals(aggregate.function, alias, x)
    number = _double if type_of(aggregate.argument) is FieldType.DOUBLE else _long
    match aggregate.function:
        case AggregateFunction.SUM:
            return (number(alias),), (f"{alias} += {x};",), value
        case AggregateFunction.MIN | AggregateFunction.MAX:
            name = aggregate.function.value
            return (number(alias, name),), (f"{alias} = Math.{name}({alias}, {x});",), value
        case AggregateFunction.AVG:
            both = (number(f"{alias}Sum"), _long(f"{alias}Count"))
            update = (f"{alias}Sum += {x};", f"{alias}Count += 1;")
            return both, update, f"(double) {value}Sum / {value}Count"
        case (
            AggregateFunction.STDDEV_POP
            | AggregateFunction.STDDEV_SAMP
            | AggregateFunction.VAR_POP
            | AggregateFunction.VAR_SAMP
        ):
            raise ValueError("a variance has a class of its own")
        case AggregateFunction.FIRST | AggregateFunction.LAST:
            raise ValueError("what goes by time is kept with its time")
        case _:
            assert_never(aggregate.function)


def _by_time(
    function: AggregateFunction, alias: str, x: str, type_: ValueType
) -> tuple[tuple[JavaPart, ...], tuple[str, ...], str]:
    """A value and its time; of two of one time the less is first, and the greater last."""
    least = "min" if function is AggregateFunction.FIRST else "max"
    sign = "<" if function is AggregateFunction.FIRST else ">"
    at = _long(f"{alias}At", least)

    def before(time: str, value: str) -> str:
        of_value = f"{value} {sign} {alias}"
        if isinstance(type_, DecimalType):
            of_value = f"{value}.compareTo({alias}) {sign} 0"
        return f"{time} {sign} {alias}At || ({time} == {alias}At && {of_value})"

    if isinstance(type_, DecimalType):
        value = _decimal(alias, "add")
    else:
        value = _double(alias) if type_ is FieldType.DOUBLE else _long(alias)
    other, other_at = f"otherTotals.{alias}", f"otherTotals.{alias}At"
    merge = f"{alias} = {before(other_at, other)} ? {other} : {alias};"
    if isinstance(type_, DecimalType):
        merge = f"{alias} = {other} != null && ({before(other_at, other)}) ? {other} : {alias};"
    update = (
        f"if ({before('nextEvent.eventTime', f'({x})')}) {{",
        f"    {alias} = {x};",
        f"    {alias}At = nextEvent.eventTime;",
        "}",
    )
    # The value is merged first, by times that are still those from before.
    return (replace(value, merge=merge), at), update, f"totals.{alias}"


def _spread(
    function: AggregateFunction, alias: str, x: str
) -> tuple[tuple[JavaPart, ...], tuple[str, ...], str]:
    part = JavaPart(
        alias,
        f"final Spread {alias} = new Spread();",
        f"{alias}.get(fromBytes);",
        f"{alias}.put(intoBytes);",
        "Spread.BYTES",
        f"{alias}.merge(otherTotals.{alias});",
    )
    value = f"totals.{alias}.{'ofSample' if function.needs_two else 'ofPopulation'}()"
    if function in (AggregateFunction.STDDEV_POP, AggregateFunction.STDDEV_SAMP):
        value = f"Math.sqrt({value})"
    return (part,), (f"{alias}.add({x});",), value


def _of_decimals(
    function: AggregateFunction, alias: str, x: str
) -> tuple[tuple[JavaPart, ...], tuple[str, ...], str]:
    value = f"totals.{alias}"
    match function:
        case AggregateFunction.SUM:
            return (_decimal(alias, "add"),), (_first_or(alias, "add", x),), value
        case AggregateFunction.MIN | AggregateFunction.MAX:
            name = function.value
            return (_decimal(alias, name),), (_first_or(alias, name, x),), value
        case _:
            both = (_decimal(f"{alias}Sum", "add"), _long(f"{alias}Count"))
            update = (_first_or(f"{alias}Sum", "add", x), f"{alias}Count += 1;")
            return both, update, f"{value}Sum.doubleValue() / {value}Count"


def _first_or(name: str, method: str, x: str) -> str:
    return f"{name} = {name} == null ? {x} : {name}.{method}({x});"


def _decimal(name: str, method: str) -> JavaPart:
    taken_in = f"{name} == null ? otherTotals.{name} : {name}.{method}(otherTotals.{name})"
    return JavaPart(
        name,
        f"java.math.BigDecimal {name};",
        f"{name} = Decimals.get(fromBytes);",
        f"Decimals.put(intoBytes, {name});",
        f"Decimals.sizeOf({name})",
        f"{name} = otherTotals.{name} == null ? {name} : {taken_in};",
    )


def _as_element(x: str, type_: ValueType) -> str:
    """What is counted as an element of a set: a decimal by its digits, a flag as a number."""
    match type_:
        case FieldType.BOOLEAN:
            return f"({x}) ? 1L : 0L"
        case DecimalType():
            return f"({x}).toPlainString()"
        case _:
            return x


def _java(expression: Expression, constants: JavaConstants) -> str:
    return to_java(expression, variable=_event_field, constants=constants)


def _event_field(name: str) -> str:
    # Names with a capital are no names of aggregates, which are fields here.
    return f"nextEvent.{name}"


def event_field(name: str) -> str:
    """A field of the record, in the program."""
    return f"event.{name}"


# What no value is beyond.
_EXTREMES: Final = {
    ("long", "min"): "Long.MAX_VALUE",
    ("long", "max"): "Long.MIN_VALUE",
    ("double", "min"): "Double.POSITIVE_INFINITY",
    ("double", "max"): "Double.NEGATIVE_INFINITY",
}


def _long(name: str, extreme: str | None = None) -> JavaPart:
    return _number("long", name, extreme)


def _double(name: str, extreme: str | None = None) -> JavaPart:
    return _number("double", name, extreme)


def _number(kind: str, name: str, extreme: str | None) -> JavaPart:
    """A sum, or the least or greatest number."""
    declared, merge = f"{kind} {name};", f"{name} += otherTotals.{name};"
    if extreme is not None:
        declared = f"{kind} {name} = {_EXTREMES[kind, extreme]};"
        merge = f"{name} = Math.{extreme}({name}, otherTotals.{name});"
    read, put = (
        f"{name} = fromBytes.get{kind.capitalize()}();",
        f"intoBytes.put{kind.capitalize()}({name});",
    )
    return JavaPart(name, declared, read, put, "8", merge)


def _flag(name: str) -> JavaPart:
    put = f"intoBytes.put((byte) ({name} ? 1 : 0));"
    read, merge = f"{name} = fromBytes.get() != 0;", f"{name} |= otherTotals.{name};"
    return JavaPart(name, f"boolean {name};", read, put, "1", merge)


def _set(aggregate: Aggregate) -> JavaPart:
    assert aggregate.argument is not None, "what is distinct is something"
    name = aggregate.alias
    type_ = type_of(aggregate.argument)
    is_text = type_ is FieldType.STRING or isinstance(type_, DecimalType)
    kind, of = ("String", "Strings") if is_text else ("Long", "Longs")
    return JavaPart(
        name,
        f"final Set<{kind}> {name} = new HashSet<>();",
        f"Distinct.get{of}(fromBytes, {name});",
        f"Distinct.put{of}(intoBytes, {name});",
        f"Distinct.sizeOf{of}({name})",
        f"{name}.addAll(otherTotals.{name});",
    )


def size_of(parts: Sequence[JavaPart]) -> str:
    """How many bytes they take, as an expression: those of numbers are added up."""
    fixed = sum(int(part.size) for part in parts if part.size.isdigit())
    others = [part.size for part in parts if not part.size.isdigit()]
    return " + ".join([*([str(fixed)] if fixed or not others else []), *others])


def indented(totals: list[JavaTotal]) -> Iterator[str]:
    """What a record does, a line each; the first of an aggregate says which it is."""
    for total in totals:
        first, *more = total.update
        yield f"{first} // {total.alias}"
        yield from more
