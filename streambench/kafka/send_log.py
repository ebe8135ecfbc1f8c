"""The send log: for every batch of a play, when it was due, possible, written and acknowledged."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
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
    `cpu_s` is of the whole player process while it played.
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
    path.parent.mkdir(parents=True, exist_ok=True)
    described = meta_path(path)
    partial = described.with_name(described.name + ".part")
    partial.write_text(json.dumps(asdict(meta), indent=1))
    partial.replace(described)
    partial = path.with_name(path.name + ".part")
    pq.write_table(table, partial, compression="zstd")
    partial.replace(path)


def read_meta(send_log: Path) -> SendLogMeta:
    """Read the metadata of a send log."""
    return SendLogMeta(**json.loads(meta_path(send_log).read_text()))
