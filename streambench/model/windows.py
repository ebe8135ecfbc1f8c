"""Windows of event time: which of them hold an event, and when they close. Computed nowhere else.

Lengths are in ms of event time. An instant is a whole number of ms, or an array of them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:  # the windows of arrays need nothing of numpy but its operators
    import numpy as np
    import numpy.typing as npt

Int64s: TypeAlias = "npt.NDArray[np.int64]"
Instant = TypeVar("Instant", int, "npt.NDArray[np.int64]")


class _Windows(ABC):
    """What windows of every kind have: a length, and how far one is from the next."""

    @property
    @abstractmethod
    def shortest_ms(self) -> int:
        """The length of the shortest window; that of all where they have one length."""

    @property
    @abstractmethod
    def advance_ms(self) -> int:
        """Distance between two window starts; of sessions that of two slots."""

    def end(self, start_ms: Instant) -> Instant:
        """The first instant behind the shortest window that begins there."""
        return start_ms + self.shortest_ms

    def closes_at(self, start_ms: Instant, grace_ms: int) -> Instant:
        """The event time from which on a clock lets nothing more into the shortest window."""
        return start_ms + self.horizon_ms(grace_ms)

    def closes_sql(self, start_ms: str, grace_ms: int) -> str:
        """`closes_at` in SQL, of an expression."""
        return f"({start_ms} + {self.horizon_ms(grace_ms)})"

    def horizon_ms(self, grace_ms: int) -> int:
        """The length from a window's start to the instant at which the shortest closes."""
        return self.shortest_ms + grace_ms

    def shifted(self, start_ms: Instant, windows: int) -> Instant:
        """The start of the window so many later; earlier where `windows` is negative."""
        return start_ms + windows * self.advance_ms

    def span_ms(self, windows: int) -> int:
        """The time in which so many windows begin, one after another."""
        return windows * self.advance_ms

    def whole_ms(self, windows: int) -> int:
        """The time from the start of a window to the end of the last of so many, one after another."""
        return self.shortest_ms + (windows - 1) * self.advance_ms

    def count_in(self, span_ms: int) -> int:
        """How many windows begin in such a time, at least."""
        return span_ms // self.advance_ms

    def count_over(self, span_ms: int) -> int:
        """The least number of windows whose span is so long."""
        return -(-span_ms // self.advance_ms)


class _Aligned(_Windows):
    """Windows [s, s + size) of one size, whose starts s are one advance apart from an offset on.

    An event is in `per_event` of them or, where the size is no multiple of the advance, in one less.
    """

    size_ms: int
    offset_ms: int

    @property
    def shortest_ms(self) -> int:
        """The length of all of them."""
        return self.size_ms

    @property
    def per_event(self) -> int:
        """How many windows an event is in, at most."""
        return -(-self.size_ms // self.advance_ms)

    @property
    def divided_evenly(self) -> bool:
        """Whether a window's length is a multiple of the distance of two starts."""
        return self.size_ms % self.advance_ms == 0

    @property
    def slot_ms(self) -> int:
        """The length of a slot: the longest of which all events are in the same windows."""
        return math.gcd(self.size_ms, self.advance_ms)

    def newest(self, event_ms: Instant) -> Instant:
        """The start of the newest window that holds an event."""
        return (event_ms - self.offset_ms) // self.advance_ms * self.advance_ms + self.offset_ms

    def oldest(self, event_ms: Instant) -> Instant:
        """The start of the oldest window that holds an event."""
        return self.newest(event_ms - self.size_ms) + self.advance_ms

    def starts(self, event_ms: int) -> range:
        """The starts of all windows that hold an event, the oldest first."""
        return range(self.oldest(event_ms), event_ms + 1, self.advance_ms)

    def spread(self, event_ms: Int64s) -> tuple[Int64s, Int64s]:
        """Each event with each window that holds it: places in `event_ms`, and window starts."""
        import numpy as np

        oldest_ms, newest_ms = self.oldest(event_ms), self.newest(event_ms)
        counts = (newest_ms - oldest_ms) // self.advance_ms + 1
        place = np.repeat(np.arange(len(event_ms)), counts)
        ordinal = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        return place, oldest_ms[place] + ordinal * self.advance_ms

    def grid(self, instant_ms: Instant) -> Instant:
        """The last instant up to this one by which time can be shifted without moving a window's edge."""
        return instant_ms // self.advance_ms * self.advance_ms

    def late_from(self, event_ms: Instant, grace_ms: int) -> Instant:
        """The clock from which on a record may be late: of several windows the oldest closes first."""
        return self.closes_at(self.oldest(event_ms), grace_ms)

    def slot(self, event_ms: Instant) -> Instant:
        """The start of the slot that holds an event."""
        return (event_ms - self.offset_ms) // self.slot_ms * self.slot_ms + self.offset_ms

    def slot_sql(self, event_ms: str) -> str:
        """`slot` in SQL, of an expression."""
        return _floor_sql(event_ms, self.slot_ms, self.offset_ms)

    def phase_ms(self, at_ms: float) -> float:
        """How far an instant lies behind the start of a window."""
        return (at_ms - self.offset_ms) % self.advance_ms

    def starts_sql(self, event_ms: str) -> str:
        """`starts` in DuckDB's SQL, of an expression: a row for each window."""
        newest_sql = _floor_sql(event_ms, self.advance_ms, self.offset_ms)
        if self.per_event == 1:
            return newest_sql
        oldest_sql = _floor_sql(f"({event_ms} - {self.size_ms})", self.advance_ms, self.offset_ms)
        first, behind = f"{oldest_sql} + {self.advance_ms}", f"{event_ms} + 1"
        return f"unnest(range({first}, {behind}, {self.advance_ms}))"


@dataclass(frozen=True)
class Tumbling(_Aligned):
    """Windows one behind the other: [n·size + offset, (n+1)·size + offset); n may be negative."""

    size_ms: int
    offset_ms: int = 0

    @property
    def advance_ms(self) -> int:
        """Distance between two window starts."""
        return self.size_ms


@dataclass(frozen=True)
class Hopping(_Aligned):
    """Windows that overlap: [n·every + offset, n·every + offset + size), with `every` less than the size."""

    size_ms: int
    every_ms: int
    offset_ms: int = 0

    @property
    def advance_ms(self) -> int:
        """Distance between two window starts."""
        return self.every_ms


@dataclass(frozen=True)
class Sessions(_Windows):
    """Windows of a group's own: events that lie at most `gap_ms` apart are in one.

    A session begins with its first event and ends one gap after its last. For statistics the sessions whose
    last events lie in one slot, a gap long, are taken together.
    """

    gap_ms: int

    @property
    def shortest_ms(self) -> int:
        """The length of a session of one event."""
        return self.gap_ms

    @property
    def advance_ms(self) -> int:
        """The length of a slot."""
        return self.gap_ms

    def newest(self, event_ms: Instant) -> Instant:
        """The latest start of the session that holds an event: that event."""
        return event_ms

    def oldest(self, event_ms: Instant) -> Instant:
        """The start of the session that an event begins."""
        return event_ms

    def starts(self, event_ms: int) -> range:
        """The start of the session of this event alone."""
        return range(event_ms, event_ms + 1)

    def grid(self, instant_ms: Instant) -> Instant:
        """The instant itself: sessions move with time."""
        return instant_ms

    def late_from(self, event_ms: Instant, grace_ms: int) -> Instant:
        """The clock from which on a record may be late.

        It may extend a session whose last event lies a whole gap before it, and that closes its grace after
        this record's own time.
        """
        return event_ms + grace_ms

    def phase_ms(self, at_ms: float) -> float:
        """How far an instant lies behind the start of a slot."""
        return at_ms % self.gap_ms

    def slot(self, event_ms: Instant) -> Instant:
        """The start of the slot that holds an event."""
        return event_ms // self.gap_ms * self.gap_ms

    def slot_sql(self, event_ms: str) -> str:
        """`slot` in SQL, of an expression."""
        return _floor_sql(event_ms, self.gap_ms, 0)

    def spread(self, slot_ms: Int64s) -> tuple[Int64s, Int64s]:
        """Each slot with itself: places in `slot_ms`, and slots."""
        import numpy as np

        return np.arange(len(slot_ms)), slot_ms


Aligned: TypeAlias = Tumbling | Hopping
Window: TypeAlias = Tumbling | Hopping | Sessions


def played_apart_ms(window: Window, speed: float) -> float:
    """How far windows are apart on the clock of a load in which `speed` ms of event time go by in one ms."""
    return window.advance_ms / speed


def played(window: Window, speed: float, first_ms: int = 0) -> Window:
    """How windows follow each other on the clock of such a load; not how long they are.

    They are at least a ms apart. The load begins at the event time `first_ms`.
    """
    if speed == 1 and first_ms == 0:
        return window
    apart_ms = max(1, round(played_apart_ms(window, speed)))
    begins_ms = 0 if isinstance(window, Sessions) else window.offset_ms
    return Tumbling(apart_ms, round((begins_ms - first_ms) / speed) % apart_ms)


def _floor_sql(instant: str, step_ms: int, offset_ms: int) -> str:
    """The greatest multiple of a step, plus an offset, up to an instant."""
    # DuckDB's % takes the sign of the dividend, and event times may lie before the origin.
    since = f"({instant} - {offset_ms})" if offset_ms else instant
    return f"({instant} - ((({since} % {step_ms}) + {step_ms}) % {step_ms}))"
