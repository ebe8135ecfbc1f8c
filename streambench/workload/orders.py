"""Strings whose order engines do not agree on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from streambench.model.expression import (
    Comparison,
    ComparisonOperator,
    Expression,
    FieldReference,
    FieldType,
    Literal,
    parts,
)
from streambench.model.workload import Choice, Replay, Workload
from streambench.workload.source import opened

_LAST_OF_BASIC_PLANE: Final = 0xFFFF
_BEYOND: Final = r"[\x{10000}-\x{10FFFF}]"
_SAME_FOR_ALL: Final = (ComparisonOperator.EQ, ComparisonOperator.NE)


def unordered_string(workload: Workload) -> str | None:
    """A string of the workload that has no one order, where its `where` compares by order; None: none.

    Java (Kafka Streams, and Flink where it has strings as objects) orders by UTF-16 units; Spark, Python
    and DuckDB order by code points. The two differ only where a character lies beyond U+FFFF. A
    replayed file is scanned; UsageError when it cannot be read.
    """
    if workload.query.where is None:
        return None
    compared = tuple(dict.fromkeys(_ordered(workload.query.where)))
    for part in compared:
        if isinstance(part, Literal) and is_beyond_basic_plane(str(part.value)):
            return str(part.value)
    names = [part.name for part in compared if isinstance(part, FieldReference)]
    match workload.input:
        case Replay() as replay:
            return _replayed(workload, replay, names)
        case _:
            sources = [workload.field(name).source for name in names]
            values = (v for source in sources if isinstance(source, Choice) for v in source.values)
            return next((value for value in values if is_beyond_basic_plane(value)), None)


def is_beyond_basic_plane(text: str) -> bool:
    """Whether a character of it takes two units of UTF-16."""
    return any(ord(character) > _LAST_OF_BASIC_PLANE for character in text)


def _replayed(workload: Workload, replay: Replay, names: list[str]) -> str | None:
    # What is added to the keys of copies is in any order's basic plane.
    with opened(replace(replay, copies=None), workload.fields) as connection:
        for name in names:
            row = connection.execute(
                f'SELECT min("{name}") FROM source WHERE regexp_matches("{name}", ?)', [_BEYOND]
            ).fetchone()
            if row[0] is not None:
                return str(row[0])
    return None


def _ordered(condition: Expression) -> Iterator[FieldReference | Literal]:
    """The strings that a condition compares by their order."""
    for part in parts(condition):
        if isinstance(part, Comparison) and part.operator not in _SAME_FOR_ALL:
            for side in (part.left, part.right):
                if (string := _string(side)) is not None:
                    yield string


def _string(side: Expression) -> FieldReference | Literal | None:
    match side:
        case FieldReference(type=FieldType.STRING) | Literal(value=str()):
            return side
        case _:
            return None
