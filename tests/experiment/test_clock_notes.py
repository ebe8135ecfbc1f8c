"""What a trial says of the clocks that its delays were taken by."""

from __future__ import annotations

from dataclasses import replace

from streambench.experiment.clock_notes import clock_notes
from streambench.model.clocks import COORDINATOR_CLOCK, ClockBound
from streambench.model.conditions import ForeignKafka
from streambench.model.kafka_facts import KafkaFacts
from tests.report.example import HELD

KAFKA = ForeignKafka("kafka.example:9092")
SHARDED = replace(
    HELD,
    clocks=(
        ClockBound("shard 0/2", "a", 2.0, 3.0),
        ClockBound("shard 1/2", "b", -1.0, 0.5),
        ClockBound(COORDINATOR_CLOCK, "b", -4.0, -3.5),
    ),
)


def test_each_kind_of_delay_has_its_own_error() -> None:
    # A shard that is 3 ms ahead sends 3 ms early: its delays look 3 ms shorter. A visible row is seen by
    # the coordinator's clock, which is up to 4 ms behind: 3 ms and 4 ms shorter.
    assert clock_notes(SHARDED, KAFKA, KafkaFacts(1)) == (
        "2 shards and the coordinator went by their own clocks (2 host(s)): theirs -1.0 to +3.0 and its "
        "-4.0 to -3.5 ms from the broker's; a delay until a row is appended may be off by -3.0 to +1.0 ms, "
        "one until it is visible by -7.0 to -2.5 ms, and nothing was subtracted",
    )


def test_brokers_whose_clocks_were_not_measured_are_told() -> None:
    _, others = clock_notes(SHARDED, KAFKA, KafkaFacts(3))
    assert others.startswith("the clocks of 2 of the 3 brokers were not measured")
    assert len(clock_notes(SHARDED, KAFKA, None)) == 1


def test_one_host_says_that_nothing_was_measured_and_one_machine_says_nothing() -> None:
    (note,) = clock_notes(HELD, KAFKA, KafkaFacts(3))
    assert "was not measured" in note
    assert clock_notes(HELD, ForeignKafka("127.0.0.1:9092"), None) == ()
    assert clock_notes(HELD, None, None) == ()
