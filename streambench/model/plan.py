"""A plan is data: what will be started for one job, with ports and paths still symbols."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final


class EventClock(enum.Enum):
    """How an engine decides that a window is over (docs/method.md, late records)."""

    PER_PARTITION = "per partition: the greatest event time so far in the record's own partition"
    MIN_OF_PARTITIONS = "the least, over partitions, of each partition's greatest event time so far"
    AFTER_REPARTITION = "per partition of the topic to which records are moved: the greatest event time so far there"
    GLOBAL_PER_BATCH = "the greatest event time of all partitions, one micro-batch late"
    OF_ITS_OWN = "as the program decides that its author wrote; no record may be late for it"


class Origin(enum.Enum):
    """Why a setting has its value."""

    ENGINE_DEFAULT = "engine default"
    FAIRNESS_RULE = "fairness rule"
    VARIANT = "variant"
    USER = "user"
    CLUSTER = "the cluster's own"  # which streambench did not start


class Role(enum.Enum):
    """What a process is for; cost is reported per role."""

    WORKER = "worker"
    COORDINATOR = "coordinator"
    SUBMITTER = "submitter"
    BROKER = "broker"
    PLAYER = "player"
    READER = "reader"
    TOOL = "tool"
    CLUSTER = "cluster"  # of a Kafka or an engine that runs already, seen on this machine


@dataclass(frozen=True)
class Setting:
    """One setting as asked for; `effective` is what the running engine said, None when it cannot say.

    `recovery`: it decides how fast a failure is noticed or what has to be done again. `listed`: the
    engine's version defines a setting of that name; of another one nobody can say whether it is used.
    """

    scope: str
    name: str
    value: str
    origin: Origin
    effective: str | None = None
    recovery: bool = False
    listed: bool = True


TABLES: Final = "lookup"
"""The folder, in that of a job, of the tables that records are joined with."""
_SHOWN_ROWS: Final = 20


@dataclass(frozen=True)
class Program:
    """Native program text, as a user of that engine would write it; also what is run."""

    name: str  # file name within the job folder, e.g. "query.sql"
    language: str
    text: str

    @property
    def is_table(self) -> bool:
        """Whether it is a table of the user's that records are joined with."""
        return self.name.startswith(f"{TABLES}/")

    @property
    def shown(self) -> str:
        """The text as people read it: of a table only its beginning."""
        lines = self.text.splitlines(keepends=True)
        if not self.is_table or len(lines) <= _SHOWN_ROWS:
            return self.text
        return "".join(lines[:_SHOWN_ROWS]) + f"… and {len(lines) - _SHOWN_ROWS:,} more rows\n"


@dataclass(frozen=True)
class ProcessPlan:
    """One process: argv and environment with `${symbols}`, for the supervisor.

    With `restart` it is started again `restart_delay_ms` after it died unasked.
    """

    name: str
    role: Role
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    heap_mib: int = 0
    restart: bool = False
    restart_delay_ms: int = 0


@dataclass(frozen=True)
class Artifacts:
    """What must be on disk before a plan can be launched: names in the artifact lock."""

    java: bool = False
    jar_sets: tuple[str, ...] = ()
    python_env: str | None = None


LONGEST_JUMP: Final = "longest_jump_ms"


@dataclass(frozen=True)
class MovedTopic:
    """The topic to which a job moves records by their group, with as many partitions as the input.

    `name` has the symbol `${job_id}`. Event times there are `earlier_ms` before those of the input.
    """

    name: str
    earlier_ms: int = 0

    def of(self, job_id: str) -> str:
        """Its name for one job."""
        return self.name.replace("${job_id}", job_id)


@dataclass(frozen=True)
class Plan:
    """Everything that will be started for one job.

    Symbols in programs, argv and env are written `${name}` and filled in at launch:
    `${broker}`, `${input_topic}`, `${output_topic}`, `${job_dir}`, `${job_id}`, `${java}`,
    `${python}`, `${jars:SET}` (class path), `${jar_urls:SET}` (`;` between), `${port:NAME}` and what the engine adds. A plan whose
    `symbols` have LONGEST_JUMP is told how far event time jumps at most in the load of its job.
    """

    engine: str
    version: str
    event_clock: EventClock
    programs: tuple[Program, ...]
    processes: tuple[ProcessPlan, ...]
    settings: tuple[Setting, ...]
    warnings: tuple[str, ...] = ()
    recovery_terms: tuple[str, ...] = ()  # who takes over from a worker that died, in sentences
    symbols: Mapping[str, str] = field(default_factory=dict)
    cluster: str | None = None  # where a cluster that runs already takes the job; None: it has none
    moved_to: MovedTopic | None = (
        None  # where records go by their group; None: they stay where they are
    )

    def told_of_jumps(self, jump_ms: int) -> Plan:
        """The plan for a load in which event time jumps so far at most."""
        return replace(self, symbols={**self.symbols, LONGEST_JUMP: str(jump_ms)})

    @property
    def heap_mib(self) -> int:
        """Sum of the heaps of all its processes on this machine."""
        return sum(
            process.heap_mib
            for process in self.processes
            if self.cluster is None or process.role is not Role.WORKER
        )


class Whose(enum.Enum):
    """Whose gap an unsupported combination is."""

    OURS = "streambench has not written it yet"
    UPSTREAM = "the engine does not offer it"
    MACHINE = "this machine lacks something"


@dataclass(frozen=True)
class Unsupported:
    """Said instead of running something weaker than what was asked."""

    whose: Whose
    reason: str
    hint: str | None = None
