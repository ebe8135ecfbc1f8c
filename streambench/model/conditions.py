"""The terms that are equal for every engine, and the contenders."""

from __future__ import annotations

import enum
import hashlib
import re
from dataclasses import dataclass, field


class Guarantee(enum.Enum):
    """What the user asks of state and output when something dies."""

    AT_LEAST_ONCE = "at-least-once"
    EXACTLY_ONCE = "exactly-once"


class Profile(enum.Enum):
    """How failures are noticed: equal and short for all, or each engine as it ships."""

    TUNED = "tuned"
    DEFAULTS = "defaults"


MOST_WORKERS = 64
"""So many workers of an engine can be asked for."""
USUAL_BROKER = "4.4.0"
"""The version of the Kafka broker that every engine meets unless another is asked for."""


@dataclass(frozen=True)
class ForeignKafka:
    """A Kafka that streambench did not start, as far as it may be told: no value of a property is here.

    `property_names` are those of the client properties that say how it is reached. `replication` and
    `min_insync` are those of the topics.
    """

    bootstrap: str
    protocol: str = "PLAINTEXT"
    mechanism: str | None = None
    property_names: tuple[str, ...] = ()
    replication: int = 1
    min_insync: int = 1


@dataclass(frozen=True)
class ForeignCluster:
    """A cluster of `engine` that streambench did not start: `endpoint` is where jobs are given to it.

    `checkpoint_dir` is a folder, as a URL, that all of its processes can reach; None: the cluster's own
    setting.
    """

    engine: str
    endpoint: str
    checkpoint_dir: str | None = None


@dataclass(frozen=True)
class Conditions:
    """Equal terms; every default here is a fairness rule and is printed as one.

    The commit interval does not divide the window, so that commits and closings do not lock phase.
    """

    guarantee: Guarantee = Guarantee.AT_LEAST_ONCE
    workers: int = 2
    partitions: int = 4
    commit_interval_ms: int = 970
    heartbeat_interval_ms: int = 500
    session_timeout_ms: int = 2_000
    transaction_timeout_ms: int = 3_000
    producer_linger_ms: int = 0
    worker_heap_mib: int = 512
    # Engines yield to the broker and the load when cores are short, as if these had a machine of
    # their own; without it an engine that compiles itself holds up the load that it is measured by.
    engine_nice: int = 19
    # Under `defaults` heartbeats, time-outs and commit intervals keep what the engine ships with.
    profile: Profile = Profile.TUNED
    # How long the supervisor waits before it starts a process again that died; None: it never does.
    restart_delay_ms: int | None = 0
    broker_version: str = USUAL_BROKER
    foreign_kafka: ForeignKafka | None = None
    foreign_clusters: tuple[ForeignCluster, ...] = ()

    def cluster_of(self, engine: str) -> ForeignCluster | None:
        """The cluster that an engine's jobs are given to; None where streambench starts its processes."""
        return next((each for each in self.foreign_clusters if each.engine == engine), None)


# A label tells settings up to this length; longer ones are cut and told apart by a digest.
_TOLD_LENGTH = 60
_DIGEST_LENGTH = 8
_PLAIN_SETTING = re.compile(r"[\w.-]+=[\w.-]+", re.ASCII)
_NOT_PLAIN = re.compile(r"[^\w.=+-]", re.ASCII)


@dataclass(frozen=True)
class NamedVariant:
    """An engine run in another way under a name: `ENGINE:NAME`.

    `title` follows the engine's in reports ("Apache Flink, spare worker"), and `note` is a sentence on
    what it shows. Keys of `settings` that begin with `streambench.` are streambench's own, all others
    the engine's; a user can set each of them, too. The rest is of those that users declare:
    `declared_in` names their file, `version` is None for the engine's usual one, and `based_on` is the
    shipped variant whose settings theirs begin with.
    """

    name: str
    title: str
    note: str
    settings: tuple[tuple[str, str], ...]
    version: str | None = None
    based_on: str | None = None
    declared_in: str | None = None


@dataclass(frozen=True)
class Variant:
    """A contender: an engine, its version, the user's own settings and the named variant that it is.

    `name` is one of the engine's variants, None for the engine as it usually runs. `declared` is that
    variant where a user declared it: a bundle then needs nobody's file. `pinned`: the version was asked
    for on the command line, so it is part of the label.
    """

    engine: str
    version: str
    settings: tuple[tuple[str, str], ...] = field(default=())
    name: str | None = None
    pinned: bool = False
    declared: NamedVariant | None = None

    @property
    def of_its_own_version(self) -> bool:
        """Whether somebody chose the version: others of the engine may run beside it."""
        return self.pinned or (self.declared is not None and self.declared.version is not None)

    @property
    def asked(self) -> str:
        """What was asked for on the command line, settings aside: `flink`, `flink@2.2.1:spare`."""
        engine = f"{self.engine}@{self.version}" if self.pinned else self.engine
        return engine if self.name is None else f"{engine}:{self.name}"

    @property
    def label(self) -> str:
        """Short unique name: `flink`, `flink:spare`, `flink:spare+taskmanager.numberOfTaskSlots=3`.

        The order of settings does not matter; of two for one key the last one counts.
        """
        if not self.settings:
            return self.asked
        chosen = [f"{name}={value}" for name, value in sorted(dict(self.settings).items())]
        told = "+".join(chosen)
        if len(told) <= _TOLD_LENGTH and all(map(_PLAIN_SETTING.fullmatch, chosen)):
            return f"{self.asked}+{told}"
        digest = hashlib.sha256(repr(chosen).encode()).hexdigest()[:_DIGEST_LENGTH]
        brief = _NOT_PLAIN.sub("-", told)[:_TOLD_LENGTH]
        return f"{self.asked}+{brief}~{digest}"

    @property
    def folder(self) -> str:
        """The label as a part of a folder's name; unique as the label is."""
        return folder_of(self.label)


def folder_of(label: str) -> str:
    """The label of a variant, or the name of a workload, as a part of a folder's name on any file system."""
    return label.replace(":", ".")
