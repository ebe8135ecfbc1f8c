"""The records that stand around a load on every partition: probe, closer and flush."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Final

import duckdb

from streambench.load.given_probes import given_probes
from streambench.load.grouped import Grouped
from streambench.load.probe import Values, group_of, record, records_of, representative
from streambench.load.together import together
from streambench.model.errors import UsageError
from streambench.model.workload import Workload
from streambench.workload.groups import Group, groups_of
from streambench.workload.partition import partition_of
from streambench.workload.sql import to_sql

_AT_ONCE: Final = 1 << 12
# So many groups of a partition are tried, where `having` asks for something.
_TRIED: Final = 8


@dataclass(frozen=True)
class Probe:
    """A record that passes `where`, and whose `group` (its text) belongs to `partition`.

    It goes to that partition of the input, whatever its own `key` is: so each partition gets one, and so does
    each of a topic to which an engine moves records by their group. `key` None: it has none. `together` are the values of as many such records of its group as it takes to get a row.

    `rows` are the groups (texts) of which rows come of all probes together, in the window that begins with them;
    None: its own. `keys` are those of `together`, where they are not all its own.
    """

    partition: int
    group: str
    key: bytes | None
    value: bytes
    together: tuple[bytes, ...]
    rows: tuple[str, ...] | None = None
    keys: tuple[bytes | None, ...] | None = None

    @property
    def due(self) -> tuple[str, ...]:
        """The groups of which a row comes when it and those of other partitions were read."""
        return (self.group,) if self.rows is None else self.rows

    def keys_of(self, values: tuple[bytes, ...]) -> tuple[bytes | None, ...]:
        """The Kafka key of each record, of those that are `together` or of the one alone."""
        if self.keys is not None and len(self.keys) == len(values):
            return self.keys
        return (self.key,) * len(values)


def probes_of(workload: Workload) -> tuple[Probe, ...]:
    """One probe for each partition, with a group of the workload's own.

    Raises UsageError when a partition has no key that passes `where`, so that no window could close there,
    or none of which records could be found that pass `having` together.
    """
    if workload.query.by_hand is not None:
        return tuple(Probe(*each) for each in given_probes(workload))
    values = representative(workload)
    found: dict[int, Probe] = {}
    tried = Counter[int]()
    groups = groups_of(workload)
    while len(found) < workload.partitions and (some := list(islice(groups, _AT_ONCE))):
        for of_group in _passing(workload, values, some):
            group = group_of(workload, of_group)
            partition = partition_of(group.encode(), workload.partitions)
            if partition in found or tried[partition] == _TRIED:
                continue
            tried[partition] += 1
            if (records := together(workload, of_group)) is not None:
                all_values = tuple(record(workload, each)[1] for each in records)
                key, value = record(workload, of_group)
                found[partition] = Probe(partition, group, key, value, all_values)
    for partition in range(workload.partitions):
        if partition not in found:
            raise _missing(workload, partition, tried[partition])
    return tuple(found[partition] for partition in range(workload.partitions))


def _missing(workload: Workload, partition: int, tried: int) -> UsageError:
    check = f"streambench validate {workload.name}"
    if tried:
        return UsageError(
            f"workload '{workload.name}': no group of partition {partition} was found that passes "
            "`having`, so that no row would show that the job runs",
            hint=f"ask for less in `having`, and check: {check}",
        )
    return UsageError(
        f"workload '{workload.name}': no key of partition {partition} passes `where`, "
        "so no window could close there",
        hint=f"use fewer partitions, or check: {check}",
    )


def _passing(workload: Workload, values: Values, groups: list[Group]) -> list[Values]:
    """The record with each of `groups`, in their order, in a form that still passes `where`."""
    grouped = Grouped(workload, values)
    records = [(at, each) for at, group in enumerate(groups) for each in grouped.of(group)]
    if workload.query.where is None or not records:
        passing = records
    else:
        with duckdb.connect() as connection:
            connection.register("records", records_of(workload, [each for _, each in records]))
            where = to_sql(workload.query.where)
            rows = connection.execute(f"SELECT {where} FROM records").fetchall()
        passing = [each for each, (passes,) in zip(records, rows, strict=True) if passes]
    found: dict[int, Values] = {}
    for at, each in passing:
        found.setdefault(at, each)
    return list(found.values())
