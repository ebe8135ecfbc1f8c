"""One figure of two sides: both values, their ratio, and whether the difference is real.

By the test that ranks engines (docs/method.md, comparing). Values are geometric means over trials, because
the test compares logarithms.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from streambench.analysis import welch
from streambench.analysis.clock_errors import NO_DOUBT, Doubt
from streambench.analysis.ranking import TEST_LEVEL, holm_levels, least_apart
from streambench.analysis.welch import Floats, LogDifference

POWER: Final = 0.8
"""With which chance a difference must be found to count as one that could have been seen."""
ASKED_FACTOR: Final = 1.10
"""The difference for which the number of repeats is told."""
_REPEATS_AT_MOST: Final = 200
OF_TWO_RUNS: Final = (
    "they are of different runs, and how far runs of one engine lie apart in this is not measured: "
    "run both in one"
)
OF_CLOCKS: Final = "the clocks of other hosts may have put them so far apart"
_ONE_TRIAL: Final = "a side has one trial"
_ONE_TRIAL_UNKNOWN: Final = (
    "a side has one trial, and how far single trials differ in this is not measured"
)
# How many deviations hold nineteen of twenty.
_TWO_SIDED: Final = 2.0
# So few tell nothing of their spread.
_REPEATS_AT_LEAST: Final = 3


class DifferenceVerdict(enum.Enum):
    """What is said of one figure of two sides."""

    BETTER = "better"
    WORSE = "worse"
    ALIKE = "not distinguishable"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True)
class BetweenSessions:
    """How much of their logarithms' deviation all trials of one run have in common.

    `sd` was measured with `freedom` degrees of freedom.
    """

    sd: float
    freedom: float


@dataclass(frozen=True)
class CompareTerms:
    """How the values of a figure are compared.

    What is below `floor` counts as the floor. `single_factor` tells single trials apart; None: not
    measured. `between` is added for trials of different runs. Where it is not measured (None), these are
    never told apart: nobody knows what their hours had in common.
    """

    floor: float
    single_factor: float | None = None
    lower_is_better: bool = True
    between: BetweenSessions | None = None


@dataclass(frozen=True)
class Sample:
    """The values of one figure, a trial each, and the round of each; `run` is where they were made.

    `doubt` is what clocks may have done to each.
    """

    values: tuple[float, ...]
    rounds: tuple[int, ...]
    run: str
    doubt: Doubt = NO_DOUBT

    @property
    def least(self) -> Sample:
        """As it is where all of them show as much too much as can be."""
        return self._moved(self.doubt.high)

    @property
    def most(self) -> Sample:
        """As it is where they show as much too little."""
        return self._moved(self.doubt.low)

    def _moved(self, by: float) -> Sample:
        if not by:
            return self
        return replace(self, values=tuple(value - by for value in self.values))

    def logs(self, floor: float) -> Floats:
        """Their logarithms."""
        return np.asarray(np.log(np.maximum(self.values, floor)), dtype=np.float64)

    def mean(self, floor: float) -> float:
        """The geometric mean."""
        return math.exp(float(self.logs(floor).mean()))


@dataclass(frozen=True)
class Range:
    """A value between two bounds, both inclusive; None: a bound that is not known."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Difference:
    """What two sides are to each other; `ratio` is the second by the first.

    `seen_factor` is the ratio that these trials would have shown in 8 of 10 tries. `repeats` is how many
    trials a side would show 10 % (None: more than 200, or not known). `why` says what a verdict without a
    ratio rests on.
    """

    judged: DifferenceVerdict
    first: Range
    second: Range
    ratio: Range
    p_value: float | None
    seen_factor: float | None
    repeats: int | None
    why: str | None = None


def differences(
    pairs: Sequence[tuple[Sample, Sample, CompareTerms]], *, one_question: bool
) -> tuple[Difference, ...]:
    """Judge pairs of samples. As `one_question` the chance of any false difference among them is kept low."""
    tested = [_tested(*pair) for pair in pairs]
    p_values = [None if test is None else test.p_value for test in tested]
    levels = holm_levels(p_values) if one_question else [TEST_LEVEL] * len(pairs)
    return tuple(
        _untested(*pair) if test is None else _judged(*pair, test, level)
        for pair, test, level in zip(pairs, tested, levels, strict=True)
    )


def range_of(sample: Sample, terms: CompareTerms) -> Range:
    """The value of one side alone, and between which bounds it lies."""
    logs = sample.logs(terms.floor)
    mean = float(logs.mean())
    if len(logs) > 1:
        half = welch.quantile(len(logs) - 1, 1 - TEST_LEVEL / 2) * _error(logs)
    elif terms.single_factor is not None:
        half = math.log(terms.single_factor)
    else:
        return Range(math.exp(mean), None, None)
    return Range(math.exp(mean), math.exp(mean - half), math.exp(mean + half))


def sure_range(sample: Sample, terms: CompareTerms) -> Range:
    """The same with what clocks may have done to the value."""
    least, most = range_of(sample.least, terms), range_of(sample.most, terms)
    return Range(range_of(sample, terms).value, least.low, most.high)


def _of_two_runs(first: Sample, second: Sample, terms: CompareTerms) -> bool:
    """Whether they are of different runs, and nobody knows what that does."""
    return first.run != second.run and terms.between is None


