"""Topics are there when each leader answers, whichever broker is asked before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from kafka.errors import UnknownTopicOrPartitionError

from streambench.kafka import topics
from streambench.kafka.topics import TopicSpec, create_topics
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess


class Brokers:
    """The first `ignorant` brokers that are asked know nothing of a topic that others know."""

    def __init__(self, ignorant: int) -> None:
        self.ignorant = ignorant
        self.asked = 0

    def create_topics(self, wanted: Mapping[str, Any], **_: Any) -> None:
        pass

    def list_partition_offsets(self, partitions: Mapping[Any, Any], **_: Any) -> None:
        assert len(partitions) == 4
        self.asked += 1
        if self.asked <= self.ignorant:
            raise UnknownTopicOrPartitionError("The following partitions are not known")


def made(cluster: Brokers, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def client(_: KafkaAccess) -> Iterator[Brokers]:
        yield cluster

    monkeypatch.setattr(topics, "admin_client", client)
    monkeypatch.setattr(topics, "_POLL_S", 0.0)
    create_topics(KafkaAccess("127.0.0.1:9"), (TopicSpec("input", 4),))


def test_a_broker_that_has_not_heard_of_a_topic_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Brokers(2)
    made(cluster, monkeypatch)
    assert cluster.asked == 3


def test_a_topic_that_nobody_hears_of_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "_TIMEOUT_MS", 0)
    with pytest.raises(InstrumentFailed, match="topics input could not be made"):
        made(Brokers(1_000_000), monkeypatch)
