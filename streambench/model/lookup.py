"""A small static table that records are joined with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from streambench.model.expression import ValueType

MOST_ROWS: Final = 10_000
"""Of a table: each worker of each engine holds all of it in memory."""
MOST_CHARACTERS: Final = 4_000_000
"""Of all values of a table: each job's program and record have a copy of it."""

LookupValue: TypeAlias = str | int | float | bool | Decimal


@dataclass(frozen=True)
class LookupColumn:
    """A column of a table: its name among the fields, and its type."""

    name: str
    type: ValueType


@dataclass(frozen=True)
class LookupRow:
    """A row of a table: its key, and its value in each column; None: none."""

    key: LookupValue
    values: tuple[LookupValue | None, ...]


@dataclass(frozen=True)
class Lookup:
    """A table as it was read: its rows in their order, no key twice.

    A record has the values of the row whose key is in its field `on`, and null where there is no such row.
    """

    name: str
    on: str
    key_type: ValueType
    columns: tuple[LookupColumn, ...]
    rows: tuple[LookupRow, ...]

    @property
    def content(self) -> str:
        """All that decides a joined value, as a text."""
        return repr((self.on, self.key_type.value, self.columns, self.rows))


@dataclass(frozen=True)
class LookedUp:
    """What is found in the column `at` of a table."""

    lookup: Lookup
    at: int

    @property
    def values(self) -> tuple[LookupValue, ...]:
        """The distinct values, in the order of their first row."""
        found = (row.values[self.at] for row in self.lookup.rows)
        return tuple(dict.fromkeys(value for value in found if value is not None))
