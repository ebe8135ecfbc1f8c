"""How far a consumer group has read topics, by what it has committed."""

from __future__ import annotations

from collections.abc import Iterable

from kafka import OffsetSpec, TopicPartition
from kafka.errors import GroupIdNotFoundError, KafkaError

from streambench.kafka.topics import admin_client
from streambench.model.kafka_access import KafkaAccess

_TIMEOUT_MS = 10_000


def unread(access: KafkaAccess, group: str, partitions: Iterable[tuple[str, int]]) -> int | None:
    """How many offsets of these (topic, partition) the group has not committed; None: the brokers cannot say now."""
    wanted = [TopicPartition(topic, partition) for topic, partition in partitions]
    try:
        with admin_client(access) as admin:
            latest = dict.fromkeys(wanted, OffsetSpec.LATEST)
            ends = admin.list_partition_offsets(latest, timeout_ms=_TIMEOUT_MS)
            try:
                committed = admin.list_group_offsets({group: wanted})[group]
            except GroupIdNotFoundError:  # it has committed nothing
                committed = {}
    except KafkaError:
        return None
    left = 0
    for each in wanted:
        found = committed.get(each)
        # Of a partition of which nothing was committed the offset is -1, or missing.
        left += max(0, int(ends[each].offset) - max(0, -1 if found is None else found.offset))
    return left
