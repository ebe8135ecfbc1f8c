"""The topic to which the Python consumer moves records by their group: whose name is that of Kafka Streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streambench.engines.protocol import Embedded
from streambench.model.by_hand import HandFile
from streambench.model.conditions import Conditions
from streambench.model.plan import Plan
from streambench.model.windows import Sessions
from streambench.model.workload import Workload
from streambench.workload.python_file import functions_of

MOVED_TOPIC: Final = "${job_id}-by-group-repartition"
_REPLICATION: Final = "moved_replication"
_PARTS: Final = "parts_topic"
_MIN_INSYNC: Final = "moved_min_insync"


def moved_symbols(conditions: Conditions) -> Mapping[str, str]:
    """How often the topic is kept, where the Kafka is not streambench's own; nothing elsewhere."""
    foreign = conditions.foreign_kafka
    if foreign is None:
        return {}
    return {_REPLICATION: str(foreign.replication), _MIN_INSYNC: str(foreign.min_insync)}


def gathers(workload: Workload) -> bool:
    """Whether parts of all partitions of a window meet in that topic. Raises UsageError for no Python."""
    by_hand = workload.query.by_hand
    consumer = None if by_hand is None else by_hand.text_of(HandFile.CONSUMER)
    sessions = isinstance(workload.query.window, Sessions)
    return consumer is not None and not sessions and "part" in functions_of(consumer)


def parts_symbols(workload: Workload) -> Mapping[str, str]:
    """The topic of the parts, where there are some."""
    return {_PARTS: MOVED_TOPIC} if gathers(workload) else {}


def make_moved_topic(plan: Plan, at: Embedded) -> None:
    """Make the topic, if records are moved: what is in it stays. Raises InstrumentFailed."""
    name = plan.symbols.get(_PARTS) if plan.moved_to is None else plan.moved_to.name
    if name is None:
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
        name.replace("${job_id}", at.job_id),
        int(plan.symbols["partitions"]),
        config,
        int(plan.symbols.get(_REPLICATION, "1")),
    )
    create_topics(at.kafka, [topic])
