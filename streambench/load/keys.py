"""The Kafka key of each record of a chunk, and the partition where every client puts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

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
from streambench.model.record_key import KeyFields, NoKey
from streambench.model.workload import Workload
from streambench.workload.keys import key_texts

# The golden ratio of 2^32. Numbers of quanta are far below 2^31, so products fit.
_KNUTH: Final = 2_654_435_761


def key_names(workload: Workload) -> tuple[str, ...] | None:
    """The fields whose text is the key of a record; None where records have none."""
    match workload.key:
        case None:
            return tuple(field.name for field in workload.query.group_by)
        case KeyFields(names=names):
            return names
        case NoKey():
            return None
        case _:
            assert_never(workload.key)


def keys_of(chunk: Chunk, workload: Workload) -> Strings | None:
    """The key of each record, with null in it where a field has no value; None where records have no key."""
    names = key_names(workload)
    return None if names is None else _texts(chunk, workload, names)


def group_texts(chunk: Chunk, workload: Workload) -> Strings:
    """The text of each record's group; of one without a group with null in it."""
    return _texts(chunk, workload, [field.name for field in workload.query.group_by])


def _texts(chunk: Chunk, workload: Workload, names: Sequence[str]) -> Strings:
    places = {field.name: place for place, field in enumerate(workload.fields)}
    fields = [chunk.fields[places[name]] for name in names]
    match fields:
        case [Strings() as only]:
            return only
    first, codes = _groups(fields)
    columns = [pa.chunked_array([field.take(first).arrow()]) for field in fields]
    return Strings(StringTable(key_texts(columns).to_pylist()), codes)


def around(quantum: Integers, partitions: int) -> Integers:
    """The partition of each record where none has a key: one after the other, quantum by quantum.

    `quantum` never falls. Quanta that follow each other begin at one partition after the other, so that few
    records a quantum reach all of them. Each round of that begins elsewhere, by Knuth's multiplicative hash: else
    a record in every fourth quantum would always meet the same of four partitions.
    """
    begins = np.searchsorted(quantum, quantum, side="left")
    first = quantum + ((quantum // partitions * _KNUTH % (1 << 32)) >> 16)
    return np.asarray((np.arange(len(quantum)) - begins + first) % partitions, dtype=np.int64)


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
