"""Windows of event time: which of them holds an event, and when it closes. Computed nowhere else.

Lengths are in ms of event time. An instant is a whole number of ms, or an array of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:  # the windows of arrays need nothing of numpy but its operators
    import numpy as np
    import numpy.typing as npt

Instant = TypeVar("Instant", int, "npt.NDArray[np.int64]")


@dataclass(frozen=True)
class Tumbling:
    """Windows [n·size, (n+1)·size) of event time, aligned to the epoch; n may be negative."""

    size_ms: int

    @property
    def advance_ms(self) -> int:
        """Distance between two window starts."""
        return self.size_ms

    def assign(self, event_ms: Instant) -> Instant:
        """The start of the window that holds an event."""
        return event_ms // self.size_ms * self.size_ms

    def end(self, start_ms: Instant) -> Instant:
        """The first instant behind a window."""
        return start_ms + self.size_ms

    def closes_at(self, start_ms: Instant, grace_ms: int) -> Instant:
        """The event time from which on a clock lets nothing more into a window."""
        return start_ms + self.horizon_ms(grace_ms)

    def horizon_ms(self, grace_ms: int) -> int:
        """The length from a window's start to the instant at which it closes."""
        return self.size_ms + grace_ms

    def shifted(self, start_ms: Instant, windows: int) -> Instant:
        """The start of the window so many later; earlier where `windows` is negative."""
        return start_ms + windows * self.advance_ms

    def span_ms(self, windows: int) -> int:
        """The time in which so many windows begin, one after another."""
        return windows * self.advance_ms

    def count_in(self, span_ms: int) -> int:
        """How many windows begin in such a time, at least."""
        return span_ms // self.advance_ms

    def count_over(self, span_ms: int) -> int:
        """The least number of windows whose span is so long."""
        return -(-span_ms // self.advance_ms)

    def phase_ms(self, at_ms: float) -> float:
        """How far an instant lies behind the start of a window."""
        return at_ms % self.advance_ms

    def assign_sql(self, event_ms: str) -> str:
        """`assign` in DuckDB's SQL, of an expression."""
        size_ms = self.size_ms
        # DuckDB's % takes the sign of the dividend, and event times may lie before the origin.
        return f"({event_ms} - ((({event_ms} % {size_ms}) + {size_ms}) % {size_ms}))"

    def closes_sql(self, start_ms: str, grace_ms: int) -> str:
        """`closes_at` in SQL, of an expression."""
        return f"({start_ms} + {self.horizon_ms(grace_ms)})"


Window: TypeAlias = Tumbling


def by_starts(starts_ms: npt.NDArray[np.float64]) -> Window | None:
    """The windows that have these starts, by their least distance; None where fewer than two are known."""
    if len(starts_ms) < 2:
        return None
    return Tumbling(int((starts_ms[1:] - starts_ms[:-1]).min()))
