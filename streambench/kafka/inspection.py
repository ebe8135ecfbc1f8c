"""What a Kafka that streambench did not start lets a run do, found out before any load."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import kafka.errors as errors
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from streambench.kafka.access.python_clients import python_client_options
from streambench.kafka.access.tokens import see_endpoint
from streambench.kafka.broker_versions import TESTED_RELEASES
from streambench.kafka.clocks_beforehand import judge_clocks, look_at_clocks
from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import ConnectionLost
from streambench.kafka.facts import TOPIC_SETTINGS, kafka_facts, release_notes
from streambench.kafka.removal import (
    Leftovers,
    delete,
    group_words,
    refusals,
    still_left,
    topic_words,
)
from streambench.kafka.topics import admin_client, input_topic_config
from streambench.kafka.wire import metadata_request, parse_metadata
from streambench.model.clocks import ClocksSeen
from streambench.model.errors import EnvironmentLacks, InstrumentFailed
from streambench.model.kafka_access import KafkaAccess, addresses, all_here
from streambench.model.kafka_facts import KafkaFacts
from streambench.model.numbers import listing
from streambench.workload.durations import show_duration

_PROBE: Final = "probe"
_TIMEOUT_S: Final = 10.0
_JOIN_TIMEOUT_MS: Final = 20_000
_TELLING_S: Final = 5.0
_AGAIN_S: Final = 0.1
_ALL: Final = "all"
# What a record must be allowed, for event times to be what they are in the load.
_BOUNDS: Final = ("message.timestamp.before.max.ms", "message.timestamp.after.max.ms")


@dataclass(frozen=True)
class WantedOfKafka:
    """What a run needs: topics of this prefix, so often kept; `transactions` where rows are written in them.

    `session_timeout_ms` is the shortest after which a group is to miss a member; None: any. Its topics have
    at least so many `partitions`; None: not known. `timed_there`: times end by the brokers' clocks.
    `clocks_here`: they are compared also with brokers on this machine, which have the same one.
    """

    prefix: str
    replication: int = 1
    min_insync: int = 1
    transactions: bool = False
    session_timeout_ms: int | None = None
    partitions: int | None = None
    timed_there: bool = True
    clocks_here: bool = False


@dataclass(frozen=True)
class Inspection:
    """What the brokers say of themselves, and what is otherwise than asked, with what it means for a run.

    `clocks` are theirs beside this machine's; nothing where all are on this machine.
    """

    facts: KafkaFacts
    notes: tuple[str, ...] = field(default=())
    clocks: ClocksSeen = field(default_factory=ClocksSeen)


class SessionTooShort(EnvironmentLacks):
    """The brokers let no group miss a member as soon as a run's engines ask for."""


class NotAllowed(EnvironmentLacks):
    """The principal may not do what a run has to do."""


def begin_of_probes(prefix: str) -> str:
    """What topics and groups begin with that are made to see whether a run could be, of its `prefix`."""
    return f"{prefix}{_PROBE}-"


