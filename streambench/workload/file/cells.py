"""What a row of a file holds in one column, as SQL, whatever kind of file it is."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from streambench.model.workload import ColumnName

Connection: TypeAlias = Any
"""A DuckDB connection; the package carries no types."""


ORDINAL: Final = "place:in_file"
"""The column that says where in the file a row stands, from 1 on."""


class Kind(enum.Enum):
    """What the file itself says of a value, by its form."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DOUBLE = "double"
    ROUNDED = "rounded"  # a decimal that was read as a double
    BOOLEAN = "boolean"
    UUID = "uuid"
    INSTANT = "instant"
    NESTED = "nested"  # a list or an object

    @property
    def sql(self) -> str:
        """The kind as a constant of SQL."""
        return literal(self.value)


@dataclass(frozen=True)
class FileCell:
    """A value as SQL: its `text`, null where there is none, and its `kind`, a VARCHAR.

    `typed` is the value itself, where its type, in DuckDB's words, is the same in all rows.
    """

    text: str
    kind: str
    typed: tuple[str, str] | None = None  # the expression and its type


@dataclass(frozen=True)
class Named:
    """A cell under names of its own, so that a statement around computes it once: `select` is its list."""

    select: str
    cell: FileCell


def named(cell: FileCell, name: str) -> Named:
    """The text, the kind and the value of a cell as columns called after `name`."""
    text, kind, typed = (identifier(f"{part}:{name}") for part in ("text", "kind", "typed"))
    select = f"{cell.text} AS {text}, {cell.kind} AS {kind}"
    if cell.typed is None:
        return Named(select, FileCell(text, kind))
    return Named(
        f"{select}, {cell.typed[0]} AS {typed}", FileCell(text, kind, (typed, cell.typed[1]))
    )


def literal(text: str) -> str:
    """A text as a constant of SQL."""
    return "'" + text.replace("'", "''") + "'"


def either(text: str, pattern: str) -> str:
    """SQL for the group of a pattern that matched, of its two; empty where the text is none such."""
    return f"(regexp_extract({text}, '{pattern}', 1) || regexp_extract({text}, '{pattern}', 2))"


def identifier(name: str) -> str:
    """A name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def steps_of(name: ColumnName) -> tuple[str, ...]:
    """The names of a path, from the outside in."""
    return tuple(name.split(".")) if isinstance(name, str) else name


def shown(name: ColumnName) -> str:
    """A column as in a sentence."""
    return name if isinstance(name, str) else ".".join(name)
