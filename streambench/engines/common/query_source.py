"""The query as a Python program, as a user of kafka-python would write it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import assert_never

from streambench.engines.common.lookup_tables import json_name
from streambench.engines.common.query_module import EVENT_TIME
from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.expression import DecimalType, Expression, FieldType, ValueType, type_of
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import Field, Workload
from streambench.workload.constants import as_double
from streambench.workload.python import helpers_of, python_condition, to_python

_TEMPLATE = "query.py.j2"
_TEXT_OF = '''def text_of(value):
    """A value as JSON; a decimal with all its digits."""
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
'''


@dataclass(frozen=True)
class _PythonStep:
    """An aggregate: its part of the totals after the first record, what another one does to it, and what
    the totals of another part of a session do; its value.
    """

    alias: str
    initial: tuple[str, ...]
    update: tuple[str, ...]
    merge: tuple[str, ...]
    value: str


def query_source(workload: Workload, *, readable: bool = False) -> str:
    """The text of `query.py`: `where`, `accumulate` and `row`, and the window's lengths.

    With `readable` also what tells a record from one that is not as it is declared.
    """
    return _Source(workload).text(readable=readable)


def _is_declared(field: Field) -> str:
    """Whether an event has this field with a value of its type."""
    value = f'event["{field.name}"]'
    match field.type:
        case FieldType.STRING:
            of_type = f"type({value}) is str"
        case FieldType.BIGINT | FieldType.TIMESTAMP:
            of_type = f"type({value}) is int"
        case FieldType.BOOLEAN:
            of_type = f"type({value}) is bool"
        case _:
            of_type = f"type({value}) in (int, float, Decimal)"
    if field.nullable:
        of_type = f"({value} is None or {of_type})"
    return f'"{field.name}" in event and {of_type}'


def _lengths(window: Window) -> dict[str, int]:
    """Of sessions the gap; else length, distance of two starts and offset. All in ms."""
    match window:
        case Sessions():
            return {"gap_ms": window.gap_ms, "size_ms": 0, "advance_ms": 0}
        case Tumbling() | Hopping():
            return {
                "gap_ms": 0,
                "size_ms": window.size_ms,
                "advance_ms": window.advance_ms,
                "offset_ms": window.offset_ms,
            }
        case _:
            assert_never(window)


@dataclass(frozen=True)
class _PythonKey:
    """A field by which the query groups: its name, how it is read of an event and of a group."""

    name: str
    event: str
    group: str


@dataclass(frozen=True)
class _PythonLookup:
    """A table: the name of its constant, its file, the field that is compared, and the columns."""

    constant: str
    file: str
    on: str
    columns: tuple[str, ...]


def _lookups(workload: Workload) -> list[_PythonLookup]:
    return [
        _PythonLookup(
            lookup.name.upper(),
            json_name(lookup),
            lookup.on,
            tuple(column.name for column in lookup.columns),
        )
        for lookup in workload.lookups
    ]


def _some_decimal(types: Iterable[ValueType]) -> bool:
    return any(isinstance(type_, DecimalType) for type_ in types)


class _Source:
    """The parts of the program."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._types = {field.name: field.type for field in workload.fields}
        self._nullable = {field.name for field in workload.fields if field.nullable}
        # All numbers with a fraction are then read as decimals.
        self._reads_decimals = _some_decimal(self._types.values())
        query = workload.query
        keys, values = (key.type for key in query.group_by), (a.type for a in query.aggregates)
        self._writes_decimals = _some_decimal((*keys, *values))

    def text(self, *, readable: bool = False) -> str:
        """All of it."""
        import jinja2  # only a program is made with it

        workload, query = self._workload, self._workload.query
        steps = self._steps()
        where = "True" if query.where is None else self._condition(query.where)
        having = "True"
        if query.having is not None:
            values = {
                step.alias: f"({step.value})" if " if " in step.value else step.value
                for step in steps
            }
            having = python_condition(query.having, variable=values.__getitem__)
        lines = [line for step in steps for line in (*step.initial, *step.update)]
        helpers = helpers_of([where, having, *lines])
        if self._writes_decimals:
            helpers = (*helpers, _TEXT_OF)
        environment = jinja2.Environment(
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=jinja2.StrictUndefined,
            autoescape=False,
        )
        template = files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8")
        return environment.from_string(template).render(
            # Below the first two lines, where Python would read `coding: …` as the file's encoding.
            title=" ".join(workload.title.split()).replace("${", "$ {"),
            keys=self._keys(),
            by_hand=query.by_hand is not None,
            is_text=[key.type for key in query.row_keys] == [FieldType.STRING],
            names=", ".join(key.name for key in query.group_by),
            **_lengths(query.window),
            grace_ms=query.grace_ms,
            where=where,
            lookups=_lookups(workload),
            aggregates=steps,
            having=having,
            helpers=[f"\n\n{helper}" for helper in helpers],
            imports_re=any("re." in helper for helper in helpers),
            reads_decimals=self._reads_decimals,
            reads_time=query.reads_time or query.by_hand is not None,
            moves=workload.rekeyed,
            declared=[_is_declared(field) for field in workload.sent] if readable else [],
            writes_decimals=self._writes_decimals,
            imports_decimal=self._reads_decimals
            or self._writes_decimals
            or (readable and any("Decimal" in _is_declared(each) for each in workload.sent))
            or query.by_hand is not None
            or any("Decimal(" in line for line in (where, having, *lines)),
        )

    def _keys(self) -> list[_PythonKey]:
        keys = self._workload.query.row_keys
        if self._workload.query.by_hand is not None:
            return [_PythonKey(key.name, "", "") for key in keys]
        return [
            _PythonKey(
                key.name, self._variable(key.name), "key" if len(keys) == 1 else f"key[{at}]"
            )
            for at, key in enumerate(keys)
        ]

    def _python(self, expression: Expression) -> str:
        return to_python(expression, variable=self._variable)

    def _condition(self, condition: Expression) -> str:
        return python_condition(condition, variable=self._variable)

    def _variable(self, name: str) -> str:
        read = f'event["{name}"]'
        is_double = self._types[name] is FieldType.DOUBLE
        if not (is_double and self._reads_decimals):
            return read
        return f"strict(float, {read})" if name in self._nullable else f"float({read})"

    def _steps(self) -> list[_PythonStep]:
        steps: list[_PythonStep] = []
        for aggregate in self._workload.query.aggregates:
            steps.append(self._step(sum(len(step.initial) for step in steps), aggregate))
        return steps

    def _step(self, index: int, aggregate: Aggregate) -> _PythonStep:
        """An aggregate whose part of the totals begins at `index`."""
        if aggregate.function.spreads:
            return self._spread(index, aggregate)
        total, count = f"totals[{index}]", f"totals[{index + 1}]"
        other, other_count = f"other[{index}]", f"other[{index + 1}]"
        x = "" if aggregate.argument is None else self._python(aggregate.argument)
        empty: tuple[str, ...] = ("None",)
        first: tuple[str, ...]
        more: tuple[str, ...]
        merge: tuple[str, ...]
        match aggregate.function:
            case AggregateFunction.COUNT:
                first, more, value, empty = ("1",), (f"{total} += 1",), total, ("0",)
                merge = (f"{total} += {other}",)
            case AggregateFunction.SUM:
                first, more, value = (x,), (f"{total} += {x}",), total
                merge = (f"{total} += {other}",)
            case AggregateFunction.MIN | AggregateFunction.MAX:
                name = aggregate.function.value
                first, more, value = (x,), (f"{total} = {name}({total}, {x})",), total
                merge = (f"{total} = {name}({total}, {other})",)
            case AggregateFunction.FIRST | AggregateFunction.LAST:
                # The least or greatest pair of a time and a value.
                name = "min" if aggregate.function is AggregateFunction.FIRST else "max"
                x = f'(event["{EVENT_TIME}"], {x})'
                first, more, value = (x,), (f"{total} = {name}({total}, {x})",), f"{total}[1]"
                merge = (f"{total} = {name}({total}, {other})",)
            case AggregateFunction.AVG:
                first, more = (x, "1"), (f"{total} += {x}", f"{count} += 1")
                value, empty = f"{self._as_float(aggregate, total)} / {count}", ("0", "0")
                merge = (f"{total} += {other}", f"{count} += {other_count}")
            case AggregateFunction.COUNT_DISTINCT:
                first, more, value = (f"{{{x}}}",), (f"{total}.add({x})",), f"len({total})"
                merge, empty = (f"{total} |= {other}",), ("set()",)
            case (
                AggregateFunction.STDDEV_POP
                | AggregateFunction.STDDEV_SAMP
                | AggregateFunction.VAR_POP
                | AggregateFunction.VAR_SAMP
            ):
                raise ValueError("of a variance more is kept than of other aggregates")
            case _:
                assert_never(aggregate.function)
        if aggregate.passing is None:
            return _PythonStep(aggregate.alias, first, more, merge, value)
        passes = self._condition(aggregate.passing)
        initial = tuple(
            f"({one}) if {passes} else {no}" for one, no in zip(first, empty, strict=True)
        )
        if empty == ("None",):
            more = (f"if {total} is None:", f"    {total} = {x}", "else:", f"    {more[0]}")
            merge = (
                f"if {total} is None:",
                f"    {total} = {other}",
                f"elif {other} is not None:",
                f"    {merge[0]}",
            )
        if aggregate.function is AggregateFunction.AVG:
            value = f"{value} if {count} else None"
        if aggregate.function.goes_by_time:
            value = f"{value} if {total} else None"
        guarded = (f"if {passes}:", *(f"    {line}" for line in more))
        return _PythonStep(aggregate.alias, initial, guarded, merge, value)

    def _spread(self, index: int, aggregate: Aggregate) -> _PythonStep:
        """A variance or its root: of the values their number, their mean, and the squares of what they are
        off it, added up. Parts of a session are merged as Chan, Golub and LeVeque do.
        """
        assert aggregate.argument is not None, "a variance is of something"
        count, mean, squares = (f"totals[{index + at}]" for at in range(3))
        others, other_mean, other_squares = (f"other[{index + at}]" for at in range(3))
        x = self._python(as_double(aggregate.argument))
        initial: tuple[str, ...] = ("1", x, "0.0")
        update: tuple[str, ...] = (
            f"value = {x}",
            f"{count} += 1",
            f"away = value - {mean}",
            f"{mean} += away / {count}",
            f"{squares} += away * (value - {mean})",
        )
        merge = (
            f"if {others}:",
            f"    both = {count} + {others}",
            f"    away = {other_mean} - {mean}",
            f"    {mean} += away * {others} / both",
            f"    {squares} += {other_squares} + away * away * {count} * {others} / both",
            f"    {count} = both",
        )
        least = 1 if aggregate.function.needs_two else 0
        value = f"{squares} / ({count} - 1)" if least else f"{squares} / {count}"
        if aggregate.function in (AggregateFunction.STDDEV_POP, AggregateFunction.STDDEV_SAMP):
            value = f"({value}) ** 0.5"
        if aggregate.may_be_null:
            value = f"{value} if {count} > {least} else None"
        if aggregate.passing is not None:
            passes = self._condition(aggregate.passing)
            empty = ("0", "0.0", "0.0")
            initial = tuple(
                f"({one}) if {passes} else {no}" for one, no in zip(initial, empty, strict=True)
            )
            update = (f"if {passes}:", *(f"    {line}" for line in update))
        return _PythonStep(aggregate.alias, initial, update, merge, value)

    def _as_float(self, aggregate: Aggregate, total: str) -> str:
        """A sum that is divided: what is left of two decimals would be one."""
        assert aggregate.argument is not None, "an average is of something"
        return f"float({total})" if isinstance(type_of(aggregate.argument), DecimalType) else total