def inspect_kafka(access: KafkaAccess, wanted: WantedOfKafka) -> Inspection:
    """Make a topic, write, read as a group, look at the clocks, and take all away again.

    Raises EnvironmentLacks where a run could not be made, before anything else has started.
    """
    brokers = inspect_brokers(access)
    if wanted.replication > len(brokers):
        raise EnvironmentLacks(
            f"{wanted.replication} replicas are asked for, and {access.bootstrap} has {len(brokers)} broker(s)",
            hint=f"--replication {len(brokers)}",
        )
    facts = kafka_facts(access, brokers)
    # Two runs may look at the same time.
    topic = group = f"{begin_of_probes(wanted.prefix)}{secrets.token_hex(3)}"
    names = f"{wanted.prefix}*"
    asked = {**input_topic_config(), "min.insync.replicas": str(wanted.min_insync)}
    made = False
    try:
        _make(access, topic, wanted, asked)
        made = True
        _guarded(lambda: _see(access, topic), f"see topics {names}")
        told = _told(access, topic)
        _guarded(
            lambda: _write(access, topic, wanted, group),
            f"write to topics {names}",
            f"write in transactions {names}",
        )
        _guarded(
            lambda: _join(access, topic, group, wanted),
            f"read topics {names}",
            f"read as groups {names}",
        )
        clocks = _clocks(access, topic, wanted, brokers)
        of_clocks = judge_clocks(clocks, all_lead=_all_lead(wanted, brokers))
        both = Leftovers((topic,), (group,))
        _guarded(lambda: delete(access, both), f"delete topics {names}", f"delete groups {names}")
    except BaseException as error:  # also of who presses Ctrl-C
        # Who may not make a topic has made none.
        none = not made and isinstance(error, NotAllowed)
        left = "" if none else _not_taken_away(access, topic, made=made)
        stays = f"; {left} may stay there" if left else ""
        match error:
            case errors.KafkaError():
                raise EnvironmentLacks(
                    f"the brokers at {access.bootstrap} did not go through with topic {topic}: "
                    f"{type(error).__name__}: {error}{stays}",
                    hint="streambench doctor with the same options, once all brokers answer",
                ) from error
            case EnvironmentLacks() if stays:
                raise type(error)(f"{error.message}{stays}", hint=error.hint) from error
        raise
    facts = replace(facts, topic={name: told.get(name) for name in TOPIC_SETTINGS})
    notes = (*release_notes(facts), *_notes(asked, told), *of_clocks)
    return Inspection(facts, notes, clocks)


def _clocks(
    access: KafkaAccess, topic: str, wanted: WantedOfKafka, brokers: Collection[int]
) -> ClocksSeen:
    if not wanted.timed_there or (all_here(access.bootstrap) and not wanted.clocks_here):
        return ClocksSeen()
    return look_at_clocks(access, topic, brokers, wanted.replication)


def _all_lead(wanted: WantedOfKafka, brokers: Collection[int]) -> bool:
    """Whether each broker leads partitions of a run, as they are spread evenly; so it is where nobody knows."""
    return wanted.partitions is None or wanted.partitions >= len(brokers)


def _not_taken_away(access: KafkaAccess, name: str, *, made: bool) -> str:
    """Take away what there may be of a probe that did not come to its end; what of it may be there, in words.

    Who may not see a topic that was `made` does not find it among others: then the refusal tells.
    """
    try:
        inspect_brokers(access)  # who does not answer is not waited for
        refused = refusals(access, Leftovers((name,), (name,)))
        found = still_left(access, name)
    except (EnvironmentLacks, InstrumentFailed, errors.KafkaError):
        return topic_words(name)
    topic = found.topics or (made and topic_words(name) in refused)
    left = [topic_words(name)] if topic else []
    return listing([*left, *map(group_words, found.groups)]) if left or found.groups else ""


def inspect_brokers(access: KafkaAccess) -> Mapping[int, tuple[str, int]]:
    """Which brokers there are: node to host and port.

    Raises EnvironmentLacks where none answers or lets us in, or a token endpoint gives no token.
    """
    see_endpoint(access)
    try:
        connection = Cluster(access).anyone(timeout_s=_TIMEOUT_S)
        try:
            return parse_metadata(connection.call(metadata_request(0))).brokers
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


def _make(access: KafkaAccess, topic: str, wanted: WantedOfKafka, asked: Mapping[str, str]) -> None:
    """Make the probe's topic with the settings `asked`."""
    topics = {
        topic: {
            "num_partitions": 1,
            "replication_factor": wanted.replication,
            "configs": dict(asked),
        }
    }
    with admin_client(access) as admin:

        def make() -> None:
            admin.create_topics(topics)

        try:
            _guarded(make, f"make topics {wanted.prefix}*")
        except (errors.PolicyViolationError, errors.InvalidConfigurationError) as error:
            if "Unknown topic config" in str(error):
                raise EnvironmentLacks(
                    f"the brokers are older than streambench can use, for they lack a setting: {error}",
                    hint="message.timestamp.before.max.ms came with Kafka 3.6; "
                    f"{' and '.join(TESTED_RELEASES)} are tested",
                ) from error
            raise EnvironmentLacks(
                f"the brokers' policy refuses the settings that a run's topics need: {error}",
                hint="ask for a policy that allows " + ", ".join(asked),
            ) from error


