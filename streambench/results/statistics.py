"""Rules of statistics: which percentile is earned, how repeats are summed up, whether a trend remains."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WINDOWS_FOR_ANY_PERCENTILE = 20
WINDOWS_FOR_P99 = 100
WINDOWS_FOR_P999 = 1_000

TREND_FLOOR_MS = 2.0
TREND_FLOOR_SHARE = 0.10
TREND_P_VALUE = 0.01
# Theil and Sen compare all pairs: more windows than this are thinned evenly.
_TREND_WINDOWS = 1_000


def windows_needed(percentile: float) -> int:
    """How many windows a percentile in (0, 100) must be taken from before it may be shown."""
    if percentile < 99:
        return WINDOWS_FOR_ANY_PERCENTILE
    return WINDOWS_FOR_P99 if percentile < 99.9 else WINDOWS_FOR_P999


def nearest_rank(values: Floats, percentile: float) -> float | None:
    """The percentile by nearest rank, always one of `values` (which may hold +inf); None of nothing."""
    if not len(values):
        return None
    # Rounded before the ceiling: 0.99 · 100 is 99.00000000000001 in binary.
    rank = max(1, math.ceil(round(percentile / 100 * len(values), 9)))
    return float(np.partition(values, rank - 1)[rank - 1])


def earned_percentile(values: Floats, percentile: float) -> float | None:
    """The percentile over windows, None when too few windows earn it; +inf when it is censored."""
    if len(values) < windows_needed(percentile):
        return None
    return nearest_rank(values, percentile)


@dataclass(frozen=True)
class Summary:
    """Values of one metric over the repeats of a run; None counts as not known and is left out."""

    median: float
    least: float
    greatest: float
    repeats: int


def summary(values: Sequence[float | None]) -> Summary | None:
    """Sum up one metric over repeats; None when no repeat knows it."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return Summary(statistics.median(known), min(known), max(known), len(known))


@dataclass(frozen=True)
class Trend:
    """A change over the measured part that chance does not explain and that matters."""

    change_ms: float
    median_ms: float
    span_s: float

    @property
    def share(self) -> float:
        """The size of the change by the median, which counts as 2 ms at least."""
        return abs(self.change_ms) / max(abs(self.median_ms), TREND_FLOOR_MS)

    def __str__(self) -> str:
        direction = "rises" if self.change_ms > 0 else "falls"
        return (
            f"the result delay still {direction} by {abs(self.change_ms):.0f} ms over the "
            f"{self.span_s:.0f} s measured (median {self.median_ms:.0f} ms)"
        )


def trend(at_ms: Floats, delay_ms: Floats) -> Trend | None:
    """Test windows' delays for a trend over time (Kendall's tau, size by Theil and Sen).

    None when it is not significant, under 2 ms, or under 10 % of the median over the whole span, or
    when fewer than 20 windows are known. Infinite delays (censored) are left out.
    """
    known = np.isfinite(delay_ms)
    at_ms, delay_ms = at_ms[known], delay_ms[known]
    if len(at_ms) < WINDOWS_FOR_ANY_PERCENTILE or np.all(delay_ms == delay_ms[0]):
        return None
    if len(at_ms) > _TREND_WINDOWS:
        thinned = np.linspace(0, len(at_ms) - 1, _TREND_WINDOWS).astype(np.int64)
        at_ms, delay_ms = at_ms[thinned], delay_ms[thinned]
    span_ms = float(at_ms.max() - at_ms.min())
    if span_ms == 0:
        return None
    from scipy import stats  # takes longer to import than most commands take

    p_value = float(stats.kendalltau(at_ms, delay_ms).pvalue)
    change_ms = float(stats.theilslopes(delay_ms, at_ms).slope) * span_ms
    median_ms = float(np.median(delay_ms))
    material = abs(change_ms) > max(TREND_FLOOR_MS, TREND_FLOOR_SHARE * abs(median_ms))
    if p_value >= TREND_P_VALUE or not material:
        return None
    return Trend(change_ms, median_ms, span_ms / 1000)
