"""Records that Kafka Streams moves to the partition of their group, through a topic of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from streambench.model.expression import DecimalType, FieldReference, FieldType, ValueType
from streambench.model.workload import Field, Workload
from streambench.workload.moved import fields_moved

NAME: Final = "by-group"
TOPIC: Final = f"${{job_id}}-{NAME}-repartition"
"""The topic that Kafka Streams makes for them (developer guide, internal topics)."""


@dataclass(frozen=True)
class MovedField:
    """A field that goes along: how Jackson writes it, and its JSON as an expression over `event`."""

    name: str
    write: str
    text: str
    nullable: bool


@dataclass(frozen=True)
class Moved:
    """What goes along, and the key: an expression over `event`, which `GroupKey` has in `parts`.

    `quotes`: some string is among the parts.
    """

    name: str
    key: str
    parts: tuple[str, ...]
    quotes: bool
    fields: tuple[MovedField, ...]


def moved_of(workload: Workload) -> Moved | None:
    """None where records are keyed by their group already."""
    if not workload.rekeyed:
        return None
    keys = workload.query.group_by
    parts = tuple(_part(key) for key in keys)
    quotes = any(key.type is FieldType.STRING for key in keys)
    if [key.type for key in keys] == [FieldType.STRING]:
        key, parts, quotes = f"event.{keys[0].name}", (), False
    else:
        key = "GroupKey.of(event)"
    if len(parts) > 1:
        parts = (f'"[" + {parts[0]}', *parts[1:-1], f'{parts[-1]} + "]"')
    return Moved(NAME, key, parts, quotes, _fields(fields_moved(workload)))


def all_fields_moved(workload: Workload) -> Moved:
    """All fields of an event, as a query by hand may write it to a topic of its own."""
    return Moved("", "", (), False, _fields(workload.fields))


def _fields(fields: Sequence[Field]) -> tuple[MovedField, ...]:
    return tuple(
        MovedField(field.name, _write(field.type), _text(field), field.nullable) for field in fields
    )


def _part(key: FieldReference) -> str:
    """A value of the key as JSON."""
    match key.type:
        case FieldType.STRING:
            return f"quote(event.{key.name})"
        case DecimalType():
            return f"event.{key.name}.toPlainString()"
        case _:
            return f"String.valueOf(event.{key.name})"


def _write(type_: ValueType) -> str:
    match type_:
        case FieldType.STRING:
            return "writeStringField"
        case FieldType.BOOLEAN:
            return "writeBooleanField"
        case FieldType.BIGINT | FieldType.TIMESTAMP | FieldType.DOUBLE | DecimalType():
            return "writeNumberField"
        case _:
            assert_never(type_)


def _text(field: Field) -> str:
    value = f"event.{field.name}"
    match field.type:
        case FieldType.STRING:
            text = f"FlatJson.quote({value})"
        case DecimalType():
            text = f"{value}.toPlainString()"
        case _:
            text = value
    return f'({value} == null ? "null" : {text})' if field.nullable else text
