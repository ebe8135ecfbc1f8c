"""How far the clocks of several hosts may lie apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

COORDINATOR_CLOCK: Final = "the coordinator"
"""Who measures, beside those that play: by the broker that also the shards are compared with."""

RUN_HOST_CLOCK: Final = "the run's host"
"""Who measures, beside each broker that leads partitions of the run. Without shards it plays, too."""


@dataclass(frozen=True)
class Offset:
    """How far something may be off: from `low_ms` to `high_ms`, both included."""

    low_ms: float
    high_ms: float

    @property
    def farthest_ms(self) -> float:
        """How far, either way."""
        return max(abs(self.low_ms), abs(self.high_ms))

    @property
    def none(self) -> bool:
        """Whether it is surely not off."""
        return self.low_ms == self.high_ms == 0

    @property
    def words(self) -> str:
        """From where to where, in whole milliseconds, outwards."""
        return f"{math.floor(self.low_ms):+d} to {math.ceil(self.high_ms):+d} ms"


NOT_OFF: Final = Offset(0.0, 0.0)
"""Of what begins and ends by one clock."""


@dataclass(frozen=True)
class ClockBound:
    """A host's clock minus a broker's: it lies between the two bounds, both included.

    `who` played or measured there, in words ("shard 3"). The broker's clock is that of its append stamps.
    `broker` is its node; None: not known, or there were several.
    """

    who: str
    host: str
    low_ms: float
    high_ms: float
    broker: int | None = None

    @property
    def farthest_ms(self) -> float:
        """How far the two clocks may lie apart."""
        return max(abs(self.low_ms), abs(self.high_ms))

    @property
    def offset(self) -> Offset:
        """The bounds alone."""
        return Offset(self.low_ms, self.high_ms)

    @property
    def nearest_ms(self) -> float:
        """How far they lie apart at least."""
        return max(0.0, self.low_ms, -self.high_ms)

    def hull(self, other: ClockBound) -> ClockBound:
        """What holds whether the clock is where one says, or where the other does."""
        return ClockBound(
            self.who,
            self.host,
            min(self.low_ms, other.low_ms),
            max(self.high_ms, other.high_ms),
            self.broker if self.broker == other.broker else None,
        )


@dataclass(frozen=True)
class UnknownClock:
    """A broker whose clock was not compared, or not both before and after a load; `why`, in words.

    `broker` is its node; None: that of none was.
    """

    broker: int | None
    why: str


@dataclass(frozen=True)
class ClocksSeen:
    """What was found when a host's clock was compared with those of brokers; each has one bound at most."""

    bounds: tuple[ClockBound, ...] = ()
    unknown: tuple[UnknownClock, ...] = ()

    @property
    def brokers(self) -> frozenset[int]:
        """Those that were looked at."""
        told = [each.broker for each in self.bounds] + [each.broker for each in self.unknown]
        return frozenset(broker for broker in told if broker is not None)

    def until(self, later: ClocksSeen) -> ClocksSeen:
        """What holds from one look to a later one; a broker that only one of them knows is told of."""
        bounds: list[ClockBound] = []
        unknown: list[UnknownClock] = []
        for broker in sorted(self.brokers | later.brokers):
            first, last = self._bound(broker), later._bound(broker)
            match first, last:
                case ClockBound(), ClockBound():
                    bounds.append(first.hull(last))
                case ClockBound(), None:
                    bounds.append(first)
                    unknown.append(
                        UnknownClock(broker, f"not after the load: {later._why(broker)}")
                    )
                case None, ClockBound():
                    bounds.append(last)
                    unknown.append(
                        UnknownClock(broker, f"not before the load: {self._why(broker)}")
                    )
                case _:
                    unknown.append(UnknownClock(broker, later._why(broker)))
        if not bounds and not unknown:
            unknown = [each for each in (*later.unknown, *self.unknown) if each.broker is None][:1]
        return ClocksSeen(tuple(bounds), tuple(unknown))

    def _bound(self, broker: int) -> ClockBound | None:
        return next((each for each in self.bounds if each.broker == broker), None)

    def _why(self, broker: int) -> str:
        said = (each.why for each in self.unknown if each.broker in (broker, None))
        return next(said, "it led no partition of the run then")


