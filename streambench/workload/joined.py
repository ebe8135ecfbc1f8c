"""Records joined with small tables, by DuckDB: this is what every engine's own join is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streambench.model.lookup import Lookup
from streambench.workload.file.cells import Connection, identifier
from streambench.workload.sql import DUCKDB, sql_type

_KEY: Final = "key:of_table"


def register_lookups(connection: Connection, lookups: Sequence[Lookup]) -> None:
    """Make tables known to a connection, by names that only `joined_sql` knows."""
    for lookup in lookups:
        _register(connection, lookup)


def joined_sql(relation: str, lookups: Sequence[Lookup]) -> str:
    """A statement for the rows of `relation` with all that is looked up for them, as a LEFT JOIN."""
    columns, joins = "", ""
    for lookup in lookups:
        name = _name(lookup)
        columns += "".join(f", {name}.{identifier(each.name)}" for each in lookup.columns)
        joins += f' LEFT JOIN {name} ON records."{lookup.on}" = {name}.{identifier(_KEY)}'
    return f"SELECT records.*{columns} FROM {relation} AS records{joins}"


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
    connection.register(raw, pa.table({name: values for name, (values, _) in columns.items()}))
    connection.execute(
        f"CREATE TEMP TABLE {_name(lookup)} AS SELECT {typed} FROM {identifier(raw)}"
    )
    connection.unregister(raw)