def _see(access: KafkaAccess, topic: str) -> None:
    """Wait until the brokers have heard of the topic. Raises KafkaError, of its own kind for who may not see it."""
    with admin_client(access) as admin:
        try:
            admin.wait_for_topics([topic])
        except errors.KafkaTimeoutError as error:
            unseen = errors.TopicAuthorizationFailedError
            if any(each["error_code"] == unseen.errno for each in admin.describe_topics([topic])):
                raise unseen(topic) from error
            raise


def _told(access: KafkaAccess, topic: str) -> Mapping[str, str | None]:
    """All settings of a new topic as they are in effect; none where the brokers do not tell them.

    The question may go to a broker that has not heard of the topic yet. kafka-python leaves out such a
    broker's error: its answer looks as that of a topic without settings. So it is asked again for a while.
    """
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    until = time.monotonic() + _TELLING_S
    with admin_client(access) as admin:
        while True:
            found = admin.describe_configs([resource], config_filter=_ALL)["topic"][topic]
            if found or time.monotonic() > until:
                return {name: entry["value"] for name, entry in found.items()}
            time.sleep(_AGAIN_S)


def _notes(asked: Mapping[str, str], told: Mapping[str, str | None]) -> list[str]:
    if not told:
        return [
            "the brokers do not tell the settings of topics: whether they keep those that a run asks for "
            f"({', '.join(asked)}) is not known"
        ]
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
        elif name == "max.message.bytes":
            meaning = (
                "they refuse a batch of the load that is larger, at a high rate of long records"
            )
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


def _join(access: KafkaAccess, topic: str, group: str, wanted: WantedOfKafka) -> None:
    own: dict[str, Any] = {}
    if wanted.session_timeout_ms is not None:
        own = {
            "session_timeout_ms": wanted.session_timeout_ms,
            "heartbeat_interval_ms": max(1, wanted.session_timeout_ms // 4),
        }
    consumer = KafkaConsumer(
        **python_client_options(access), group_id=group, auto_offset_reset="earliest", **own
    )
    try:
        consumer.subscribe([topic])
        if not consumer.poll(timeout_ms=_JOIN_TIMEOUT_MS):
            raise EnvironmentLacks(
                f"group {group} read nothing of topic {topic} within {_JOIN_TIMEOUT_MS // 1000} s",
                hint="kafka-consumer-groups.sh --describe --group " + group,
            )
    except errors.InvalidSessionTimeoutError as error:
        raise SessionTooShort(
            f"the brokers refuse a session time-out of {wanted.session_timeout_ms} ms, as this run's "
            "engines would ask for",
            hint="--profile defaults, or group.min.session.timeout.ms of the brokers so low",
        ) from error
    finally:
        consumer.close(autocommit=False)


def _guarded(act: Callable[[], None], what: str, otherwise: str | None = None) -> None:
    """Do it; who may not is told what is missing: `what` of topics, `otherwise` of groups and transactions."""
    try:
        act()
    except (
        errors.TopicAuthorizationFailedError,
        errors.GroupAuthorizationFailedError,
        errors.ClusterAuthorizationFailedError,
        errors.TransactionalIdAuthorizationFailedError,
    ) as error:
        of_topics = isinstance(error, errors.TopicAuthorizationFailedError)
        missing = what if of_topics or otherwise is None else otherwise
        raise NotAllowed(
            f"the principal that logs in may not {missing}: {type(error).__name__}",
            hint="kafka-acls.sh --add --resource-pattern-type prefixed --topic PREFIX --group PREFIX "
            "--transactional-id PREFIX --operation All --allow-principal User:NAME",
        ) from error
    except errors.NotEnoughReplicasError as error:
        raise EnvironmentLacks(
            f"fewer brokers than min.insync.replicas hold the topic: {error}",
            hint="--replication 1",
        ) from error
