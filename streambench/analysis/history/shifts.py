"""Where a series of runs changed for good, told from noise.

ruptures proposes where a series is best cut (least squares, exact). An F-test asks whether the parts differ, and
its p is multiplied by the number of places where the cuts could have been. Holm's correction is over all
series. The unit is the run: what the trials of one run have in common is noise, too (docs/history.md).

ruptures: Truong, Oudre and Vayatis, Signal Processing 167 (2020) 107299. The parts are taken to vary alike. Welch's
test does not, and finds too much among so many places: its level does not hold far out with few runs a side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import ruptures
from scipy import special

from streambench.analysis.compare.difference import POWER
from streambench.analysis.ranking import holm_levels
from streambench.analysis.welch import EQUAL, Floats, LogDifference

PART_AT_LEAST: Final = 4
"""So many runs lie on either side of a change at least: one odd run is none, nor are two or three."""
RUNS_AT_LEAST: Final = 2 * PART_AT_LEAST
"""With fewer there is no place for a change."""
FALSE_ALARMS: Final = 0.05
"""Of histories without a change at most about so many report one, for one look (docs/history.md)."""
# One cut is a step. Two are a stretch that differs from what lies before it and behind.
_CUTS_AT_ONCE: Final = 2


@dataclass(frozen=True)
class LogSeries:
    """Logarithms of a figure, one a run, in the order of the runs.

    No test takes them to deviate by less than `least_deviation`: they are rounded, and means of trials that vary.
    Means less than `floor` apart are never told apart, in the figure's unit.
    """

    logs: Floats
    least_deviation: float
    floor: float = 0.0


@dataclass(frozen=True)
class LogShift:
    """A change between the value before position `at` and the one there; both means are over their parts."""

    at: int
    before: float
    after: float
    p_value: float  # corrected for the place


@dataclass(frozen=True)
class ShiftSearch:
    """What was found in one series.

    `seen` is the least lasting change half-way that would be found in 8 of 10 tries, as a logarithm. It is None
    where a change was found.
    """

    shifts: tuple[LogShift, ...]
    seen: float | None


@dataclass(frozen=True)
class _Proposal:
    cuts: tuple[int, ...]
    p_value: float


def find_shifts(series: Sequence[LogSeries]) -> tuple[ShiftSearch, ...]:
    """Search all series together. Raises ValueError for one of fewer than RUNS_AT_LEAST values."""
    if any(len(each.logs) < RUNS_AT_LEAST for each in series):
        raise ValueError(f"a series has fewer than {RUNS_AT_LEAST} values")
    first = [min(found.p_value for found in _proposed(each)) for each in series]
    levels = holm_levels(first)
    return tuple(_searched(each, level) for each, level in zip(series, levels, strict=True))


def _searched(series: LogSeries, level: float) -> ShiftSearch:
    cuts = _cuts(series, level)
    if not cuts:
        return ShiftSearch((), _seen(series, level))
    means = pairwise(_means(series, tuple(cut for cut, _ in cuts)))
    return ShiftSearch(
        tuple(
            LogShift(cut, *both, p_value) for (cut, p_value), both in zip(cuts, means, strict=True)
        ),
        None,
    )


def _cuts(series: LogSeries, level: float) -> list[tuple[int, float]]:
    """Every cut with its p. Parts are searched again, each at a share of the level."""
    count = len(series.logs)
    if count < RUNS_AT_LEAST:
        return []
    found = next((each for each in _proposed(series) if each.p_value <= level), None)
    if found is None:
        return []
    edges = (0, *found.cuts, count)
    cuts = [(cut, found.p_value) for cut in found.cuts]
    for low, high in pairwise(edges):
        part = replace(series, logs=series.logs[low:high])
        cuts += [(low + cut, p) for cut, p in _cuts(part, level * (high - low) / count)]
    return sorted(cuts)


def _proposed(series: LogSeries) -> tuple[_Proposal, ...]:
    """The best single cut, then the best two, each with its corrected p."""
    signal = (series.logs - series.logs.mean()).reshape(-1, 1)
    # A linear kernel's cost is that of least squares.
    algorithm = ruptures.KernelCPD(kernel="linear", min_size=PART_AT_LEAST).fit(signal)
    kinds = _kinds(len(signal))
    found = []
    for count in range(1, kinds + 1):
        cuts = tuple(int(cut) for cut in algorithm.predict(n_bkps=count)[:-1])
        p = _p_value(series, cuts) * kinds * _places(len(signal), count)
        apart = all(
            abs(math.exp(one) - math.exp(other)) >= series.floor
            for one, other in pairwise(_means(series, cuts))
        )
        found.append(_Proposal(cuts, min(1.0, p) if apart else 1.0))
    return tuple(found)


def _means(series: LogSeries, cuts: tuple[int, ...]) -> list[float]:
    return [float(part.mean()) for part in np.split(series.logs, cuts)]


def _kinds(values: int) -> int:
    return min(_CUTS_AT_ONCE, values // PART_AT_LEAST - 1)


def _places(values: int, cuts: int) -> int:
    """In how many ways so many cuts can be made, each part being long enough."""
    return math.comb(values - PART_AT_LEAST * (cuts + 1) + cuts, cuts)


def _p_value(series: LogSeries, cuts: tuple[int, ...]) -> float:
    """How often the parts would differ so, if all were one: an analysis of variance."""
    logs = series.logs
    if np.ptp(logs) <= EQUAL:
        return 1.0
    within = sum(len(part) * float(part.var()) for part in np.split(logs, cuts))
    between = len(logs) * float(logs.var()) - within
    freedom = len(logs) - len(cuts) - 1
    variance = max(within / freedom, series.least_deviation**2)
    if variance == 0:
        return 0.0
    return float(special.fdtrc(len(cuts), freedom, between / len(cuts) / variance))


def _seen(series: LogSeries, level: float) -> float:
    count = len(series.logs)
    spread = max(float(series.logs.std(ddof=1)), series.least_deviation)
    half = count // 2
    test = LogDifference(0.0, spread * math.sqrt(1 / half + 1 / (count - half)), count - 2)
    return test.seen_from(level / _kinds(count) / _places(count, 1), POWER)
