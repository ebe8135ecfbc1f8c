"""The Java program of a workload, as a user of Kafka Streams would write it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, assert_never

from streambench.engines.common.lookup_java import JavaLookup, java_lookups, lookup_class
from streambench.engines.common.lookup_tables import text_tables
from streambench.engines.kafka_streams.moved import moved_of
from streambench.engines.kafka_streams.totals import (
    counted_of,
    event_field,
    indented,
    size_of,
    totals_of,
)
from streambench.model.aggregate import AggregateFunction
from streambench.model.expression import DecimalType, FieldType, ValueType, fields_of
from streambench.model.plan import Program
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import Field, Query, Workload
from streambench.workload.java import HELPER, NULLS, java_condition, java_constants, java_type
from streambench.workload.moved import fields_moved

if TYPE_CHECKING:
    import jinja2

_TOPOLOGY = "WindowedAggregation"


class JsonParser(enum.Enum):
    """What reads and writes JSON."""

    JACKSON = "jackson"  # all declared fields, as the other engines read them
    FLAT = "flat"  # only what the query reads, by code made here for flat objects


class Retention(enum.Enum):
    """How long the window store keeps windows, by event time."""

    COVERS_JUMPS = "covers-jumps"  # so long that none is gone before its final result was emitted
    SHIPPED = "shipped"  # size and grace, as Kafka Streams has it where nothing is asked for


class FinalResults(enum.Enum):
    """What holds back results until their window has closed."""

    WINDOW_CLOSE = "window-close"  # the aggregation itself, EmitStrategy.onWindowClose (KIP-825)
    SUPPRESS = "suppress"  # a buffer behind it, Suppressed.untilWindowCloses (KIP-328)


class Store(enum.Enum):
    """Where open windows are kept."""

    MEMORY = "memory"
    ROCKSDB = "rocksdb"  # what Kafka Streams ships with


@dataclass(frozen=True)
class _Json:
    """The classes that read and write JSON, by the names of their templates, and what they need."""

    events: str
    rows: str
    helpers: tuple[str, ...]


_READERS: Mapping[ValueType, str] = {
    FieldType.STRING: "string",
    FieldType.BIGINT: "whole",
    FieldType.DOUBLE: "real",
    FieldType.BOOLEAN: "flag",
    FieldType.TIMESTAMP: "whole",
}
_STORE_TYPES = {Store.MEMORY: "IN_MEMORY", Store.ROCKSDB: "ROCKS_DB"}
JSON_CLASSES = {
    JsonParser.JACKSON: _Json("JsonEvents", "JsonRows", ()),
    JsonParser.FLAT: _Json("FlatEvents", "FlatRows", ("FlatJson",)),
}


@dataclass(frozen=True)
class JavaField:
    """A field of `Event`, and the method that reads it."""

    name: str
    type: str
    read: str
    nullable: bool


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


def programs(
    workload: Workload,
    *,
    retention_ms: int | None,
    parser: JsonParser,
    final: FinalResults = FinalResults.WINDOW_CLOSE,
    store: Store = Store.MEMORY,
) -> tuple[Program, ...]:
    """The topology of `workload` and its helpers; topics and how far event time jumps are still symbols.

    `retention_ms` is how long the window store keeps a window after its start, by event time, where
    event time does not jump; None is what Kafka Streams ships.
    """
    query, window = workload.query, workload.query.window
    moved = moved_of(workload)
    fields = _fields(workload, parser)
    parsed = fields + ([] if moved is None else _looked_up(workload))
    lookups = lookups_read(workload, parser)
    asked = [each for each in (query.where, query.having) if each is not None]
    constants = java_constants(asked)
    counted = java_constants(counted_of(query))
    totals = totals_of(query, counted)
    values = {total.alias: total.object for total in totals}
    parts = [part for total in totals for part in total.parts]
    sets = any(a.function is AggregateFunction.COUNT_DISTINCT for a in query.aggregates)
    spreads = any(a.function.spreads for a in query.aggregates)
    where = having = None
    if query.where is not None:
        where = java_condition(query.where, variable=event_field, constants=constants)
    if query.having is not None:
        having = java_condition(query.having, variable=values.__getitem__, constants=constants)
    updates = list(indented(totals))
    computed = (where or "", having or "", *updates)
    helpers = [name for name in (HELPER, NULLS) if any(f"{name}." in line for line in computed)]
    environment = environment_of_templates()

    def made(name: str, template: str) -> Program:
        text = environment.from_string(resource(f"{template}.java.j2")).render(
            title=comment_line(workload.title),
            keys=_keys(query),
            names=", ".join(key.name for key in query.group_by),
            **lengths(window),
            windows=_windows(window),
            grace_ms=query.grace_ms,
            retention_ms=retention_ms,
            suppressed=final is FinalResults.SUPPRESS,
            store_type=_STORE_TYPES[store],
            fields=fields,
            parsed=parsed,
            lookups=lookups,
            moved=moved,
            reads={field.read for field in parsed},
            nulls=any(field.nullable for field in parsed),
            where=where,
            having=having,
            constants=list(constants.values()),
            constants_of_totals=list(counted.values()),
            aggregates=totals,
            parts=parts,
            sets=sets,
            size=size_of(parts),
            updates=updates,
            reads_time=query.reads_time,
        )
        return Program(f"{name}.java", "java", text)

    json_classes = JSON_CLASSES[parser]
    return (
        made(_TOPOLOGY, _TOPOLOGY),
        made("Event", "Event"),
        made("Totals", "Totals"),
        made("Events", json_classes.events),
        made("Rows", json_classes.rows),
        Program("Row.java", "java", resource("Row.java")),
        *(made(name, name) for name in json_classes.helpers),
        *((made("GroupKey", "GroupKey"),) if moved is not None and moved.parts else ()),
        *((made("Lookups", "Lookups"), lookup_class()) if lookups else ()),
        *text_tables(workload),
        *(
            Program(f"{name}.java", "java", resource(f"{name}.java"))
            for name in (
                *(("Distinct",) if sets else ()),
                *(("Spread",) if spreads else ()),
                *(("EventTimes",) if query.reads_time else ()),
                *(("Decimals",) if any("Decimals." in part.read for part in parts) else ()),
                *helpers,
                "Readings",
            )
        ),
    )


def environment_of_templates() -> jinja2.Environment:
    """What the programs are made with."""
    import jinja2  # only a program is made with it

    return jinja2.Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
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


def lengths(window: Window) -> dict[str, int]:
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


def resource(name: str) -> str:
    """A file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _keys(query: Query) -> list[_JavaKey]:
    return [
        _JavaKey(key.name, *_of_key(key.type), key.type is FieldType.STRING)
        for key in query.group_by
    ]


