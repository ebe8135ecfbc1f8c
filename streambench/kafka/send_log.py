"""The send log: for every batch of a play, when it was due, possible, written and acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from streambench.kafka.send_times import UNSET, SendLogMeta, read_meta, write_meta

SCHEMA = pa.schema(
    [
        ("quantum", pa.int32()),
        ("partition", pa.int16()),
        ("records", pa.int32()),
        ("due_ns", pa.int64()),  # all instants: since T0, on the monotonic clock
        ("possible_ns", pa.int64()),
        ("written_ns", pa.int64()),
        ("acked_ns", pa.int64()),
        ("base_offset", pa.int64()),
        ("attempts", pa.int16()),
    ]
)


def write_send_log(parts: Sequence[Path], path: Path) -> None:
    """Make one log, and one description, of what each process noted down of one play (`write_send_times`).

    Batches are in the order of a single process. Instants count from the first part's T0.
    """
    _join([(_table(part), read_meta(part)) for part in parts], path)


def join_send_logs(parts: Sequence[tuple[Path, SendLogMeta]], path: Path) -> None:
    """Make one log of the logs of several hosts, each with its description; the hosts' clocks go along."""
    _join([(pq.read_table(part, schema=SCHEMA), meta) for part, meta in parts], path)


def _join(parts: Sequence[tuple[pa.Table, SendLogMeta]], path: Path) -> None:
    metas = [meta for _, meta in parts]
    start_ns = min(meta.start_realtime_ns for meta in metas)
    later_ns = [meta.start_realtime_ns - start_ns for meta in metas]
    tables = [_later(table, by_ns) for (table, _), by_ns in zip(parts, later_ns, strict=True)]
    table = pa.concat_tables(tables).sort_by([("quantum", "ascending"), ("partition", "ascending")])
    worst = max(metas, key=lambda meta: abs(meta.drift_ns))
    errors: Counter[str] = Counter()
    for meta in metas:
        errors.update(meta.errors)
    _write(
        path,
        table,
        SendLogMeta(
            start_realtime_ns=start_ns,
            realtime_minus_monotonic_start_ns=worst.realtime_minus_monotonic_start_ns,
            realtime_minus_monotonic_end_ns=worst.realtime_minus_monotonic_end_ns,
            drift_ns=worst.drift_ns,
            retried=sum(meta.retried for meta in metas),
            errors=dict(errors),
            failure=next((meta.failure for meta in metas if meta.failure is not None), None),
            records_acknowledged=sum(meta.records_acknowledged for meta in metas),
            ended_ns=max(m.ended_ns + by_ns for m, by_ns in zip(metas, later_ns, strict=True)),
            wall_s=max(meta.wall_s for meta in metas),
            cpu_s=sum(meta.cpu_s for meta in metas),
            requests=sum(meta.requests for meta in metas),
            clocks=tuple(clock for meta in metas for clock in meta.clocks),
            unknown_clocks=tuple(each for meta in metas for each in meta.unknown_clocks),
        ),
    )


def _later(table: pa.Table, by_ns: int) -> pa.Table:
    if not by_ns:
        return table
    for name in ("possible_ns", "written_ns", "acked_ns"):
        index = table.schema.get_field_index(name)
        table = table.set_column(index, SCHEMA.field(name), pc.add(table.column(name), by_ns))
    return table


def _table(part: Path) -> pa.Table:
    with np.load(part) as columns:
        return pa.table(
            [_column(columns[field.name], field) for field in SCHEMA],
            schema=SCHEMA,
        )


def _column(values: npt.NDArray[np.int64], field: pa.Field) -> pa.Array:
    may_miss = field.name in ("possible_ns", "written_ns", "acked_ns", "base_offset")
    return pa.array(values, field.type, mask=values == UNSET if may_miss else None)


def _write(path: Path, table: pa.Table, meta: SendLogMeta) -> None:
    write_meta(path, meta)
    partial = path.with_name(path.name + ".part")
    pq.write_table(table, partial, compression="zstd")
    partial.replace(path)
