"""The topic to which the Python consumer moves records by their group: whose name is that of Kafka Streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streambench.engines.protocol import Embedded
from streambench.model.conditions import Conditions
from streambench.model.plan import Plan

MOVED_TOPIC: Final = "${job_id}-by-group-repartition"
_REPLICATION: Final = "moved_replication"
_MIN_INSYNC: Final = "moved_min_insync"


def moved_symbols(conditions: Conditions) -> Mapping[str, str]:
    """How often the topic is kept, where the Kafka is not streambench's own; nothing elsewhere."""
    foreign = conditions.foreign_kafka
    if foreign is None:
        return {}
    return {_REPLICATION: str(foreign.replication), _MIN_INSYNC: str(foreign.min_insync)}


def make_moved_topic(plan: Plan, at: Embedded) -> None:
    """Make the topic, if records are moved: what is in it stays. Raises InstrumentFailed."""
    if plan.moved_to is None:
        return
    from streambench.kafka.topics import (  # slow, and seldom needed
        TopicSpec,
        create_topics,
        input_topic_config,
    )

    config = input_topic_config()
    if _MIN_INSYNC in plan.symbols:
        config["min.insync.replicas"] = plan.symbols[_MIN_INSYNC]
    topic = TopicSpec(
        plan.moved_to.of(at.job_id),
        int(plan.symbols["partitions"]),
        config,
        int(plan.symbols.get(_REPLICATION, "1")),
    )
    create_topics(at.kafka, [topic])
