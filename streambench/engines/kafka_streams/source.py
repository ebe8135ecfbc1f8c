"""The Java program of a workload, as a user of Kafka Streams would write it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from importlib.resources import files
from typing import assert_never

from streambench.model.expression import (
    Aggregate,
    AggregateFunction,
    Expression,
    FieldReference,
    FieldType,
    parts,
)
from streambench.model.plan import Program
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import Query, Workload
from streambench.workload.java import java_constants, to_java

_TOPOLOGY = "WindowedAggregation"


class JsonParser(enum.Enum):
    """What reads and writes JSON."""

    JACKSON = "jackson"  # all declared fields, as the other engines read them
    FLAT = "flat"  # only what the query reads, by code made here for flat objects


class Retention(enum.Enum):
    """How long the window store keeps windows, by event time."""

    COVERS_JUMPS = "covers-jumps"  # so long that none is gone before its final result was emitted
    SHIPPED = "shipped"  # size and grace, as Kafka Streams has it where nothing is asked for


@dataclass(frozen=True)
class _Json:
    """The classes that read and write JSON: those made from templates, by name, and those that depend on
    no workload.
    """

    events: str
    rows: str
    helpers: tuple[str, ...]


_JSON = {
    JsonParser.JACKSON: _Json("JsonEvents", "JsonRows", ()),
    JsonParser.FLAT: _Json("FlatEvents", "FlatRows", ("FlatJson",)),
}


@dataclass(frozen=True)
class _Field:
    name: str
    type: str
    read: str


@dataclass(frozen=True)
class _JavaKey:
    """A field by which the query groups, and how a row of output says it.

    `write` is the method of Jackson's generator; `only` reads it of the record's key where it is the only
    one, `next` of a parser of the key otherwise.
    """

    name: str
    write: str
    only: str
    next: str
    is_text: bool


@dataclass(frozen=True)
class _JavaStep:
    alias: str
    initial: str
    update: str
    merge: str


def programs(
    workload: Workload, *, retention_ms: int | None, parser: JsonParser
) -> tuple[Program, ...]:
    """The topology of `workload` and its helpers; topics and how far event time jumps are still symbols.

    `retention_ms` is how long the window store keeps a window after its start, by event time, where
    event time does not jump; None is what Kafka Streams ships.
    """
    import jinja2  # only a program is made with it

    query, window = workload.query, workload.query.window
    fields = _fields(workload, parser)
    constants = {} if query.where is None else java_constants(query.where)
    environment = jinja2.Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )

    def made(name: str, template: str) -> Program:
        text = environment.from_string(_resource(f"{template}.java.j2")).render(
            title=_comment(workload.title),
            keys=_keys(query),
            names=", ".join(key.name for key in query.group_by),
            **_lengths(window),
            windows=_windows(window),
            grace_ms=query.grace_ms,
            retention_ms=retention_ms,
            fields=fields,
            reads={field.read for field in fields},
            where=None
            if query.where is None
            else to_java(query.where, variable=_variable, constants=constants),
            constants=list(constants.values()),
            aggregates=[
                _step(index, aggregate) for index, aggregate in enumerate(query.aggregates)
            ],
        )
        return Program(f"{name}.java", "java", text)

    json_classes = _JSON[parser]
    return (
        made(_TOPOLOGY, _TOPOLOGY),
        made("Event", "Event"),
        made("Events", json_classes.events),
        made("Rows", json_classes.rows),
        *(
            Program(f"{name}.java", "java", _resource(f"{name}.java"))
            for name in ("Row", *json_classes.helpers, "Readings")
        ),
    )


def _windows(window: Window) -> str:
    match window:
        case Tumbling():
            return "TimeWindows.ofSizeAndGrace(SIZE, GRACE)"
        case Hopping():
            return "TimeWindows.ofSizeAndGrace(SIZE, GRACE).advanceBy(EVERY)"
        case Sessions():
            return "SessionWindows.ofInactivityGapAndGrace(GAP, GRACE)"
        case _:
            assert_never(window)


def _lengths(window: Window) -> dict[str, int]:
    """Of sessions the gap; else length, distance of two starts and offset. All in ms."""
    match window:
        case Sessions():
            return {"gap_ms": window.gap_ms, "size_ms": 0, "advance_ms": 0, "offset_ms": 0}
        case Tumbling() | Hopping():
            return {
                "gap_ms": 0,
                "size_ms": window.size_ms,
                "advance_ms": window.advance_ms,
                "offset_ms": window.offset_ms,
            }
        case _:
            assert_never(window)


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _variable(name: str) -> str:
    return f"event.{name}"


def _step(index: int, aggregate: Aggregate) -> _JavaStep:
    total, other = f"totals[{index}]", f"other[{index}]"
    argument = "" if aggregate.argument is None else to_java(aggregate.argument, variable=_variable)
    added = f"{total} += {other};"
    match aggregate.function:
        case AggregateFunction.COUNT:
            return _JavaStep(aggregate.alias, "0", f"{total} += 1;", added)
        case AggregateFunction.SUM:
            return _JavaStep(aggregate.alias, "0", f"{total} += {argument};", added)
        case AggregateFunction.MIN | AggregateFunction.MAX:
            least = aggregate.function is AggregateFunction.MIN
            name, initial = ("min", "Long.MAX_VALUE") if least else ("max", "Long.MIN_VALUE")
            return _JavaStep(
                aggregate.alias,
                initial,
                f"{total} = Math.{name}({total}, {argument});",
                f"{total} = Math.{name}({total}, {other});",
            )
        case _:
            assert_never(aggregate.function)


def _keys(query: Query) -> list[_JavaKey]:
    return [
        _JavaKey(key.name, "writeStringField", "row.key()", "key.getText()", True)
        if key.type is FieldType.STRING
        else _JavaKey(
            key.name, "writeNumberField", "Long.parseLong(row.key())", "key.getLongValue()", False
        )
        for key in query.group_by
    ]


def _fields(workload: Workload, parser: JsonParser) -> list[_Field]:
    """The fields that are read of each record, in the order of the workload."""
    names = _fields_of_the_query(workload.query)
    return [
        _Field(field.name, "String", "string")
        if field.type is FieldType.STRING
        else _Field(field.name, "long", "whole")
        for field in workload.fields
        if parser is JsonParser.JACKSON or field.name in names
    ]


def _fields_of_the_query(query: Query) -> set[str]:
    """Those that the query reads beside the record's key."""
    names = set() if query.where is None else _columns(query.where)
    for aggregate in query.aggregates:
        if aggregate.argument is not None:
            names |= _columns(aggregate.argument)
    return names


def _columns(expression: Expression) -> set[str]:
    return {part.name for part in parts(expression) if isinstance(part, FieldReference)}


def _comment(text: str) -> str:
    """One line of text that is safe in a Java comment, where even `\\u000a` would end the line."""
    return " ".join(text.replace("\\", "/").split()).replace("${", "$ {")
