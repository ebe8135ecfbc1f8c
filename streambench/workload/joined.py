"""Records joined with small tables, by DuckDB: this is what every engine's own join is judged by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from streambench.model.lookup import Lookup
from streambench.workload.file.cells import Connection, identifier
from streambench.workload.sql import DUCKDB, sql_type

_KEY: Final = "key:of_table"
_PLACE: Final = "place:in_table"


def register_lookups(connection: Connection, lookups: Sequence[Lookup]) -> None:
    """Make tables known to a connection, by names that only `joined_sql` knows."""
    for lookup in lookups:
        _register(connection, lookup)


def joined_sql(relation: str, lookups: Sequence[Lookup]) -> str:
    """A statement for the rows of `relation` with all that is looked up for them."""
    columns = (
        f"{_name(lookup)}.{identifier(column.name)}"
        for lookup in lookups
        for column in lookup.columns
    )
    return _join(relation, lookups, columns)


def places_sql(relation: str, lookups: Sequence[Lookup]) -> str:
    """The same with the place of each table's row, as `place_name` calls it: from 0 on, −1 for none."""
    places = (
        f"coalesce({_name(lookup)}.{identifier(_PLACE)}, -1) AS {identifier(place_name(lookup))}"
        for lookup in lookups
    )
    return _join(relation, lookups, places)


def place_name(lookup: Lookup) -> str:
    """The column of `places_sql` for a table; no field is called so."""
    return f"place:{lookup.name}"


def table_sql(lookup: Lookup) -> str:
    """A statement for the rows of a table, in their order."""
    return f"SELECT * FROM {_name(lookup)} ORDER BY {identifier(_PLACE)}"


def _join(relation: str, lookups: Sequence[Lookup], columns: Iterable[str]) -> str:
    """A record whose value is in no row is kept."""
    joins = "".join(
        f' LEFT JOIN {_name(each)} ON records."{each.on}" = {_name(each)}.{identifier(_KEY)}'
        for each in lookups
    )
    return f"SELECT records.*, {', '.join(columns)} FROM {relation} AS records{joins}"


def _name(lookup: Lookup) -> str:
    return identifier(f"lookup:{lookup.name}")


def _register(connection: Connection, lookup: Lookup) -> None:
    import pyarrow as pa  # a declaration is read without it

    columns = {_KEY: (pa.array([row.key for row in lookup.rows]), lookup.key_type)}
    for at, column in enumerate(lookup.columns):
        values = pa.array([row.values[at] for row in lookup.rows])
        columns[column.name] = (values, column.type)
    typed = ", ".join(
        f"CAST({identifier(column)} AS {sql_type(type_, DUCKDB)}) AS {identifier(column)}"
        for column, (_, type_) in columns.items()
    )
    raw = f"raw:{lookup.name}"
    values = {name: each for name, (each, _) in columns.items()}
    connection.register(raw, pa.table({_PLACE: pa.array(range(len(lookup.rows))), **values}))
    connection.execute(
        f"CREATE TEMP TABLE {_name(lookup)} AS SELECT {identifier(_PLACE)}, {typed} FROM {identifier(raw)}"
    )
    connection.unregister(raw)
