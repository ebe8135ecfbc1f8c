"""The bench on which one trial runs: its broker, topics, player and reader, all its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from streambench.kafka.broker import BROKER, Broker, start_broker
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
from streambench.model.plan import Artifacts
from streambench.model.trial import TraceRef
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.trial.own_rows import OwnRows

INPUT_TOPIC = "input"
OUTPUT_TOPIC = "output"
# What every trial needs, whatever the engine.
LAB_ARTIFACTS = Artifacts(java=True, jar_sets=("broker",))
LAB_HEAP_MIB = 512


@dataclass(frozen=True)
class Lab:
    """Everything around the engine, ready to be used; `own` is what the job was given besides a load."""

    broker: Broker
    player: Player
    reader: Reader
    scratch: Path
    log_dir: Path
    own: OwnRows = field(default_factory=OwnRows)


@contextmanager
def _no_engines_fault() -> Iterator[None]:
    """A wait in vain is an engine's failure, but here there is none yet."""
    try:
        yield
    except EngineFailed as error:
        raise InstrumentFailed(error.message, hint=error.hint) from error


@contextmanager
def open_lab(
    supervisor: Supervisor,
    artifacts: Resolved,
    *,
    scratch: Path,
    log_dir: Path,
    partitions: int,
    warm_up: TraceRef,
    players: int = 1,
) -> Iterator[Lab]:
    """A fresh broker with empty topics, a player and a reader; all gone afterwards.

    Each trial has a broker of its own, so that no engine meets a warmer or fuller one than another;
    `warm_up` is played into a scratch topic first, as a cold broker would hold up the load. `players`
    processes share the load. Raises InstrumentFailed when it cannot be set up.
    """
    broker_folder = scratch / "broker"
    supervisor.discard_at_end(scratch)
    with _no_engines_fault():
        broker = start_broker(
            supervisor,
            folder=broker_folder,
            log_dir=log_dir,
            java=artifacts.java,
            jars=artifacts.jars["broker"],
            heap_mib=LAB_HEAP_MIB,
        )
    try:
        with _no_engines_fault():
            warm_broker(
                supervisor, broker, ref=warm_up, partitions=partitions, log_dir=scratch / "warm-up"
            )
            create_topics(
                broker.bootstrap,
                (
                    TopicSpec(INPUT_TOPIC, partitions, input_topic_config()),
                    TopicSpec(OUTPUT_TOPIC, partitions, output_topic_config()),
                ),
            )
        player = Player.start(
            supervisor,
            bootstrap=broker.bootstrap,
            topic=INPUT_TOPIC,
            partitions=partitions,
            log_dir=log_dir,
            processes=players,
            wait=False,  # so that both start at once
        )
        try:
            reader = Reader.start(
                supervisor,
                bootstrap=broker.bootstrap,
                topic=OUTPUT_TOPIC,
                partitions=partitions,
                out=scratch / "output.rows",
                log_dir=log_dir,
                wait=False,
            )
            try:
                player.connected()
                reader.assigned()
                yield Lab(broker, player, reader, scratch, log_dir)
            finally:
                reader.close()
        finally:
            player.close()
    finally:
        supervisor.stop_named([BROKER])  # a restarted one is another child of this name
