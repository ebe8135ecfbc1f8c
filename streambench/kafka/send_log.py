"""The send log: for every batch of a play, when it was due, possible, written and acknowledged."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

UNSET = -1
"""Stands for "not yet" in the preallocated columns; written as null."""

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


class SendTimes:
    """What the sending loop notes down: preallocated, so that noting never allocates.

    A request carries all partitions of a quantum, so instants are kept by frame, offsets by batch.
    The views hand out and take Python integers, which costs half of numpy's own indexing.
    """

    def __init__(self, frames: int, batches: int) -> None:
        def column(length: int, fill: int) -> memoryview:
            return np.full(length, fill, dtype=np.int64).data

        self.possible_ns = column(frames, UNSET)
        self.written_ns = column(frames, UNSET)
        self.acked_ns = column(frames, UNSET)
        self.attempts = column(frames, 0)
        self.base_offset = column(batches, UNSET)


@dataclass(frozen=True)
class SendLogMeta:
    """What is true of a whole play; stands beside the send log as `<name>.json`.

    `drift_ns` is how far the realtime clock moved against the monotonic one between start and end:
    a step of the clock, or a machine that slept. `ended_ns` is since T0. `retried` counts batches
    that were written again, `errors` the broker's retriable answers and lost connections, by name.
    `cpu_s` is of all of the player's processes while they played, `requests` how many they had to send.
    """

    start_realtime_ns: int
    realtime_minus_monotonic_start_ns: int
    realtime_minus_monotonic_end_ns: int
    drift_ns: int
    retried: int
    errors: dict[str, int]
    failure: str | None
    records_acknowledged: int
    ended_ns: int
    wall_s: float
    cpu_s: float
    requests: int


def meta_path(send_log: Path) -> Path:
    """Where the metadata of `send_log` stands."""
    return send_log.with_suffix(".json")


def write_send_log(
    path: Path,
    *,
    quantum: npt.NDArray[np.int32],
    partition: npt.NDArray[np.int16],
    records: npt.NDArray[np.int32],
    frame_of_batch: npt.NDArray[np.int32],
    due_ns_of_frame: npt.NDArray[np.int64],
    times: SendTimes,
    meta: SendLogMeta,
) -> None:
    """Write the log and its metadata, each by rename; the metadata first."""

    def by_batch(view: memoryview) -> pa.Array:
        values = np.asarray(view)[frame_of_batch]
        return pa.array(values, mask=values == UNSET)

    offsets = np.asarray(times.base_offset)
    table = pa.table(
        [
            pa.array(quantum),
            pa.array(partition),
            pa.array(records),
            pa.array(due_ns_of_frame[frame_of_batch]),
            by_batch(times.possible_ns),
            by_batch(times.written_ns),
            by_batch(times.acked_ns),
            pa.array(offsets, mask=offsets == UNSET),
            pa.array(np.asarray(times.attempts)[frame_of_batch].astype(np.int16)),
        ],
        schema=SCHEMA,
    )
    _write(path, table, meta)


def _write(path: Path, table: pa.Table, meta: SendLogMeta) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    described = meta_path(path)
    partial = described.with_name(described.name + ".part")
    partial.write_text(json.dumps(asdict(meta), indent=1))
    partial.replace(described)
    partial = path.with_name(path.name + ".part")
    pq.write_table(table, partial, compression="zstd")
    partial.replace(path)


def merge_send_logs(parts: Sequence[Path], path: Path) -> None:
    """Make one log, and one description, of the parts that several processes wrote of one play.

    Batches are in the order of a single process. Instants count from the first part's T0.
    """
    metas = [read_meta(part) for part in parts]
    start_ns = min(meta.start_realtime_ns for meta in metas)
    later_ns = [meta.start_realtime_ns - start_ns for meta in metas]
    tables = [
        _later(pq.read_table(part), by_ns) for part, by_ns in zip(parts, later_ns, strict=True)
    ]
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
        ),
    )


def _later(table: pa.Table, by_ns: int) -> pa.Table:
    if not by_ns:
        return table
    for name in ("possible_ns", "written_ns", "acked_ns"):
        index = table.schema.get_field_index(name)
        table = table.set_column(index, SCHEMA.field(name), pc.add(table.column(name), by_ns))
    return table


def read_meta(send_log: Path) -> SendLogMeta:
    """Read the metadata of a send log."""
    return SendLogMeta(**json.loads(meta_path(send_log).read_text()))
