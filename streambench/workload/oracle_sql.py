"""`oracle.sql`: one SELECT over `events`, by DuckDB; its columns and types are held against the declaration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from streambench.model.by_hand import HandFile, HandText
from streambench.model.errors import UsageError
from streambench.model.expression import DecimalType, FieldType, ValueType
from streambench.model.windows import Sessions
from streambench.model.workload import Query, Workload
from streambench.workload.sql import sql_type

if TYPE_CHECKING:
    import duckdb

Relation: TypeAlias = "duckdb.DuckDBPyRelation"

EVENTS: Final = "events"
"""The relation that the file reads: the fields of the records that pass `where`, and `event_ms`."""
_EPOCH_MS: Final = 1_700_000_000_000
WINDOW_START: Final = "window_start"
WINDOW_END: Final = "window_end"
_WHOLE: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
    | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)
_LINE: Final = re.compile(r"^LINE (\d+):", re.MULTILINE)
_DECIMAL: Final = re.compile(r"DECIMAL\((\d+),(\d+)\)")


@dataclass(frozen=True)
class OracleColumn:
    """A column that the file has to give, and its type; `nullable`: it may hold no value."""

    name: str
    type: ValueType
    nullable: bool = False


def columns_due(query: Query) -> tuple[OracleColumn, ...]:
    """All columns of a query by hand: the group, the window, and what the declaration says of a row."""
    assert query.by_hand is not None, "it is by hand"
    edges = (WINDOW_START, WINDOW_END) if isinstance(query.window, Sessions) else (WINDOW_START,)
    return (
        *(OracleColumn(key.name, key.type) for key in query.by_hand.keys),
        *(OracleColumn(name, FieldType.BIGINT) for name in edges),
        *(OracleColumn(each.name, each.type, each.nullable) for each in query.by_hand.columns),
    )


def shift_ms(query: Query) -> int:
    """What is added to a trace's event times, which may be below 0: so they are as engines are given them.

    A quotient of whole numbers is cut towards 0 by some. The edges of windows stay where they are.
    """
    return query.window.grid(_EPOCH_MS)


def oracle_text(query: Query) -> HandText:
    """The file. Raises UsageError where it is missing."""
    assert query.by_hand is not None, "it is by hand"
    found = query.by_hand.text_of(HandFile.ORACLE)
    if found is None:
        raise UsageError(
            f"{HandFile.ORACLE.value} is missing: nothing says which rows are right",
            hint="streambench validate NAME",
        )
    return found


def selected(connection: Any, query: Query) -> Relation:
    """What the file selects, in the types of its columns; `events` is known to the connection.

    Raises UsageError, with the file and where it is known the line.
    """
    relation = _bound(connection, oracle_text(query))
    problems = list(_problems(relation, query))
    if problems:
        file = oracle_text(query)
        raise UsageError(
            f"{file.path}: " + "; ".join(problems),
            hint=f"select {', '.join(each.name for each in columns_due(query))} there, and no more",
        )
    casts = (
        f'CAST("{each.name}" AS {sql_type(each.type)}) AS "{each.name}"'
        for each in columns_due(query)
    )
    found: Relation = relation.project(", ".join(casts))
    return found


def describe(workload: Workload) -> None:
    """Hold the file against the declaration, without a record. Raises UsageError as `selected` does."""
    import duckdb

    fields = (
        f'CAST(NULL AS {sql_type(field.type)}) AS "{field.name}"' for field in workload.fields
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE VIEW {EVENTS} AS SELECT {', '.join(fields)}, CAST(NULL AS BIGINT) AS event_ms LIMIT 0"
        )
        selected(connection, workload.query)


def _bound(connection: Any, file: HandText) -> Relation:
    import duckdb

    try:
        statements = connection.extract_statements(file.text)
        if [each.type for each in statements] != [duckdb.StatementType.SELECT]:
            raise UsageError(
                f"{file.path}: one SELECT is due, and there are {len(statements)} statements, or others",
                hint="docs/by-hand-workloads.md has an example",
            )
        connection.execute(f"EXPLAIN {file.text}")  # its word on a mistake tells the line
        relation: Relation = connection.sql(file.text)
    except duckdb.Error as error:
        raise refused(file, error) from None
    return relation


def refused(file: HandText, error: Exception) -> UsageError:
    """DuckDB's word on a file, with the line where it tells one."""
    words = str(error)
    line = _LINE.search(words)
    place = file.path if line is None else f"{file.path}:{line[1]}"
    return UsageError(
        f"{place}: {words.strip().splitlines()[0]}",
        hint="it is DuckDB's SQL, over the relation events; docs/by-hand-workloads.md has an example",
    )


def _problems(relation: Relation, query: Query) -> Iterator[str]:
    found = dict(zip(relation.columns, map(str, relation.types), strict=True))
    if len(found) < len(relation.columns):
        yield "a column is there twice"
    due = columns_due(query)
    for each in due:
        if each.name not in found:
            yield f"column {each.name} is missing"
        elif not _fits(found[each.name], each.type):
            yield f"column {each.name} is a {found[each.name]}, and a {each.type.value} is declared"
    known = {each.name for each in due}
    yield from (f"column {name} is not declared" for name in found if name not in known)


def _fits(found: str, type_: ValueType) -> bool:
    if isinstance(type_, DecimalType):
        decimal = _DECIMAL.fullmatch(found)
        return found in _WHOLE or (decimal is not None and int(decimal[2]) <= type_.scale)
    match type_:
        case FieldType.BIGINT | FieldType.TIMESTAMP:
            return found in _WHOLE
        case FieldType.DOUBLE:
            return found in ("DOUBLE", "FLOAT")
        case _:
            return found == sql_type(type_)
