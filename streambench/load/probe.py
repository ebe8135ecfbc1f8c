"""Single records beside a trace: probe, closer and flush, which any workload's query lets through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias, assert_never

import duckdb
import pyarrow as pa

from streambench.load.columns import json_text
from streambench.load.resolve import SyntheticLoad, chunks
from streambench.model.errors import UsageError
from streambench.model.workload import Replay, Synthetic, Workload
from streambench.workload.file.cells import Connection
from streambench.workload.keys import key_text
from streambench.workload.source import opened
from streambench.workload.sql import to_sql

Values: TypeAlias = Mapping[str, str | int]
"""A record: its value by field, in the declared order."""

_DRAWN: Final = 1 << 20
_AT_ONCE: Final = 1 << 16
_SEED: Final = 0


def representative(workload: Workload) -> Values:
    """Return a record that passes `where`: drawn as the load's are, or the first such row of the file.

    Raises UsageError when there is none among a million drawn, or in the file.
    """
    match workload.input:
        case Synthetic() as synthetic:
            found = _drawn(workload, synthetic)
        case Replay() as replay:
            with opened(replay, workload.fields) as connection:
                found = _first(connection, workload, "source")
        case _:
            assert_never(workload.input)
    if found is None:
        raise UsageError(
            f"workload '{workload.name}': no record passes `where`, so nothing can be counted",
            hint=f"streambench validate {workload.name}",
        )
    return {field.name: value for field, value in zip(workload.fields, found, strict=True)}


def record(workload: Workload, values: Values) -> tuple[bytes, bytes]:
    """Return the Kafka key and value of a record, encoded as the trace's are."""
    members = (
        f'"{field.name}":'.encode() + json_text(values[field.name]) for field in workload.fields
    )
    key = key_text([values[key.name] for key in workload.query.group_by])
    return key.encode(), b"{" + b",".join(members) + b"}"


def _drawn(workload: Workload, synthetic: Synthetic) -> tuple[str | int, ...] | None:
    duration_ms = -(-_DRAWN * 1_000 // synthetic.rate_per_s)
    quanta = -(-duration_ms // workload.quantum_ms)
    load = SyntheticLoad(synthetic, duration_ms=duration_ms, quanta=quanta, records=_DRAWN)
    with duckdb.connect() as connection:
        for chunk in chunks(workload, load, seed=_SEED, partitions=1, chunk_records=_AT_ONCE):
            columns = zip(workload.fields, chunk.fields, strict=True)
            table = pa.table({field.name: column.arrow() for field, column in columns})
            connection.register("drawn", table)
            if (found := _first(connection, workload, "drawn")) is not None:
                return found
    return None


def _first(
    connection: Connection, workload: Workload, relation: str
) -> tuple[str | int, ...] | None:
    """The first row of `relation` that passes `where`."""
    names = ", ".join(f'"{field.name}"' for field in workload.fields)
    where = "TRUE" if workload.query.where is None else to_sql(workload.query.where)
    found: tuple[str | int, ...] | None = connection.execute(
        f"SELECT {names} FROM {relation} WHERE {where} LIMIT 1"
    ).fetchone()
    return found
