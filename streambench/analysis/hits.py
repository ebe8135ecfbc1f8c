"""The hits of one kind: each with its recovery, and how late its results were by the common limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from streambench.model.conditions import Guarantee
from streambench.model.fault import FaultKind, Recovery
from streambench.results.bundle import Bundle, TrialBundle
from streambench.results.lateness import Observed, courses, mean_late_time_ms
from streambench.results.paced_windows import closings_apart_ms
from streambench.results.partition_windows import PartitionWindows, from_table, of_whole_windows
from streambench.results.remade import from_whole_windows, recoveries


@dataclass(frozen=True)
class Stretch:
    """A stretch in s after the hit in which the results of a `share` of the partitions were late."""

    start_s: float
    end_s: float
    share: float


@dataclass(frozen=True)
class ObservedHit:
    """One hit of a completed trial; it is looked at until `until_ms` after it, when the next one comes.

    `limited_ms` is its late time by the common limit, None where it is not known.
    """

    trial: TrialBundle
    number: int  # of the hits of its kind within the trial, from 1
    recovery: Recovery
    until_ms: float
    limited_ms: float | None = None


def hits_of(
    bundle: Bundle, trials: Sequence[TrialBundle], kind: FaultKind
) -> tuple[ObservedHit, ...]:
    """The hits of this kind in the order of the trials."""
    found = []
    for trial in trials:
        every = recoveries(bundle.run, trial)
        number = 0
        for position, recovery in enumerate(every):
            if recovery.hit.kind is not kind:
                continue
            number += 1
            until_ms = recovery.observed_ms
            if position + 1 < len(every):
                until_ms = min(until_ms, every[position + 1].hit.at_ms - recovery.hit.at_ms)
            found.append(ObservedHit(trial, number, recovery, until_ms))
    return tuple(found)


def common_limit_ms(hits: Sequence[ObservedHit]) -> float | None:
    """The same limit for all engines: the greatest of their bands; None without a hit."""
    return max((each.recovery.band_ms for each in hits), default=None)


def by_limit(
    bundle: Bundle, hits: Sequence[ObservedHit], limit_ms: float
) -> tuple[ObservedHit, ...]:
    """The same hits with their late times by the common limit."""
    return tuple(replace(each, limited_ms=_limited_ms(bundle, each, limit_ms)) for each in hits)


def late_stretches(bundle: Bundle, each: ObservedHit) -> tuple[Stretch, ...]:
    """When results were late by the engine's own band, as they became due; none where that is not known."""
    windows = _windows(bundle, each.trial)
    hit, observed = each.recovery.hit, _observed(each.recovery, each.recovery.band_ms)
    every = () if windows is None else courses(windows, hit, observed)
    seen = [course for course in every if len(course.late)]
    if not seen:
        return ()
    due_ms = np.unique(np.concatenate([course.closing_ms for course in seen]))
    late = np.zeros(len(due_ms))
    for course in seen:
        late[np.unique(np.searchsorted(due_ms, course.closing_ms[course.late]))] += 1
    apart_ms = seen[0].apart_ms
    # Closings are a quantum or two off their grid; only a window that is missing leaves a gap.
    next_ms = np.r_[due_ms[1:], np.inf]
    ends_ms = np.where(next_ms < due_ms + 1.5 * apart_ms, next_ms, due_ms + apart_ms)
    found: list[Stretch] = []
    for at in np.flatnonzero(late):
        start_s, end_s = ((float(ms[at]) - hit.at_ms) / 1000 for ms in (due_ms, ends_ms))
        share = float(late[at]) / len(seen)
        if found and found[-1].end_s == start_s and found[-1].share == share:
            found[-1] = replace(found[-1], end_s=end_s)
        else:
            found.append(Stretch(start_s, end_s, share))
    return tuple(found)


def apart_ms(trial: TrialBundle) -> float | None:
    """How long it is from one window's closing to the next, by the load's clock; None when not known."""
    table = trial.table("windows")
    if table is None:
        return None
    closed = table.filter(table.column("closing_ms").is_valid()).sort_by("window_start_ms")
    start_ms, closing_ms = (
        np.asarray(closed.column(name).to_numpy(), dtype=np.float64)
        for name in ("window_start_ms", "closing_ms")
    )
    return closings_apart_ms(start_ms, closing_ms)


def records_at_once(burst: ObservedHit) -> int | None:
    """How many records of a burst came at once; None when not known.

    The second in which they came holds some of the usual load, too, which is taken off.
    """
    table = burst.trial.table("series")
    if table is None or "offered" not in table.column_names:
        return None
    t_s, offered = (
        np.asarray(table.column(name).cast("float64").to_numpy(), dtype=np.float64)
        for name in ("t_s", "offered")
    )
    if not (offered > 0).any():
        return None
    hit = burst.recovery.hit
    over_s = (hit.at_ms if hit.over_ms is None else hit.over_ms) / 1000
    # A second ends with its last quantum, so what is due on the second belongs to the one before.
    near = (t_s >= hit.at_ms / 1000 - 1) & (t_s < over_s + 1)
    if not near.any():
        return None
    peak = int(np.argmax(np.where(near, offered, -1)))
    second = float(t_s[peak])
    came_s = next((s for s in (over_s, hit.at_ms / 1000) if second < s <= second + 1), second + 1)
    usual_per_s = float(np.median(offered[offered > 0]))
    return max(0, round(float(offered[peak]) - usual_per_s * (second + 1 - came_s)))


def _limited_ms(bundle: Bundle, each: ObservedHit, limit_ms: float) -> float | None:
    recovery = each.recovery
    if recovery.band_ms == limit_ms:
        return recovery.late_time_ms
    windows = _windows(bundle, each.trial)
    if windows is None:
        return None
    observed = _observed(recovery, limit_ms)
    every = courses(windows, recovery.hit, observed)
    found_ms = mean_late_time_ms(every, observed, recovery.hit.kind)
    if found_ms is None and recovery.late_time_ms is not None and every:
        # By its own band it is seen what the fault did: nothing that goes beyond the limit.
        return 0.0
    return found_ms


def _observed(recovery: Recovery, band_ms: float) -> Observed:
    return Observed(recovery.hit.at_ms + recovery.observed_ms, band_ms, recovery.could_delay_ms)


def _windows(bundle: Bundle, trial: TrialBundle) -> PartitionWindows | None:
    table = trial.table("partitions")
    if table is not None:
        return from_table(table)
    whole = trial.table("windows") if from_whole_windows(bundle.run) else None
    if whole is None:
        return None
    exactly = bundle.run.conditions.guarantee is Guarantee.EXACTLY_ONCE
    return of_whole_windows(whole, "visible_complete_ms" if exactly else "complete_ms")
