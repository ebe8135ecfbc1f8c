"""Single records beside a trace: probe, closer and flush, which any workload's query lets through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias, assert_never

import duckdb
import pyarrow as pa

from streambench.load.columns import arrow_type, json_text
from streambench.load.keys import key_names
from streambench.load.resolve import SyntheticLoad, chunks
from streambench.model.errors import UsageError
from streambench.model.workload import Field, Replay, Synthetic, Workload
from streambench.workload.file.cells import Connection
from streambench.workload.keys import KeyValue, key_text
from streambench.workload.source import opened
from streambench.workload.sql import to_sql

Values: TypeAlias = Mapping[str, KeyValue | None]
"""A record: its value by field, in the declared order; None: it has none."""

Row: TypeAlias = tuple[KeyValue | None, ...]
"""The same without names."""

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
                found = next(iter(_select(connection, workload, "source WHERE", 1)), None)
        case _:
            assert_never(workload.input)
    if found is None:
        raise UsageError(
            f"workload '{workload.name}': no record passes `where`, so nothing can be counted",
            hint=f"streambench validate {workload.name}",
        )
    return _named(workload, found)


def record(workload: Workload, values: Values) -> tuple[bytes | None, bytes]:
    """Return the Kafka key (None: it has none) and value of a record, encoded as the trace's are."""
    members = (
        f'"{field.name}":'.encode() + json_text(values[field.name]) for field in workload.sent
    )
    names = key_names(workload)
    key = None if names is None else key_text([values[name] for name in names]).encode()
    return key, b"{" + b",".join(members) + b"}"


def group_of(workload: Workload, values: Values) -> str:
    """Return the text of a record's group."""
    return key_text([values[field.name] for field in workload.query.group_by])


def records_of(workload: Workload, values: Sequence[Values]) -> pa.Table:
    """Records as a table with a column for each field."""
    return pa.table({field.name: column_of(field, values) for field in workload.fields})


def column_of(field: Field, values: Sequence[Values]) -> pa.Array:
    """A field of records; where none has a value, it is of the field's type none the less."""
    found = [each[field.name] for each in values]
    return pa.array(found, arrow_type(field.type)) if field.nullable else pa.array(found)


def of_group(
    workload: Workload, values: Values, most: int, *, keys: Sequence[str] | None = None
) -> list[Values]:
    """Up to so many records that pass `where` and are of the group of `values`, drawn as above.

    A group of generated load gets the other fields of any record. With `keys` only these fields are as `values`
    has them; () are any records. Raises UsageError as above.
    """
    keys = [key.name for key in workload.query.group_by] if keys is None else keys
    match workload.input:
        case Synthetic() as synthetic:
            fixed = {name: values[name] for name in _fixed_by(workload, keys)}
            found = next(_passing(workload, synthetic, most, fixed), [])
        case Replay() as replay:
            with opened(replay, workload.fields) as connection:
                same = " AND ".join(["TRUE", *(f'"{name}" = ?' for name in keys)])
                of_keys = [values[name] for name in keys]
                found = _select(connection, workload, f"source WHERE {same} AND", most, of_keys)
        case _:
            assert_never(workload.input)
    return [_named(workload, each) for each in found]


def _fixed_by(workload: Workload, keys: Sequence[str]) -> set[str]:
    """The fields of which a group decides the values: also what is looked up with them, or that they are of."""
    fixed = set(keys)
    for lookup in workload.lookups:
        if not fixed.isdisjoint(column.name for column in lookup.columns):
            fixed.add(lookup.on)
    for lookup in workload.lookups:
        if lookup.on in fixed:
            fixed.update(column.name for column in lookup.columns)
    return fixed


def _drawn(workload: Workload, synthetic: Synthetic) -> Row | None:
    return next((found[0] for found in _passing(workload, synthetic, 1, {}) if found), None)


def _passing(
    workload: Workload, synthetic: Synthetic, most: int, fixed: Values
) -> Iterator[list[Row]]:
    """Chunk by chunk of a million drawn records, up to `most` that pass `where` with the fields `fixed`."""
    duration_ms = -(-_DRAWN * 1_000 // synthetic.rate_per_s)
    quanta = -(-duration_ms // workload.quantum_ms)
    load = SyntheticLoad(synthetic, duration_ms=duration_ms, quanta=quanta, records=_DRAWN)
    with duckdb.connect() as connection:
        for chunk in chunks(workload, load, seed=_SEED, partitions=1, chunk_records=_AT_ONCE):
            columns = {
                field.name: column.arrow()
                for field, column in zip(workload.fields, chunk.fields, strict=True)
            }
            fixed_rows = [fixed] * len(chunk.quantum)
            columns |= {name: column_of(workload.field(name), fixed_rows) for name in fixed}
            connection.register("drawn", pa.table(columns))
            yield _select(connection, workload, "drawn WHERE", most)


def _select(
    connection: Connection,
    workload: Workload,
    relation: str,
    most: int,
    of_keys: Sequence[KeyValue | None] = (),
) -> list[Row]:
    """The first rows that pass `where`; `relation` ends where a condition can follow."""
    names = ", ".join(f'"{field.name}"' for field in workload.fields)
    where = "TRUE" if workload.query.where is None else to_sql(workload.query.where)
    found: list[Row] = connection.execute(
        f"SELECT {names} FROM {relation} ({where}) LIMIT {most}", list(of_keys)
    ).fetchall()
    return found


def _named(workload: Workload, row: Row) -> Values:
    return {field.name: value for field, value in zip(workload.fields, row, strict=True)}
