"""Options for a Kafka that streambench did not start, and what is made sure of before a run there."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from streambench.cli.console import err
from streambench.cli.parameters import whole
from streambench.model.cluster_facts import ClusterFacts, ClusterFound
from streambench.model.conditions import USUAL_BROKER, ForeignKafka, Guarantee
from streambench.model.errors import EnvironmentLacks, InstrumentFailed, UsageError
from streambench.model.fault import FaultKind
from streambench.model.kafka_facts import KafkaFacts
from streambench.model.plan import Plan

if TYPE_CHECKING:
    from streambench.experiment.request import Request
    from streambench.model.kafka_access import KafkaAccess
    from streambench.model.trial import TraceRef
    from streambench.trial.workspace import Workspaces

BootstrapOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--bootstrap-servers", metavar="HOST:PORT", help="A Kafka of yours, instead."),
]
KafkaConfigOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--kafka-config", metavar="FILE", help="Its client properties: TLS, log-in."),
]
ReplicationOption: TypeAlias = Annotated[
    int | None,
    typer.Option(parser=whole(1, 100), metavar="TIMES", help="Replicas of the topics there."),
]
TopicPrefixOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="What topics and groups there begin with."),
]
USUAL_PREFIX = "streambench-"
TOPIC_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_LONGEST_PREFIX = 100
# What those engines call it whose workers are members of a group.
_SESSION_TIMEOUTS = ("session.timeout.ms", "session_timeout_ms")


@dataclass(frozen=True)
class Elsewhere:
    """A Kafka of the user's: how it is reached, what may be told of it, and the prefix of all that is made.

    `reached_by` are the options that say how it is reached, as typed. So is `topic_prefix`; None: the
    usual one.
    """

    access: KafkaAccess
    told: ForeignKafka
    prefix: str
    left_out: tuple[str, ...]
    reached_by: tuple[str, ...] = ()
    topic_prefix: str | None = None

    @property
    def clean_command(self) -> str:
        """The command that finds what a run leaves there."""
        return shlex.join(("streambench", "clean", *self.reached_by, *self.begun_by))

    @property
    def begun_by(self) -> tuple[str, ...]:
        """The option by which names begin otherwise than usual; none where they do not."""
        return () if self.topic_prefix is None else ("--topic-prefix", self.topic_prefix)


def elsewhere(
    bootstrap: str | None, config: Path | None, replication: int | None, prefix: str | None
) -> Elsewhere | None:
    """What the options say; None where streambench starts a broker. Raises UsageError."""
    if bootstrap is None and config is None:
        for value, option in ((replication, "--replication"), (prefix, "--topic-prefix")):
            if value is not None:
                raise UsageError(
                    f"{option} is for a Kafka of yours, and none is named",
                    hint=f"{option} {value} --bootstrap-servers HOST:PORT",
                )
        return None
    from streambench.kafka.access.client_properties import read_client_properties

    found = read_client_properties(config, bootstrap)
    begins = USUAL_PREFIX if prefix is None else prefix
    if not begins or len(begins) > _LONGEST_PREFIX or set(begins) - TOPIC_LETTERS:
        raise UsageError(
            f"'{begins}' cannot begin the name of a topic: letters, digits, '.', '_' and '-' can",
            hint=f"--topic-prefix {USUAL_PREFIX}",
        )
    access, replicas = found.access, replication or 1
    mechanism = access.mechanism
    return Elsewhere(
        access,
        ForeignKafka(
            access.bootstrap,
            access.protocol.value,
            None if mechanism is None else mechanism.value,
            tuple(sorted(access.properties)),
            replicas,
            # So one broker may be away, where there are three replicas or more.
            max(1, replicas - 1),
        ),
        f"{begins}{secrets.token_hex(3)}-",
        found.left_out,
        tuple(
            word
            for option, value in (("--bootstrap-servers", bootstrap), ("--kafka-config", config))
            if value is not None
            for word in (option, str(value))
        ),
        prefix,
    )


def refuse_broker_version(version: str) -> None:
    """Refuse a version of the broker beside a Kafka of the user's, which has its own. Raises UsageError."""
    if version != USUAL_BROKER:
        raise UsageError(
            f"--broker {version} says which broker streambench starts, and it starts none",
            hint="leave out --broker, or --bootstrap-servers and --kafka-config",
        )


