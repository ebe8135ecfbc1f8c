"""The one ranking rule: who is told apart, who shares a rank, and who has none."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streambench.analysis import ranking
from streambench.analysis.clock_errors import Doubt
from streambench.analysis.ranking import Place, RankCandidate, rank

FLOOR = 2.0


def engine(
    label: str, *values: float, windows: int | None = 120, paired: bool = False
) -> RankCandidate:
    return RankCandidate(label, values, windows, tuple(range(len(values))) if paired else ())


def ranks(*candidates: RankCandidate, factor: float | None = None, lower: bool = True) -> str:
    places = rank(candidates, floor=FLOOR, single_factor=factor, lower_is_better=lower)
    return " ".join(f"{place.label}:{place.text or '-'}" for place in places)


def test_repeats_that_are_apart_are_told_apart() -> None:
    a = engine("a", 40.0, 41.0, 39.5, 40.5, 40.2)
    b = engine("b", 60.0, 59.0, 62.0, 61.0, 60.5)
    assert ranks(b, a) == "a:1 b:2"
    assert ranks(a, b, lower=False) == "b:1 a:2"


def test_ranges_that_happen_not_to_overlap_prove_nothing() -> None:
    # In 10 % of all pairs of identical engines three repeats do not overlap.
    assert ranks(engine("a", 40.0, 46.0, 52.0), engine("b", 53.0, 60.0, 66.0)) == "a:1= b:1="


def test_one_trial_is_never_told_apart_while_the_factor_is_unknown() -> None:
    assert ranks(engine("a", 40.0), engine("b", 4_000.0)) == "a:1= b:1="


def test_one_trial_is_told_apart_beyond_the_measured_factor_only() -> None:
    assert ranks(engine("a", 40.0), engine("b", 59.0), factor=1.5) == "a:1= b:1="
    assert ranks(engine("a", 40.0), engine("b", 61.0), factor=1.5) == "a:1 b:2"
    assert ranks(engine("a", 40.0), engine("b", 61.0, 70.0, 80.0), factor=1.5) == "a:1 b:2"
    assert ranks(engine("a", 40.0), engine("b", 59.0, 70.0, 80.0), factor=1.5) == "a:1= b:1="


def test_a_difference_below_the_floor_is_none_however_often_it_is_seen() -> None:
    a = engine("a", 3.0, 3.0, 3.0, 3.0, 3.1)
    b = engine("b", 4.9, 4.9, 4.9, 4.9, 4.8)
    assert ranks(a, b) == "a:1= b:1="
    assert ranks(engine("a", 3.0), engine("b", 4.9), factor=1.1) == "a:1= b:1="


def test_what_clocks_may_have_done_is_no_difference() -> None:
    a = engine("a", 40.0, 41.0, 39.5, 40.5, 40.2)
    b = engine("b", 60.0, 59.0, 62.0, 61.0, 60.5)
    wide, narrow = Doubt(-9.5, 9.5), Doubt(-8.5, 8.5)
    assert ranks(replace(a, doubt=wide), replace(b, doubt=wide)) == "a:1= b:1="
    assert ranks(replace(a, doubt=narrow), replace(b, doubt=narrow)) == "a:1 b:2"
    # If both are off by nearly the same, nothing is lost.
    assert ranks(replace(a, doubt=Doubt(90, 91)), replace(b, doubt=Doubt(90, 91))) == "a:1 b:2"
    assert ranks(replace(a, doubt=Doubt(0, 0)), replace(b, doubt=Doubt(19, 20))) == "a:1= b:1="


def test_zeros_count_as_the_floor() -> None:
    a = engine("a", 0.0, 0.0, 0.0, 0.0)
    b = engine("b", 900.0, 950.0, 1_000.0, 990.0)
    assert ranks(a, b) == "a:1 b:2"
    assert ranks(engine("a", 0.0, 0.0), engine("b", 0.0, 0.0)) == "a:1= b:1="


def test_rounds_that_move_all_engines_alike_are_taken_out() -> None:
    a, b = (40.0, 60.0, 90.0, 50.0, 75.0), (44.0, 66.5, 98.0, 55.5, 82.0)
    assert ranks(engine("a", *a), engine("b", *b)) == "a:1= b:1="
    assert ranks(engine("a", *a, paired=True), engine("b", *b, paired=True)) == "a:1 b:2"
    other = RankCandidate("b", b, 120, (0, 1, 2, 3, 5))  # another round fell out
    assert ranks(engine("a", *a, paired=True), other) == "a:1= b:1="


@pytest.mark.parametrize(
    ("values", "windows", "why"),
    [
        ((40.0, 41.0), 2, "2 windows were measured, and a rank needs 20"),
        ((40.0, 41.0), 1, "1 window was measured, and a rank needs 20"),
        ((), 120, "the value is not known"),
        ((40.0, math.inf), 120, "the value is not known in every trial"),
    ],
)
def test_who_is_not_ranked_has_a_reason(values: tuple[float, ...], windows: int, why: str) -> None:
    out = RankCandidate("a", values, windows)
    places = rank([out, engine("b", 900.0)], floor=FLOOR, single_factor=None)
    assert places == (Place("b", 1, (), None), Place("a", None, (), why))


def test_a_value_that_is_not_taken_over_windows_needs_none() -> None:
    assert ranks(engine("a", 40.0, windows=None)) == "a:1"


def test_not_told_apart_need_not_go_on_from_one_to_the_next() -> None:
    a, b, c = engine("a", 100.0), engine("b", 140.0), engine("c", 190.0)
    places = rank([c, b, a], floor=FLOOR, single_factor=1.5)
    assert [(place.label, place.rank, place.alike) for place in places] == [
        ("a", 1, ("b",)),
        ("b", 1, ("c", "a")),
        ("c", 2, ("b",)),
    ]


def test_nobody_ranks_before_one_that_is_surely_better() -> None:
    # c before a by the test, a before b by the factor; c's one slow trial is not beyond it before b.
    c = engine("c", 100.0, 101.0, 99.0, 100.5, 128.0, paired=True)
    a = engine("a", 126.0, 127.0, 125.0, 126.5, 127.0, paired=True)
    assert ranks(c, engine("b", 191.0), factor=1.5) == "c:1= b:1="
    assert ranks(a, engine("b", 191.0), c, factor=1.5) == "c:1 a:2 b:3"


def test_the_floor_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="floor"):
        rank([engine("a", 1.0)], floor=0.0, single_factor=None)


@pytest.mark.parametrize("repeats", [2, 3, 5])
@pytest.mark.parametrize("paired", [False, True])
def test_four_identical_engines_are_told_apart_in_five_of_a_hundred_runs_at_most(
    repeats: int, paired: bool
) -> None:
    rng = np.random.default_rng(14)
    runs, alarms = 400, 0
    for _ in range(runs):
        values = np.round(50 * np.exp(rng.normal(0, 0.2, (4, repeats))))
        engines = [engine(f"e{i}", *map(float, row), paired=paired) for i, row in enumerate(values)]
        places = rank(engines, floor=FLOOR, single_factor=None)
        alarms += any(place.rank != 1 for place in places)
    # 20 are expected at most; 29 are two standard deviations above.
    assert alarms <= 29


def test_five_repeats_find_a_tenth_at_a_spread_of_three_per_cent() -> None:
    rng = np.random.default_rng(15)
    found = sum(
        ranks(
            engine("a", *(50 * np.exp(rng.normal(0, 0.03, 5)))),
            engine("b", *(55 * np.exp(rng.normal(0, 0.03, 5)))),
        )
        == "a:1 b:2"
        for _ in range(300)
    )
    assert found >= 285  # method: 99 %


@pytest.mark.parametrize(
    ("figure", "factor"),
    [
        ("result delay, p99", ranking.DELAY_FACTORS["delay_p99_ms"]),
        ("result delay, slowest window", ranking.DELAY_FACTORS["delay_max_ms"]),
        ("visible delay", ranking.DELAY_FACTORS.get("visible_p99_ms")),
        ("late time of a recovery", ranking.LATE_TIME_FACTOR),
        ("sustainable rate of a search", ranking.RATE_FACTOR),
        ("warm rate of a drain", ranking.DRAIN_FACTOR),
    ],
)
def test_the_factors_in_use_are_those_of_the_documentation(
    figure: str, factor: float | None
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "method.md").read_text(encoding="utf-8")
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {figure} |"))
    told = line.split("|")[2].strip()
    assert told == ("not known" if factor is None else f"{factor:.2f}")