def _tested(first: Sample, second: Sample, terms: CompareTerms) -> LogDifference | None:
    """None where there is nothing to test by."""
    if min(len(first.values), len(second.values)) < 2 or _of_two_runs(first, second, terms):
        return None
    a, b = second.logs(terms.floor), first.logs(terms.floor)
    if first.run == second.run:
        same = first.rounds == second.rounds and len(set(first.rounds)) == len(first.rounds)
        return (welch.paired if same else welch.unpaired)(a, b)
    assert terms.between is not None
    return welch.unpaired(a, b).with_spread(terms.between.sd, terms.between.freedom)


def _judged(
    first: Sample, second: Sample, terms: CompareTerms, test: LogDifference, level: float
) -> Difference:
    low, high = test.interval(level)
    differ = test.p_value <= level
    real = differ and _apart(first, second, terms)
    clocks = differ and not real and _apart_as_seen(first, second, terms)
    return Difference(
        _direction(test.mean, terms) if real else DifferenceVerdict.ALIKE,
        sure_range(first, terms),
        sure_range(second, terms),
        _with_clocks(
            Range(math.exp(test.mean), math.exp(low), math.exp(high)), (first, second), terms
        ),
        test.p_value,
        # Whatever trials would show, clocks may have shown it.
        None if clocks else math.exp(test.seen_from(level, POWER)),
        None if clocks else _repeats(first, second, terms),
        OF_CLOCKS if clocks else None,
    )


def _untested(first: Sample, second: Sample, terms: CompareTerms) -> Difference:
    """Of runs that cannot be set side by side, or with a single trial on one side.

    Only a factor that was measured tells single trials apart.
    """
    a, b = second.logs(terms.floor), first.logs(terms.floor)
    mean = float(a.mean() - b.mean())
    ratio = math.exp(mean)
    sides = sure_range(first, terms), sure_range(second, terms)
    factor = terms.single_factor
    if factor is None or _of_two_runs(first, second, terms):
        why = OF_TWO_RUNS if _of_two_runs(first, second, terms) else _ONE_TRIAL_UNKNOWN
        return Difference(
            DifferenceVerdict.ALIKE, *sides, Range(ratio, None, None), None, None, None, why
        )
    if first.run != second.run and terms.between is not None:
        factor *= math.exp(_TWO_SIDED * math.sqrt(2) * terms.between.sd)
    gap = max(float(a.min() - b.max()), float(b.min() - a.max()))
    differ = gap > math.log(factor) + welch.EQUAL
    real = differ and _apart(first, second, terms)
    clocks = differ and not real and _apart_as_seen(first, second, terms)
    bounds = _with_clocks(Range(ratio, ratio / factor, ratio * factor), (first, second), terms)
    judged = _direction(mean, terms) if real else DifferenceVerdict.ALIKE
    seen, why = (None, OF_CLOCKS) if clocks else (factor, _ONE_TRIAL)
    return Difference(judged, *sides, bounds, None, seen, None, why)


def _apart(first: Sample, second: Sample, terms: CompareTerms) -> bool:
    """Whether the means differ by more than the instrument resolves, wherever the clocks were."""
    a, b = first.mean(terms.floor), second.mean(terms.floor)
    return least_apart(a - b, first.doubt, second.doubt) >= terms.floor


def _apart_as_seen(first: Sample, second: Sample, terms: CompareTerms) -> bool:
    """The same without a doubt of clocks."""
    return abs(first.mean(terms.floor) - second.mean(terms.floor)) >= terms.floor


def _with_clocks(ratio: Range, sides: tuple[Sample, Sample], terms: CompareTerms) -> Range:
    """A ratio of the second side by the first, with what clocks may have done to both."""
    first, second = sides
    if (first.doubt.none and second.doubt.none) or ratio.low is None or ratio.high is None:
        return ratio
    floor = terms.floor
    shown = second.mean(floor) / first.mean(floor)
    low = second.least.mean(floor) / first.most.mean(floor)
    high = second.most.mean(floor) / first.least.mean(floor)
    return Range(ratio.value, ratio.low * low / shown, ratio.high * high / shown)


def _direction(mean: float, terms: CompareTerms) -> DifferenceVerdict:
    return (
        DifferenceVerdict.BETTER if (mean < 0) == terms.lower_is_better else DifferenceVerdict.WORSE
    )


def _repeats(first: Sample, second: Sample, terms: CompareTerms) -> int | None:
    """How many trials of each side would show a difference of 10 %, if they vary as these do."""
    spreads = [float(side.logs(terms.floor).std(ddof=1)) for side in (first, second)]
    variance = sum(spread**2 for spread in spreads) / 2
    between = terms.between if first.run != second.run else None
    for repeats in range(_REPEATS_AT_LEAST, _REPEATS_AT_MOST + 1):
        test = LogDifference(0.0, math.sqrt(2 * variance / repeats), 2 * (repeats - 1))
        if between is not None:
            test = test.with_spread(between.sd, between.freedom)
        if test.seen_from(TEST_LEVEL, POWER) <= math.log(ASKED_FACTOR):
            return repeats
    return None


def _error(logs: Floats) -> float:
    return float(logs.std(ddof=1)) / math.sqrt(len(logs))
