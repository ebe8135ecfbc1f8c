"""The Kafka key of each record of a chunk, and the partition where every client puts it."""

from __future__ import annotations

from typing import assert_never

import numpy as np
import pyarrow as pa

from streambench.load.columns import (
    Chunk,
    ChunkField,
    Codes,
    Decimals,
    Doubles,
    Flags,
    Integers,
    Nullable,
    Numbers,
    Strings,
    StringTable,
)
from streambench.model.workload import Workload
from streambench.workload.keys import key_texts


def keys_of(chunk: Chunk, workload: Workload) -> Strings:
    """The text of each record's group, as records are keyed by it; of one without a group with null in it."""
    places = {field.name: place for place, field in enumerate(workload.fields)}
    fields = [chunk.fields[places[key.name]] for key in workload.query.group_by]
    match fields:
        case [Strings() as only]:
            return only
    first, codes = _groups(fields)
    columns = [pa.chunked_array([field.take(first).arrow()]) for field in fields]
    return Strings(StringTable(key_texts(columns).to_pylist()), codes)


def without_key_in(chunk: Chunk, workload: Workload) -> int:
    """How many records lack a value of their group."""
    places = {field.name: place for place, field in enumerate(workload.fields)}
    fields = (chunk.fields[places[key.name]] for key in workload.query.group_by)
    missing = [field.missing for field in fields if isinstance(field, Nullable)]
    return int(np.count_nonzero(np.any(missing, axis=0))) if missing else 0


def _groups(fields: list[ChunkField]) -> tuple[Integers, Codes]:
    """A record of each distinct group, and which group each record belongs to."""
    first, found = _distinct(_codes(fields[0]))
    for field in fields[1:]:
        codes = _codes(field)
        # Groups so far are no more than records: the product stays far below 2^63.
        first, found = _distinct(found * (int(codes.max(initial=0)) + 1) + codes)
    return first, found


def _distinct(codes: Integers) -> tuple[Integers, Integers]:
    _, first, found = np.unique(codes, return_index=True, return_inverse=True)
    return first, found


def _codes(field: ChunkField) -> Integers:
    """A whole number from 0 on for each record, the same for the same value."""
    match field:
        case Strings(codes=codes):
            return codes.astype(np.int64)
        case Numbers(values=values) | Decimals(units=values):
            return _distinct(values)[1]
        case Flags(values=flags):
            return flags.astype(np.int64)
        case Nullable(values=known, missing=missing):
            return np.where(missing, 0, _codes(known) + 1)
        case Doubles():
            raise ValueError("no query groups by a double")
        case _:
            assert_never(field)