@dataclass(frozen=True)
class Ground:
    """Where the jobs of a run go on; `kafka`, `clusters` (by engine) and `notes` are what was found of the user's.

    `compiled` has to hear of each load before any job is made, and may refuse it; None: nobody has to.
    """

    workspaces: Workspaces
    kafka: KafkaFacts | None = None
    notes: tuple[str, ...] = ()
    compiled: Callable[[TraceRef], None] | None = None
    clusters: Mapping[str, ClusterFacts] = field(default_factory=dict)

    def with_clusters(self, found: Mapping[str, ClusterFound]) -> Ground:
        """The same, with what was found of clusters of engines."""
        notes = [note for each in found.values() for note in each.notes]
        facts = {engine: each.facts for engine, each in found.items()}
        return replace(self, clusters=facts, notes=(*self.notes, *notes))

    def told(self, requests: Sequence[Request]) -> tuple[Request, ...]:
        """The same requests with what was found."""
        return tuple(
            replace(
                each,
                kafka=self.kafka,
                clusters=self.clusters,
                warnings=(*each.warnings, *self.notes),
            )
            for each in requests
        )


@contextmanager
def ground_of(
    there: Elsewhere | None, requests: Sequence[Request], *, paced: bool = True
) -> Iterator[Ground]:
    """Where these requests are carried out: by brokers of streambench's own, or in a Kafka of the user's.

    Raises as `ground_at` does, and UsageError for what cannot be done to a broker of others. What stays in a
    Kafka of the user's is told at the end, also where this was not reached.
    """
    from streambench.trial.workspace import workspace

    if there is None:
        yield Ground(workspace)
        return
    _refuse_restarts(requests)
    try:
        yield ground_at(there, requests, paced=paced)
    finally:
        tell_leftovers(there)


def ground_at(there: Elsewhere, requests: Sequence[Request], *, paced: bool = True) -> Ground:
    """A Kafka of the user's, once it has been seen that these requests can be carried out there.

    `paced`: loads come when they are due. Others end by the brokers' clocks only without exactly-once.

    Raises EnvironmentLacks where a run could not be made.
    """
    from streambench.kafka.inspection import WantedOfKafka, inspect_kafka
    from streambench.trial.workspace import foreign_workspaces

    told = there.told
    exactly_once = [r.conditions.guarantee is Guarantee.EXACTLY_ONCE for r in requests]
    found = inspect_kafka(
        there.access,
        WantedOfKafka(
            there.prefix,
            told.replication,
            told.min_insync,
            any(exactly_once),
            _shortest_session_ms(requests),
            min((request.conditions.partitions for request in requests), default=None),
            paced or not all(exactly_once),
        ),
    )
    facts = found.facts
    err.print(
        f"Kafka {facts.release or 'of unknown version'} at {told.bootstrap}: {facts.brokers} broker(s), "
        f"{there.access.shown}; topics and groups begin with {there.prefix}, and go with the run",
        markup=False,
    )
    settings = {**facts.topic, **facts.broker}
    told_of = [f"{name} = {value}" for name, value in settings.items() if value is not None]
    silent = [name for name, value in settings.items() if value is None]
    for words, names in (("in effect there", told_of), ("not told there", silent)):
        if names:
            err.print(f"{words}: {', '.join(names)}", markup=False)
    if there.left_out:
        err.print(
            f"left out of the client properties, for they do not say how Kafka is reached: "
            f"{', '.join(there.left_out)}",
            markup=False,
        )
    return Ground(foreign_workspaces(there.access, there.prefix), facts, found.notes)


def _refuse_restarts(requests: Sequence[Request]) -> None:
    for request in requests:
        if any(fault.kind is FaultKind.BROKER_RESTART for fault in request.faults):
            raise UsageError(
                "broker-restart kills a broker that streambench started, and this Kafka is yours",
                hint="streambench run --fault worker-kill@25s",
            )


def _shortest_session_ms(requests: Sequence[Request]) -> int | None:
    """The shortest session time-out that a plan asks brokers for; None where none does."""
    asked = [
        setting.value
        for request in requests
        for contender in request.contenders
        if isinstance(contender.plan, Plan)
        for setting in contender.plan.settings
        if setting.name.endswith(_SESSION_TIMEOUTS)
    ]
    return min((int(value) for value in asked if value.isdecimal()), default=None)


def tell_leftovers(there: Elsewhere) -> None:
    """Say what of a run could not be taken away; nothing where the brokers do not answer any more."""
    from streambench.kafka.inspection import inspect_brokers
    from streambench.kafka.removal import still_left

    try:
        inspect_brokers(there.access)  # its answer comes at once, or never
        found = still_left(there.access, there.prefix)
    except (EnvironmentLacks, InstrumentFailed):
        return
    if found:
        err.print(
            f"left behind: {', '.join((*found.topics, *found.groups))}\n\n"
            f"hint: {there.clean_command}",
            markup=False,
            soft_wrap=True,
        )
