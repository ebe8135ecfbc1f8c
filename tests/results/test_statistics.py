from __future__ import annotations

import numpy as np
import pytest

from streambench.results.statistics import (
    Floats,
    Summary,
    earned_percentile,
    nearest_rank,
    summary,
    trend,
    windows_needed,
)


def test_a_percentile_is_one_of_the_values() -> None:
    values = np.arange(1.0, 121.0)[::-1].copy()
    assert nearest_rank(values, 50) == 60
    assert nearest_rank(values, 99) == 119
    assert nearest_rank(values, 100) == 120
    assert nearest_rank(np.arange(1.0, 101.0), 99) == 99
    assert nearest_rank(np.array([7.0]), 1) == 7
    assert nearest_rank(np.array([]), 50) is None


@pytest.mark.parametrize(("percentile", "needed"), [(50, 20), (90, 20), (99, 100), (99.9, 1_000)])
def test_percentiles_are_earned_by_windows(percentile: float, needed: int) -> None:
    assert windows_needed(percentile) == needed
    assert earned_percentile(np.ones(needed - 1), percentile) is None
    assert earned_percentile(np.ones(needed), percentile) == 1


def test_a_censored_value_is_greater_than_all_others() -> None:
    values = np.r_[np.ones(98), np.inf, np.inf]
    assert earned_percentile(values, 50) == 1
    assert earned_percentile(values, 99) == np.inf


def test_a_summary_keeps_the_extremes_and_leaves_out_the_unknown() -> None:
    assert summary([3.0, None, 1.0, 8.0]) == Summary(median=3.0, least=1.0, greatest=8.0, repeats=3)
    assert summary([None]) is None
    assert summary([]) is None


def noisy(change_ms: float, *, count: int = 120, level_ms: float = 50.0) -> tuple[Floats, Floats]:
    at_ms = np.arange(count, dtype=np.float64) * 500
    noise = np.random.default_rng(4).normal(0, 3, count)
    return at_ms, level_ms + noise + np.linspace(0, change_ms, count)


def test_a_trend_must_be_significant_and_material() -> None:
    assert trend(*noisy(0)) is None
    assert trend(*noisy(3)) is None  # significant perhaps, but under 10 % of the delay
    found = trend(*noisy(30))
    assert found is not None
    assert found.change_ms == pytest.approx(30, abs=4)
    assert "still rises by 3" in str(found)
    falling = trend(*noisy(-25))
    assert falling is not None
    assert "still falls" in str(falling)


def test_a_change_under_two_milliseconds_is_no_trend() -> None:
    at_ms, _ = noisy(0)
    assert trend(at_ms, 5 + np.linspace(0, 1.9, len(at_ms))) is None
    assert trend(at_ms, 5 + np.linspace(0, 2.1, len(at_ms))) is not None


def test_too_few_windows_and_constant_delays_have_no_trend() -> None:
    at_ms, delay_ms = noisy(100)
    assert trend(at_ms[:19], delay_ms[:19]) is None
    assert trend(at_ms, np.full(len(at_ms), 7.0)) is None
    assert trend(at_ms, np.full(len(at_ms), np.nan)) is None


def test_many_windows_are_thinned_and_still_show_their_trend() -> None:
    found = trend(*noisy(40, count=20_000))
    assert found is not None
    assert found.change_ms == pytest.approx(40, abs=2)
