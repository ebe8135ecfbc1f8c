"""Where a job runs: its broker and topics, a player, a reader, and how its engine is launched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

from streambench.engines.protocol import Embedded, Engine, Job
from streambench.kafka.broker import BROKER, Broker, start_broker
from streambench.kafka.broker_versions import broker_jars
from streambench.kafka.player import Player
from streambench.kafka.reader import Reader
from streambench.kafka.topics import (
    TopicSpec,
    create_topics,
    input_topic_config,
    output_topic_config,
)
from streambench.kafka.warm_up import warm_broker
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.plan import Plan
from streambench.model.trial import TraceRef
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.trial.own_rows import OwnRows
from streambench.trial.workspace import Workspace

INPUT_TOPIC = "input"
OUTPUT_TOPIC = "output"
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
    def broker(self) -> Broker:
        """Where the topics are."""
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
    def player(self) -> Player:
        """Writes the loads."""
        ...

    @property
    def reader(self) -> Reader:
        """Has every visible row."""
        ...

    @property
    def own(self) -> OwnRows:
        """Which rows are no result of the load that is judged."""
        ...

    @property
    def scratch(self) -> Path:
        """A folder for the instrument's files."""
        ...

    def launch(self, engine: Engine, plan: Plan, job_id: str, *, nice: int) -> Job:
        """Start the job; returns as soon as it is submitted. Raises EngineFailed."""
        ...


@dataclass(frozen=True)
class EmbeddedTestbed:
    """A testbed of child processes on this machine."""

    place: Workspace
    artifacts: Resolved
    broker: Broker
    input_topic: str
    output_topic: str
    player: Player
    reader: Reader
    own: OwnRows = field(default_factory=OwnRows)

    @property
    def supervisor(self) -> Supervisor:
        """Keeps all processes."""
        return self.place.supervisor

    @property
    def scratch(self) -> Path:
        """The workspace's."""
        return self.place.scratch

    def launch(self, engine: Engine, plan: Plan, job_id: str, *, nice: int) -> Job:
        """Start the engine's processes with this `nice` value. Raises EngineFailed."""
        return engine.attach(
            plan,
            Embedded(
                supervisor=self.place.supervisor,
                artifacts=self.artifacts,
                bootstrap=self.broker.bootstrap,
                input_topic=self.input_topic,
                output_topic=self.output_topic,
                job_id=job_id,
                job_dir=self.place.job_dir,
                log_dir=self.place.log_dir,
                nice=nice,
            ),
        )


@contextmanager
def embedded_testbed(
    place: Workspace,
    artifacts: Resolved,
    *,
    partitions: int,
    broker_warm_up: TraceRef,
    players: int = 1,
) -> Iterator[EmbeddedTestbed]:
    """A broker with empty topics, a player and a reader; all gone afterwards.

    The broker is the workspace's, or else a fresh one of this testbed's own, so that no engine meets a
    warmer or fuller one than another. `players` processes share the load. Raises InstrumentFailed when
    it cannot be set up.
    """
    place.supervisor.discard_at_end(place.scratch)
    shape = _Shape(partitions, players)
    if place.served is not None:
        with _with_topics(place, artifacts, place.served, shape) as testbed:
            yield testbed
        return
    with started_broker(place, artifacts) as broker:
        warmed = partial(_warm, place, broker, partitions, broker_warm_up)
        with _with_topics(place, artifacts, broker, shape, meanwhile=warmed) as testbed:
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


@dataclass(frozen=True)
class _Shape:
    """How many partitions the topics have, and how many processes share the load."""

    partitions: int
    players: int


@contextmanager
def _with_topics(
    place: Workspace,
    artifacts: Resolved,
    broker: Broker,
    shape: _Shape,
    meanwhile: Callable[[], None] = lambda: None,
) -> Iterator[EmbeddedTestbed]:
    """Topics, player and reader; `meanwhile` is done while the processes of the latter two start."""
    input_topic = f"{INPUT_TOPIC}{place.suffix}"
    output_topic = f"{OUTPUT_TOPIC}{place.suffix}"
    with _no_engines_fault():
        create_topics(
            broker.bootstrap,
            (
                TopicSpec(input_topic, shape.partitions, input_topic_config()),
                TopicSpec(output_topic, shape.partitions, output_topic_config()),
            ),
        )
    player = Player.start(
        place.supervisor,
        bootstrap=broker.bootstrap,
        topic=input_topic,
        partitions=shape.partitions,
        log_dir=place.log_dir,
        processes=shape.players,
        wait=False,  # so that both start at once
    )
    try:
        reader = Reader.start(
            place.supervisor,
            bootstrap=broker.bootstrap,
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
                place, artifacts, broker, input_topic, output_topic, player, reader
            )
        finally:
            reader.close()
    finally:
        player.close()


@contextmanager
def _no_engines_fault() -> Iterator[None]:
    """A wait in vain is an engine's failure, but here there is none yet."""
    try:
        yield
    except EngineFailed as error:
        raise InstrumentFailed(error.message, hint=error.hint) from error
