"""Which member gets which partitions: of each topic as many, and none taken away without need."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from kafka.protocol.consumer.metadata import ConsumerProtocolSubscription

from streambench.engines.kafka_python.assignor import EachTopicAssignor

TOPICS = ("input", "moved")
Owned = dict[str, list[int]]


class Cluster:
    def topics(self) -> set[str]:
        return {*TOPICS, "another"}

    def partitions_for_topic(self, topic: str) -> set[int]:
        return {0, 1, 2, 3} if topic in TOPICS else {0}


def member(name: str, owned: Owned, topics: tuple[str, ...] = TOPICS) -> Any:
    of_topic = ConsumerProtocolSubscription.TopicPartition
    metadata = ConsumerProtocolSubscription(
        version=1,
        topics=list(topics),
        user_data=b"",
        owned_partitions=[of_topic(topic=t, partitions=p) for t, p in owned.items()],
    )
    return SimpleNamespace(member_id=name, metadata=metadata)


def assigned(*members: Any) -> dict[str, Owned]:
    found = EachTopicAssignor().assign(Cluster(), list(members))
    return {
        name: {topic: sorted(partitions) for topic, partitions in each.assigned_partitions}
        for name, each in found.items()
    }


def sizes(found: dict[str, Owned]) -> dict[str, dict[str, int]]:
    return {name: {t: len(p) for t, p in owned.items()} for name, owned in found.items()}


def test_two_members_share_each_topic() -> None:
    assert sizes(assigned(member("a", {}), member("b", {}))) == {
        "a": {"input": 2, "moved": 2},
        "b": {"input": 2, "moved": 2},
    }


def test_a_second_member_gets_half_of_each_topic_once_the_first_has_let_go() -> None:
    everything = {topic: [0, 1, 2, 3] for topic in TOPICS}
    first = assigned(member("a", everything), member("b", {}))
    assert sizes(first) == {"a": {"input": 2, "moved": 2}, "b": {}}
    second = assigned(member("a", first["a"]), member("b", {}))
    assert second["a"] == first["a"]
    assert sizes(second)["b"] == {"input": 2, "moved": 2}


def test_who_stays_keeps_what_it_has_and_takes_over_the_rest() -> None:
    kept = {"input": [1, 3], "moved": [0, 2]}
    assert assigned(member("a", kept)) == {"a": {topic: [0, 1, 2, 3] for topic in TOPICS}}


def test_one_topic_is_shared_as_ever() -> None:
    members = [member(name, {}, topics=("input",)) for name in "ab"]
    assert sizes(assigned(*members)) == {"a": {"input": 2}, "b": {"input": 2}}
