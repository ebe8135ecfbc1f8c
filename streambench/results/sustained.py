"""Did an engine keep up with its load? An equivalence test on the slope of its excess lag.

Not to see a slope proves nothing: with few windows, or a noisy engine, none is ever seen. So an engine
keeps up when it is *shown* that its lag does not grow (docs/method.md, sustainable).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streambench.model.pace import Judgement, Pace
from streambench.results.lag_clocks import SWING

Floats = npt.NDArray[np.float64]

SLOPE_LIMIT_MS_PER_S = 10.0
BACKLOG_LIMIT_MS = 1_000.0
WINDOWS_NEEDED = 20
_CONFIDENCE = 0.95
_SECONDS_NEEDED = 5
_EXACT_MS = 1e-6


# Correlations from second to second over which the slope is averaged, and their weights before the lags
# are seen. The weights rise towards one, as twelve seconds can hardly tell a high correlation from a trend;
# benchmarks/slope.py chose exponent and highest value by simulation.
_CORRELATIONS: Floats = np.linspace(0.0, 0.98, 26)
_WEIGHT_EXPONENT = 0.4


@dataclass(frozen=True)
class Slope:
    """How fast the excess lag grows, in ms a second, with its one-sided 95 % bounds."""

    per_s: float
    lower: float
    upper: float


def lag_slope(t_s: Floats, lag_ms: Floats) -> Slope | None:
    """The slope of the excess lag by second; None for fewer than five seconds.

    What is late in one second is late in the next, by how much is not known, and few seconds do not tell.
    So a line is fitted for each correlation (generalised least squares, first-order autoregression), and
    the slopes are averaged by how well each correlation explains the lags: the posterior of the slope,
    a mixture of t distributions (docs/method.md, sustainable, has the level of its bounds).
    """
    from scipy import optimize, special, stats  # takes longer to import than most commands take

    known = np.isfinite(lag_ms)
    t_s, lag_ms = t_s[known].astype(np.float64), lag_ms[known]
    if len(t_s) < _SECONDS_NEEDED or np.ptp(t_s) == 0:
        return None
    fit = stats.linregress(t_s, lag_ms)
    residuals = lag_ms - (fit.intercept + fit.slope * t_s)
    if np.max(np.abs(residuals)) < _EXACT_MS:
        return Slope(float(fit.slope), float(fit.slope), float(fit.slope))
    # The slope left in the residuals is sought, so that large lags do not cost digits.
    slopes, errors, weights = _fits(t_s - t_s.mean(), residuals)
    freedom = len(t_s) - 2
    reach = float(stats.t.ppf(1 - (1 - _CONFIDENCE) / 2, freedom)) + 1
    span = (float((slopes - reach * errors).min()), float((slopes + reach * errors).max()))

    def quantile(share: float) -> float:
        def beyond(slope: float) -> float:
            return float(weights @ special.stdtr(freedom, (slope - slopes) / errors)) - share

        return float(fit.slope) + float(optimize.brentq(beyond, *span, xtol=1e-4))

    return Slope(quantile(0.5), quantile(1 - _CONFIDENCE), quantile(_CONFIDENCE))


def _fits(t_s: Floats, lag_ms: Floats) -> tuple[Floats, Floats, Floats]:
    """For each correlation the slope, its standard error, and the correlation's posterior weight."""
    columns = np.column_stack([np.ones_like(t_s), t_s, lag_ms])
    decay = _CORRELATIONS[:, None] ** np.diff(t_s)  # a second that is not known leaves a gap
    spread = np.sqrt(1 - decay**2)
    later = (columns[1:] - decay[:, :, None] * columns[:-1]) / spread[:, :, None]
    first = np.broadcast_to(columns[:1], (len(_CORRELATIONS), 1, 3))
    white = np.concatenate([first, later], axis=1)
    products = white.transpose(0, 2, 1) @ white
    inverse = np.linalg.inv(products[:, :2, :2])
    line = (inverse @ products[:, :2, 2:])[:, :, 0]
    power = ((white[:, :, 2] - (white[:, :, :2] @ line[:, :, None])[:, :, 0]) ** 2).sum(axis=1)
    freedom = len(t_s) - 2
    log_weights = (
        -np.log(spread).sum(axis=1)
        + np.linalg.slogdet(inverse)[1] / 2
        - freedom / 2 * np.log(power)
        - _WEIGHT_EXPONENT * np.log(1 - _CORRELATIONS)
    )
    weights = np.exp(log_weights - log_weights.max())
    errors = np.sqrt(power / freedom * inverse[:, 1, 1])
    return line[:, 1], errors, weights / weights.sum()


def judge_pace(measures: Mapping[str, float | None], windows: int) -> Judgement:
    """Judge by the figures of a measured part; `windows` is how many it had."""
    slope = measures.get("lag_slope_ms_per_s")
    upper, lower = (measures.get(f"lag_slope_{bound}_ms_per_s") for bound in ("upper", "lower"))
    backlog_ms = measures.get("backlog_end_ms")
    swing_ms = measures.get(SWING) or 0.0
    if slope is None or upper is None or lower is None or backlog_ms is None:
        return Judgement(Pace.UNDECIDED, "its excess lag is not known")
    grows = f"its lag {'fell' if slope < 0 else 'grew'} by {abs(slope):,.1f} ms/s"
    if lower > SLOPE_LIMIT_MS_PER_S:
        return Judgement(Pace.FELL_BEHIND, f"{grows} (surely more than {lower:,.1f})")
    if backlog_ms - swing_ms > BACKLOG_LIMIT_MS:
        return Judgement(
            Pace.FELL_BEHIND, f"{backlog_ms / 1000:,.1f} s of load were left over at the end"
        )
    if windows < WINDOWS_NEEDED:
        return Judgement(Pace.UNDECIDED, f"{windows} windows, and {WINDOWS_NEEDED} are needed")
    if backlog_ms + swing_ms > BACKLOG_LIMIT_MS:
        return Judgement(
            Pace.UNDECIDED,
            f"{backlog_ms / 1000:,.2f} s of load were left over at the end, and clocks may have it off by "
            f"{swing_ms:,.0f} ms",
        )
    if upper > SLOPE_LIMIT_MS_PER_S:
        surely = f", surely by more than {lower:,.1f}" if lower > 0 else ""
        return Judgement(
            Pace.UNDECIDED,
            f"{grows}{surely}, and may have grown by {upper:,.1f}: too noisy for so short a time",
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
    shown = f"shown to be within {SLOPE_LIMIT_MS_PER_S:g} ms/s"
    if lower > 0:
        sure = f"surely by more than {lower:,.1f} and by less than {upper:,.1f}"
        return Judgement(Pace.KEPT_UP, f"{grows}, {sure}: {shown}", growing=True)
    most = f"at most it grew by {upper:,.1f}" if upper > 0 else "surely it did not grow"
    return Judgement(Pace.KEPT_UP, f"{grows}, {most}: {shown}")
