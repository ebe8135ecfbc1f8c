"""Which rate to try next: from the drain rate to a bracket, and into it.

By bisection, and near to what an engine that fell behind was seen to work off where that is far below.
That rate alone would not do: some engines work off more when they have too much (larger batches), some
less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from streambench.model.pace import Pace
from streambench.model.search import RateProbe, last_of_each_rate

# A drain works in large batches, so what can be borne for long lies below it.
FIRST_SHARE: Final = 0.9
# Two bisections after a step of this size reach 5 %.
UP: Final = 1.2
# Where a probe left much of the machine idle, at least that share is still to be had.
FAR_UP: Final = 1.8
# After two failures in a row the start was far too high.
FAR_DOWN: Final = 0.65
LEAST_PER_S: Final = 200
# One that is not decided is tried again for longer; then "not shown" is an answer.
PATIENCE: Final = 2
_DIGITS: Final = 3

Passed = Callable[[RateProbe], bool]


def next_rate(
    probes: Sequence[RateProbe], passed: Passed, *, start_per_s: float, precision: float, most: int
) -> int | None:
    """The rate to be tried next; None when the bracket is narrow enough or cannot be had.

    `passed` says whether a probe counts as a success: rates below a success pass, above a failure
    fail. Probes that the instrument spoilt count as failures of its own: no rate above is tried.
    """
    if not probes:
        return rounded(min(start_per_s * FIRST_SHARE, most))
    low, high = bracket(probes, passed)
    if low is None and high is None:
        return None
    if high is None:
        assert low is not None
        return None if low >= most else rounded(min(low * _up(probes, low), most))
    borne_per_s = worked_off_per_s(_last(probes, high))
    if low is None:
        first = len(last_of_each_rate(probes)) == 1
        lower = high / UP if first else high * FAR_DOWN
        if borne_per_s is not None:
            lower = min(high / UP, max(borne_per_s / (1 + precision), high * FAR_DOWN))
        lower = rounded(lower)
        return lower if lower >= LEAST_PER_S else None
    if high / low <= 1 + precision:
        return None
    between = rounded(math.sqrt(low * high))
    # Two precisions up, one bisection is left when that fails.
    near = _step_below(low * (1 + precision) ** 2)
    if borne_per_s is not None and borne_per_s < near < between:
        between = near
    return between if low < between < high else None


def worked_off_per_s(probe: RateProbe) -> float | None:
    """What an engine was seen to work off (events/s) while its lag grew; None where it kept up."""
    slope_ms_per_s = probe.measures.get("lag_slope_ms_per_s")
    if probe.pace is Pace.KEPT_UP or slope_ms_per_s is None or slope_ms_per_s <= 0:
        return None
    return probe.rate_per_s * worked_off_share(slope_ms_per_s)


def worked_off_share(slope_ms_per_s: float) -> float:
    """Of its load, as the excess lag grows: by s ms/s when s thousandths of it are left undone."""
    return 1.0 - min(max(slope_ms_per_s, 0.0) / 1000, 1.0)


def _up(probes: Sequence[RateProbe], low: int) -> float:
    idle_share = _last(probes, low).idle_share or 0.0
    return min(FAR_UP, max(UP, 1 / (1 - min(idle_share, 0.5))))


def _last(probes: Sequence[RateProbe], rate_per_s: int) -> RateProbe:
    return next(probe for probe in reversed(probes) if probe.rate_per_s == rate_per_s)


def bracket(probes: Sequence[RateProbe], passed: Passed) -> tuple[int | None, int | None]:
    """(the highest success below every failure, the lowest failure above it); None where there is none.

    Where a rate failed below one that passed, the failure decides: a success above it was luck.
    """
    failures = [probe.rate_per_s for probe in last_of_each_rate(probes) if not passed(probe)]
    high = min(failures, default=None)
    successes = [
        probe.rate_per_s
        for probe in last_of_each_rate(probes)
        if passed(probe) and (high is None or probe.rate_per_s < high)
    ]
    return max(successes, default=None), high


def tries(probes: Sequence[RateProbe], rate_per_s: int) -> int:
    """How often a rate has been tried."""
    return sum(probe.rate_per_s == rate_per_s for probe in probes)


def rounded(rate_per_s: float) -> int:
    """A rate to three digits: more would feign what nobody measured."""
    step = _step(rate_per_s)
    return max(1, round(rate_per_s / step) * step)


def _step_below(rate_per_s: float) -> int:
    step = _step(rate_per_s)
    return math.floor(rate_per_s / step) * step


def _step(rate_per_s: float) -> int:
    return int(10 ** max(0, math.floor(math.log10(max(rate_per_s, 1))) - _DIGITS + 1))
