"""The records that stand around a load on every partition: probe, closer and flush."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import duckdb
import pyarrow as pa

from streambench.load.probe import Values, record, representative
from streambench.model.errors import UsageError
from streambench.model.workload import Choice, Replay, Synthetic, Workload
from streambench.workload.partition import keys_by_partition
from streambench.workload.source import survey
from streambench.workload.sql import to_sql


@dataclass(frozen=True)
class Probe:
    """A record that passes `where` and belongs to `partition`."""

    partition: int
    key: bytes
    value: bytes


def probes_of(workload: Workload) -> tuple[Probe, ...]:
    """One probe for each partition, with a key of the workload's own.

    Raises UsageError when a partition has no key that passes `where`: no window could close there.
    """
    values = representative(workload)
    group_by = workload.query.group_by
    passing = _passing(workload, values, _keys(workload))
    found = []
    for partition, keys in enumerate(keys_by_partition(passing, workload.partitions)):
        if not keys:
            raise UsageError(
                f"workload '{workload.name}': no key of partition {partition} passes `where`, "
                "so no window could close there",
                hint=f"use fewer partitions, or check: streambench validate {workload.name}",
            )
        key, value = record(workload, {**values, group_by: keys[0]})
        found.append(Probe(partition, key, value))
    return tuple(found)


def _keys(workload: Workload) -> tuple[str, ...]:
    match workload.input:
        case Synthetic():
            source = workload.field(workload.query.group_by).source
            return source.values if isinstance(source, Choice) else ()
        case Replay() as replay:
            return survey(replay, workload.fields, workload.query.group_by).keys
        case _:
            assert_never(workload.input)


def _passing(workload: Workload, values: Values, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `keys` with which the record still passes `where`."""
    if workload.query.where is None:
        return keys
    group_by = workload.query.group_by
    columns = {name: [value] * len(keys) for name, value in values.items()} | {group_by: list(keys)}
    with duckdb.connect() as connection:
        connection.register("records", pa.table(columns))
        rows = connection.execute(
            f'SELECT "{group_by}" FROM records WHERE {to_sql(workload.query.where)}'
        ).fetchall()
    return tuple(key for (key,) in rows)
