"""The records that stand around a load on every partition: probe, closer and flush."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final

import duckdb
import pyarrow as pa

from streambench.load.probe import Values, record, representative
from streambench.model.errors import UsageError
from streambench.model.workload import Workload
from streambench.workload.groups import Group, groups_of
from streambench.workload.partition import partition_of
from streambench.workload.sql import to_sql

_AT_ONCE: Final = 1 << 12


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
    found: dict[int, Probe] = {}
    groups = groups_of(workload)
    while len(found) < workload.partitions and (some := list(islice(groups, _AT_ONCE))):
        for group in _passing(workload, values, some):
            key, value = record(workload, {**values, **_named(workload, group)})
            partition = partition_of(key, workload.partitions)
            if partition not in found:
                found[partition] = Probe(partition, key, value)
    for partition in range(workload.partitions):
        if partition not in found:
            raise UsageError(
                f"workload '{workload.name}': no key of partition {partition} passes `where`, "
                "so no window could close there",
                hint=f"use fewer partitions, or check: streambench validate {workload.name}",
            )
    return tuple(found[partition] for partition in range(workload.partitions))


def _named(workload: Workload, group: Group) -> Values:
    names = (key.name for key in workload.query.group_by)
    return dict(zip(names, group, strict=True))


def _passing(workload: Workload, values: Values, groups: list[Group]) -> list[Group]:
    """Those of `groups` with which the record still passes `where`, in their order."""
    if workload.query.where is None:
        return groups
    names = [key.name for key in workload.query.group_by]
    columns = {name: [value] * len(groups) for name, value in values.items()}
    columns |= {name: list(of) for name, of in zip(names, zip(*groups, strict=True), strict=True)}
    with duckdb.connect() as connection:
        connection.register("records", pa.table(columns))
        rows = connection.execute(f"SELECT {to_sql(workload.query.where)} FROM records").fetchall()
    return [group for group, (passes,) in zip(groups, rows, strict=True) if passes]
