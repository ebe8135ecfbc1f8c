"""Records for each partition of which a query by hand makes a row: what `oracle.sql` makes of them tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from streambench.load.keys import key_names
from streambench.load.probe import Values, of_group, record, records_of, representative
from streambench.model.errors import UsageError
from streambench.model.windows import Sessions
from streambench.model.workload import Workload
from streambench.workload.keys import key_texts
from streambench.workload.oracle_sql import EVENTS, WINDOW_START, selected, shift_ms
from streambench.workload.partition import partition_of
from streambench.workload.sql import sql_type

_MOST: Final = 1 << 12


class GivenProbe(NamedTuple):
    """A partition, the text of its first record's key, that record, all of its records, the groups of all rows
    that come of the records of all partitions, and the records' keys.
    """

    partition: int
    group: str
    key: bytes | None
    value: bytes
    together: tuple[bytes, ...]
    rows: tuple[str, ...]
    keys: tuple[bytes | None, ...]


def given_probes(workload: Workload) -> tuple[GivenProbe, ...]:
    """One for each partition: as few records as it takes to get a row, of the first thousands of a load.

    Raises UsageError when a partition gets none of them, or no row comes of all of them.
    """
    drawn = list(_drawn(workload))
    count = 1
    while True:
        held = _spread(workload, drawn, count)
        short = sum(len(each) for each in held) == len(drawn)
        if all(held):
            rows = _rows(workload, [values for each in held for values in each])
            if rows:
                return tuple(_probe(workload, at, each, rows) for at, each in enumerate(held))
        if short:
            break
        count *= 4
    check = f"streambench validate {workload.name}"
    if not all(held):
        empty = next(at for at, each in enumerate(held) if not each)
        raise UsageError(
            f"workload '{workload.name}': of {len(drawn):,} records that pass `where` none lies on partition "
            f"{empty}, so no window could close there",
            hint=f"use fewer partitions, or check: {check}",
        )
    raise UsageError(
        f"workload '{workload.name}': oracle.sql makes no row of {len(drawn):,} records of one instant, so no row "
        "would show that the job runs",
        hint=f"let it have rows of few records, or check: {check}",
    )


def _drawn(workload: Workload) -> Iterator[Values]:
    """Records that pass `where`, as a load has them: one, where no more are found."""
    found = of_group(workload, {}, _MOST, keys=())
    yield from found or [representative(workload)]


def _spread(workload: Workload, drawn: Sequence[Values], count: int) -> list[list[Values]]:
    """Up to so many records for each partition, in their order; without a key they go round."""
    partitions = workload.partitions
    held: list[list[Values]] = [[] for _ in range(partitions)]
    keyed = key_names(workload) is not None
    for at, values in enumerate(drawn):
        key, _ = record(workload, values)
        place = partition_of(key or b"", partitions) if keyed else at % partitions
        if len(held[place]) < count:
            held[place].append(values)
    return held


def _rows(workload: Workload, records: Sequence[Values]) -> tuple[str, ...]:
    """The groups of which a row comes, in the window that begins with these records of one instant."""
    query = workload.query
    at_ms = shift_ms(query)
    if not isinstance(query.window, Sessions):
        at_ms = query.window.newest(at_ms)
    table = records_of(workload, records)
    names = ", ".join(
        f'CAST("{field.name}" AS {sql_type(field.type)}) AS "{field.name}"'
        for field in workload.fields
    )
    with duckdb.connect() as connection:
        connection.register("probe_records", table)
        connection.execute(
            f"CREATE TEMP VIEW {EVENTS} AS SELECT {names}, CAST({at_ms} AS BIGINT) AS event_ms FROM probe_records"
        )
        try:
            rows = selected(connection, query).filter(f"{WINDOW_START} = {at_ms}").to_arrow_table()
        except duckdb.Error:  # what it cannot do of these is for the check to tell
            return ()
    if not rows.num_rows:
        return ()
    texts: pa.ChunkedArray = key_texts([rows.column(key.name) for key in query.row_keys])
    return tuple(dict.fromkeys(texts.to_pylist()))


def _probe(
    workload: Workload, partition: int, records: Sequence[Values], rows: tuple[str, ...]
) -> GivenProbe:
    encoded = [record(workload, each) for each in records]
    key, value = encoded[0]
    return GivenProbe(
        partition,
        "" if key is None else key.decode(),
        key,
        value,
        tuple(each for _, each in encoded),
        rows,
        tuple(each for each, _ in encoded),
    )
