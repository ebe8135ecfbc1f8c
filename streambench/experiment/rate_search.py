"""Which rate to try next: from the drain rate to a bracket, and into it.

By bisection, and near to what an engine that had too much was seen to bear where that is far below.
That rate alone would not do: some engines work off more when they have too much (larger batches), some
less. A rate that was not decided is tried again only when nothing else can tell: if a higher one passes,
it does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from streambench.experiment.questions import Question
from streambench.experiment.search_policy import USUAL, SearchPolicy
from streambench.model.pace import Pace
from streambench.model.search import RateProbe, last_of_each_rate
from streambench.workload.schema import MAX_RATE_PER_S

# Where a probe left much of the machine idle, at least that share is still to be had.
MUCH_IDLE_SHARE: Final = 0.2
FAR_UP: Final = 1.8
# What an engine left undone is no reason to go further down at once.
FAR_DOWN: Final = 0.65
LEAST_PER_S: Final = 200
# One that is not decided is tried again for longer; then "not shown" is an answer.
PATIENCE: Final = 2
_DIGITS: Final = 3
_NARROW: Final = "the precision was reached"
_CEILING: Final = "the generator bears no more on this machine"
_HIGHEST: Final = "no higher rate can be asked for"
_NOTHING: Final = "no rate passed, down to the lowest that is tried"
_UNCLEAR: Final = "the next higher rate that was tried neither passed nor failed"
ENDINGS: Final = (_NARROW, _CEILING, _HIGHEST, _NOTHING, _UNCLEAR)

Passed = Callable[[RateProbe], bool]


def next_rate(
    probes: Sequence[RateProbe],
    question: Question,
    *,
    start_per_s: float,
    precision: float,
    most: int,
    policy: SearchPolicy = USUAL,
) -> int | None:
    """The rate to be tried next; None when the bracket is narrow enough or cannot be had.

    It may be one that was tried before and not decided, or that the instrument spoilt. Rates below a
    success pass, above a failure fail; nothing above a rate that the instrument spoilt is tried. What
    bounds the bracket must have failed: where it was not decided, it is tried for longer.
    """
    if not probes:
        return policy.first_per_s or rounded(min(start_per_s * policy.first_share, most))
    if probes[-1].pace is None and tries(probes, probes[-1].rate_per_s) < PATIENCE:
        return probes[-1].rate_per_s
    unsettled = {
        probe.rate_per_s
        for probe in last_of_each_rate(probes)
        if question.may_pass(probe) and tries(probes, probe.rate_per_s) < PATIENCE
    }
    settled = [probe for probe in probes if probe.rate_per_s not in unsettled]
    low, _ = bracket(settled, question.passed)
    high = ceiling(settled, question.passed)
    between = [
        rate for rate in unsettled if (low is None or rate > low) and (high is None or rate < high)
    ]
    step = min(policy.step_up, 1 + precision * 2 ** (len(last_of_each_rate(probes)) - 1))
    if high is None:
        top = max((*between, low or 0))
        if top >= most:
            return top if between else None
        return min(max(top + 1, rounded(top * _up(probes, top, step))), most)
    if low is not None and high / low <= 1 + precision:
        doubted = _last(probes, high).pace is Pace.UNDECIDED
        return high if doubted and tries(probes, high) < PATIENCE else None
    if between:
        return max(between)
    if low is None:
        return _lower(settled, high, question, precision, step)
    return _between(settled, low, high, question, precision)


def _lower(
    probes: Sequence[RateProbe], high: int, question: Question, precision: float, step: float
) -> int | None:
    """Where nothing passed yet."""
    share = question.borne_share(_last(probes, high)) or 1.0
    lower = rounded(high * max(min(1 / step, share / _near(precision)), FAR_DOWN))
    return lower if lower >= LEAST_PER_S else None


def _between(
    probes: Sequence[RateProbe], low: int, high: int, question: Question, precision: float
) -> int | None:
    """In the middle, or so near to the success that a failure there leaves one bisection or none.

    That is where the rate that failed told that about so much would have been borne, unless the success
    says that it is more.
    """
    found = rounded(math.sqrt(low * high))
    borne = high * (question.borne_share(_last(probes, high)) or 0.0)
    if borne * _near(precision) > low:
        for steps in (2, 1):
            near = _step_below(low * (1 + precision) ** steps)
            if borne * _near(precision) ** (steps - 1) < near < found:
                found = near
    return found if low < found < high else None


def _near(precision: float) -> float:
    """Half a precision: from what was estimated to what surely passes, or fails."""
    return 1 + precision / 2


def _up(probes: Sequence[RateProbe], low: int, step: float) -> float:
    idle_share = _last(probes, low).idle_share or 0.0
    if idle_share < MUCH_IDLE_SHARE:
        return step
    return min(FAR_UP, max(step, 1 / (1 - min(idle_share, 0.5))))


def _last(probes: Sequence[RateProbe], rate_per_s: int) -> RateProbe:
    return next(probe for probe in reversed(probes) if probe.rate_per_s == rate_per_s)


def bracket(probes: Sequence[RateProbe], passed: Passed) -> tuple[int | None, int | None]:
    """(the highest success below every failure, the lowest failure above it); None: none.

    Where a rate failed below one that passed, the failure decides: a success above it was luck. One that
    was not decided, or that the instrument spoilt, is no failure. Nor is one that kept the limit or not, as
    clocks were: no such rate passes either.
    """
    last = last_of_each_rate(probes)
    failures = [p.rate_per_s for p in last if _failed(p, passed)]
    lowest = min(failures, default=None)
    below = math.inf if lowest is None else lowest
    return max(
        (p.rate_per_s for p in last if passed(p) and p.rate_per_s < below), default=None
    ), lowest


def ceiling(probes: Sequence[RateProbe], passed: Passed) -> int | None:
    """The lowest rate above the highest success that did not pass, for whatever reason; None: none."""
    low, _ = bracket(probes, passed)
    missed = (p.rate_per_s for p in last_of_each_rate(probes) if not passed(p))
    return min((rate for rate in missed if rate > (low or 0)), default=None)


def _failed(probe: RateProbe, passed: Passed) -> bool:
    if passed(probe):
        return False
    # One that kept up, and of which clocks do not tell whether it kept the limit, is no failure.
    beyond = probe.pace is Pace.KEPT_UP and probe.within_limit is False
    return beyond or probe.pace is Pace.FELL_BEHIND


def why_tried(probes: Sequence[RateProbe], question: Question, rate_per_s: int) -> str:
    """What is known of the rates around one that is tried next, in words."""
    if not probes:
        return "the first rate"
    low, _ = bracket(probes, question.passed)
    high = ceiling(probes, question.passed)
    words = [f"{low:,} passed"] if low else []
    if tries(probes, rate_per_s):
        words.append("once more" if probes[-1].pace is None else "longer, to decide")
    elif high:
        decided = _failed(_last(probes, high), question.passed)
        words.append(f"{high:,} failed" if decided else f"{high:,} not decided")
    return ", ".join(words)


def ending(probes: Sequence[RateProbe], question: Question, *, most: int) -> str:
    """Why there is no next rate: one of `ENDINGS`."""
    low, high = bracket(probes, question.passed)
    if low is None:
        return _NOTHING
    if low == most:
        return _CEILING if most < MAX_RATE_PER_S else _HIGHEST
    return _NARROW if high is not None and high == ceiling(probes, question.passed) else _UNCLEAR


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
