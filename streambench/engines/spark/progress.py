"""What the driver wrote down, and what the checkpoint knows of each batch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Told:
    """The driver's lines; durations in ms, `late_partial_rows` summed over all batches.

    `pid`, `started`, `failure` and `fresh_batches` are those of the driver that was started last;
    `batches` counts what earlier ones had done, too. `ended`: the query was ended, and nothing is left.
    `awaits` says why it has not started, where it is a cluster elsewhere that is waited for.
    `discarded`: what it kept was deleted.
    """

    pid: int | None
    configuration: Mapping[str, str]
    started: bool
    failure: str | None
    batches: int
    fresh_batches: int
    late_partial_rows: int
    last_durations_ms: Mapping[str, int]
    trigger: str | None = None
    executors: int | None = None  # at the last batch, where it is the driver that counts them
    lacking: tuple[int, int] | None = None  # (have, wanted) of executors that did not come
    ended: bool = False
    awaits: str | None = None
    discarded: bool = False
    session: bool = False  # there is one: executors may be asked for
    versions: tuple[str, ...] = ()  # of the executors that told; none: not known
    unreadable: int = 0  # records that the program counted as such


def read_progress(path: Path) -> Told:
    """All that the driver has told so far; a line that is not whole is left out."""
    pid: int | None = None
    trigger: str | None = None
    configuration: Mapping[str, str] = {}
    durations: Mapping[str, int] = {}
    started, failure, batches, fresh, late, unreadable = False, None, 0, 0, 0, 0
    executors: int | None = None
    lacking: tuple[int, int] | None = None
    ended = discarded = session = False
    versions: tuple[str, ...] = ()
    awaits: str | None = None
    for line in _lines(path):
        match line["event"]:
            case "begun":
                pid, started, failure, fresh = int(line["pid"]), False, None, 0
            case "session":
                session = True
                configuration = {
                    name: str(value)
                    for name, value in line["configuration"].items()
                    if value is not None
                }
            case "started":
                started, trigger = True, line.get("trigger")
            case "terminated":
                failure = str(line["exception"] or "the query ended by itself")
            case "awaits":
                awaits = str(line["why"])
            case "lacking":
                lacking = (int(line["have"]), int(line["wanted"]))
            case "ended":
                ended = True
            case "discarded":
                discarded = True
            case "executors":
                versions = tuple(map(str, line["versions"]))
            case "batch":
                executors = line.get("executors")
                batches += 1
                fresh += 1
                late += int(line["late_partial_rows"])
                durations = line["duration_ms"]
                unreadable += int(line.get("unreadable") or 0)
    return Told(
        pid,
        configuration,
        started,
        failure,
        batches,
        fresh,
        late,
        durations,
        trigger,
        executors,
        lacking,
        ended,
        awaits,
        discarded,
        session,
        versions,
        unreadable,
    )


def read_batches(checkpoint: Path) -> tuple[tuple[int, Mapping[int, int]], ...]:
    """Of each batch planned so far: its watermark (ms) and its end offset by partition.

    The watermark is the one by which the batch emits windows; it drops records by its predecessor's.
    From the checkpoint's offset log, in which no batch is missing.
    """
    folder = checkpoint / "offsets"
    # Files that are being written have other names, and go when they are whole.
    numbers = sorted(int(file.name) for file in folder.glob("*") if file.name.isdigit())
    return tuple(_batch(folder / str(number)) for number in numbers)


def _batch(file: Path) -> tuple[int, Mapping[int, int]]:
    """One file: a version, metadata, then one line a source."""
    _version, metadata, source = file.read_text(encoding="utf-8").splitlines()[:3]
    (partitions,) = json.loads(source).values()
    offsets = {int(partition): int(offset) for partition, offset in partitions.items()}
    return int(json.loads(metadata)["batchWatermarkMs"]), offsets


def _lines(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    lines = (_parsed(line) for line in text.splitlines(keepends=True) if line.endswith("\n"))
    return [line for line in lines if line is not None]


def _parsed(line: str) -> Any:
    """None for what a killed driver left half-written, and for the line that its successor ended."""
    try:
        return json.loads(line)
    except ValueError:
        return None
