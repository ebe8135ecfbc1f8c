"""Versions and settings of brokers that streambench did not start, read before a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from streambench.kafka.api_versions import (
    METADATA_VERSION,
    ApiVersions,
    api_versions_request,
    parse_api_versions,
    unspoken,
)
from streambench.kafka.broker_versions import TESTED_RELEASES, release_of
from streambench.kafka.connection import ConnectionLost
from streambench.kafka.secured import connect
from streambench.kafka.topics import admin_client
from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import KafkaAccess
from streambench.model.kafka_facts import KafkaFacts
from streambench.model.numbers import listing

TOPIC_SETTINGS: Final = (
    "message.timestamp.type",
    "message.timestamp.before.max.ms",
    "message.timestamp.after.max.ms",
    "min.insync.replicas",
    "unclean.leader.election.enable",
    "retention.ms",
    "retention.bytes",
    "compression.type",
    "max.message.bytes",
)
"""Settings of a topic that decide whether all rows are there, and when they came."""
BROKER_SETTINGS: Final = (
    "default.replication.factor",
    "message.max.bytes",
    "group.min.session.timeout.ms",
    "group.initial.rebalance.delay.ms",
    "transaction.max.timeout.ms",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms",
    "transaction.partition.verification.enable",
)
"""Settings of brokers that decide how soon a failure is over, and what is allowed."""
_TIMEOUT_S: Final = 10.0
_ALL: Final = "all"
_APART: Final = " | "


def kafka_facts(access: KafkaAccess, brokers: Mapping[int, tuple[str, int]]) -> KafkaFacts:
    """What these brokers say of themselves, of no topic yet.

    Raises EnvironmentLacks where one does not take what player and reader send.
    """
    spoken = {node: _asked(access, address) for node, address in brokers.items()}
    for node, found in spoken.items():
        missing = None if found is None else unspoken(found, logs_in=access.protocol.logs_in)
        if missing is not None:
            host, port = brokers[node]
            raise EnvironmentLacks(
                f"the broker at {host}:{port} is of a version that streambench cannot use: it is sent "
                f"{missing}",
                hint=f"use brokers of Kafka {listing(list(TESTED_RELEASES))}, which are tested",
            )
    known = [
        None if each is None else each.supported.get(METADATA_VERSION) for each in spoken.values()
    ]
    levels = [level for level in known if level is not None]
    whole = bool(levels) and len(levels) == len(known)
    return KafkaFacts(
        brokers=len(brokers),
        release=release_of(min(levels)) if whole else None,
        metadata_version=_in_effect(spoken.values()),
        broker=_broker_settings(access, sorted(brokers)),
    )


def release_notes(facts: KafkaFacts) -> tuple[str, ...]:
    """What of their version is to be said before a run; nothing of a tested one."""
    tested = listing(list(TESTED_RELEASES))
    if facts.release in TESTED_RELEASES:
        return ()
    if facts.release is not None:
        return (f"Kafka {facts.release} is not tested with streambench: {tested} are",)
    if facts.metadata_version is None:
        return (f"the brokers do not tell of which version they are: {tested} are tested",)
    return (
        f"of which version the brokers are is not known (metadata.version {facts.metadata_version}): "
        f"{tested} are tested",
    )


def _asked(access: KafkaAccess, address: tuple[str, int]) -> ApiVersions | None:
    """What a broker speaks; None where it does not answer now, or not in a way that makes sense."""
    try:
        connection = connect(access, address, timeout_s=_TIMEOUT_S)
    except (OSError, ConnectionLost):
        return None
    try:
        return parse_api_versions(connection.call(api_versions_request(0)))
    except (ConnectionLost, ValueError):
        return None
    finally:
        connection.close()


def _in_effect(spoken: Iterable[ApiVersions | None]) -> int | None:
    """The level that brokers agree on; one that has just heard of a new one may be ahead."""
    levels = [
        each.finalized[METADATA_VERSION]
        for each in spoken
        if each is not None and METADATA_VERSION in each.finalized
    ]
    return min(levels, default=None)


def _broker_settings(access: KafkaAccess, nodes: Sequence[int]) -> dict[str, str | None]:
    """Who may not ask for them, or asks a broker that has no such setting, is told nothing: None."""
    resources = [ConfigResource(ConfigResourceType.BROKER, str(node)) for node in nodes]
    try:
        with admin_client(access) as admin:
            told: Any = admin.describe_configs(resources, config_filter=_ALL)["broker"]
            return {name: _of_all(told.values(), name) for name in BROKER_SETTINGS}
    except (KafkaError, KeyError):
        return dict.fromkeys(BROKER_SETTINGS)


def _of_all(told: Iterable[Mapping[str, Mapping[str, Any]]], name: str) -> str | None:
    values = [each.get(name, {}).get("value") for each in told]
    if not values or any(value is None for value in values):
        return None
    return _APART.join(dict.fromkeys(map(str, values)))
