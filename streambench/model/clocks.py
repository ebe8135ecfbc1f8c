"""How far the clocks of several hosts may lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

COORDINATOR_CLOCK: Final = "the coordinator"
"""Who measures, beside those that play."""


@dataclass(frozen=True)
class Offset:
    """How far something may be off: from `low_ms` to `high_ms`, both included."""

    low_ms: float
    high_ms: float

    @property
    def farthest_ms(self) -> float:
        """How far, either way."""
        return max(abs(self.low_ms), abs(self.high_ms))


@dataclass(frozen=True)
class ClockBound:
    """A host's clock minus the broker's: it lies between the two bounds, both included.

    `who` played or measured there, in words ("shard 3"). The broker's clock is that of its append stamps.
    """

    who: str
    host: str
    low_ms: float
    high_ms: float

    @property
    def farthest_ms(self) -> float:
        """How far the two clocks may lie apart."""
        return max(abs(self.low_ms), abs(self.high_ms))

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
        )


@dataclass(frozen=True)
class HostClocks:
    """The clocks of a load that several hosts played: of each shard, by its number, and of who measured."""

    shards: tuple[ClockBound, ...]
    coordinator: ClockBound | None

    @staticmethod
    def of(clocks: Sequence[ClockBound]) -> HostClocks:
        """Told apart by who they are of."""
        return HostClocks(
            tuple(clock for clock in clocks if clock.who != COORDINATOR_CLOCK),
            next((clock for clock in clocks if clock.who == COORDINATOR_CLOCK), None),
        )

    @property
    def appended(self) -> Offset | None:
        """The error of a delay that ends with a broker's stamp; None without shards.

        It began by a shard's clock. Where that is ahead the load came early, and the delay looks shorter.
        """
        if not self.shards:
            return None
        return Offset(
            -max(clock.high_ms for clock in self.shards),
            -min(clock.low_ms for clock in self.shards),
        )

    @property
    def visible(self) -> Offset | None:
        """The error of a delay that ends by the coordinator's clock; None where one of them is unknown."""
        begun, ended = self.appended, self.coordinator
        if begun is None or ended is None:
            return None
        return Offset(ended.low_ms + begun.low_ms, ended.high_ms + begun.high_ms)
