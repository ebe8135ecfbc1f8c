"""The folders and the supervisor of one trial; nothing of them is left when it ends."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from streambench.runtime.cpu_sets import cores_here, split
from streambench.runtime.memory import HEAP_FACTOR
from streambench.runtime.scratch import make_scratch, memory_folder
from streambench.runtime.supervisor import Supervisor

# Beside the load itself: the output, its row files and the engine's own topics, when each record makes
# an entry in all of them. An engine that does that bears no rate at which more records than these come.
_BYTES_PER_RECORD = 350
ENTRIES_AT_MOST = 5_000_000
_LOG_FACTOR = 1.1  # a batch has a header, a segment an index
ON_DISK = (
    "the broker's files lay on disk, for no memory-backed folder had room for them: a busy disk can "
    "hold up the load"
)


@dataclass(frozen=True)
class Workspace:
    """`scratch` is for the instrument's files, in memory where there is room; `job_dir` the engine's."""

    supervisor: Supervisor
    scratch: Path
    job_dir: Path
    log_dir: Path
    in_memory: bool


def scratch_bytes(*, records: int, load_bytes: int) -> int:
    """The room that the files of a trial with so many records, of so many bytes in all, may take."""
    return int(load_bytes * _LOG_FACTOR) + min(records, ENTRIES_AT_MOST) * _BYTES_PER_RECORD


@contextmanager
def passing_folder(parent: Path, *, prefix: str) -> Iterator[Path]:
    """A new folder in `parent` that goes when the block ends or the tool is killed."""
    with Supervisor() as keeper:
        folder = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=parent))
        keeper.discard_at_end(folder)
        yield folder


@contextmanager
def workspace(*, heap_mib: int, records: int, load_bytes: int) -> Iterator[Workspace]:
    """A place for one job of so much heap and a load of so many records and bytes."""
    needed_bytes = scratch_bytes(records=records, load_bytes=load_bytes)
    in_memory = memory_folder(int(heap_mib * HEAP_FACTOR * 2**20) + needed_bytes)
    with Supervisor(cpu_sets=split(cores_here())) as supervisor:
        scratch, job_dir = make_scratch(in_memory), make_scratch(None)
        supervisor.discard_at_end(scratch)
        supervisor.discard_at_end(job_dir)
        log_dir = scratch / "logs"
        log_dir.mkdir()
        yield Workspace(supervisor, scratch, job_dir, log_dir, in_memory is not None)
