"""The recovery timeline: from windows and hits to phases and damage (docs/method.md, recovery)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streambench.model.fault import NOBODY_KNOWN, FaultKind, Hit, PartitionOutage, Recovery
from streambench.model.verdict import Damage
from streambench.results.lateness import Course, Observed, courses, mean_late_time_ms
from streambench.results.partition_windows import PartitionWindows

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Burst:
    out_ms: float | None
    records_per_s: float | None


def recovery(
    hit: Hit,
    windows: PartitionWindows,
    observed: Observed,
    *,
    noticed_ms: Sequence[float],
    damage: Damage,
) -> Recovery:
    """The timeline after one hit; `noticed_ms` are the engine's own instants, since T0."""
    every = courses(windows, hit, observed)
    out = [course for course in every if course.begin_ms is not None]
    over_ms = hit.over_ms
    caught_up_ms = _last(course.caught_up_ms for course in out)
    catch_up_per_s = None
    if hit.kind is FaultKind.BURST:
        burst = _of_burst(hit, windows, observed.until_ms)
        caught_up_ms, catch_up_per_s = burst.out_ms, burst.records_per_s

    def after(instant_ms: float | None) -> float | None:
        return None if instant_ms is None else instant_ms - hit.at_ms

    return Recovery(
        hit=hit,
        band_ms=observed.band_ms,
        disturbed=any(course.late.any() for course in every),
        detected_ms=after(
            min((at for at in noticed_ms if hit.at_ms <= at < observed.until_ms), default=None)
        ),
        back_ms=None if hit.kind in NOBODY_KNOWN else after(over_ms),
        outage_begin_ms=after(_first(course.begin_ms for course in out)),
        timely_ms=after(_first(course.timely_ms for course in out)),
        caught_up_ms=after(caught_up_ms),
        worst_delay_ms=_worst_delay_ms(every),
        observed_ms=observed.until_ms - hit.at_ms,
        catch_up_per_s=catch_up_per_s,
        partitions=tuple(
            PartitionOutage(
                number,
                after(course.begin_ms),
                after(course.back_for_good_ms),
                course.late_time_ms if len(course.late) else None,
            )
            for number, course in enumerate(every)
        ),
        damage=damage,
        late_time_ms=mean_late_time_ms(every, observed, hit.kind),
        back_for_good_ms=_back_for_good_ms(every, hit),
        could_delay_ms=observed.could_delay_ms,
    )


def _back_for_good_ms(every: Sequence[Course], hit: Hit) -> float | None:
    """After the hit, over all partitions; 0 when each kept flowing, None when one was not seen to stay."""
    if not any(len(course.late) for course in every):
        return None
    out = [course for course in every if course.begin_ms is not None]
    back_ms = _last(course.back_for_good_ms for course in out)
    if out:
        return None if back_ms is None else back_ms - hit.at_ms
    return 0.0


def _first(instants_ms: Iterable[float | None]) -> float | None:
    """The earliest that is known."""
    return min((ms for ms in instants_ms if ms is not None), default=None)


def _last(instants_ms: Iterable[float | None]) -> float | None:
    """The latest; None when there is none, or one of them is not known."""
    every = list(instants_ms)
    known = [ms for ms in every if ms is not None]
    return max(known) if known and len(known) == len(every) else None


def _worst_delay_ms(every: Sequence[Course]) -> float | None:
    """The greatest delay; None when a window never came or there is none."""
    delays_ms = np.concatenate(
        [np.zeros(0), *(course.complete_ms - course.closing_ms for course in every)]
    )
    if not len(delays_ms) or not np.isfinite(delays_ms).all():
        return None
    return float(delays_ms.max())


def _of_burst(hit: Hit, windows: PartitionWindows, until_ms: float) -> _Burst:
    """How long the windows that a burst closed took, and how many records a second that is."""
    mine = np.abs(windows.closing_ms - hit.at_ms) < 1.0
    out_ms = float(windows.whole_ms[mine].max()) if mine.any() else math.nan
    if not out_ms <= until_ms:
        return _Burst(None, None)
    records = float(windows.records[mine].sum())
    return _Burst(out_ms, records / max(out_ms - hit.at_ms, 1.0) * 1000)
