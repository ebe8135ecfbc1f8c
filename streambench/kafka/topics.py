"""Topics that keep what is written to them, whatever its timestamps say."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from kafka import KafkaAdminClient, OffsetSpec, TopicPartition
from kafka.errors import KafkaError, UnknownTopicOrPartitionError

from streambench.kafka.access.python_clients import python_client_options
from streambench.kafka.broker import Broker
from streambench.kafka.broker_config import MAX_MESSAGE_BYTES
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess

_TIMEOUT_MS: Final = 30_000
_POLL_S: Final = 0.1
_ANY_DISTANCE_MS: Final = str(2**63 - 1)
_FOREVER: Final = "-1"
_AS_ASSIGNED: Final = -1


@dataclass(frozen=True)
class TopicSpec:
    """A topic to be made; `config` are topic settings by Kafka's names.

    `kept_by` are the nodes that keep each partition, the leader first; empty: the cluster chooses.
    """

    name: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)
    replication: int = 1
    kept_by: tuple[tuple[int, ...], ...] = ()


def input_topic_config() -> dict[str, str]:
    """Event times as they are written, however long ago or far ahead; nothing expires, no batch is too large."""
    return {
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        "retention.ms": _FOREVER,
        "retention.bytes": _FOREVER,
        "message.timestamp.type": "CreateTime",
        "message.timestamp.before.max.ms": _ANY_DISTANCE_MS,
        "message.timestamp.after.max.ms": _ANY_DISTANCE_MS,
    }


def output_topic_config() -> dict[str, str]:
    """The broker stamps each batch when it is appended: one clock for all engines' rows."""
    return {
        "retention.ms": _FOREVER,
        "retention.bytes": _FOREVER,
        "message.timestamp.type": "LogAppendTime",
    }


def create_topics(access: KafkaAccess, topics: Sequence[TopicSpec]) -> None:
    """Make the topics and wait until every partition answers. Raises InstrumentFailed."""
    wanted = {topic.name: _as_asked(topic) for topic in topics}
    try:
        with admin_client(access) as admin:
            admin.create_topics(wanted, timeout_ms=_TIMEOUT_MS, wait_for_metadata=True)
            # Metadata names a leader a little before the broker has become it.
            partitions = {
                TopicPartition(topic.name, partition): OffsetSpec.LATEST
                for topic in topics
                for partition in range(topic.partitions)
            }
            _answered(admin, partitions)
    except KafkaError as error:
        raise InstrumentFailed(f"topics {', '.join(wanted)} could not be made: {error}") from error


def _answered(admin: KafkaAdminClient, partitions: Mapping[TopicPartition, OffsetSpec]) -> None:
    """Wait until each leader answers. Raises KafkaError.

    Brokers learn of a topic one after another, and any of them may be asked for its leaders.
    """
    until_s = time.monotonic() + _TIMEOUT_MS / 1_000
    while True:
        try:
            admin.list_partition_offsets(partitions, timeout_ms=_TIMEOUT_MS)
        except UnknownTopicOrPartitionError:
            if time.monotonic() >= until_s:
                raise
            time.sleep(_POLL_S)
        else:
            return


def _as_asked(topic: TopicSpec) -> dict[str, object]:
    """Where partitions are kept says how many there are, and how often they are kept."""
    chosen = bool(topic.kept_by)
    return {
        "num_partitions": _AS_ASSIGNED if chosen else topic.partitions,
        "replication_factor": _AS_ASSIGNED if chosen else topic.replication,
        "assignments": {n: list(nodes) for n, nodes in enumerate(topic.kept_by)},
        "configs": dict(topic.config),
    }


def delete_topics(access: KafkaAccess, names: Iterable[str]) -> None:
    """Delete the topics. Raises InstrumentFailed, also when there is none of a name."""
    wanted = list(names)
    try:
        with admin_client(access) as admin:
            admin.delete_topics(wanted, timeout_ms=_TIMEOUT_MS)
    except KafkaError as error:
        raise InstrumentFailed(
            f"topics {', '.join(wanted)} could not be deleted: {error}"
        ) from error


def topic_bytes(broker: Broker, prefix: str) -> int:
    """Bytes in the log segments of all topics whose name begins with `prefix`.

    Indexes are left out: they are preallocated. Bytes that compaction or retention took away are not
    counted; within a trial neither happens, for no segment is full.
    """
    total = 0
    for partition in broker.log_data_dir.glob(f"{prefix}*-*"):
        for segment in partition.glob("*.log"):
            try:
                total += segment.stat().st_size
            except FileNotFoundError:  # a topic that is being deleted
                continue
    return total


def admin_client(access: KafkaAccess) -> KafkaAdminClient:
    """What topics are made, looked at and deleted with."""
    return KafkaAdminClient(**python_client_options(access), request_timeout_ms=_TIMEOUT_MS)
