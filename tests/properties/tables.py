"""Small tables that the records of a case are joined with, drawn at random."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from streambench.model.expression import FieldType
from tests.properties.fields import COLUMNS, Column
from tests.properties.pieces import Row

_MOST_ROWS: Final = 6
_KEY: Final = "the key"
_DIGITS_OF_A_DOUBLE: Final = 15


@dataclass(frozen=True)
class Table:
    """A table: the field that is compared, its columns by the names that a query gives them, its rows by key."""

    name: str
    on: Column
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, Row], ...]

    @property
    def names(self) -> frozenset[str]:
        """Of its columns."""
        return frozenset(column.name for column in self.columns)

    @property
    def file(self) -> str:
        """What it is called beside the workload."""
        return f"{self.name}.jsonl"

    def of(self, key: Any) -> Row:
        """What a record with this key has of it."""
        found = next((row for its, row in self.rows if its == key), {})
        return {column.name: found.get(column.name) for column in self.columns}

    def declaration(self) -> Iterator[str]:
        """As a workload names it."""
        yield f"[query.lookup.{self.name}]"
        yield f'file = "{self.file}"'
        yield f'on = {{ {self.on.name} = "{_KEY}" }}'
        declared = (f'{column.name} = "{column.type.value}"' for column in self.columns)
        yield f"columns = {{ {', '.join(declared)} }}"

    def lines(self) -> str:
        """Its file: a JSON object a row; a decimal has the digits that it has."""
        return "".join(f"{_line(self, key, row)}\n" for key, row in self.rows)


@st.composite
def drawn_table(draw: st.DrawFn, number: int, fields: Sequence[Column]) -> Table | None:
    """A table that can be joined with records of these fields; None where no field can be compared."""
    compared = [field for field in fields if field.type is not FieldType.DOUBLE]
    if not compared:
        return None
    name = f"table_{number}"
    on = draw(st.sampled_from(compared))
    chosen = draw(
        st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3, unique_by=lambda c: c.name)
    )
    columns = tuple(replace(column, name=f"{name}_{column.name}") for column in chosen)
    keys = draw(st.lists(on.values, min_size=1, max_size=_MOST_ROWS, unique=True))
    values = st.fixed_dictionaries({column.name: column.drawn(nullable=True) for column in columns})
    return Table(name, on, columns, tuple((key, draw(values)) for key in keys))


def _line(table: Table, key: Any, row: Row) -> str:
    cells = [(_KEY, table.on, key), *((c.name, c, row[c.name]) for c in table.columns)]
    members = (f"{json.dumps(name)}: {_json(column, value)}" for name, column, value in cells)
    return f"{{{', '.join(members)}}}"


def _json(column: Column, value: Any) -> str:
    if isinstance(value, Decimal):
        text = format(value, "f")
        # More digits are refused as a number, for DuckDB has read them as a double.
        return text if len(value.as_tuple().digits) <= _DIGITS_OF_A_DOUBLE else f'"{text}"'
    if value is not None and column.type is FieldType.TIMESTAMP:
        at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=value)
        return f'"{at:%Y-%m-%dT%H:%M:%S}.{value % 1_000:03}Z"'
    return json.dumps(value)
