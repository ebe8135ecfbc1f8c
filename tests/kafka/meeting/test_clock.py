from __future__ import annotations

import random

import pytest

from streambench.kafka.meeting.clock import bound_of
from streambench.kafka.one_record import Appended
from streambench.model.clocks import ClockBound
from streambench.model.errors import InstrumentFailed

NS = 1_000_000


def appended(host_ms: float, round_trip_ms: float, skew_ms: float, share: float) -> Appended:
    """A record that is sent at `host_ms` by a clock that is `skew_ms` ahead of the broker's."""
    broker_ms = host_ms - skew_ms + share * round_trip_ms
    return Appended(round(host_ms * NS), round((host_ms + round_trip_ms) * NS), int(broker_ms))


@pytest.mark.parametrize("skew_ms", [0.0, 0.4, -0.4, 25.0, -3_600_000.3])
def test_the_true_offset_lies_within_and_many_probes_narrow_it(skew_ms: float) -> None:
    drawn = random.Random(7)
    records = [
        appended(
            1_764_000_000_000 + 1.31 * number,
            drawn.uniform(0.3, 3.0),
            skew_ms,
            drawn.uniform(0.1, 0.9),
        )
        for number in range(40)
    ]
    one = bound_of("shard 0/1", "a", records[:1])
    many = bound_of("shard 0/1", "a", records)
    for bound in (one, many):
        assert bound.low_ms <= skew_ms <= bound.high_ms
    assert many.high_ms - many.low_ms < 1.0 < one.high_ms - one.low_ms


def test_a_clock_that_was_set_meanwhile_may_be_anywhere_between() -> None:
    before = [appended(1_000 + each, 0.5, 0.0, 0.5) for each in range(10)]
    after = [appended(2_000 + each, 0.5, 40.0, 0.5) for each in range(10)]
    bound = bound_of("shard 0/1", "a", [*before, *after])
    assert bound.low_ms < 0 < 40 < bound.high_ms


def test_a_bound_is_never_rounded_inwards() -> None:
    bound = bound_of("shard 0/1", "a", [Appended(5_000_700, 5_200_300, 5)])
    assert (bound.low_ms, bound.high_ms) == (-1.0, 0.201)


def test_a_bound_is_of_the_broker_that_stamped_all_of_it() -> None:
    by_one = [Appended(1, 2, 0, broker=3), Appended(3, 4, 0, broker=3)]
    assert bound_of("shard 0/1", "a", by_one).broker == 3
    assert bound_of("shard 0/1", "a", [*by_one, Appended(5, 6, 0, broker=1)]).broker is None


def test_bounds_hold_of_each_broker_that_stamped_some() -> None:
    """Half a millisecond behind one of them, and half a millisecond ahead of the other."""
    one = [Appended(0, 1_000_000, 0, broker=1), Appended(500_000, 600_000, 1, broker=1)]
    other = [Appended(5_400_000, 5_600_000, 5, broker=2)]
    both = bound_of("shard 0/1", "a", [*one, *other])
    for alone in (bound_of("shard 0/1", "a", one), bound_of("shard 0/1", "a", other)):
        assert both.low_ms <= alone.low_ms
        assert both.high_ms >= alone.high_ms


def test_bounds_of_two_times_hold_for_both() -> None:
    early, late = ClockBound("w", "h", -0.5, 0.2), ClockBound("w", "h", 0.1, 0.9)
    assert early.hull(late) == ClockBound("w", "h", -0.5, 0.9)
    assert ClockBound("w", "h", 0, 1, 2).hull(ClockBound("w", "h", 0, 1, 2)).broker == 2
    assert ClockBound("w", "h", 0, 1, 2).hull(ClockBound("w", "h", 0, 1, 3)).broker is None
    assert ClockBound("w", "h", -3.0, 1.0).farthest_ms == 3.0


def test_a_topic_without_the_brokers_stamps_tells_nothing() -> None:
    with pytest.raises(InstrumentFailed, match="does not stamp"):
        bound_of("shard 0/1", "a", [Appended(1, 2, -1)])
    with pytest.raises(InstrumentFailed, match="does not stamp"):
        bound_of("shard 0/1", "a", [])
