"""The Java around `KafkaStreams.java`, where a query is written by hand: its events, its rows, and what starts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from streambench.engines.common.hand_files import hand_program
from streambench.engines.common.lookup_java import lookup_class
from streambench.engines.common.lookup_tables import text_tables
from streambench.engines.kafka_streams.moved import all_fields_moved
from streambench.engines.kafka_streams.source import (
    JSON_CLASSES,
    JsonParser,
    comment_line,
    environment_of_templates,
    java_field,
    lengths,
    lookups_read,
    resource,
)
from streambench.model.by_hand import HandFile
from streambench.model.expression import DecimalType, FieldType, ValueType
from streambench.model.plan import Program
from streambench.model.windows import Sessions
from streambench.model.workload import Workload
from streambench.workload.java import HELPER, NULLS, java_condition, java_constants, java_type

MAIN: Final = "HandWritten"


@dataclass(frozen=True)
class _JavaColumn:
    """A component of `Row`: its type, and the rest of the statement that writes it."""

    name: str
    type: str
    write: str
    nullable: bool


def programs_by_hand(
    workload: Workload, *, retention_ms: int, parser: JsonParser
) -> tuple[Program, ...]:
    """The author's file first, then what streambench adds; topics and jumps are still symbols."""
    query = workload.query
    fields = [java_field(field) for field in workload.sent]
    parsed = [java_field(field) for field in workload.fields]
    lookups = lookups_read(workload, parser)
    constants = java_constants([] if query.where is None else [query.where])
    where = None
    if query.where is not None:
        where = java_condition(
            query.where, variable=lambda name: f"event.{name}", constants=constants
        )
    helpers = [name for name in (HELPER, NULLS) if f"{name}." in (where or "")]
    quotes, key = _key(workload)
    columns = _columns(workload)
    environment = environment_of_templates()

    def made(name: str, template: str) -> Program:
        text = environment.from_string(resource(f"{template}.java.j2")).render(
            title=comment_line(workload.title),
            **lengths(query.window),
            grace_ms=query.grace_ms,
            retention_ms=retention_ms,
            fields=fields,
            parsed=parsed,
            lookups=lookups,
            moved=all_fields_moved(workload),
            reads={field.read for field in parsed},
            nulls=any(field.nullable for field in parsed),
            where=where,
            constants=list(constants.values()),
            reads_time=True,
            columns=columns,
            quotes=quotes,
            key=key,
        )
        return Program(f"{name}.java", "java", text)

    json_classes = JSON_CLASSES[parser]
    return (
        hand_program(workload, HandFile.KAFKA_STREAMS),
        made(MAIN, MAIN),
        made("Declared", "Declared"),
        made("Event", "Event"),
        made("Events", json_classes.events),
        made("Row", "HandRow"),
        *(made(name, name) for name in json_classes.helpers),
        *((made("Lookups", "Lookups"), lookup_class()) if lookups else ()),
        *text_tables(workload),
        *(
            Program(f"{name}.java", "java", resource(f"{name}.java"))
            for name in ("EventTimes", *helpers, "Readings")
        ),
    )


def _columns(workload: Workload) -> list[_JavaColumn]:
    by_hand = workload.query.by_hand
    assert by_hand is not None, "it is by hand"
    edges = ["window_start"]
    if isinstance(workload.query.window, Sessions):
        edges.append("window_end")
    every = [
        *((key.name, key.type, False) for key in by_hand.keys),
        *((edge, FieldType.BIGINT, False) for edge in edges),
        *((each.name, each.type, each.nullable) for each in by_hand.columns),
    ]
    return [
        _JavaColumn(name, java_type(type_, nullable=nullable), _write(name, type_), nullable)
        for name, type_, nullable in every
    ]


def _write(name: str, type_: ValueType) -> str:
    match type_:
        case FieldType.STRING:
            return f'writeStringField("{name}", {name})'
        case FieldType.BOOLEAN:
            return f'writeBooleanField("{name}", {name})'
        case DecimalType():
            # Else 100.00 would be written as 1E+2.
            return f'writeFieldName("{name}");\n            out.writeNumber({name}.toPlainString())'
        case _:
            return f'writeNumberField("{name}", {name})'


def _key(workload: Workload) -> tuple[bool, str]:
    """Whether strings are quoted in the key, and the key as an expression."""
    keys = workload.query.row_keys
    if [key.type for key in keys] == [FieldType.STRING]:
        return False, keys[0].name
    parts = []
    for key in keys:
        if key.type is FieldType.STRING:
            parts.append(f"quote({key.name})")
        elif isinstance(key.type, DecimalType):
            parts.append(f"{key.name}.toPlainString()")
        else:
            parts.append(f"String.valueOf({key.name})")
    quotes = any(key.type is FieldType.STRING for key in keys)
    if len(parts) == 1:
        return quotes, parts[0]
    return quotes, '"[" + ' + ' + "," + '.join(parts) + ' + "]"'
