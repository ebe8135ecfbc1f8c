"""A host's clock that is, or may be, too far from a broker's for a load to be timed by both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streambench.model.clocks import ClockBound
from streambench.model.errors import ClocksApart

SEND_LAG_LIMIT_MS: Final = 20.0
"""Bound on the 99.9th percentile of due → first write attempt possible, over all batches.

So far clocks may lie apart, too: both together must keep it.
"""


def farthest(clocks: Sequence[ClockBound]) -> ClockBound | None:
    """Whose bounds reach farthest; None without any."""
    return max(clocks, key=lambda clock: clock.farthest_ms, default=None)


def skew(clocks: Sequence[ClockBound]) -> str | None:
    """Whether a host's clock may lie farther from the broker's than any load may be late, in words."""
    worst = farthest(clocks)
    if worst is None or worst.farthest_ms <= SEND_LAG_LIMIT_MS:
        return None
    return not_the_brokers(worst)


def not_the_brokers(clock: ClockBound) -> str:
    """What is wrong with a clock that is, or may be, too far from the broker's."""
    surely = clock.nearest_ms > SEND_LAG_LIMIT_MS
    told = f"is not {whose_clock(clock)}" if surely else f"may be far from {whose_clock(clock)}"
    return (
        f"the clock of {clock.host} ({clock.who}) {told}: it was between "
        f"{clock.low_ms:+,.1f} and {clock.high_ms:+,.1f} ms from it (limit {SEND_LAG_LIMIT_MS:.0f} ms)"
    )


def whose_clock(clock: ClockBound) -> str:
    """Beside whose it was, in words."""
    return "the broker's" if clock.broker is None else f"broker {clock.broker}'s"


def refuse_skew(clock: ClockBound) -> None:
    """Refuse a clock by which a load would surely come early or late. Raises ClocksApart."""
    if clock.nearest_ms > SEND_LAG_LIMIT_MS:
        raise ClocksApart(not_the_brokers(clock))
