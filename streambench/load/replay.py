"""A file's rows as load: its own arrival order and gaps, divided by the speed-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streambench.load.columns import (
    Chunk,
    ChunkField,
    Decimals,
    Doubles,
    Flags,
    Integers,
    Nullable,
    Numbers,
    Present,
    Strings,
    StringTable,
)
from streambench.model.expression import DecimalType, FieldType
from streambench.model.windows import Window
from streambench.model.workload import Field, Replay
from streambench.workload.source import ARRIVAL_MS, EVENT_MS, Survey, arrival_order, opened

# What stands where there is no value, and is never seen.
_FILLERS: Final[Mapping[FieldType, str | int | float | bool]] = {
    FieldType.STRING: "",
    FieldType.BIGINT: 0,
    FieldType.DOUBLE: 0.0,
    FieldType.BOOLEAN: False,
    FieldType.TIMESTAMP: 0,
}


def natural_quanta(replay: Replay, survey: Survey, quantum_ms: int) -> int:
    """Return how many quanta the selected part of the file takes to play."""
    span_ms = survey.last_arrival_ms - survey.first_arrival_ms
    return int(_quanta(np.array([span_ms], np.int64), replay, quantum_ms)[0]) + 1


def origin_of(survey: Survey, window: Window) -> int:
    """Return the trace's origin in the file's own time, before the first arrival; no window's edge moves."""
    return window.grid(survey.first_arrival_ms)


def read(
    fields: tuple[Field, ...],
    replay: Replay,
    survey: Survey,
    *,
    origin_ms: int,
    quantum_ms: int,
    quanta: int,
    chunk_records: int,
) -> Iterator[Chunk]:
    """Yield the file's records in the order in which they arrive.

    Chunks hold about `chunk_records` records, whole quanta each; records from `quanta` on are left out.
    """
    with opened(replay, fields) as connection:
        names = "".join(f', "{field.name}"' for field in fields)
        relation = connection.sql(
            f'SELECT "{ARRIVAL_MS}", "{EVENT_MS}"{names} FROM source'
            f" ORDER BY {arrival_order(replay)}"
        )
        held: list[pa.Table] = []
        for batch in relation.to_arrow_reader(chunk_records):
            held.append(pa.Table.from_batches([batch]))
            table = pa.concat_tables(held)
            due = _due(table, replay, survey, quantum_ms)
            whole = int(np.searchsorted(due, due[-1])) if len(due) else 0
            if whole and due[0] < quanta:
                yield _chunk(fields, table.slice(0, whole), due[:whole], origin_ms, quanta)
            held = [table.slice(whole)]
        table = pa.concat_tables(held)
        due = _due(table, replay, survey, quantum_ms)
        if len(due) and due[0] < quanta:
            yield _chunk(fields, table, due, origin_ms, quanta)


def _due(table: pa.Table, replay: Replay, survey: Survey, quantum_ms: int) -> Integers:
    elapsed_ms = table[ARRIVAL_MS].to_numpy() - survey.first_arrival_ms
    return _quanta(elapsed_ms, replay, quantum_ms)


def _quanta(elapsed_ms: Integers, replay: Replay, quantum_ms: int) -> Integers:
    return np.floor(elapsed_ms / (replay.speed_up * quantum_ms)).astype(np.int64)


def _chunk(
    fields: tuple[Field, ...], table: pa.Table, due: Integers, origin: int, quanta: int
) -> Chunk:
    kept = int(np.searchsorted(due, quanta))
    table = table.slice(0, kept)
    return Chunk(
        quantum=due[:kept],
        event_ms=table[EVENT_MS].to_numpy() - origin,
        fields=tuple(chunk_field(field, table[field.name]) for field in fields),
    )


def chunk_field(field: Field, column: pa.ChunkedArray) -> ChunkField:
    """A column of a table as a field of a chunk."""
    if not field.nullable:
        return _present(field, column)
    filler = pa.scalar(Decimal(0) if isinstance(field.type, DecimalType) else _FILLERS[field.type])
    known = _present(field, column.fill_null(filler.cast(column.type)))
    return Nullable(known, column.is_null().to_numpy())


def _present(field: Field, column: pa.ChunkedArray) -> Present:
    match field.type:
        case FieldType.BIGINT | FieldType.TIMESTAMP:
            return Numbers(column.to_numpy())
        case FieldType.DOUBLE:
            return Doubles(column.to_numpy())
        case FieldType.BOOLEAN:
            return Flags(column.to_numpy())
        case DecimalType(scale=scale):
            units = (int(value.scaleb(scale)) for value in column.to_pylist())
            return Decimals(np.fromiter(units, np.int64, len(column)), field.type)
        case FieldType.STRING:
            return _strings(column)
        case _:
            assert_never(field.type)


def _strings(column: pa.ChunkedArray) -> Strings:
    encoded = pc.dictionary_encode(column.combine_chunks())
    return Strings(StringTable(encoded.dictionary.to_pylist()), encoded.indices.to_numpy())