@dataclass(frozen=True)
class HostClocks:
    """The clocks by which a load was played, its rows appended and seen.

    `shards` played it, each by its own clock; none: the run's host did. `coordinator` is who measured then,
    beside the broker that they are compared with. `brokers` is the run's host beside each broker that leads
    partitions of the run; empty: all have one clock, or nothing is known.
    """

    shards: tuple[ClockBound, ...]
    coordinator: ClockBound | None
    brokers: tuple[ClockBound, ...] = ()

    @staticmethod
    def of(clocks: Sequence[ClockBound]) -> HostClocks:
        """Told apart by who they are of."""
        return HostClocks(
            tuple(c for c in clocks if c.who not in (COORDINATOR_CLOCK, RUN_HOST_CLOCK)),
            next((clock for clock in clocks if clock.who == COORDINATOR_CLOCK), None),
            tuple(clock for clock in clocks if clock.who == RUN_HOST_CLOCK),
        )

    @property
    def ours(self) -> tuple[ClockBound, ...]:
        """Who measured, beside each broker."""
        here = () if self.coordinator is None else (self.coordinator,)
        return (*here, *self.brokers)

    @property
    def every(self) -> tuple[ClockBound, ...]:
        """All of them."""
        return (*self.shards, *self.ours)

    @property
    def appended(self) -> Offset | None:
        """The error of a delay that ends with a broker's stamp; None where it is not known.

        It began by the clock of who played. Where that is ahead the load came early, and the delay looks
        shorter.
        """
        return hull_of(tuple(self._appended()))

    @property
    def visible(self) -> Offset | None:
        """The error of a delay that ends by the coordinator's clock; None where one of them is unknown.

        Without shards there is none: such a delay begins and ends by one clock.
        """
        return hull_of([self._here_minus(shard) for shard in self.shards])

    def _here_minus(self, shard: ClockBound) -> Offset | None:
        """Who measures minus who plays; None where they were not compared with one and the same broker."""
        same = (each for each in self.ours if each.broker == shard.broker is not None)
        return next((_minus(own, shard) for own in same), None)

    def _appended(self) -> Iterator[Offset | None]:
        if not self.shards:
            yield from (_negative(broker) for broker in self.brokers)
        elif not self.brokers:
            yield from (_negative(shard) for shard in self.shards)
        for shard in self.shards:
            for broker in self.brokers:
                if shard.broker == broker.broker:
                    yield _negative(shard)
                elif (between := self._here_minus(shard)) is None:
                    yield None
                else:
                    # Both hosts were compared with one broker, and one of them with this one.
                    yield Offset(
                        between.low_ms - broker.high_ms,
                        between.high_ms - broker.low_ms,
                    )


def not_compared(
    clocks: Sequence[ClockBound], unknown: Sequence[UnknownClock]
) -> tuple[UnknownClock, ...]:
    """Those of `unknown` that were not compared even once."""
    compared = {clock.broker for clock in clocks} - {None}
    return tuple(each for each in unknown if each.broker not in compared)


def delay_error(
    clocks: Sequence[ClockBound], unknown: Sequence[UnknownClock], *, visible: bool
) -> Offset | None:
    """What was measured of a delay minus what is true of it; None where nobody knows.

    A `visible` one ends by the clock of who reads, another one by a broker's stamp.
    """
    hosts = HostClocks.of(clocks)
    if visible:
        return hosts.visible if hosts.shards else NOT_OFF
    if not_compared(clocks, unknown):
        return None
    return hosts.appended if clocks else NOT_OFF


def stamps_behind_ms(clocks: Sequence[ClockBound], unknown: Sequence[UnknownClock]) -> float:
    """How far behind the clock of who played a row's stamp may be, in ms; infinite where nobody knows."""
    error = delay_error(clocks, unknown, visible=False)
    return math.inf if error is None else max(0.0, -error.low_ms)


def _negative(clock: ClockBound) -> Offset:
    return Offset(-clock.high_ms, -clock.low_ms)


def _minus(one: ClockBound, other: ClockBound) -> Offset:
    """One host's clock minus another's, both compared with the same broker's."""
    return Offset(one.low_ms - other.high_ms, one.high_ms - other.low_ms)


def hull_of(errors: Sequence[Offset | None]) -> Offset | None:
    """What holds of all of them; None where there is none, or one of them is not known."""
    known = [each for each in errors if each is not None]
    if not known or len(known) < len(errors):
        return None
    return Offset(min(each.low_ms for each in known), max(each.high_ms for each in known))
