"""A small table is read whole: its keys, and the values that records are joined with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.lookup import MOST_CHARACTERS, MOST_ROWS, LookupRow
from streambench.model.workload import Field
from streambench.workload.file.cells import ORDINAL, Connection, named
from streambench.workload.file.damaged import unreadable
from streambench.workload.file.guess import time_hint
from streambench.workload.file.misfits import Column, no_column, short
from streambench.workload.file.tables import ENDINGS, ending_of, open_table
from streambench.workload.file.types import reading_of, value_sql

_SHOWN: Final = 5


def read_lookup(path: Path, key: Field, fields: Sequence[Field]) -> tuple[LookupRow, ...]:
    """The rows of a file, in their order: `key` is the column that is compared, `fields` are looked up.

    Raises UsageError where it cannot be read, for a value that does not fit its type, for a key that is not
    there or stands there twice, and for too many rows.
    """
    import duckdb  # most workloads have no such table

    if ending_of(path) not in ENDINGS or not _is_file(path):
        what = "does not exist" if ending_of(path) in ENDINGS else "is of no kind that can be read"
        raise UsageError(f"{path} {what}", hint=f"name a file that ends in {', '.join(ENDINGS)}")
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        return _rows(connection, path, [key, *fields])
    except duckdb.Error as error:
        if (refused := unreadable(error, path)) is None:
            raise
        refused.hint = (
            "Parquet, CSV and JSON can be read; a CSV file begins with the names of its columns"
        )
        raise refused from error
    finally:
        connection.close()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # it is too long for a path
        return False


def _rows(connection: Connection, path: Path, fields: Sequence[Field]) -> tuple[LookupRow, ...]:
    table = open_table(connection, path, None)
    columns = []
    for field in fields:
        name = field.in_file.name
        if (cell := table.cell(name)) is None:
            raise no_column(path, [name], table, hint="name the table's columns as its file does")
        known_as = named(cell, field.name)
        value = value_sql(connection, field, known_as.cell)
        columns.append(Column(field.name, field, known_as, value))
    selected = ", ".join(column.named.select for column in columns)
    pairs = ", ".join(f"{column.named.cell.text}, {column.value_sql}" for column in columns)
    found: list[tuple[Any, ...]] = connection.execute(
        f'SELECT {pairs} FROM (SELECT row_number() OVER () AS "{ORDINAL}", {selected}'
        f' FROM {table.relation} LIMIT {MOST_ROWS + 1}) ORDER BY "{ORDINAL}"'
    ).fetchall()
    if not found:
        raise UsageError(f"{path.name} has no row", hint="write a line for each key into it")
    if len(found) > MOST_ROWS:
        raise UsageError(
            f"{path.name} has more than {MOST_ROWS:,} rows, and every worker holds all of them",
            hint="keep the rows whose keys the records have",
        )
    if sum(len(text) for row in found for text in row[::2] if text) > MOST_CHARACTERS:
        raise UsageError(
            f"{path.name} has more than {MOST_CHARACTERS:,} characters in the columns that are read",
            hint="keep the rows whose keys the records have, or read fewer columns",
        )
    _check_fit(path, columns, found)
    _check_keys(path, columns[0], [row[1] for row in found])
    return tuple(LookupRow(row[1], row[3::2]) for row in found)


def _check_fit(path: Path, columns: Sequence[Column], found: Sequence[tuple[Any, ...]]) -> None:
    told: list[str] = []
    hint = ""
    for at, column in enumerate(columns):
        wrong = [
            (place, row[2 * at])
            for place, row in enumerate(found, start=1)
            if row[2 * at] is not None and row[2 * at + 1] is None
        ]
        told += [
            f"{column.shown}, row {place:,}: {short(text)} is not {column.wanted}"
            for place, text in wrong[:_SHOWN]
        ]
        if len(wrong) > _SHOWN:
            told.append(f"{column.shown}: {len(wrong) - _SHOWN:,} more")
        if wrong and isinstance(column.declared, Field):
            hint = hint or _hint(column.declared, [text for _, text in wrong])
    if told:
        raise UsageError(
            f"{path.name}: values do not fit the declared type: {'; '.join(told)}", hint=hint
        )


def _hint(field: Field, texts: Sequence[str]) -> str:
    if (instants := field.in_file.instants) is not None:
        return time_hint(instants, texts, 'type = "timestamp", ')
    if field.type is FieldType.DOUBLE:
        return "leave the cell empty where there is no number"
    return reading_of(field.type).hint


def _check_keys(path: Path, column: Column, keys: Sequence[Any]) -> None:
    """Each row has a key, and no other row has the same."""
    first: dict[Any, int] = {}
    for place, key in enumerate(keys, start=1):
        if key is None:
            raise UsageError(
                f"{path.name}: row {place:,} has no value in {column.shown}, the column that is compared",
                hint="take such rows out of the table",
            )
        if key in first:
            raise UsageError(
                f"{path.name}: rows {first[key]:,} and {place:,} have the same {column.shown},"
                f" {short(str(key))}",
                hint="keep one of these rows: a record belongs to one row at most",
            )
        first[key] = place
