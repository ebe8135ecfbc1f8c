"""What an engine must offer: the only thing that the rest of streambench knows of one."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from streambench.model.cluster_facts import ClusterFound
from streambench.model.conditions import Conditions, NamedVariant, Variant
from streambench.model.fault import FaultKind
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Artifacts, EventClock, Plan, Role, Unsupported
from streambench.model.workload import Workload

if TYPE_CHECKING:
    from streambench.engines.common.crew import Crew

if TYPE_CHECKING:  # a plan needs neither, nor what they import to start processes and to download
    from streambench.runtime.artifacts import Resolved
    from streambench.runtime.supervisor import Supervisor


def no_matter(left: str) -> None:
    """Nobody has to hear of it: all of the job's goes with its folder."""


@dataclass(frozen=True)
class Embedded:
    """Everything that a job needs to run as child processes on this machine.

    `job_id` is fresh for each trial: group, application id and transaction prefix derive from it.
    `job_dir` is the job's own folder (programs, checkpoints, temporary files), deleted afterwards;
    `log_dir` is kept in the bundle. Every process of the engine is started with this `nice` value.
    `leaves` hears, in words, of what may stay in a cluster when the job has ended.
    """

    supervisor: Supervisor
    artifacts: Resolved
    kafka: KafkaAccess
    input_topic: str
    output_topic: str
    job_id: str
    job_dir: Path
    log_dir: Path
    nice: int = 0
    leaves: Callable[[str], None] = no_matter


def _unheard(why: str) -> None:
    pass


@dataclass(frozen=True)
class External:
    """A cluster that already runs; nothing of it is ours to stop or to hit.

    `here` is for what gives the job to it (a client, a driver), which runs on this machine. `tell` hears
    why the start still takes.
    """

    here: Embedded
    endpoint: str
    crew: Crew | None = None  # where the cluster is hosts that joined the run, each with a worker
    tell: Callable[[str], None] = _unheard


Where: TypeAlias = Embedded | External


class State(enum.Enum):
    """What can be said of a job at one moment."""

    STARTING = "starting"
    RUNNING = "running"
    DEGRADED = "degraded"  # a worker is away or tasks restart
    FAILED = "failed"


@dataclass(frozen=True)
class Health:
    """A state, and why."""

    state: State
    detail: str = ""


@dataclass(frozen=True)
class Target:
    """A process that a fault could hit."""

    name: str
    role: Role
    pid: int


@dataclass(frozen=True)
class Readings:
    """The engine's own word, labelled as such; what is not known is absent or None.

    `effective` maps (scope, name) of a setting to the value that the running engine reports.
    `late_counter`/`late_unit`: the engine's own late counter and what it counts.
    `rebalances`: how often its workers shared their partitions anew, added up over them; None where there is no group.
    `failures_noticed_ms`: when the engine itself says that it noticed a failure (ms since the epoch).
    `gc_pauses`: (end in ms since the epoch, length in ms) of each pause of its JVMs; `checkpoint_bytes`:
    what all checkpoints wrote, where the engine has any.
    `notes`: what of it weakens a trial's word, as a version that is not tested.
    `batches`: for a micro-batch engine, per batch (watermark in ms used by it, end offset by partition).
    """

    words: Mapping[str, str] = field(default_factory=dict)
    effective: Mapping[tuple[str, str], str] = field(default_factory=dict)
    late_counter: int | None = None
    late_unit: str | None = None
    batches: tuple[tuple[int, Mapping[int, int]], ...] | None = None
    restarts: int | None = None
    rebalances: int | None = None
    failures_noticed_ms: tuple[float, ...] = ()
    gc_pauses: tuple[tuple[float, float], ...] | None = None
    checkpoint_bytes: int | None = None
    notes: tuple[str, ...] = ()


