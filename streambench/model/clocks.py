"""How far the clocks of several hosts may lie apart."""

from __future__ import annotations

from dataclasses import dataclass


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
