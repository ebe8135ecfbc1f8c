"""The recovery timeline: from windows and hits to phases and damage (docs/method.md, recovery)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streambench.model.fault import FaultKind, Hit, PartitionOutage, Recovery
from streambench.model.verdict import Damage
from streambench.results.partition_windows import PartitionWindows

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# A window is timely up to this times the slowest undisturbed one: a new process is not yet compiled,
# and its delay may not be called an outage for that.
BAND_FACTOR = 1.5
BAND_FLOOR_MS = 2.0
# The delay stays within its band when, from here to the end, of any so many windows in succession at
# most one is outside it (as happens undisturbed) ...
SETTLED_OF = 20
# ... and when so many windows say so.
SETTLED_WINDOWS = 10


@dataclass(frozen=True)
class _Burst:
    out_ms: float | None
    records_per_s: float | None


def band_ms(undisturbed_delay_ms: Floats) -> float | None:
    """Up to which delay a window is timely; None when no undisturbed window was complete."""
    known = undisturbed_delay_ms[np.isfinite(undisturbed_delay_ms)]
    if not len(known):
        return None
    return max(BAND_FACTOR * float(known.max()), float(known.max()) + BAND_FLOOR_MS)


def recovery(
    hit: Hit,
    windows: PartitionWindows,
    *,
    band_ms: float,
    until_ms: float,
    noticed_ms: Sequence[float],
    damage: Damage,
) -> Recovery:
    """The timeline after one hit, as far as `until_ms` (since T0): the next hit or the load's end.

    `noticed_ms` are the engine's own instants, since T0. A window belongs to the hit when it was not
    yet late at it: rows that were in flight when their process died count.
    """
    mine = (windows.closing_ms > hit.at_ms - band_ms) & (windows.closing_ms < until_ms)
    whole = _Timeline(windows.closing_ms[mine], windows.whole_ms[mine], band_ms)
    parts = [
        _Timeline(windows.closing_ms[mine & has_rows], complete_ms[mine & has_rows], band_ms)
        for has_rows, complete_ms in zip(windows.has_rows, windows.complete_ms, strict=True)
    ]
    hit_parts = [part for part in parts if part.first_late is not None]
    timely_ms = [part.timely_ms for part in hit_parts if part.timely_ms is not None]
    over_ms = hit.over_ms
    caught_up_ms = whole.caught_up_ms
    catch_up_per_s = None
    if hit.kind is FaultKind.BURST:
        burst = _of_burst(hit, whole.closing_ms, whole.complete_ms, windows.records[mine])
        caught_up_ms, catch_up_per_s = burst.out_ms, burst.records_per_s
    outage_begin_ms = min((part.outage_begin_ms for part in hit_parts), default=math.nan)

    def after(instant_ms: float | None) -> float | None:
        known = instant_ms is not None and math.isfinite(instant_ms)
        return instant_ms - hit.at_ms if known and instant_ms is not None else None

    return Recovery(
        hit=hit,
        band_ms=band_ms,
        disturbed=bool(hit_parts),
        detected_ms=after(
            min((at for at in noticed_ms if hit.at_ms <= at < until_ms), default=None)
        ),
        back_ms=None if hit.kind is FaultKind.BURST else after(over_ms),
        outage_begin_ms=after(outage_begin_ms),
        timely_ms=after(min(timely_ms, default=None)),
        caught_up_ms=after(caught_up_ms),
        settled_ms=after(whole.settled_ms),
        worst_delay_ms=whole.worst_ms,
        observed_ms=until_ms - hit.at_ms,
        catch_up_per_s=catch_up_per_s,
        partitions=tuple(
            PartitionOutage(
                number,
                None if part.first_late is None else after(part.outage_begin_ms),
                None if part.first_late is None else after(part.timely_ms),
            )
            for number, part in enumerate(parts)
        ),
        damage=damage,
    )


class _Timeline:
    """When the windows of one partition, or of all, were late and became timely again.

    `closing_ms` rises; `complete_ms` is NaN for a window that never came whole, which is late.
    """

    def __init__(self, closing_ms: Floats, complete_ms: Floats, band_ms: float) -> None:
        self.closing_ms = closing_ms
        self.complete_ms = complete_ms
        self.delay_ms = complete_ms - closing_ms
        self.late: Flags = ~(self.delay_ms <= band_ms)
        found = np.flatnonzero(_sustained(self.late, self.delay_ms, closing_ms))
        self.first_late = int(found[0]) if len(found) else None

    @property
    def outage_begin_ms(self) -> float:
        """Closing instant of the first late window; NaN when there is none."""
        return math.nan if self.first_late is None else float(self.closing_ms[self.first_late])

    @property
    def _first_timely(self) -> int | None:
        """The first window after the first late one that is timely."""
        if self.first_late is None:
            return None
        timely = np.flatnonzero(~self.late[self.first_late :])
        return self.first_late + int(timely[0]) if len(timely) else None

    @property
    def run(self) -> slice | None:
        """The first run of late windows; None when there is none, or it does not end."""
        at = self._first_timely
        return None if at is None or self.first_late is None else slice(self.first_late, at)

    @property
    def timely_ms(self) -> float | None:
        """When the first timely window after the late ones was complete."""
        at = self._first_timely
        return None if at is None else float(self.complete_ms[at])

    @property
    def caught_up_ms(self) -> float | None:
        """When the last of the first run of late windows was complete.

        A window that never came whole does not hold that up for ever: then it is the first timely one.
        """
        if self.run is None:
            return None
        late_ms = self.complete_ms[self.run]
        return float(late_ms.max()) if np.isfinite(late_ms).all() else self.timely_ms

    @property
    def settled_ms(self) -> float | None:
        """When the window was complete from which on, to the end, the delay stays within its band.

        The window itself is within it; None when fewer than SETTLED_WINDOWS would say so.
        """
        if self.first_late is None:
            return None
        late_so_far = np.r_[0, np.cumsum(self.late)]
        ends = np.minimum(np.arange(len(self.late)) + SETTLED_OF, len(self.late))
        shaky = np.flatnonzero(late_so_far[ends] - late_so_far[:-1] > 1)
        begin = max(self.first_late, int(shaky[-1]) if len(shaky) else 0) + 1
        found = np.flatnonzero(~self.late[begin:])
        if not len(found) or len(self.late) - begin - found[0] < SETTLED_WINDOWS:
            return None
        return float(self.complete_ms[begin + found[0]])

    @property
    def worst_ms(self) -> float | None:
        """The greatest delay; None when a window never came or there is none."""
        if not len(self.delay_ms) or not np.isfinite(self.delay_ms).all():
            return None
        return float(self.delay_ms.max())


def _sustained(late: Flags, delay_ms: Floats, closing_ms: Floats) -> Flags:
    """`late` without what is below the resolution of one window.

    A single late window between timely ones that came within the time of a window is no outage: it
    cannot be told from a pause for a collection, as there is one now and then undisturbed.
    """
    gaps_ms = np.diff(closing_ms)
    gaps_ms = gaps_ms[gaps_ms > 0]
    if not len(gaps_ms):
        return late
    before, after = np.r_[False, late[:-1]], np.r_[late[1:], False]
    alone = late & ~before & ~after & (delay_ms <= float(np.median(gaps_ms)))
    return np.asarray(late & ~alone)


def _of_burst(hit: Hit, closing_ms: Floats, complete_ms: Floats, records: Floats) -> _Burst:
    """How long the windows that a burst closed took, and how many records a second that is."""
    mine = np.abs(closing_ms - hit.at_ms) < 1.0
    if not mine.any() or not np.isfinite(complete_ms[mine]).all():
        return _Burst(None, None)
    out_ms = float(complete_ms[mine].max())
    return _Burst(out_ms, float(records[mine].sum()) / max(out_ms - hit.at_ms, 1.0) * 1000)
