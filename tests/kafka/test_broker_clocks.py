"""This host's clock beside those of brokers: each of those that lead, whatever the way to it is like."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from streambench.kafka import broker_clocks
from streambench.kafka.broker_clocks import BrokerClocks
from streambench.kafka.meeting.clock import PROBES
from streambench.kafka.wire import ErrorCode
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound, ClocksSeen

from .skewed_brokers import SkewedBroker, SkewedBrokers

IN, OUT, CLOCKS = "run-input", "run-output", "run-clocks"

Makes = Callable[..., tuple[SkewedBrokers, BrokerClocks]]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Makes]:
    """A cluster of these brokers, of which 1 and 2 lead the input and the output where nothing else is said."""
    made: list[SkewedBrokers] = []

    def of(*brokers: SkewedBroker) -> tuple[SkewedBrokers, BrokerClocks]:
        leaders = {IN: {0: 1, 1: 2}, OUT: {0: 2, 1: 1}}
        made.append(SkewedBrokers(dict(enumerate(brokers, 1)), leaders))
        monkeypatch.setattr(broker_clocks, "create_topics", made[-1].create_topics)
        return made[-1], BrokerClocks(made[-1].access, CLOCKS, (IN, OUT))

    yield of
    for one in made:
        one.close()


def by_broker(seen: ClocksSeen) -> dict[int | None, ClockBound]:
    assert all(bound.who == RUN_HOST_CLOCK for bound in seen.bounds)
    return {bound.broker: bound for bound in seen.bounds}


def test_the_one_broker_that_is_ahead_is_found_among_those_that_lead(cluster: Makes) -> None:
    brokers, clocks = cluster(*(SkewedBroker(ahead_ms) for ahead_ms in (0.0, 40.0, -3_600_000.5)))
    clocks.make()
    seen = clocks.look()
    assert seen.unknown == ()
    found = by_broker(seen)
    assert found.keys() == {1, 2}  # the third leads nothing
    assert found[1].low_ms <= 0 <= found[1].high_ms
    assert found[2].low_ms <= -40 <= found[2].high_ms
    brokers.leaders[OUT][1] = 3
    third = by_broker(clocks.look())[3]
    assert third.low_ms <= 3_600_000.5 <= third.high_ms
    (topic,) = brokers.made
    assert topic.kept_by == ((1,), (2,), (3,))
    assert topic.config["message.timestamp.type"] == "LogAppendTime"


@pytest.mark.parametrize(("there_ms", "back_ms"), [(9.0, 0.0), (0.0, 9.0)])
def test_a_way_that_is_longer_there_or_back_makes_bounds_wider_and_not_wrong(
    cluster: Makes, there_ms: float, back_ms: float
) -> None:
    _, clocks = cluster(SkewedBroker(7.3, there_ms, back_ms), SkewedBroker(-7.3, back_ms, there_ms))
    clocks.make()
    found = by_broker(clocks.look())
    assert found[1].low_ms <= -7.3 <= found[1].high_ms
    assert found[2].low_ms <= 7.3 <= found[2].high_ms


def test_a_clock_that_drifts_is_within_what_two_looks_found(cluster: Makes) -> None:
    brokers, clocks = cluster(SkewedBroker(), SkewedBroker())
    clocks.make()
    before = clocks.look()
    brokers.brokers[2].ahead_ms = 6.5
    after = clocks.look(before.brokers)
    found = by_broker(before.until(after))
    assert found[2].low_ms <= -6.5 < 0 <= found[2].high_ms
    assert found[1] == by_broker(before)[1].hull(by_broker(after)[1])


def test_leaders_are_looked_for_at_each_look(cluster: Makes) -> None:
    brokers, clocks = cluster(SkewedBroker(), SkewedBroker(), SkewedBroker(12.0))
    clocks.make()
    before = clocks.look()
    brokers.leaders[IN], brokers.leaders[OUT] = {0: 1, 1: 3}, {0: 3, 1: 1}
    seen = before.until(clocks.look(before.brokers))
    assert by_broker(seen).keys() == {1, 2, 3}
    (late,) = seen.unknown
    assert late.broker == 3
    assert late.why == "not before the load: it led no partition of the run then"


def test_a_broker_that_goes_meanwhile_is_told(cluster: Makes) -> None:
    brokers, clocks = cluster(SkewedBroker(), SkewedBroker(5.0))
    clocks.make()
    before = clocks.look()
    brokers.away.add(2)
    brokers.leaders[IN], brokers.leaders[OUT] = {0: 1, 1: 1}, {0: 1, 1: 1}
    seen = before.until(clocks.look(before.brokers))
    assert by_broker(seen)[2] == by_broker(before)[2]
    (gone,) = seen.unknown
    assert (gone.broker, gone.why.partition(":")[0]) == (2, "not after the load")


def test_where_one_replica_is_not_allowed_there_are_as_many_as_of_the_runs_topics(
    cluster: Makes,
) -> None:
    brokers, clocks = cluster(SkewedBroker(), SkewedBroker(), SkewedBroker())
    brokers.refused_replications = {1}
    clocks.make(replication=2)
    assert by_broker(clocks.look()).keys() == {1, 2}
    assert [topic.kept_by for topic in brokers.made] == [
        ((1,), (2,), (3,)),
        ((1, 2), (2, 3), (3, 1)),
    ]


def test_a_cluster_that_spreads_partitions_by_itself_is_taken_as_it_does(cluster: Makes) -> None:
    brokers, clocks = cluster(SkewedBroker(), SkewedBroker(-8.0))
    brokers.chooses = [1, 2, 1, 1, 2, 1]
    clocks.make()
    found = by_broker(clocks.look())
    assert found.keys() == {1, 2}
    assert found[2].low_ms <= 8 <= found[2].high_ms
    assert brokers.made[-1].partitions == 6
    brokers, clocks = cluster(SkewedBroker(), SkewedBroker())
    brokers.chooses = [1] * 6
    clocks.make()
    (unknown,) = clocks.look().unknown
    assert unknown.broker == 2
    assert "leads no partition" in unknown.why


def test_a_broker_that_did_not_answer_when_the_topic_was_made_hinders_no_other(
    cluster: Makes,
) -> None:
    brokers, clocks = cluster(SkewedBroker(3.0), SkewedBroker())
    brokers.breaks_off = True
    clocks.make()
    brokers.away.add(2)
    found = by_broker(clocks.look())
    assert found.keys() == {1}
    assert found[1].low_ms <= -3 <= found[1].high_ms
    assert len(brokers.made) == 1


def test_a_topic_that_may_not_be_made_leaves_all_unknown(cluster: Makes) -> None:
    brokers, clocks = cluster(SkewedBroker(), SkewedBroker())
    brokers.refused_replications = {1, 2}
    clocks.make(replication=2)
    seen = clocks.look().until(clocks.look())
    assert seen.bounds == ()
    (nothing,) = seen.unknown
    assert nothing.broker is None
    assert "PolicyViolationError" in nothing.why


@pytest.mark.parametrize(
    ("broker", "why"),
    [
        (SkewedBroker(error=ErrorCode.TOPIC_AUTHORIZATION_FAILED), "TOPIC_AUTHORIZATION_FAILED"),
        (SkewedBroker(stamps=False), "does not stamp"),
    ],
)
def test_a_broker_that_takes_no_record_or_stamps_none_is_unknown_and_the_other_is_not(
    cluster: Makes, broker: SkewedBroker, why: str
) -> None:
    _, clocks = cluster(SkewedBroker(), broker)
    clocks.make()
    seen = clocks.look()
    assert by_broker(seen).keys() == {1}
    (unknown,) = seen.unknown
    assert unknown.broker == 2
    assert why in unknown.why


def test_no_broker_that_answers_ends_no_run(cluster: Makes) -> None:
    brokers, clocks = cluster(SkewedBroker(), SkewedBroker())
    brokers.away = {1, 2}
    clocks.make()
    (unknown,) = clocks.look().unknown
    assert unknown.broker is None


def test_a_broker_far_away_is_asked_less_often(cluster: Makes) -> None:
    brokers, clocks = cluster(SkewedBroker(), SkewedBroker(there_ms=100.0))
    clocks.make()
    clocks.look()
    assert 10 <= brokers.brokers[2].produced < PROBES
