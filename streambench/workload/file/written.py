"""A workload.toml for a file, as text with comments that say what was seen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from streambench.model.expression import FieldType
from streambench.model.workload import ColumnName, Field, TimeColumn
from streambench.workload.durations import show_duration
from streambench.workload.file.profile import ColumnProfile
from streambench.workload.file.proposal import Proposal, is_measure
from streambench.workload.file.tempo import Tempo, long_words
from streambench.workload.sql_text import ExpressionError, parsed_sql

QUANTUM_MS: Final = 5
"""What a load is cut into, unless the declaration says otherwise: its records come at once."""


@dataclass(frozen=True)
class Declaration:
    """All that a declaration says; `replay` is the path to the file, as it is written.

    `select` are the aggregates by alias. `begin` and `end` are dates; None: from and to the file's own.
    """

    title: str
    replay: str
    origin: str
    proposal: Proposal
    tempo: Tempo
    grace_ms: int
    partitions: int
    select: Sequence[tuple[str, str]]
    begin: str | None = None
    end: str | None = None


def declaration_text(declaration: Declaration) -> str:
    """The file's text; `load_workload` reads it."""
    return "\n".join(_lines(declaration)) + "\n"


def aggregates_of(proposal: Proposal) -> tuple[tuple[str, str], ...]:
    """How many records there are, and of the first number its sum and its greatest."""
    found = [("records", "count(*)")]
    numbers = [choice.field for choice in proposal.fields if is_measure(choice.profile)]
    numbers = [field for field in numbers if field.type is FieldType.BIGINT]
    if numbers:
        name = numbers[0].name
        read = _in_sql(name)
        found += [(f"total_{name}", f"sum({read})"), (f"greatest_{name}", f"max({read})")]
    key = proposal.key.name
    return tuple((f"{alias}_all" if alias == key else alias, text) for alias, text in found)


def _in_sql(name: str) -> str:
    """A field as an expression reads it: in quotes where its name is a word of SQL."""
    try:
        plain = isinstance(parsed_sql(f"sum({name})").this, exp.Column)
    except ExpressionError:
        plain = False
    return name if plain else f'"{name}"'


def _lines(declaration: Declaration) -> Iterator[str]:
    proposal, tempo = declaration.proposal, declaration.tempo
    yield f"title = {_text(declaration.title)}"
    yield ""
    yield "[input]"
    yield f"replay     = {_text(declaration.replay)}"
    yield f"event_time = {time_toml(proposal.event_time)}    # {_seen(proposal.time_profile)}"
    if proposal.arrival is not None:
        yield f"arrival    = {time_toml(proposal.arrival)}    # the order in which records reach the log; else they come as they lie in the file"
    else:
        yield "# No `arrival`: records reach the log as they lie in the file."
    window = f"a window of {show_duration(tempo.window.size_ms)} lasts"
    lasts = long_words(tempo.played_ms(tempo.window.size_ms))
    yield f"speed_up   = {_number(tempo.speed_up)}    # {window} {lasts}"
    if declaration.begin is not None:
        yield f"begin      = {declaration.begin}"
    if declaration.end is not None:
        yield f"end        = {declaration.end}"
    if proposal.no_values:
        listed = ", ".join(_text(each) for each in proposal.no_values)
        kept = any(choice.field.nullable for choice in proposal.fields)
        unless = ", unless null = true" if kept else ""
        why = f"rows without a value in some column that is read{unless}"
        yield f"leave_out  = [{listed}]    # {why}"
    yield f"origin     = {_text(declaration.origin)}    # and the licence, for the report"
    yield f"partitions = {declaration.partitions}"
    yield ""
    yield "[input.fields]"
    for choice in proposal.fields:
        yield f"{choice.field.name} = {_field(choice.field)}    # {_seen(choice.profile)}"
    for choice in proposal.left_out:
        name = choice.field.name
        yield f"# {name} = {_field(choice.field)}    # {choice.why_not}; {_seen(choice.profile)}"
    yield ""
    yield "[query]"
    yield f'group_by = ["{proposal.key.name}"]'
    yield f'window   = {{ tumbling = "{show_duration(tempo.window.size_ms)}" }}'
    held = f"at this speed_up a quantum of {QUANTUM_MS} ms holds {long_words(QUANTUM_MS * tempo.speed_up)} of it"
    yield f'grace    = "{show_duration(declaration.grace_ms)}"    # of event time; {held}'
    yield "[query.select]"
    for alias, text in declaration.select:
        yield f"{alias} = {_text(text)}"


def _field(field: Field) -> str:
    column = field.in_file
    ways = [] if column.instants is None else _way(column.instants)
    if column.name == field.name and column.times == 1 and not field.nullable and not ways:
        return f'"{field.type.value}"'
    parts = [f"column = {_column(column.name)}"] if column.name != field.name else []
    parts.append(f'type = "{field.type.value}"')
    if column.times != 1:
        parts.append(f"times = {column.times}")
    parts += ways
    if field.nullable:
        parts.append("null = true")
    return f"{{ {', '.join(parts)} }}"


def time_toml(column: TimeColumn) -> str:
    """A column of times as workload.toml has it."""
    if column.format is None and column.unit is None and column.zone is None:
        return _column(column.name)
    return f"{{ {', '.join([f'column = {_column(column.name)}', *_way(column)])} }}"


def _way(column: TimeColumn) -> list[str]:
    """How instants are written."""
    parts = []
    if column.format is not None:
        parts.append(f"format = {_text(column.format)}")
    if column.unit is not None:
        parts.append(f'unit = "{column.unit.value}"')
    if column.zone is not None:
        parts.append(f"zone = {_text(column.zone)}")
    return parts


def _column(name: ColumnName) -> str:
    return _text(name) if isinstance(name, str) else f"[{', '.join(_text(s) for s in name)}]"


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _number(value: float) -> str:
    return f"{int(value):_}" if value == int(value) else f"{value:g}"


def _seen(profile: ColumnProfile) -> str:
    """`39.81, 36.35, 43.22; 1,234 values`, on one line."""
    examples = ", ".join(profile.examples) or "no value"
    counted = f"{profile.distinct_words} different" if profile.distinct > 1 else "always the same"
    rows = "one row" if profile.missing == 1 else f"{profile.missing:,} rows"
    lacking = f", none in {rows}" if profile.missing else ""
    return re.sub(r"[\x00-\x1f\x7f]", " ", f"{examples}; {counted}{lacking}")
