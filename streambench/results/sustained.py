"""Did an engine keep up with its load? An equivalence test on the slope of its excess lag.

Not to see a slope proves nothing: with few windows, or a noisy engine, none is ever seen. So an engine
keeps up when it is *shown* that its lag does not grow (docs/method.md, sustainable).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from streambench.model.pace import Judgement, Pace

Floats = npt.NDArray[np.float64]

SLOPE_LIMIT_MS_PER_S = 10.0
BACKLOG_LIMIT_MS = 1_000.0
WINDOWS_NEEDED = 20
_CONFIDENCE = 0.95
_SECONDS_NEEDED = 5


@dataclass(frozen=True)
class Slope:
    """How fast the excess lag grows, in ms a second, with its one-sided 95 % bounds."""

    per_s: float
    lower: float
    upper: float


def lag_slope(t_s: Floats, lag_ms: Floats) -> Slope | None:
    """The least-squares slope of the excess lag by second; None for fewer than five seconds.

    What is late in one second is late in the next: for such series the usual standard error is too
    small, so it is widened by the residuals' first-order correlation.
    """
    known = np.isfinite(lag_ms)
    t_s, lag_ms = t_s[known].astype(np.float64), lag_ms[known]
    if len(t_s) < _SECONDS_NEEDED or np.ptp(t_s) == 0:
        return None
    fit = stats.linregress(t_s, lag_ms)
    residuals = lag_ms - (fit.intercept + fit.slope * t_s)
    power = float(np.dot(residuals, residuals))
    again = float(np.dot(residuals[1:], residuals[:-1])) / power if power > 0 else 0.0
    again = min(max(again, 0.0), 0.95)
    wider = float(np.sqrt((1 + again) / (1 - again)))
    margin = float(stats.t.ppf(_CONFIDENCE, len(t_s) - 2)) * float(fit.stderr) * wider
    slope = float(fit.slope)
    return Slope(slope, slope - margin, slope + margin)


def judge_pace(measures: Mapping[str, float | None], windows: int) -> Judgement:
    """Judge by the figures of a measured part; `windows` is how many it had."""
    slope = measures.get("lag_slope_ms_per_s")
    upper, lower = (measures.get(f"lag_slope_{bound}_ms_per_s") for bound in ("upper", "lower"))
    backlog_ms = measures.get("backlog_end_ms")
    if slope is None or upper is None or lower is None or backlog_ms is None:
        return Judgement(Pace.UNDECIDED, "its excess lag is not known")
    grows = f"its lag grew by {slope:,.1f} ms/s"
    if lower > SLOPE_LIMIT_MS_PER_S:
        return Judgement(Pace.FELL_BEHIND, f"{grows} (surely more than {lower:,.1f})")
    if backlog_ms > BACKLOG_LIMIT_MS:
        return Judgement(
            Pace.FELL_BEHIND, f"{backlog_ms / 1000:,.1f} s of load were left over at the end"
        )
    if windows < WINDOWS_NEEDED:
        return Judgement(Pace.UNDECIDED, f"{windows} windows, and {WINDOWS_NEEDED} are needed")
    if upper > SLOPE_LIMIT_MS_PER_S:
        return Judgement(
            Pace.UNDECIDED,
            f"{grows}, maybe by {upper:,.1f}: too noisy for so short a time",
        )
    greatest_ms, end_ms = (measures.get(f"excess_lag_{at}_ms") for at in ("max", "end"))
    if (
        greatest_ms is not None
        and end_ms is not None
        and upper < -SLOPE_LIMIT_MS_PER_S
        and greatest_ms - end_ms > BACKLOG_LIMIT_MS
    ):
        return Judgement(
            Pace.KEPT_UP,
            f"its lag fell by {-slope:,.1f} ms/s, from {greatest_ms / 1000:,.1f} to "
            f"{end_ms / 1000:,.1f} s: it worked off a backlog of before",
            catching_up=True,
        )
    return Judgement(
        Pace.KEPT_UP, f"{grows}, at most {upper:,.1f} (limit {SLOPE_LIMIT_MS_PER_S:g})"
    )
