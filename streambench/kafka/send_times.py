"""What a player notes down of each batch while it plays: when it was due, possible, written, acknowledged.

It is written as plain columns of numbers, so that the player's process needs no library for tables.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from streambench.model.clocks import ClockBound, UnknownClock

UNSET = -1
"""Stands for "not yet" in the preallocated columns."""


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
    `clocks` are of all hosts that took part, where there were several, and of brokers elsewhere;
    `unknown_clocks` tells what of that could not be found.
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
    clocks: tuple[ClockBound, ...] = ()
    unknown_clocks: tuple[UnknownClock, ...] = ()


def meta_path(send_log: Path) -> Path:
    """Where the metadata of `send_log` stands."""
    return send_log.with_suffix(".json")


def write_send_times(
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
    """Write columns with an entry a batch (`.npz`) and their metadata, each by rename; these first."""
    write_meta(path, meta)
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        np.savez(
            file,
            quantum=quantum,
            partition=partition,
            records=records,
            due_ns=due_ns_of_frame[frame_of_batch],
            possible_ns=np.asarray(times.possible_ns)[frame_of_batch],
            written_ns=np.asarray(times.written_ns)[frame_of_batch],
            acked_ns=np.asarray(times.acked_ns)[frame_of_batch],
            base_offset=np.asarray(times.base_offset),
            attempts=np.asarray(times.attempts)[frame_of_batch].astype(np.int16),
        )
    partial.replace(path)


def write_meta(path: Path, meta: SendLogMeta) -> None:
    """Write the metadata beside `path`, by rename; makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    described = meta_path(path)
    partial = described.with_name(described.name + ".part")
    partial.write_text(json.dumps(asdict(meta), indent=1))
    partial.replace(described)


def read_meta(path: Path) -> SendLogMeta:
    """Read the metadata that stand beside."""
    return meta_of(json.loads(meta_path(path).read_text()))


def meta_of(fields: dict[str, Any]) -> SendLogMeta:
    """Metadata from JSON."""
    clocks = tuple(ClockBound(**each) for each in fields.pop("clocks", ()))
    unknown = tuple(UnknownClock(**each) for each in fields.pop("unknown_clocks", ()))
    return SendLogMeta(**fields, clocks=clocks, unknown_clocks=unknown)
