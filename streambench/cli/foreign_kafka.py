"""Options for a Kafka that streambench did not start, and what is made sure of before a run there."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from streambench.cli.console import err
from streambench.cli.parameters import whole
from streambench.model.conditions import USUAL_BROKER, ForeignKafka, Guarantee
from streambench.model.errors import InstrumentFailed, UsageError
from streambench.model.fault import FaultKind

if TYPE_CHECKING:
    from streambench.experiment.request import Request
    from streambench.model.kafka_access import KafkaAccess
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
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_LONGEST_PREFIX = 100


@dataclass(frozen=True)
class Elsewhere:
    """A Kafka of the user's: how it is reached, what may be told of it, and the prefix of all that is made."""

    access: KafkaAccess
    told: ForeignKafka
    prefix: str
    left_out: tuple[str, ...]


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
    if not begins or len(begins) > _LONGEST_PREFIX or set(begins) - _LETTERS:
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
    )


def refuse_broker_version(version: str) -> None:
    """Refuse a version of the broker beside a Kafka of the user's, which has its own. Raises UsageError."""
    if version != USUAL_BROKER:
        raise UsageError(
            f"--broker {version} says which broker streambench starts, and it starts none",
            hint="leave out --broker, or --bootstrap-servers and --kafka-config",
        )


@contextmanager
def places_of(there: Elsewhere | None, requests: Sequence[Request]) -> Iterator[Workspaces]:
    """Where the jobs of these requests run, by a broker of streambench's own or in a Kafka of the user's.

    Raises as `places_at` does. What stays in a Kafka of the user's is told at the end.
    """
    from streambench.trial.workspace import workspace

    if there is None:
        yield workspace
        return
    places = places_at(there, requests)
    try:
        yield places
    finally:
        tell_leftovers(there)


def places_at(there: Elsewhere, requests: Sequence[Request]) -> Workspaces:
    """Where the jobs of these requests run, once it has been seen that they can.

    Raises UsageError for what cannot be done to a broker of others, EnvironmentLacks where a run could not
    be made.
    """
    from streambench.kafka.inspection import WantedOfKafka, inspect_kafka
    from streambench.trial.workspace import foreign_workspaces

    for request in requests:
        if any(fault.kind is FaultKind.BROKER_RESTART for fault in request.faults):
            raise UsageError(
                "broker-restart kills a broker that streambench started, and this Kafka is yours",
                hint="streambench run --fault worker-kill@25s",
            )
    told = there.told
    found = inspect_kafka(
        there.access,
        WantedOfKafka(
            there.prefix,
            told.replication,
            told.min_insync,
            any(r.conditions.guarantee is Guarantee.EXACTLY_ONCE for r in requests),
        ),
    )
    err.print(
        f"Kafka at {told.bootstrap}: {found.brokers} broker(s), {there.access.shown}; topics and groups "
        f"begin with {there.prefix}, and go with the run",
        markup=False,
    )
    if there.left_out:
        err.print(
            f"left out of the client properties, for they do not say how Kafka is reached: "
            f"{', '.join(there.left_out)}",
            markup=False,
        )
    for note in found.notes:
        err.print(note, markup=False)
    return foreign_workspaces(there.access, there.prefix)


def tell_leftovers(there: Elsewhere) -> None:
    """Say what of a run could not be taken away; nothing where the brokers do not answer any more."""
    from streambench.kafka.removal import leftovers

    try:
        found = leftovers(there.access, there.prefix)
    except InstrumentFailed:
        return
    if found:
        err.print(
            f"left behind: {', '.join((*found.topics, *found.groups))}\n\n"
            f"hint: streambench clean --bootstrap-servers {there.told.bootstrap}",
            markup=False,
        )
