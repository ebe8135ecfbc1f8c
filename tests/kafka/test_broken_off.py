"""A look at a Kafka of the user's that breaks off: what was made there goes, or is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest
from kafka.errors import (
    KafkaConnectionError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
)

from streambench.cli.foreign_kafka import elsewhere, ground_of
from streambench.kafka import inspection, removal
from streambench.kafka.inspection import NotAllowed, WantedOfKafka, inspect_kafka
from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import KafkaAccess
from streambench.model.kafka_facts import KafkaFacts

ACCESS = KafkaAccess("kafka-1:9092")
WANTED = WantedOfKafka("bench-x-")


class Brokers(AbstractContextManager["Brokers"]):
    """An admin client whose brokers have topics, and break off when a topic's settings are asked for."""

    def __init__(self, breaks_off: BaseException) -> None:
        self.topics: set[str] = set()
        self.away = False
        self.stay_away = False
        self._breaks_off = breaks_off

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def seen(self, access: KafkaAccess) -> Mapping[int, tuple[str, int]]:
        if self.away:
            raise EnvironmentLacks("no broker answers", hint="nc")
        return {0: ("kafka-1", 9092)}

    def create_topics(self, wanted: Mapping[str, Any], **_: object) -> None:
        self.topics |= set(wanted)

    def describe_configs(self, *_: object, **__: object) -> object:
        self.away = self.stay_away
        raise self._breaks_off

    def list_topics(self) -> list[str]:
        if self.away:
            raise KafkaTimeoutError("Unable to bootstrap")
        return sorted(self.topics)

    def list_groups(self) -> list[Mapping[str, str]]:
        return []

    def delete_groups(self, groups: Sequence[str]) -> Mapping[str, str]:
        return dict.fromkeys(groups, "GroupIdNotFoundError")

    def wait_for_topics(self, wanted: Sequence[str]) -> None:
        pass

    def delete_topics(self, wanted: Sequence[str], *, raise_errors: bool) -> Mapping[str, Any]:
        self.topics -= set(wanted)
        return {"topics": []}


def served(monkeypatch: pytest.MonkeyPatch, breaks_off: BaseException) -> Brokers:
    brokers = Brokers(breaks_off)
    monkeypatch.setattr(inspection, "inspect_brokers", brokers.seen)
    monkeypatch.setattr(inspection, "kafka_facts", lambda *_: KafkaFacts(1, "4.4"))
    for module in (inspection, removal):
        monkeypatch.setattr(module, "admin_client", lambda access: brokers)
    return brokers


def test_a_probe_that_breaks_off_takes_its_topic_away(monkeypatch: pytest.MonkeyPatch) -> None:
    brokers = served(monkeypatch, KafkaConnectionError("it closed"))
    with pytest.raises(EnvironmentLacks, match=r"kafka-1:9092 did not go .*it closed$") as told:
        inspect_kafka(ACCESS, WANTED)
    assert brokers.topics == set()
    assert told.value.hint


def test_where_the_topic_may_stay_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    brokers = served(monkeypatch, KafkaConnectionError("it closed"))
    brokers.stay_away = True
    with pytest.raises(EnvironmentLacks) as told:
        inspect_kafka(ACCESS, WANTED)
    (topic,) = brokers.topics
    assert told.value.message.endswith(f"topic {topic} may stay there")


def test_who_presses_ctrl_c_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    brokers = served(monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        inspect_kafka(ACCESS, WANTED)
    assert brokers.topics == set()


def test_what_stays_of_a_look_that_broke_off_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    brokers = served(monkeypatch, KeyboardInterrupt())
    monkeypatch.setattr(removal, "_FORGETTING_S", 0)
    # It takes them, and keeps them.
    monkeypatch.setattr(brokers, "delete_topics", lambda wanted, raise_errors: {"topics": []})
    there = elsewhere("kafka-1:9092", None, None, "bench-")
    with pytest.raises(KeyboardInterrupt), ground_of(there, ()):
        pytest.fail("it never got so far")
    (topic,) = brokers.topics
    told = capsys.readouterr().err
    assert f"left behind: {topic}" in told
    assert "streambench clean --bootstrap-servers kafka-1:9092 --topic-prefix bench-" in told


def whole(monkeypatch: pytest.MonkeyPatch, answers: list[Mapping[str, str]]) -> Brokers:
    """Brokers that answer so, one after the other, where a topic's settings are asked for; the last one stays."""
    brokers = served(monkeypatch, KafkaConnectionError("it closed"))

    def told(resources: Sequence[Any], **_: object) -> Mapping[str, Mapping[str, object]]:
        here = answers.pop(0) if len(answers) > 1 else answers[0]
        found = {name: {"value": value} for name, value in here.items()}
        return {"topic": {resources[0].name: found}}

    monkeypatch.setattr(brokers, "describe_configs", told)
    monkeypatch.setattr(inspection, "_write", lambda *_: None)
    monkeypatch.setattr(inspection, "_join", lambda *_: None)
    return brokers


def test_a_broker_that_has_not_heard_of_the_topic_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {"min.insync.replicas": "1", "retention.ms": "3600000"}
    brokers = whole(monkeypatch, [{}, {}, there])
    found = inspect_kafka(ACCESS, WANTED)
    assert found.facts.topic["min.insync.replicas"] == "1"
    assert any("retention.ms at 3600000" in note for note in found.notes)
    assert brokers.topics == set()


def test_brokers_that_tell_no_settings_are_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "_TELLING_S", 0.0)
    whole(monkeypatch, [{}])
    found = inspect_kafka(ACCESS, WANTED)
    assert set(found.facts.topic.values()) == {None}
    assert any("do not tell the settings of topics" in note for note in found.notes)


def test_who_may_make_no_topic_is_not_told_that_one_may_stay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cluster that is new has no coordinator of groups yet, so that nothing can be taken away."""
    brokers = served(monkeypatch, KafkaConnectionError("it closed"))

    def not_allowed(*_: object, **__: object) -> None:
        raise TopicAuthorizationFailedError("bench-x-")

    def no_coordinator(*_: object) -> Mapping[str, str]:
        raise KafkaTimeoutError("no coordinator")

    monkeypatch.setattr(brokers, "create_topics", not_allowed)
    monkeypatch.setattr(brokers, "delete_groups", no_coordinator)
    with pytest.raises(NotAllowed) as told:
        inspect_kafka(ACCESS, WANTED)
    assert "may stay" not in told.value.message
