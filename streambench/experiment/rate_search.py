"""Which rate to try next: from the drain rate to a bracket, and by bisection into it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

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
    if low is None:
        first = len(last_of_each_rate(probes)) == 1
        lower = rounded(high / UP if first else high * FAR_DOWN)
        return lower if lower >= LEAST_PER_S else None
    if high / low <= 1 + precision:
        return None
    between = rounded(math.sqrt(low * high))
    return between if low < between < high else None


def _up(probes: Sequence[RateProbe], low: int) -> float:
    (last,) = (probe for probe in last_of_each_rate(probes) if probe.rate_per_s == low)
    return min(FAR_UP, max(UP, 1 / (1 - min(last.idle_share or 0.0, 0.5))))


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
    step = 10.0 ** max(0, math.floor(math.log10(max(rate_per_s, 1))) - _DIGITS + 1)
    return max(1, int(round(rate_per_s / step) * step))