def _of_key(type_: ValueType) -> tuple[str, str, str]:
    """How Jackson writes such a value, and how it is read of the key and of a parser of the key."""
    match type_:
        case FieldType.STRING:
            return "writeStringField", "row.key()", "key.getText()"
        case FieldType.BIGINT | FieldType.TIMESTAMP:
            return "writeNumberField", "Long.parseLong(row.key())", "key.getLongValue()"
        case FieldType.BOOLEAN:
            return "writeBooleanField", "Boolean.parseBoolean(row.key())", "key.getBooleanValue()"
        case DecimalType():
            parsed = "new java.math.BigDecimal(row.key())"
            return "writeNumberField", parsed, "key.getDecimalValue()"
        case FieldType.DOUBLE:
            raise ValueError("no query groups by a double")
        case _:
            assert_never(type_)


def _fields(workload: Workload, parser: JsonParser) -> list[JavaField]:
    """The fields that are read of each record, in the order of the workload."""
    names = _names_read(workload) | {lookup.on for lookup in workload.lookups}
    return [
        java_field(field)
        for field in workload.sent
        if parser is JsonParser.JACKSON or field.name in names
    ]


def _looked_up(workload: Workload) -> list[JavaField]:
    """The fields that are in no record, but in those that are moved."""
    sent = {field.name for field in workload.sent}
    return [java_field(field) for field in fields_moved(workload) if field.name not in sent]


def java_field(field: Field) -> JavaField:
    """A field as generated Java has it."""
    java = java_type(field.type, nullable=field.nullable)
    return JavaField(field.name, java, _READERS.get(field.type, "decimal"), field.nullable)


def lookups_read(workload: Workload, parser: JsonParser) -> list[JavaLookup]:
    """The tables, with the columns that are taken of them."""
    names = _names_read(workload)
    return [
        replace(lookup, columns=tuple(c for c in lookup.columns if c.name in names))
        if parser is JsonParser.FLAT
        else lookup
        for lookup in java_lookups(workload)
    ]


def _names_read(workload: Workload) -> frozenset[str]:
    """The fields that the query reads: those of the group where the record's key does not tell them."""
    query = workload.query
    if query.by_hand is not None:
        return frozenset(field.name for field in workload.fields)
    arguments = (each.argument for each in query.aggregates if each.argument is not None)
    keys = query.group_by if workload.rekeyed else ()
    return frozenset().union(*map(fields_of, (*query.conditions, *arguments, *keys)))


def comment_line(text: str) -> str:
    """One line of text that is safe in a Java comment, where even `\\u000a` would end the line."""
    return " ".join(text.replace("\\", "/").split()).replace("${", "$ {")
