"""Generated records joined with small tables, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa

from streambench.load.columns import Chunk, ChunkField, Integers, Nullable
from streambench.load.replay import chunk_field
from streambench.model.lookup import LookedUp
from streambench.model.workload import Workload
from streambench.workload.file.cells import Connection
from streambench.workload.joined import place_name, places_sql, register_lookups, table_sql

_PLACE = "place:in_chunk"


def with_lookups(chunks: Iterator[Chunk], workload: Workload) -> Iterator[Chunk]:
    """Yield chunks of the fields that are sent with all fields of the workload, in its order."""
    lookups = workload.lookups
    sent = {field.name: place for place, field in enumerate(workload.sent)}
    compared = sorted({lookup.on for lookup in lookups})
    places = f'{places_sql("drawn", lookups)} ORDER BY "{_PLACE}"'
    with duckdb.connect() as connection:
        register_lookups(connection, lookups)
        columns = _columns(connection, workload)
        for chunk in chunks:
            drawn = {name: chunk.fields[sent[name]].arrow() for name in compared}
            number = pa.array(np.arange(len(chunk.quantum)))
            connection.register("drawn", pa.table({_PLACE: number, **drawn}))
            found = connection.sql(places).to_arrow_table()
            rows = {lookup.name: found[place_name(lookup)].to_numpy() for lookup in lookups}
            yield Chunk(
                chunk.quantum,
                chunk.event_ms,
                tuple(
                    _taken(columns[field.name], rows[field.source.lookup.name])
                    if isinstance(field.source, LookedUp)
                    else chunk.fields[sent[field.name]]
                    for field in workload.fields
                ),
            )


def _columns(connection: Connection, workload: Workload) -> dict[str, ChunkField]:
    """The columns of the tables, by their names: a value for each row."""
    found: dict[str, ChunkField] = {}
    for lookup in workload.lookups:
        table = connection.sql(table_sql(lookup)).to_arrow_table()
        names = [column.name for column in lookup.columns]
        found |= {name: chunk_field(workload.field(name), table[name]) for name in names}
    return found


def _taken(column: ChunkField, rows: Integers) -> Nullable:
    """The value of each of `rows`, and null where there is none: −1."""
    assert isinstance(column, Nullable), "what is looked up may be null"
    found = column.take(np.maximum(rows, 0))
    return Nullable(found.values, found.missing | (rows < 0))
