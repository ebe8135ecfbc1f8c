"""Which member of the group gets which partitions, where there are two topics."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.protocol.consumer.metadata import (
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
)


class EachTopicAssignor(CooperativeStickyAssignor):  # type: ignore[misc]
    """kafka-python's cooperative sticky assignor, asked for each topic by itself.

    Asked for two at once it may give one member all partitions of the first topic, and another all of the
    second: as many each, and yet all that moves records in one process and all that aggregates them in another.
    """

    def assign(self, cluster: Any, members: Any) -> Any:
        """As in kafka-python."""
        topics = sorted({topic for member in members for topic in member.metadata.topics})
        found: dict[str, dict[str, list[int]]] = defaultdict(dict)
        for topic in topics:
            asked = [_of_topic(member, topic) for member in members if _reads(member, topic)]
            for member_id, assigned in super().assign(cluster, asked).items():
                for name, partitions in assigned.assigned_partitions:
                    found[member_id][name] = list(partitions)
        return {
            member.member_id: ConsumerProtocolAssignment(
                self.version, sorted(found[member.member_id].items()), b""
            )
            for member in members
        }


def _reads(member: Any, topic: str) -> bool:
    return topic in member.metadata.topics


def _of_topic(member: Any, topic: str) -> SimpleNamespace:
    """The member as if it read this topic alone."""
    metadata = member.metadata
    owned = [each for each in metadata.owned_partitions or () if each.topic == topic]
    alone = ConsumerProtocolSubscription(
        version=metadata.version,
        topics=[topic],
        user_data=metadata.user_data,
        owned_partitions=owned,
        generation_id=metadata.generation_id,
    )
    return SimpleNamespace(member_id=member.member_id, metadata=alone)
