"""A trace: a workload's load on disk, compiled once and found again by its content."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from streambench.load.batch import HEADER_BYTES
from streambench.load.dirt import FACTS
from streambench.load.resolve import (
    CHUNK_RECORDS,
    FORMAT,
    Load,
    LoopedLoad,
    ReplayLoad,
    SyntheticLoad,
    chunks,
    content_key,
    resolve,
)
from streambench.load.writer import (
    BATCHES_FILE,
    COLUMNS_FOLDER,
    DIRT_FILE,
    RECORDS_FILE,
    Batches,
    WrittenTrace,
    write_trace,
)
from streambench.model.conditions import folder_of
from streambench.model.dirt import Dirt
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.recipe import Recipe
from streambench.model.trial import TraceRef
from streambench.model.workload import Workload
from streambench.workload.dirt import check_dirt
from streambench.workload.validate import check

_META_FILE: Final = "trace.json"
# Folders of this name and a pid go when that process is gone.
PARTIAL: Final = "partial-"
_BYTES_PER_RECORD: Final = 120


@dataclass(frozen=True)
class CompilePolicy:
    """How loads are compiled, and how long they are kept; it changes not one byte of them.

    A cache above `cache_limit_bytes` loses what nobody has used for `unused_s`, the longest unused
    first. `chunk_records` are compiled at once.
    """

    cache_limit_bytes: int = 4 * 2**30
    unused_s: float = 3_600.0
    chunk_records: int = CHUNK_RECORDS


COMPILING: Final = CompilePolicy()


@dataclass(frozen=True)
class TraceMeta:
    """What is known of a trace without its files; times are relative to the trace's origin.

    `event_time_follows_due` is False for a replay, whose event times have nothing to do with when its
    records are due. `without_key` records lack a value of their group. `origin_ms` is the origin in the replayed file's own time (0 when generated).
    `dirty` records lie between the good ones, of which everything else tells.
    """

    partitions: int
    quantum_ms: int
    duration_ms: int
    records: int
    sha256: str
    min_event_ms: int
    max_event_ms: int
    event_time_follows_due: bool
    quanta: int
    origin_ms: int
    seed: int
    rate_per_s: int | None
    records_by_partition: tuple[int, ...]
    format: int = FORMAT
    without_key: int = 0
    dirty: int = 0


@dataclass(frozen=True)
class Trace:
    """A compiled load: `records.bin`, `batches.npy`, `columns/*.parquet` and `trace.json`.

    `recipe` is what it was compiled from; None where that is not known.
    """

    folder: Path
    meta: TraceMeta
    recipe: Recipe | None = dataclasses.field(default=None, compare=False, repr=False)

    @staticmethod
    def open(ref: TraceRef) -> Trace:
        """Open what `ref` names; UsageError when its files are gone or are not those that it names."""
        trace = _opened(ref.folder)
        if trace is None or trace.meta.sha256 != ref.sha256:
            raise UsageError(
                f"the trace in {ref.folder} is gone or is another one",
                hint="run again: it is compiled anew",
            )
        return dataclasses.replace(trace, recipe=ref.recipe)

    @property
    def ref(self) -> TraceRef:
        """A short reference that fits into a trial's record."""
        meta = self.meta
        return TraceRef(self.folder, meta.sha256, meta.records, meta.duration_ms, self.recipe)

    @property
    def records_path(self) -> Path:
        """The record sections of all batches, end to end."""
        return self.folder / RECORDS_FILE

    def records_in(self, span_ms: int) -> float:
        """How many records fall into `span_ms` of the load on average."""
        return self.meta.records * span_ms / self.meta.duration_ms

    @property
    def records_bytes(self) -> int:
        """What the broker's log will grow by, nearly."""
        return self.records_path.stat().st_size

    @property
    def sent_bytes(self) -> int:
        """What the broker is sent: records, and the header of each batch."""
        return self.records_bytes + HEADER_BYTES * len(self.batches)

    @property
    def columns_glob(self) -> str:
        """Parquet files: quantum, partition, position, event_ms and one column per field."""
        return str(self.columns_folder / "*.parquet")

    @property
    def columns_folder(self) -> Path:
        """Holds the files of `columns_glob`; by name they are in the order of their records."""
        return self.folder / COLUMNS_FOLDER

    @cached_property
    def dirt(self) -> pa.Table:
        """Its dirty records; columns as in `dirt.FACTS`."""
        if not self.meta.dirty:
            return FACTS.empty_table()
        return pq.read_table(self.folder / DIRT_FILE)

    @property
    def counted_glob(self) -> str:
        """As `columns_glob`, with the dirty records that are right to count."""
        return str(self.folder / "co*" / "*.parquet")

    @cached_property
    def batches(self) -> Batches:
        """The batches, sorted by (quantum, partition), mapped from the file; dtype `writer.BATCH`."""
        return np.load(self.folder / BATCHES_FILE, mmap_mode="r")  # type: ignore[no-any-return]

    def offered_between(self, start_ms: int, end_ms: int) -> int:
        """Return how many records are due in (start_ms, end_ms] of the trace's time.

        Quantum q is due at its end, so (0, 1000] at 20,000 events/s has 20,000.
        """
        due_ms = (self.batches["quantum"].astype(np.int64) + 1) * self.meta.quantum_ms
        first, last = np.searchsorted(due_ms, [start_ms, end_ms], side="right")
        return int(self.batches["count"][first:last].sum())

    @cached_property
    def offered_by_second(self) -> tuple[int, ...]:
        """How many records are due in each second of the trace's time, from the first on."""
        due_ms = (self.batches["quantum"].astype(np.int64) + 1) * self.meta.quantum_ms
        second = (due_ms - 1) // 1_000
        seconds = max(1, -(-self.meta.duration_ms // 1_000))
        counted = np.bincount(second, weights=self.batches["count"], minlength=seconds)
        return tuple(int(count) for count in counted)


def compile_trace(
    workload: Workload,
    *,
    duration_ms: int | None,
    seed: int,
    cache: Path,
    rate_per_s: int | None = None,
    partitions: int | None = None,
    progress: Callable[[float], None] | None = None,
    policy: CompilePolicy = COMPILING,
) -> Trace:
    """Return the trace of `workload`, from `cache` (a folder) or compiled into it.

    `duration_ms` is None to play a replayed file to its end; a longer one ends with the file, too.
    `rate_per_s` and `partitions` default to the workload's. `progress` is told the share that is done.
    Two processes may compile the same trace at once. Raises UsageError for a load that cannot work,
    EnvironmentLacks for a full disk.
    """
    partitions = workload.partitions if partitions is None else partitions
    check_dirt(workload, workload.dirt or Dirt())
    # No word on its length: what warms a broker or a job up need not hold a whole window.
    check(workload, rate_per_s=rate_per_s, partitions=partitions)
    load = resolve(workload, duration_ms=duration_ms, rate_per_s=rate_per_s)
    key = content_key(workload, load, seed=seed, partitions=partitions)
    folder = cache / f"{folder_of(workload.name)}-{key}"
    recipe = Recipe(workload, duration_ms, seed, rate_per_s, partitions)
    if (cached := _opened(folder)) is not None:
        os.utime(folder)  # used just now
        return dataclasses.replace(cached, recipe=recipe)
    cache.mkdir(parents=True, exist_ok=True)
    _discard_abandoned(cache)
    _discard_unused(cache, policy)
    _check_disk(cache, load)
    partial = cache / f"{PARTIAL}{os.getpid()}-{secrets.token_hex(4)}"
    partial.mkdir()
    try:
        _compile(
            partial,
            workload,
            load,
            seed=seed,
            partitions=partitions,
            chunk_records=policy.chunk_records,
            progress=progress,
        )
        return dataclasses.replace(_publish(partial, folder), recipe=recipe)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _disk_full(cache) from error
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _compile(
    folder: Path,
    workload: Workload,
    load: Load,
    *,
    seed: int,
    partitions: int,
    chunk_records: int,
    progress: Callable[[float], None] | None,
) -> None:
    def told(records: int) -> None:
        if progress is not None:
            progress(min(1.0, records / max(1, load.records)))

    records = chunks(workload, load, seed=seed, partitions=partitions, chunk_records=chunk_records)
    written = write_trace(folder, workload, records, partitions=partitions, progress=told)
    _check_partitions(written)
    meta = TraceMeta(
        partitions=partitions,
        quantum_ms=workload.quantum_ms,
        duration_ms=load.duration_ms,
        records=written.records,
        sha256=written.sha256,
        min_event_ms=written.min_event_ms,
        max_event_ms=written.max_event_ms,
        event_time_follows_due=isinstance(load, SyntheticLoad),
        quanta=load.quanta,
        origin_ms=0 if isinstance(load, SyntheticLoad) else load.origin_ms,
        seed=seed,
        rate_per_s=_rate_per_s(load),
        records_by_partition=written.records_by_partition,
        without_key=written.without_key,
        dirty=written.dirty,
    )
    (folder / _META_FILE).write_text(json.dumps(dataclasses.asdict(meta), indent=1))
    # Else the system would write it out while it is played, and whoever needs memory would wait for that.
    with (folder / RECORDS_FILE).open("rb") as file:
        os.fsync(file.fileno())


def _rate_per_s(load: Load) -> int | None:
    match load:
        case SyntheticLoad():
            return load.synthetic.rate_per_s
        case LoopedLoad():
            return load.looped.rate_per_s
        case ReplayLoad():
            return None


def _check_partitions(written: WrittenTrace) -> None:
    empty = [str(i) for i, count in enumerate(written.records_by_partition) if count == 0]
    if empty:
        raise UsageError(
            f"partition {', '.join(empty)} would get no record in all of this load,"
            " and an event clock over partitions would never move",
            hint="raise the rate or the duration, or lower [input] partitions in workload.toml",
        )


def _opened(folder: Path) -> Trace | None:
    """The trace in `folder`; None when there is none, or it is of another format or damaged."""
    try:
        written: dict[str, Any] = json.loads((folder / _META_FILE).read_text())
        if written.get("format") != FORMAT:
            return None
        written["records_by_partition"] = tuple(written["records_by_partition"])
        trace = Trace(folder, TraceMeta(**written))
        last = trace.batches[-1]
        end = int(last["offset"]) + int(last["length"])
        complete = trace.records_path.stat().st_size == end
    except (OSError, ValueError, TypeError, KeyError, IndexError):
        return None
    return trace if complete else None


def _publish(partial: Path, folder: Path) -> Trace:
    """Move a finished trace to its place, unless another process was first."""
    if not _moved(partial, folder) and _opened(folder) is None:
        # Damaged. What is whole is never deleted: another process may have published it just now.
        shutil.rmtree(folder, ignore_errors=True)
        _moved(partial, folder)
    trace = _opened(folder)
    if trace is None:
        raise UsageError(f"the trace in {folder} cannot be read back", hint="streambench clean")
    return trace


def _moved(partial: Path, folder: Path) -> bool:
    """Whether it could be moved: not where there is such a folder."""
    try:
        partial.rename(folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


def _discard_abandoned(cache: Path) -> None:
    """Delete what processes left that were killed while they compiled."""
    for partial in cache.glob(f"{PARTIAL}*"):
        pid = partial.name.removeprefix(PARTIAL).partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(partial, ignore_errors=True)


def _discard_unused(cache: Path, policy: CompilePolicy) -> None:
    """Keep the cache within its limit, as far as nobody needs what is in it."""
    known = [_size_of(f) for f in cache.iterdir() if not f.name.startswith(PARTIAL)]
    sizes = sorted((used_s, size, folder) for used_s, size, folder in filter(None, known))
    over_bytes = sum(size for _, size, _ in sizes) - policy.cache_limit_bytes
    for used_s, size, folder in sizes:
        if over_bytes <= 0 or time.time() - used_s < policy.unused_s:
            return
        shutil.rmtree(folder, ignore_errors=True)
        over_bytes -= size


def _size_of(folder: Path) -> tuple[float, int, Path] | None:
    """(when it was used last, its bytes, itself); None for what is no trace, or no longer there."""
    try:
        if not (folder / _META_FILE).is_file():
            return None
        size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
        return folder.stat().st_mtime, size, folder
    except FileNotFoundError:
        # Another process deleted it just now.
        return None


def _check_disk(cache: Path, load: Load) -> None:
    if shutil.disk_usage(cache).free < load.records * _BYTES_PER_RECORD:
        raise _disk_full(cache, load.records * _BYTES_PER_RECORD)


def _disk_full(cache: Path, needed_bytes: int | None = None) -> EnvironmentLacks:
    needed = "" if needed_bytes is None else f", which needs about {needed_bytes / 1e6:,.0f} MB"
    return EnvironmentLacks(
        f"the disk of {cache} has no space for this load{needed}",
        hint="streambench clean, or a shorter --duration",
    )
