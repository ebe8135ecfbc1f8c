"""Where a job runs: its broker and topics, a player, a reader, and how its engine is launched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from streambench.engines.protocol import Embedded, Engine, External, Job
from streambench.kafka.broker import BROKER, Broker, start_broker
from streambench.kafka.broker_clocks import BrokerClocks
from streambench.kafka.broker_versions import broker_jars
from streambench.kafka.player import Player, processes_for
from streambench.kafka.plays import PlaysLoads
from streambench.kafka.reader import Reader
from streambench.kafka.removal import removed_at_end
from streambench.kafka.shards.player import ShardedPlayer
from streambench.kafka.topics import (
    TopicSpec,
    create_topics,
    input_topic_config,
    output_topic_config,
)
from streambench.kafka.warm_up import warm_broker
from streambench.model.conditions import Conditions
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.kafka_access import KafkaAccess, all_here
from streambench.model.plan import Plan
from streambench.model.trial import TraceRef
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.trial.clock_watch import ClockWatch
from streambench.trial.own_rows import OwnRows
from streambench.trial.workspace import Workspace

INPUT_TOPIC = "input"
OUTPUT_TOPIC = "output"
CLOCKS_TOPIC = "clocks"
BROKER_HEAP_MIB = 512


class Testbed(Protocol):
    """What a trial needs of the place where its job runs.

    `own` is what the job was given besides its loads. `scratch` is for the instrument's files.
    """

    @property
    def supervisor(self) -> Supervisor:
        """Keeps the instrument's processes, and an embedded engine's."""
        ...

    @property
    def kafka(self) -> KafkaAccess:
        """Where the topics are."""
        ...

    @property
    def broker(self) -> Broker | None:
        """The broker, where it is a process of streambench; None: nothing is known of it, and none is hit."""
        ...

    @property
    def input_topic(self) -> str:
        """What the job reads."""
        ...

    @property
    def output_topic(self) -> str:
        """What the job writes."""
        ...

    @property
    def player(self) -> PlaysLoads:
        """Writes the loads."""
        ...

    @property
    def reader(self) -> Reader:
        """Has every visible row."""
        ...

    @property
    def clocks(self) -> ClockWatch:
        """By how many clocks its loads are timed."""
        ...

    @property
    def own(self) -> OwnRows:
        """Which rows are no result of the load that is judged."""
        ...

    @property
    def scratch(self) -> Path:
        """A folder for the instrument's files."""
        ...

    @property
    def log_dir(self) -> Path:
        """A folder for logs, which are kept with the job."""
        ...

    def launch(
        self, engine: Engine, plan: Plan, job_id: str, *, nice: int, tell: Callable[[str], None]
    ) -> Job:
        """Start the job; returns as soon as it is submitted. Raises EngineFailed.

        `tell` hears why a cluster that is not streambench's still has not begun it.
        """
        ...


@dataclass(frozen=True)
class EmbeddedTestbed:
    """A testbed of child processes on this machine."""

    place: Workspace
    artifacts: Resolved
    kafka: KafkaAccess
    broker: Broker | None
    input_topic: str
    output_topic: str
    player: PlaysLoads
    reader: Reader
    clocks: ClockWatch = field(default_factory=ClockWatch)
    own: OwnRows = field(default_factory=OwnRows)

    @property
    def supervisor(self) -> Supervisor:
        """Keeps all processes."""
        return self.place.supervisor

    @property
    def scratch(self) -> Path:
        """The workspace's."""
        return self.place.scratch

    @property
    def log_dir(self) -> Path:
        """The workspace's."""
        return self.place.log_dir

    def launch(
        self, engine: Engine, plan: Plan, job_id: str, *, nice: int, tell: Callable[[str], None]
    ) -> Job:
        """Start the engine's processes with this `nice` value, or give the job to its cluster.

        Raises EngineFailed.
        """
        here = Embedded(
            supervisor=self.place.supervisor,
            artifacts=self.artifacts,
            kafka=self.kafka,
            input_topic=self.input_topic,
            output_topic=self.output_topic,
            job_id=job_id,
            job_dir=self.place.job_dir,
            log_dir=self.place.log_dir,
            nice=nice,
            leaves=self.place.leaves,
        )
        if plan.cluster is None:
            return engine.attach(plan, here)
        return engine.attach(plan, External(here, plan.cluster, self.place.crew, tell))


@dataclass(frozen=True)
class TestbedShape:
    """How many partitions the topics have and how often they are kept, and how many processes share the load.

    `most_per_s` is the highest rate, by which shards on other hosts choose their processes.
    """

    __test__ = False

    partitions: int
    players: int = 1
    replication: int = 1
    min_insync: int = 1
    most_per_s: int = 0

    @classmethod
    def of(cls, conditions: Conditions, most_per_s: int) -> TestbedShape:
        """What these conditions ask for, at loads of at most this rate."""
        partitions, foreign = conditions.partitions, conditions.foreign_kafka
        players = processes_for(most_per_s, partitions)
        if foreign is None:
            return cls(partitions, players)
        return cls(partitions, players, foreign.replication, foreign.min_insync, most_per_s)


