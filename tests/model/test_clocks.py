"""What follows from bounds on clocks: the truth lies within, whoever drew it."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import product

import pytest

from streambench.kafka.meeting.clock import bound_of
from streambench.kafka.one_record import Appended
from streambench.model.clocks import (
    COORDINATOR_CLOCK,
    NOT_OFF,
    RUN_HOST_CLOCK,
    ClockBound,
    ClocksSeen,
    HostClocks,
    Offset,
    UnknownClock,
    delay_error,
    stamps_behind_ms,
)

NS = 1_000_000
BROKERS = 3


class World:
    """Hosts and brokers whose clocks are off and drift, and ways between them that are not alike there and back."""

    def __init__(self, seed: int) -> None:
        self.drawn = random.Random(seed)
        self.true_ms = 1_764_000_000_000.0
        self._off_ms: dict[str, float] = {}
        self._drift: dict[str, float] = {}

    def now_ms(self, whose: str) -> float:
        off_ms = self._off_ms.setdefault(whose, self.drawn.uniform(-60, 60))
        drift = self._drift.setdefault(whose, self.drawn.uniform(-1e-5, 1e-5))
        return self.true_ms + off_ms + drift * (self.true_ms - 1_764_000_000_000)

    def apart_ms(self, one: str, other: str) -> float:
        return self.now_ms(one) - self.now_ms(other)

    def compared(self, who: str, host: str, broker: int) -> ClockBound:
        most_ms = self.drawn.choice([(0.5, 0.5), (12.0, 0.3), (0.3, 12.0), (8.0, 8.0)])
        records = []
        for _ in range(40):
            sent_ms = self.now_ms(host)
            self.true_ms += self.drawn.uniform(0.1, most_ms[0])
            stamp_ms = int(self.now_ms(f"broker {broker}") // 1)
            self.true_ms += self.drawn.uniform(0.1, most_ms[1])
            acked_ms = self.now_ms(host)
            records.append(Appended(int(sent_ms * NS), int(acked_ms * NS) + 1, stamp_ms, broker))
            self.true_ms += 1.31
        return bound_of(who, host, records)

    def every_broker(self) -> ClocksSeen:
        looked = (self.compared(RUN_HOST_CLOCK, "here", broker) for broker in range(BROKERS))
        return ClocksSeen(tuple(looked))


def within(value: float, error: Offset | None) -> bool:
    return error is not None and error.low_ms <= value <= error.high_ms


@pytest.mark.parametrize("seed", range(40))
def test_the_error_of_a_delay_lies_within_what_is_said_of_it(seed: int) -> None:
    world = World(seed)
    before = world.every_broker()
    begun = [world.apart_ms(f"broker {broker}", "here") for broker in range(BROKERS)]
    world.true_ms += 60_000  # the load
    ended = [world.apart_ms(f"broker {broker}", "here") for broker in range(BROKERS)]
    clocks = HostClocks.of(before.until(world.every_broker()).bounds)
    assert clocks.visible is None
    for truth_ms in (*begun, *ended):
        assert within(truth_ms, clocks.appended)


@pytest.mark.parametrize("seed", range(40))
def test_so_it_does_where_several_hosts_played_and_each_broker_was_compared_with_one(
    seed: int,
) -> None:
    world = World(1_000 + seed)
    hosts = ["a", "b", "c"]
    shards = [world.compared(f"shard {n}/3", host, 0) for n, host in enumerate(hosts)]
    own = world.compared(COORDINATOR_CLOCK, "here", 0)
    seen = world.every_broker()
    world.true_ms += 60_000
    truth = {
        (host, broker): world.apart_ms(f"broker {broker}", host)
        for host, broker in product(hosts, range(BROKERS))
    }
    visible = [world.apart_ms("here", host) for host in hosts]
    shards = [
        shard.hull(world.compared(shard.who, host, 0))
        for shard, host in zip(shards, hosts, strict=True)
    ]
    own = own.hull(world.compared(COORDINATOR_CLOCK, "here", 0))
    clocks = HostClocks.of((*shards, own, *seen.until(world.every_broker()).bounds))
    for truth_ms in truth.values():
        assert within(truth_ms, clocks.appended)
    for truth_ms in visible:
        assert within(truth_ms, clocks.visible)
    # The other brokers' clocks were not looked at before: by the one alone it would be wrong.
    alone = HostClocks.of((*shards, own))
    assert not all(within(truth_ms, alone.appended) for truth_ms in truth.values())


def test_the_way_over_the_coordinator_is_taken_only_where_there_is_no_other() -> None:
    shard = ClockBound("shard 0/1", "a", 2.0, 3.0, broker=0)
    own = ClockBound(COORDINATOR_CLOCK, "here", -1.0, 1.0, broker=0)
    near, far = (ClockBound(RUN_HOST_CLOCK, "here", -0.5, 0.5, n) for n in (0, 1))
    assert HostClocks.of((shard, own, near)).appended == Offset(-3.0, -2.0)
    assert HostClocks.of((shard, own, near, far)).appended == Offset(-4.5, -0.5)
    # With no way from one to the other nothing is said.
    assert HostClocks.of((shard, far)).appended is None


def test_clocks_that_were_compared_with_two_brokers_tell_nothing_of_each_other() -> None:
    shard = ClockBound("shard 0/1", "a", 2.0, 3.0, broker=0)
    other = ClockBound(COORDINATOR_CLOCK, "here", -1.0, 1.0, broker=1)
    moved = shard.hull(replace(shard, broker=1))  # its leader changed between two looks
    assert moved.broker is None
    for clocks in ((shard, other), (moved, replace(other, broker=None)), (shard, replace(moved))):
        assert HostClocks.of(clocks).visible is None
        assert delay_error(clocks, (), visible=True) is None
    # Unless this host was compared with the shard's broker, too.
    beside = ClockBound(RUN_HOST_CLOCK, "here", -0.5, 0.5, 0)
    assert HostClocks.of((shard, other, beside)).visible == Offset(-3.5, -1.5)
    assert HostClocks.of((moved, other, beside)).appended is None


def test_a_delay_is_off_by_what_it_is_taken_by() -> None:
    beside = (ClockBound(RUN_HOST_CLOCK, "here", 3.0, 4.5, 2),)
    assert delay_error((), (), visible=False) == NOT_OFF
    assert delay_error(beside, (), visible=True) == NOT_OFF  # it begins and ends by our clock
    assert delay_error(beside, (), visible=False) == Offset(-4.5, -3.0)
    assert delay_error(beside, (UnknownClock(3, "gone"),), visible=False) is None
    assert delay_error((), (UnknownClock(None, "no topic"),), visible=True) == NOT_OFF


def test_what_one_look_does_not_know_is_told_with_its_reason() -> None:
    one, two = (ClockBound(RUN_HOST_CLOCK, "here", 0, 1, broker) for broker in (1, 2))
    before = ClocksSeen((one,), (UnknownClock(2, "refused"),))
    after = ClocksSeen((two,), (UnknownClock(1, "gone"), UnknownClock(3, "lost")))
    assert before.until(after) == ClocksSeen(
        (one, two),
        (
            UnknownClock(1, "not after the load: gone"),
            UnknownClock(2, "not before the load: refused"),
            UnknownClock(3, "lost"),
        ),
    )
    nothing = ClocksSeen(unknown=(UnknownClock(None, "no broker answers"),))
    assert nothing.until(nothing) == nothing
    assert nothing.until(ClocksSeen((one,))).unknown == (
        UnknownClock(1, "not before the load: no broker answers"),
    )
    assert ClocksSeen((one,)).until(nothing).bounds == (one,)


def test_stamps_may_be_as_far_behind_as_the_farthest_broker() -> None:
    ahead, behind = (
        ClockBound(RUN_HOST_CLOCK, "here", -9.0, -8.0, 1),
        ClockBound(RUN_HOST_CLOCK, "here", 3.0, 4.5, 2),
    )
    assert stamps_behind_ms((), ()) == 0.0
    assert stamps_behind_ms((ahead,), ()) == 0.0
    assert stamps_behind_ms((ahead, behind), ()) == 4.5
    once = UnknownClock(2, "not after the load: it is not there")
    assert stamps_behind_ms((ahead, behind), (once,)) == 4.5
    for unknown in (UnknownClock(3, "it is not there"), UnknownClock(None, "no topic")):
        assert stamps_behind_ms((ahead, behind), (unknown,)) == math.inf
