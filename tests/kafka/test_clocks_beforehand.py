"""Clocks of brokers are looked at before a run: one that is surely wrong is told before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from streambench.kafka import broker_clocks, clocks_beforehand, inspection
from streambench.kafka.clocks_beforehand import judge_clocks, look_at_clocks
from streambench.kafka.inspection import WantedOfKafka, inspect_kafka
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound, ClocksSeen, UnknownClock
from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import KafkaAccess
from streambench.model.kafka_facts import KafkaFacts

from .skewed_brokers import SkewedBroker, SkewedBrokers

PROBE = "ours-probe-1"


class Looked:
    """A cluster of three brokers, and which topics were taken away there."""

    def __init__(self, *brokers: SkewedBroker) -> None:
        self.brokers = SkewedBrokers(dict(enumerate(brokers)), {PROBE: {0: 0}})
        self.taken: list[str] = []

    def look(self) -> ClocksSeen:
        return look_at_clocks(self.brokers.access, PROBE, self.brokers.brokers, 1)

    def take_away(self, access: KafkaAccess, topics: Sequence[str]) -> None:
        self.taken += topics


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    made: list[Looked] = []

    def of(*brokers: SkewedBroker) -> Looked:
        made.append(Looked(*brokers))
        monkeypatch.setattr(broker_clocks, "create_topics", made[-1].brokers.create_topics)
        monkeypatch.setattr(clocks_beforehand, "take_away", made[-1].take_away)
        return made[-1]

    yield of
    for one in made:
        one.brokers.close()


def test_every_broker_is_looked_at_whoever_leads_the_probe(looked: Any) -> None:
    cluster = looked(SkewedBroker(), SkewedBroker(40.0), SkewedBroker(-3.0))
    seen = cluster.look()
    assert {each.broker for each in seen.bounds} == {0, 1, 2}
    assert cluster.taken == [f"{PROBE}-clocks"]
    with pytest.raises(EnvironmentLacks, match=r"is not broker 1's") as told:
        judge_clocks(seen, all_lead=True)
    assert told.value.hint is not None
    # A run with fewer partitions may be led by others.
    (note,) = judge_clocks(seen, all_lead=False)
    assert "loads of which broker 1 leads partitions would be invalid" in note


def test_clocks_that_are_together_leave_nothing_to_say(looked: Any) -> None:
    assert judge_clocks(looked(SkewedBroker(), SkewedBroker(3.0)).look(), all_lead=True) == ()


def test_what_may_be_and_what_is_not_known_is_told(looked: Any) -> None:
    wide = ClockBound(RUN_HOST_CLOCK, "here", -30.0, 30.0, 0)
    seen = ClocksSeen((wide,), (UnknownClock(2, "gone"), UnknownClock(None, "no topic")))
    may, gone, nothing = judge_clocks(seen, all_lead=True)
    assert "may be far from broker 0's" in may
    assert (
        "how far the clock of broker 2 is from this machine's could not be measured (gone)" in gone
    )
    assert "how far the brokers' clocks are from this machine's" in nothing
    cluster = looked(SkewedBroker())
    cluster.brokers.refused_replications = {1}
    (refused,) = judge_clocks(cluster.look(), all_lead=True)
    assert "PolicyViolationError" in refused
    assert cluster.taken == [f"{PROBE}-clocks"]


@pytest.mark.parametrize(
    ("bootstrap", "wanted", "looks"),
    [
        ("kafka-1:9092", WantedOfKafka("ours-"), True),
        ("kafka-1:9092", WantedOfKafka("ours-", timed_there=False), False),
        ("127.0.0.1:9092", WantedOfKafka("ours-"), False),
        ("127.0.0.1:9092", WantedOfKafka("ours-", clocks_here=True), True),
    ],
)
def test_a_clock_that_is_surely_elsewhere_ends_the_inspection(
    monkeypatch: pytest.MonkeyPatch, bootstrap: str, wanted: WantedOfKafka, looks: bool
) -> None:
    far = ClockBound(RUN_HOST_CLOCK, "here", 39.6, 40.2, 1)
    away: list[str] = []

    def take_away(access: KafkaAccess, topic: str, *, made: bool) -> str:
        assert made
        away.append(topic)
        return ""

    nothing: dict[str, str] = {}
    monkeypatch.setattr(inspection, "inspect_brokers", lambda access: {0: ("a", 1), 1: ("b", 1)})
    monkeypatch.setattr(inspection, "kafka_facts", lambda *_: KafkaFacts(2, "4.4"))
    for name in ("_make", "_see", "_told", "_write", "_join", "delete"):
        monkeypatch.setattr(inspection, name, lambda *_: nothing)
    monkeypatch.setattr(inspection, "_not_taken_away", take_away)
    monkeypatch.setattr(inspection, "look_at_clocks", lambda *_: ClocksSeen((far,)))
    access = KafkaAccess(bootstrap)
    if not looks:
        assert inspect_kafka(access, wanted).clocks == ClocksSeen()
        return
    with pytest.raises(EnvironmentLacks, match=r"is not broker 1's"):
        inspect_kafka(access, wanted)
    (topic,) = away
    assert topic.startswith("ours-probe-")
