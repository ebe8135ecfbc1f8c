"""Generated records joined with small tables, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa

from streambench.load.columns import Chunk
from streambench.load.replay import chunk_field
from streambench.model.lookup import LookedUp
from streambench.model.workload import Workload
from streambench.workload.joined import joined_sql, register_lookups


def with_lookups(chunks: Iterator[Chunk], workload: Workload) -> Iterator[Chunk]:
    """Yield chunks of the fields that are sent with all fields of the workload, in its order."""
    places = {field.name: place for place, field in enumerate(workload.sent)}
    compared = sorted({lookup.on for lookup in workload.lookups})
    with duckdb.connect() as connection:
        register_lookups(connection, workload.lookups)
        joined = joined_sql("drawn", workload.lookups)
        for chunk in chunks:
            drawn = {name: chunk.fields[places[name]].arrow() for name in compared}
            place = pa.array(np.arange(len(chunk.quantum)))
            connection.register("drawn", pa.table({"place:in_chunk": place, **drawn}))
            found = connection.sql(f'{joined} ORDER BY "place:in_chunk"').to_arrow_table()
            fields = tuple(
                chunk_field(field, found[field.name])
                if isinstance(field.source, LookedUp)
                else chunk.fields[places[field.name]]
                for field in workload.fields
            )
            yield Chunk(chunk.quantum, chunk.event_ms, fields)
