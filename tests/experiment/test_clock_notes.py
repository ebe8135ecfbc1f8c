"""What a trial says of the clocks that its delays were taken by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streambench.experiment.clock_notes import clock_notes
from streambench.model.clocks import (
    COORDINATOR_CLOCK,
    RUN_HOST_CLOCK,
    ClockBound,
    UnknownClock,
)
from streambench.model.conditions import ForeignKafka

KAFKA = ForeignKafka("kafka.example:9092")
HERE = ForeignKafka("127.0.0.1:9092,localhost:9093,[::1]:9094")
SHARDED = (
    ClockBound("shard 0/2", "a", 2.0, 3.0, 0),
    ClockBound("shard 1/2", "b", -1.0, 0.5, 0),
    ClockBound(COORDINATOR_CLOCK, "b", -4.0, -3.5, 0),
)
BROKERS = (
    ClockBound(RUN_HOST_CLOCK, "b", -4.1, -3.4, 0),
    ClockBound(RUN_HOST_CLOCK, "b", 2.24, 2.31, 1),
)


def test_each_kind_of_delay_has_its_own_error() -> None:
    # A shard that is 3 ms ahead sends 3 ms early: its delays look 3 ms shorter. A visible row is seen by
    # the coordinator's clock, which is up to 4 ms behind: 3 ms and 4 ms shorter.
    assert clock_notes(SHARDED, (), KAFKA) == (
        "2 shards and the coordinator went by their own clocks (2 host(s)): theirs -1.0 to +3.0 and its "
        "-4.0 to -3.5 ms from the broker's; a delay until a row is appended may be off by -3.0 to +1.0 ms, "
        "one until it is visible by -7.0 to -2.5 ms, and nothing was subtracted",
    )


def test_the_other_brokers_of_a_sharded_load_are_reached_by_way_of_the_coordinator() -> None:
    # Broker 1 is 2.3 ms behind the coordinator, which is up to 7 ms behind a shard.
    assert clock_notes(SHARDED, (), KAFKA) != clock_notes((*SHARDED, *BROKERS), (), KAFKA)
    (note,) = clock_notes((*SHARDED, *BROKERS), (), KAFKA)
    assert "and its -4.1 to +2.3 ms from those of brokers 0 and 1" in note
    assert "until a row is appended may be off by -9.3 to +1.0 ms" in note
    assert "one until it is visible by -7.0 to -2.5 ms" in note


def test_what_no_common_broker_tells_is_said_to_be_unknown() -> None:
    *shards, own = SHARDED
    other = replace(own, broker=1)
    (note,) = clock_notes((*shards, other), (), KAFKA)
    assert note.endswith(
        "; a delay until a row is appended may be off by -3.0 to +1.0 ms, how far a delay until a row is visible "
        "is off is not known, and nothing was subtracted"
    )
    (note,) = clock_notes((*shards, other, BROKERS[1]), (), KAFKA)
    assert "how far a delay until a row is appended is off is not known" in note


def test_one_host_tells_of_the_brokers_in_whole_milliseconds_outwards() -> None:
    assert clock_notes(BROKERS, (), KAFKA) == (
        "delays go by two clocks: this machine's was -5 to +3 ms from those of brokers 0 and 1; a delay until "
        "a row is appended may be off by -3 to +5 ms, one until it is visible goes by this machine's alone, "
        "and nothing was subtracted",
    )
    (one,) = clock_notes(BROKERS[:1], (), KAFKA)
    assert "-5 to -3 ms from broker 0's;" in one


def test_a_broker_that_was_compared_once_is_not_told_to_be_unknown() -> None:
    once = UnknownClock(BROKERS[0].broker, "not after the load: it is not there")
    _, told = clock_notes(BROKERS, (once,), KAFKA)
    assert told == (
        f"the clock of broker {once.broker} was compared only once (not after the load: it is not there): how "
        "far it went away from this machine's meanwhile is not known"
    )


def test_what_is_not_known_of_one_broker_is_told_beside_the_others() -> None:
    unknown = UnknownClock(2, "broker 2 is not there")
    known, missing = clock_notes(BROKERS, (unknown,), KAFKA)
    assert known == clock_notes(BROKERS, (), KAFKA)[0]
    assert missing == (
        "how far the clock of broker 2 is from this machine's was not measured (broker 2 "
        "is not there): where rows were appended there, a delay is off by as much"
    )


@pytest.mark.parametrize(
    ("unknown", "why"),
    [((), ""), ((UnknownClock(None, "no topic could be made"),), " (no topic could be made)")],
)
def test_where_nothing_was_measured_that_is_the_warning(
    unknown: tuple[UnknownClock, ...], why: str
) -> None:
    assert clock_notes((), unknown, KAFKA) == (
        "delays go by two clocks, this machine's and the brokers', and how far they are apart was not "
        f"measured{why}: each delay until a row is appended is off by as much",
    )


def test_shards_know_one_broker_where_the_others_could_not_be_compared() -> None:
    known, missing = clock_notes(SHARDED, (UnknownClock(None, "no topic"),), KAFKA)
    assert known == clock_notes(SHARDED, (), KAFKA)[0]
    assert missing == (
        "how far the clocks of the other brokers are from this one's was not measured (no topic): where rows "
        "were appended there, a delay is off by as much more"
    )


def test_one_machine_says_nothing() -> None:
    assert clock_notes((), (), HERE) == ()
    assert clock_notes((), (), None) == ()
    assert clock_notes((), (), ForeignKafka("127.0.0.1:9092,127.example.org:9092")) != ()
