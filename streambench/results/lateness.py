"""Which windows of a partition were late, and for how much of the load (docs/method.md, recovery)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streambench.model.conditions import Conditions
from streambench.model.fault import FaultKind, Hit
from streambench.results.partition_windows import PartitionWindows
from streambench.results.statistics import earned_percentile

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# A window is late beyond so many times the undisturbed p95: a process that was just started is not
# compiled yet, and that alone may not be called an outage. A percentile, for a single pause before the
# fault must not hide what the fault does.
BAND_PERCENTILE = 95.0
BAND_FACTOR = 1.5
BAND_FLOOR_MS = 20.0
# So many timely windows in succession, up to the end of what was observed, show that it stays so.
STAYS_WINDOWS = 3


def band_ms(undisturbed_delay_ms: Floats) -> float | None:
    """Beyond which delay a window is late; None when too few undisturbed windows tell.

    A window that never became complete (NaN) counts as the slowest.
    """
    censored = np.where(np.isfinite(undisturbed_delay_ms), undisturbed_delay_ms, np.inf)
    usual_ms = earned_percentile(censored, BAND_PERCENTILE)
    if usual_ms is None or not np.isfinite(usual_ms):
        return None
    return max(BAND_FACTOR * usual_ms, usual_ms + BAND_FLOOR_MS)


def could_delay_ms(hit: Hit, conditions: Conditions) -> float | None:
    """By how much the act could have delayed a result; None where nothing was taken away (a burst).

    Of a command nobody knows what it took away: None, too.

    What was held for a time could delay results by that time. Whoever is killed is missed after the
    session time-out at the latest, as the tuned profile sets it.
    """
    if hit.kind in (FaultKind.BURST, FaultKind.COMMAND):
        return None
    if hit.kind in (FaultKind.WORKER_PAUSE, FaultKind.BROKER_RESTART) and hit.over_ms is not None:
        return hit.over_ms - hit.at_ms
    return float(conditions.session_timeout_ms + (conditions.restart_delay_ms or 0))


@dataclass(frozen=True)
class Observed:
    """How far a hit is looked at (`until_ms`, since T0), and beyond which delay a window is late."""

    until_ms: float
    band_ms: float
    could_delay_ms: float | None = None


@dataclass(frozen=True)
class Course:
    """One partition's windows within what was observed, in the order of their closing.

    `complete_ms` (since T0) is NaN for a window that was not complete by the end of it. `apart_ms` is the
    time from one closing to the next.
    """

    closing_ms: Floats
    complete_ms: Floats
    late: Flags
    single: Flags
    apart_ms: float

    @property
    def late_time_ms(self) -> float:
        """The part of the load in which all late windows closed."""
        return self.apart_ms * int(np.count_nonzero(self.late))

    @property
    def outage(self) -> Flags:
        """The late windows without single ones, which move no instant."""
        return np.asarray(self.late & ~self.single)

    @property
    def begin_ms(self) -> float | None:
        """Closing instant of the outage's first window; None when there is no outage."""
        found = np.flatnonzero(self.outage)
        return float(self.closing_ms[found[0]]) if len(found) else None

    @property
    def timely_ms(self) -> float | None:
        """When the first timely window after the outage's first one was complete."""
        found = np.flatnonzero(self.outage)
        return self._first_timely(int(found[0])) if len(found) else None

    @property
    def caught_up_ms(self) -> float | None:
        """When the outage's last window was complete; None when that was not seen.

        One that never came does not hold that up for ever: then it is the first timely one after it.
        """
        found = np.flatnonzero(self.outage)
        if not len(found):
            return None
        timely_ms = self._first_timely(int(found[-1]))
        late_ms = self.complete_ms[found]
        if timely_ms is None or not np.isfinite(late_ms).all():
            return timely_ms
        return float(late_ms.max())

    @property
    def back_for_good_ms(self) -> float | None:
        """When the first window was complete from which on none of an outage comes; None: not seen."""
        found = np.flatnonzero(self.outage)
        if not len(found) or len(self.late) - 1 - found[-1] < STAYS_WINDOWS:
            return None
        return self._first_timely(int(found[-1]))

    def _first_timely(self, after: int) -> float | None:
        found = np.flatnonzero(~self.late[after:])
        return float(self.complete_ms[after + found[0]]) if len(found) else None


def courses(windows: PartitionWindows, hit: Hit, observed: Observed) -> tuple[Course, ...]:
    """The course of each partition after one hit; none when there are too few windows to know one's length.

    A window belongs to the hit when it was not yet late at it: rows that were in flight count. What
    closes less than the band before the end is left out, as it cannot be known whether it is late.
    """
    apart_ms = windows.apart_ms
    if apart_ms is None:
        return ()
    closing_ms = windows.closing_ms
    mine = (closing_ms > hit.at_ms - observed.band_ms) & (
        closing_ms <= observed.until_ms - observed.band_ms
    )
    return tuple(
        _course(
            closing_ms[mine & has_rows],
            np.where(complete_ms <= observed.until_ms, complete_ms, np.nan)[mine & has_rows],
            observed.band_ms,
            apart_ms,
        )
        for has_rows, complete_ms in zip(windows.has_rows, windows.complete_ms, strict=True)
    )


def mean_late_time_ms(
    every: tuple[Course, ...], observed: Observed, kind: FaultKind
) -> float | None:
    """Late time as the mean over the partitions that had windows; None when it is not known.

    That no window was late is a result only where the fault could have delayed one beyond the band.
    """
    seen = [course.late_time_ms for course in every if len(course.late)]
    if not seen:
        return None
    could_ms = observed.could_delay_ms
    hidden = could_ms is not None and could_ms <= observed.band_ms
    if not any(seen) and (hidden or kind is FaultKind.COMMAND):
        return None
    return float(np.mean(seen))


def _course(closing_ms: Floats, complete_ms: Floats, band_ms: float, apart_ms: float) -> Course:
    delay_ms = complete_ms - closing_ms
    late = ~(delay_ms <= band_ms)
    before, after = np.r_[False, late[:-1]], np.r_[late[1:], False]
    single = late & ~before & ~after & (delay_ms <= apart_ms)
    return Course(closing_ms, complete_ms, late, single, apart_ms)
