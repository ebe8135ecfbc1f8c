"""What a Kafka that streambench did not start lets a run do, found out before any load."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import kafka.errors as errors
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from streambench.kafka.access.python_clients import python_client_options
from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import ConnectionLost
from streambench.kafka.removal import Leftovers, delete
from streambench.kafka.topics import admin_client, input_topic_config
from streambench.kafka.wire import metadata_request, parse_metadata
from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import KafkaAccess, addresses
from streambench.workload.durations import show_duration

_PROBE: Final = "probe"
_TIMEOUT_S: Final = 10.0
_JOIN_TIMEOUT_MS: Final = 20_000
_ALL: Final = "all"
# What a record must be allowed, for event times to be what they are in the load.
_BOUNDS: Final = ("message.timestamp.before.max.ms", "message.timestamp.after.max.ms")


@dataclass(frozen=True)
class WantedOfKafka:
    """What a run needs: topics of this prefix, so often kept; `transactions` where rows are written in them."""

    prefix: str
    replication: int = 1
    min_insync: int = 1
    transactions: bool = False


@dataclass(frozen=True)
class Inspection:
    """How many brokers there are, and what is otherwise than asked, with what it means for a run."""

    brokers: int
    notes: tuple[str, ...] = field(default=())


class NotAllowed(EnvironmentLacks):
    """The principal may not do what a run has to do."""


def inspect_kafka(access: KafkaAccess, wanted: WantedOfKafka) -> Inspection:
    """Make a topic, write, read as a group, and take all away again.

    Raises EnvironmentLacks where a run could not be made, before anything else has started.
    """
    brokers = inspect_brokers(access)
    if wanted.replication > brokers:
        raise EnvironmentLacks(
            f"{wanted.replication} replicas are asked for, and {access.bootstrap} has {brokers} broker(s)",
            hint=f"--replication {brokers}",
        )
    # Two runs may look at the same time.
    topic = group = f"{wanted.prefix}{_PROBE}-{secrets.token_hex(3)}"
    names = f"{wanted.prefix}*"
    notes = _made(access, topic, wanted)
    groups: tuple[str, ...] = ()
    try:
        _guarded(lambda: _write(access, topic, wanted, group), f"write to topics {names}")
        _guarded(lambda: _join(access, topic, group), f"read as groups {names}")
        groups = (group,)
    finally:
        _guarded(lambda: delete(access, Leftovers((topic,), groups)), f"delete topics {names}")
    return Inspection(brokers, notes)


def inspect_brokers(access: KafkaAccess) -> int:
    """How many brokers there are. Raises EnvironmentLacks where none answers, or lets us in."""
    try:
        connection = Cluster(access).anyone(timeout_s=_TIMEOUT_S)
        try:
            return len(parse_metadata(connection.call(metadata_request(0))).brokers)
        finally:
            connection.close()
    except (ConnectionLost, UnicodeDecodeError, ValueError) as error:
        host, port = addresses(access.bootstrap)[0]
        hint = f"nc -vz {host} {port}"
        if "reset" in str(error) and access.protocol.encrypted:
            # What a broker says of a certificate that it misses may be lost with the connection.
            hint = "if the brokers want a certificate of their clients, set ssl.keystore.location"
        raise EnvironmentLacks(
            f"no broker answers at {access.bootstrap} ({access.shown}): {error}", hint=hint
        ) from error


def _made(access: KafkaAccess, topic: str, wanted: WantedOfKafka) -> tuple[str, ...]:
    """Make the probe's topic; what of its settings is otherwise than asked."""
    asked = {**input_topic_config(), "min.insync.replicas": str(wanted.min_insync)}
    topics = {
        topic: {
            "num_partitions": 1,
            "replication_factor": wanted.replication,
            "configs": asked,
        }
    }
    with admin_client(access) as admin:

        def make() -> None:
            admin.create_topics(topics, wait_for_metadata=True)

        try:
            _guarded(make, f"make topics {wanted.prefix}*")
        except (errors.PolicyViolationError, errors.InvalidConfigurationError) as error:
            raise EnvironmentLacks(
                f"the brokers' policy refuses the settings that a run's topics need: {error}",
                hint="ask for a policy that allows " + ", ".join(asked),
            ) from error
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)
        told = admin.describe_configs([resource], config_filter=_ALL)["topic"][topic]
    return tuple(_notes(asked, {name: entry["value"] for name, entry in told.items()}))


def _notes(asked: Mapping[str, str], told: Mapping[str, str]) -> list[str]:
    notes = []
    for name, value in asked.items():
        there = told.get(name)
        if there is None or there == value:
            continue
        meaning = f"{value} was asked for"
        if name in _BOUNDS:
            meaning = f"records further away than {show_duration(int(there))} are refused"
        elif name == "retention.ms":
            meaning = f"records go after {show_duration(int(there))}: a longer run would lose rows"
        notes.append(f"the brokers keep {name} at {there}: {meaning}")
    return notes


def _write(access: KafkaAccess, topic: str, wanted: WantedOfKafka, name: str) -> None:
    own: dict[str, Any] = {"transactional_id": name} if wanted.transactions else {}
    producer = KafkaProducer(
        **python_client_options(access), acks="all", max_block_ms=_TIMEOUT_S * 1000, **own
    )
    try:
        if wanted.transactions:
            producer.init_transactions()
            producer.begin_transaction()
        producer.send(topic, b"probe").get(timeout=_TIMEOUT_S)
        if wanted.transactions:
            producer.commit_transaction()
    finally:
        producer.close(timeout=_TIMEOUT_S)


def _join(access: KafkaAccess, topic: str, group: str) -> None:
    consumer = KafkaConsumer(
        **python_client_options(access), group_id=group, auto_offset_reset="earliest"
    )
    try:
        consumer.subscribe([topic])
        if not consumer.poll(timeout_ms=_JOIN_TIMEOUT_MS):
            raise EnvironmentLacks(
                f"group {group} read nothing of topic {topic} within {_JOIN_TIMEOUT_MS // 1000} s",
                hint="kafka-consumer-groups.sh --describe --group " + group,
            )
    finally:
        consumer.close(autocommit=False)


def _guarded(act: Callable[[], None], what: str) -> None:
    """Do it; who may not is told what is missing."""
    try:
        act()
    except (
        errors.TopicAuthorizationFailedError,
        errors.GroupAuthorizationFailedError,
        errors.ClusterAuthorizationFailedError,
        errors.TransactionalIdAuthorizationFailedError,
    ) as error:
        raise NotAllowed(
            f"the principal that logs in may not {what}: {type(error).__name__}",
            hint="kafka-acls.sh --add --resource-pattern-type prefixed --topic PREFIX --group PREFIX "
            "--transactional-id PREFIX --operation All --allow-principal User:NAME",
        ) from error
    except errors.NotEnoughReplicasError as error:
        raise EnvironmentLacks(
            f"fewer brokers than min.insync.replicas hold the topic: {error}",
            hint="--replication 1",
        ) from error
