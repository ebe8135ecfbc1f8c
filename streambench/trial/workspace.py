"""The folders and the supervisor of one job; nothing of them is left when it ends."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from streambench.engines.common.crew import Crew
from streambench.engines.protocol import no_matter
from streambench.kafka.broker import Broker
from streambench.kafka.shards.coordinator import Shards
from streambench.model.kafka_access import KafkaAccess
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
    """`scratch` is for the instrument's files, in memory where there is room; `job_dir` the engine's.

    `served` is a broker that other jobs use, too, or a Kafka that streambench did not start; None: the job
    has a broker of its own. `prefix` begins the names of its topics and groups, `suffix` ends those of its
    topics. `shards` on other hosts play its loads; None: processes here do. `crew` has workers on other
    hosts. `clocks_here`: clocks are compared also with brokers on this machine, which have the same one.
    `leaves` hears of what may stay in a cluster of the user's.
    """

    supervisor: Supervisor
    scratch: Path
    job_dir: Path
    log_dir: Path
    in_memory: bool
    served: Broker | KafkaAccess | None = None
    prefix: str = ""
    suffix: str = ""
    shards: Shards | None = None
    crew: Crew | None = None
    clocks_here: bool = False
    leaves: Callable[[str], None] = no_matter


@dataclass(frozen=True)
class Room:
    """What one job takes: its heap, and the records and bytes of all its loads together."""

    heap_mib: int
    records: int
    load_bytes: int

    @property
    def scratch_bytes(self) -> int:
        """The room that the instrument's files may take."""
        return scratch_bytes(records=self.records, load_bytes=self.load_bytes)


Workspaces: TypeAlias = Callable[[Room], AbstractContextManager[Workspace]]
"""Makes the place of a job."""


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
def workspace(room: Room) -> Iterator[Workspace]:
    """A place for one job."""
    in_memory = memory_folder(int(room.heap_mib * HEAP_FACTOR * 2**20) + room.scratch_bytes)
    with Supervisor(cpu_sets=split(cores_here())) as supervisor:
        scratch, job_dir = make_scratch(in_memory), make_scratch(None)
        supervisor.discard_at_end(scratch)
        supervisor.discard_at_end(job_dir)
        log_dir = scratch / "logs"
        log_dir.mkdir()
        yield Workspace(supervisor, scratch, job_dir, log_dir, in_memory is not None)


def foreign_workspaces(
    access: KafkaAccess,
    prefix: str,
    shards: Shards | None = None,
    crew: Crew | None = None,
    *,
    clocks_here: bool = False,
) -> Workspaces:
    """Places of jobs whose topics are in a Kafka that streambench did not start."""

    @contextmanager
    def place_of(room: Room) -> Iterator[Workspace]:
        with workspace(room) as place:
            suffix = f"-{secrets.token_hex(2)}"
            yield replace(
                place,
                served=access,
                prefix=prefix,
                suffix=suffix,
                shards=shards,
                crew=crew,
                clocks_here=clocks_here,
            )

    return place_of


def heard_by(leaves: Callable[[str], None], places: Workspaces) -> Workspaces:
    """The same places, of whose jobs `leaves` hears what may stay in a cluster of the user's."""

    @contextmanager
    def place_of(room: Room) -> Iterator[Workspace]:
        with places(room) as place:
            yield replace(place, leaves=leaves)

    return place_of


class SharedPlace:
    """One workspace and its broker for several jobs, one after another: each has its own folders and topics.

    For jobs that are not compared: the later ones meet a warmer and a fuller broker.
    """

    def __init__(self, place: Workspace, broker: Broker) -> None:
        self._place = place
        self._broker = broker
        self._jobs = 0

    @contextmanager
    def workspace(self, room: Room) -> Iterator[Workspace]:
        """A part of the place for the next job; `room` was made sure of for all jobs together."""
        self._jobs += 1
        name = f"job-{self._jobs}"
        whole = self._place
        whole.supervisor.forget_deaths()  # of the job before
        folders = [parent / name for parent in (whole.scratch, whole.job_dir, whole.log_dir)]
        for folder in folders:
            folder.mkdir()
        scratch, job_dir, log_dir = folders
        try:
            yield Workspace(
                whole.supervisor,
                scratch,
                job_dir,
                log_dir,
                whole.in_memory,
                served=self._broker,
                suffix=f"-{self._jobs}",
            )
        finally:
            whole.supervisor.discard(scratch)
            whole.supervisor.discard(job_dir)