@contextmanager
def embedded_testbed(
    place: Workspace,
    artifacts: Resolved,
    *,
    shape: TestbedShape,
    broker_warm_up: TraceRef,
) -> Iterator[EmbeddedTestbed]:
    """A broker with empty topics, a player and a reader; all gone afterwards.

    The broker is the workspace's, or else a fresh one of this testbed's own, so that no engine meets a
    warmer or fuller one than another. `shape.players` processes share the load. Raises InstrumentFailed
    when it cannot be set up.
    """
    place.supervisor.discard_at_end(place.scratch)
    match place.served:
        case None:
            with started_broker(place, artifacts) as broker:
                warmed = partial(_warm, place, broker, shape.partitions, broker_warm_up)
                with _with_topics(place, artifacts, broker, shape, meanwhile=warmed) as testbed:
                    yield testbed
        case KafkaAccess() as access:
            meeting = (
                *(() if place.shards is None else place.shards.topics),
                *(() if place.crew is None else (place.crew.topic,)),
            )
            with (
                removed_at_end(access, place.prefix, but=meeting),
                _with_topics(place, artifacts, access, shape) as testbed,
            ):
                yield testbed
        case broker:
            with _with_topics(place, artifacts, broker, shape) as testbed:
                yield testbed


@contextmanager
def warmed_broker(
    place: Workspace, artifacts: Resolved, partitions: int, warm_up: TraceRef
) -> Iterator[Broker]:
    """A fresh broker into which `warm_up` was played: a cold one would hold up the load.

    Raises InstrumentFailed.
    """
    with started_broker(place, artifacts) as broker:
        _warm(place, broker, partitions, warm_up)
        yield broker


@contextmanager
def started_broker(place: Workspace, artifacts: Resolved) -> Iterator[Broker]:
    """A fresh broker, cold; stopped afterwards. Raises InstrumentFailed."""
    with _no_engines_fault():
        broker = start_broker(
            place.supervisor,
            folder=place.scratch / "broker",
            log_dir=place.log_dir,
            java=artifacts.java,
            jars=broker_jars(artifacts.jars),
            heap_mib=BROKER_HEAP_MIB,
        )
    try:
        yield broker
    finally:
        place.supervisor.stop_named([BROKER])  # a restarted one is another child of this name


def _warm(place: Workspace, broker: Broker, partitions: int, warm_up: TraceRef) -> None:
    with _no_engines_fault():
        warm_broker(
            place.supervisor,
            broker,
            ref=warm_up,
            partitions=partitions,
            log_dir=place.scratch / "warm-up",
        )


@contextmanager
def _with_topics(
    place: Workspace,
    artifacts: Resolved,
    served: Broker | KafkaAccess,
    shape: TestbedShape,
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[EmbeddedTestbed]:
    """Topics, player and reader; `meanwhile` is done while the processes of the latter two start."""
    broker = None if isinstance(served, KafkaAccess) else served
    access = served if isinstance(served, KafkaAccess) else served.access
    input_topic = f"{place.prefix}{INPUT_TOPIC}{place.suffix}"
    output_topic = f"{place.prefix}{OUTPUT_TOPIC}{place.suffix}"
    kept = {} if broker is not None else {"min.insync.replicas": str(shape.min_insync)}
    with _no_engines_fault():
        create_topics(
            access,
            tuple(
                TopicSpec(name, shape.partitions, {**config, **kept}, shape.replication)
                for name, config in (
                    (input_topic, input_topic_config()),
                    (output_topic, output_topic_config()),
                )
            ),
        )
    player = _player(place, access, input_topic, shape)
    try:
        clocks = ClockWatch()
        if broker is None and (place.clocks_here or not all_here(access.bootstrap)):
            clocks = _watch_of(place, access, (input_topic, output_topic), shape.replication)
        reader = Reader.start(
            place.supervisor,
            access=access,
            topic=output_topic,
            partitions=shape.partitions,
            out=place.scratch / "output.rows",
            log_dir=place.log_dir,
            wait=False,
        )
        try:
            meanwhile()
            player.connected()
            reader.assigned()
            yield EmbeddedTestbed(
                place, artifacts, access, broker, input_topic, output_topic, player, reader, clocks
            )
        finally:
            reader.close()
    finally:
        player.close()


def _watch_of(
    place: Workspace, access: KafkaAccess, beside: tuple[str, ...], replication: int
) -> ClockWatch:
    """Compares this host's clock with those of the brokers that lead these topics."""
    clocks = BrokerClocks(access, f"{place.prefix}{CLOCKS_TOPIC}{place.suffix}", beside)
    clocks.make(replication)
    return ClockWatch(clocks)


def _player(place: Workspace, access: KafkaAccess, topic: str, shape: TestbedShape) -> PlaysLoads:
    """Started, and not waited for: so the reader starts meanwhile."""
    if place.shards is not None:
        return ShardedPlayer(place.shards, topic, shape.partitions, shape.most_per_s)
    return Player.start(
        place.supervisor,
        access=access,
        topic=topic,
        partitions=shape.partitions,
        log_dir=place.log_dir,
        processes=shape.players,
        wait=False,
    )


@contextmanager
def _no_engines_fault() -> Iterator[None]:
    """A wait in vain is an engine's failure, but here there is none yet."""
    try:
        yield
    except EngineFailed as error:
        raise InstrumentFailed(error.message, hint=error.hint) from error
