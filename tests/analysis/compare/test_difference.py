"""One figure of two sides: how often it errs, what it would have seen, and that words follow the figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from streambench.analysis.compare.difference import (
    OF_TWO_RUNS,
    BetweenSessions,
    CompareTerms,
    Difference,
    DifferenceVerdict,
    Sample,
    differences,
)
from streambench.analysis.ranking import TEST_LEVEL
from streambench.analysis.welch import Floats

SAME_HOUR = BetweenSessions(0.0, 1.0)
MS = CompareTerms(floor=2.0, single_factor=3.0, between=SAME_HOUR)


def sample(values: Sequence[float] | Floats, run: str = "a", first_round: int = 0) -> Sample:
    rounds = tuple(range(first_round, first_round + len(values)))
    return Sample(tuple(float(value) for value in values), rounds, run)


def judged(first: Sample, second: Sample, terms: CompareTerms = MS) -> Difference:
    (found,) = differences([(first, second, terms)], one_question=True)
    return found


def drawn(draw: np.random.Generator, trials: int, spread: float, at: float = 100.0) -> list[float]:
    return list(at * np.exp(spread * draw.standard_normal(trials)))


@pytest.mark.parametrize("trials", [3, 5, 12])
@pytest.mark.parametrize("run", ["a", "b"], ids=["one run", "two runs"])
def test_identical_sides_are_told_apart_as_rarely_as_the_test_promises(
    trials: int, run: str
) -> None:
    draw = np.random.Generator(np.random.PCG64(1))
    times = 2_000
    false = sum(
        judged(sample(drawn(draw, trials, 0.1)), sample(drawn(draw, trials, 0.1), run)).judged
        is not DifferenceVerdict.ALIKE
        for _ in range(times)
    )
    assert false / times <= TEST_LEVEL + 3 * math.sqrt(TEST_LEVEL / times)


def test_runs_that_each_have_a_deviation_of_their_own_need_it_to_be_added() -> None:
    """Without it two runs of one engine are told apart by what their hour had in common."""
    draw = np.random.Generator(np.random.PCG64(2))
    times, common = 1_000, 0.1

    def false_with(terms: CompareTerms) -> float:
        found = 0
        for _ in range(times):
            at = 100 * np.exp(common * draw.standard_normal(2))
            one, other = (drawn(draw, 5, 0.05, float(each)) for each in at)
            found += (
                judged(sample(one), sample(other, "b"), terms).judged is not DifferenceVerdict.ALIKE
            )
        return found / times

    known = CompareTerms(floor=2.0, between=BetweenSessions(common, 20.0))
    assert false_with(MS) > 0.3
    unknown = CompareTerms(floor=2.0)
    assert false_with(unknown) == 0
    far = judged(sample([100, 101, 102]), sample([900, 901, 902], "b"), unknown)
    assert (far.judged, far.why, far.seen_factor) == (DifferenceVerdict.ALIKE, OF_TWO_RUNS, None)
    assert false_with(known) <= 0.05


@pytest.mark.parametrize(
    ("run", "spread"), [("a", 0.025), ("b", 0.035)], ids=["paired", "two runs"]
)
def test_ten_percent_slower_is_found_with_five_repeats_in_nine_of_ten_tries(
    run: str, spread: float
) -> None:
    draw = np.random.Generator(np.random.PCG64(3))
    found = [
        judged(sample(drawn(draw, 5, spread)), sample(drawn(draw, 5, spread, 110.0), run)).judged
        for _ in range(500)
    ]
    assert found.count(DifferenceVerdict.WORSE) / len(found) >= 0.9
    assert found.count(DifferenceVerdict.BETTER) == 0


@pytest.mark.parametrize("one_question", [True, False])
def test_a_difference_is_real_just_where_its_interval_leaves_one_out(*, one_question: bool) -> None:
    draw = np.random.Generator(np.random.PCG64(4))
    for _ in range(200):
        pairs = [
            (sample(drawn(draw, 4, 0.2)), sample(drawn(draw, 4, 0.2, at), "b"), MS)
            for at in (100, 130, 180, 250)
        ]
        for each in differences(pairs, one_question=one_question):
            assert each.ratio.low is not None
            assert each.ratio.high is not None
            outside = not each.ratio.low <= 1 <= each.ratio.high
            assert (each.judged is not DifferenceVerdict.ALIKE) is outside
            assert each.ratio.low < each.ratio.value < each.ratio.high


def test_what_could_have_been_seen_is_seen_in_eight_of_ten_tries() -> None:
    draw = np.random.Generator(np.random.PCG64(5))
    spread, trials = 0.05, 6
    usual = [
        judged(sample(drawn(draw, trials, spread)), sample(drawn(draw, trials, spread), "b"))
        for _ in range(400)
    ]
    factor = float(np.median([each.seen_factor for each in usual if each.seen_factor]))
    seen = [
        judged(
            sample(drawn(draw, trials, spread)),
            sample(drawn(draw, trials, spread, 100 * factor), "b"),
        ).judged
        for _ in range(800)
    ]
    assert seen.count(DifferenceVerdict.WORSE) / len(seen) == pytest.approx(0.8, abs=0.06)
    repeats = round(float(np.median([each.repeats for each in usual if each.repeats])))
    found = [
        judged(
            sample(drawn(draw, repeats, spread)), sample(drawn(draw, repeats, spread, 110.0), "b")
        ).judged
        for _ in range(800)
    ]
    assert found.count(DifferenceVerdict.WORSE) / len(found) == pytest.approx(0.8, abs=0.08)


def test_single_trials_are_told_apart_only_beyond_a_factor_that_was_measured() -> None:
    assert judged(sample([100]), sample([290], "b")).judged is DifferenceVerdict.ALIKE
    far = judged(sample([100]), sample([310], "b"))
    assert (far.judged, far.seen_factor, far.repeats) == (DifferenceVerdict.WORSE, 3.0, None)
    unknown = judged(sample([100]), sample([10_000], "b"), CompareTerms(floor=2.0))
    assert unknown.judged is DifferenceVerdict.ALIKE
    assert (unknown.ratio.low, unknown.seen_factor) == (None, None)
    assert unknown.why is not None


def test_what_is_better_follows_the_figure() -> None:
    low, high = sample([100, 101, 102]), sample([200, 201, 202], "b")
    assert judged(low, high).judged is DifferenceVerdict.WORSE
    assert judged(high, low).judged is DifferenceVerdict.BETTER
    rates = CompareTerms(floor=1.0, lower_is_better=False, between=SAME_HOUR)
    assert judged(low, high, rates).judged is DifferenceVerdict.BETTER


def test_less_than_the_floor_is_no_difference() -> None:
    """Append stamps have whole milliseconds."""
    same = judged(sample([3.0, 3.0, 3.0]), sample([4.0, 4.0, 4.0], "b"))
    assert same.judged is DifferenceVerdict.ALIKE
    below = judged(sample([0.0, 0.0, 0.0]), sample([1.0, 1.5, 1.0], "b"))
    assert (below.judged, below.ratio.value) == (DifferenceVerdict.ALIKE, 1.0)


def test_rounds_of_one_run_are_paired() -> None:
    """What a round has in common, as a slow minute of the machine, falls out."""
    slow = np.array([1.0, 1.4, 0.8, 1.9, 1.2])
    one, other = sample(100 * slow), sample(110 * slow * (1 + np.array([0, 1, -1, 1, 0]) / 500))
    assert judged(one, other).judged is DifferenceVerdict.WORSE
    assert judged(one, sample(other.values, "b")).judged is DifferenceVerdict.ALIKE
    assert judged(one, sample(other.values, "a", first_round=3)).judged is DifferenceVerdict.ALIKE