class Job(Protocol):
    """A job that has been started."""

    def healthy(self) -> Health:
        """Its state now; cheap enough to be asked once a second."""
        ...

    def targets(self, role: Role) -> tuple[Target, ...]:
        """The live processes of one role; () on an external cluster."""
        ...

    def readings(self) -> Readings:
        """The engine's own word; asked once after the measured part and before `stop`."""
        ...

    def resume(self) -> None:
        """Do what a user's script does once a coordinator that died has been started again.

        Nothing where the engine goes on by itself. Returns when the job has been submitted; raises
        EngineFailed when that cannot be done.
        """
        ...

    def rescale(self, plan: Plan) -> None:
        """Restart in an orderly way, as the engine's documentation tells its users, with more workers.

        `plan` is the job's own for one worker more, its symbols not filled in; addresses and folders
        stay. Returns when that has been done; raises EngineFailed when it cannot be.
        """
        ...

    def stop(self) -> None:
        """End the job and every process that it started; may be called twice."""
        ...


@runtime_checkable
class TellsLeftOut(Protocol):
    """A job that counts records which it left out, for whatever reason."""

    def left_out(self) -> int | None:
        """How many so far, by its own word; None: not known now. Cheap."""
        ...


class ClusterClient(Protocol):
    """What can be asked of a cluster that runs already, before and after a job is given to it."""

    def endpoint(self, written: str) -> str:
        """The address in its full form. Raises UsageError for what is none."""
        ...

    def look(self, endpoint: str, version: str, workers: int) -> ClusterFound:
        """What is there, for a client of `version` and a job of so many workers.

        Raises EnvironmentLacks where nobody answers, the versions do not go together or there is no room.
        """
        ...

    def coordinators(self, endpoint: str) -> tuple[tuple[str, int], ...]:
        """Host and port of each address where its coordinator listens; () where nothing names one."""
        ...

    def jobs_left(self, endpoint: str, prefix: str) -> Mapping[str, str] | None:
        """Id → name of each job there whose name begins with `prefix` and that has not ended.

        None: a cluster of this kind is not asked. Raises EnvironmentLacks.
        """
        ...

    def cancel(self, endpoint: str, job: str) -> None:
        """Ask for a job's end. Raises EnvironmentLacks."""
        ...


class Engine(Protocol):
    """A contender's engine: data first, code where it differs."""

    @property
    def name(self) -> str:
        """Short name as on the command line."""
        ...

    @property
    def title(self) -> str:
        """Name as in the report."""
        ...

    @property
    def version(self) -> str:
        """The version that runs unless another is asked for."""
        ...

    @property
    def versions(self) -> tuple[str, ...]:
        """All that are tested, each with an environment of its own: `ENGINE@VERSION`."""
        ...

    @property
    def event_clock(self) -> EventClock:
        """How it decides that a window is over."""
        ...

    @property
    def state_exact(self) -> bool:
        """Whether state is restored exactly even under at-least-once, so that only rows repeat."""
        ...

    @property
    def variants(self) -> tuple[NamedVariant, ...]:
        """The variants that it ships, each once."""
        ...

    @property
    def shorthands(self) -> tuple[tuple[str, str], ...]:
        """Keys of a declared variant (`trigger`, `jvm_options`), and the setting for which each stands."""
        ...

    def requires(self, variant: Variant) -> Artifacts:
        """What must be on disk before `attach`."""
        ...

    def plan(
        self, workload: Workload, conditions: Conditions, variant: Variant
    ) -> Plan | Unsupported:
        """The whole job as data; pure."""
        ...

    def lacks(self, fault: FaultKind) -> Unsupported | None:
        """Why this fault cannot happen to this engine; None when it can."""
        ...

    def attach(self, plan: Plan, at: Where) -> Job:
        """Start (or find) the job; returns as soon as it is submitted. Raises EngineFailed."""
        ...


class WorkerEngine(Engine, Protocol):
    """An engine of equal workers that are plain processes: other hosts may run some of them."""

    def prepared(self, plan: Plan, at: Embedded) -> Plan:
        """Fill a plan in, and make what its processes need, without starting any. Raises EngineFailed."""
        ...
