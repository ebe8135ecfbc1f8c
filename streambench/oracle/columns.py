"""What the oracle reads: the columns of a trace, through DuckDB with bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from streambench.model.expression import may_be_null
from streambench.model.workload import Query
from streambench.workload.sql import DUCKDB, to_sql

MEMORY_LIMIT = "1GB"
THREADS = 2
# The relation whose columns are the workload's fields, in every statement that reads one. A user's name
# is always qualified by it: what a statement calls its own columns cannot hide a field.
TRACE = "trace"
OF_TRACE = DUCKDB.of_table(TRACE)


class TraceFacts(Protocol):
    """The facts of a trace that the oracle needs."""

    @property
    def partitions(self) -> int:
        """Number of partitions of the input topic."""
        ...

    @property
    def quantum_ms(self) -> int:
        """Length of one quantum; quantum q is due at (q + 1) · quantum_ms after T0."""
        ...

    @property
    def quanta(self) -> int:
        """Number of quanta of the load."""
        ...


class TraceColumns(Protocol):
    """A compiled trace, as the oracle sees it.

    `columns_glob` names Parquet files with the columns quantum, partition, position (order within
    the partition's log), event_ms (relative to the trace's origin) and one per workload field.
    """

    @property
    def columns_glob(self) -> str:
        """Glob of the Parquet files."""
        ...

    @property
    def meta(self) -> TraceFacts:
        """Facts about the whole trace."""
        ...


@contextmanager
def duckdb_session() -> Iterator[Any]:
    """Yield a DuckDB connection in memory that spills to a temporary folder of its own."""
    import duckdb  # to read a bundle, and to compare two, takes none

    with tempfile.TemporaryDirectory(prefix="streambench-oracle-") as spill:
        connection = duckdb.connect(
            config={
                "memory_limit": MEMORY_LIMIT,
                "threads": THREADS,
                "temp_directory": spill,
                # An extension would be fetched from the network, silently.
                "autoinstall_known_extensions": "false",
            }
        )
        try:
            yield connection
        finally:
            connection.close()


def passes_sql(query: Query) -> str:
    """SQL for whether a record of the relation TRACE passes `where`: true or false, never null."""
    if query.where is None:
        return "true"
    passes = f"({to_sql(query.where, OF_TRACE)})"
    return f"({passes} IS TRUE)" if may_be_null(query.where) else passes


def key_columns(query: Query) -> tuple[str, ...]:
    """What the fields by which the query groups are called in the oracle's own tables."""
    return tuple(f"key_{at}" for at in range(len(query.group_by)))


def keys_sql(query: Query) -> str:
    """SQL for these columns, of a record of the relation TRACE."""
    named = zip(query.group_by, key_columns(query), strict=True)
    return ", ".join(f"{TRACE}.{quoted(key.name)} AS {column}" for key, column in named)


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def parquet_sql(glob: str) -> str:
    """The Parquet files of `glob` as the relation TRACE."""
    escaped = glob.replace("'", "''")
    # Else a folder called `key=1` on the way to them would be a column.
    return f"read_parquet('{escaped}', hive_partitioning = false) AS {TRACE}"
