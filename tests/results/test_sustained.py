"""An engine keeps up when that is shown, and not when nothing else was seen."""

from __future__ import annotations

import numpy as np
import pytest

from streambench.model.pace import Judgement, Pace
from streambench.model.clocks import Offset
from streambench.results.lag_clocks import lag_by_clocks
from streambench.results.sustained import Slope, judge_pace, lag_slope


def lags(*, slope: float, noise_ms: float, seconds: int, seed: int, follows: float = 0.0) -> Slope:
    """The slope found of a lag of `slope` ms/s with noise of which `follows` goes on a second later."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, noise_ms, seconds)
    noise[0] /= np.sqrt(1 - follows**2)
    for i in range(1, seconds):
        noise[i] += follows * noise[i - 1]
    t_s = np.arange(seconds, dtype=np.float64)
    found = lag_slope(t_s, 200 + slope * t_s + noise)
    assert found is not None
    return found


def pace(slope: Slope, *, backlog_ms: float = 0.0, windows: int = 60) -> Pace:
    measures = {
        "lag_slope_ms_per_s": slope.per_s,
        "lag_slope_lower_ms_per_s": slope.lower,
        "lag_slope_upper_ms_per_s": slope.upper,
        "backlog_end_ms": backlog_ms,
    }
    return judge_pace(measures, windows).pace


def test_a_flat_lag_keeps_up_however_high_and_a_growing_one_falls_behind() -> None:
    assert pace(lags(slope=0, noise_ms=20, seconds=30, seed=1)) is Pace.KEPT_UP
    assert pace(lags(slope=9_000, noise_ms=20, seconds=30, seed=1)) is Pace.FELL_BEHIND
    assert pace(lags(slope=30, noise_ms=20, seconds=30, seed=1)) is Pace.FELL_BEHIND


def test_too_noisy_for_its_time_is_not_decided_and_more_time_decides() -> None:
    assert pace(lags(slope=0, noise_ms=400, seconds=12, seed=2)) is Pace.UNDECIDED
    assert pace(lags(slope=0, noise_ms=400, seconds=240, seed=2)) is Pace.KEPT_UP


@pytest.mark.parametrize(
    ("swing_ms", "measured_s", "kept_up"),
    [(0.6, 12.0, True), (30.0, 12.0, False), (30.0, 60.0, True)],
)
def test_a_lag_that_grows_only_as_some_clocks_say_is_not_shown_to_stay(
    swing_ms: float, measured_s: float, kept_up: bool
) -> None:
    measures: dict[str, float | None] = {
        "lag_slope_ms_per_s": 5.0,
        "lag_slope_lower_ms_per_s": 1.0,
        "lag_slope_upper_ms_per_s": 9.0,
        "backlog_end_ms": 0.0,
    }
    error = Offset(-swing_ms / 2, swing_ms / 2)
    found = judge_pace({**measures, **lag_by_clocks(measures, error, measured_s)}, 24)
    assert found.pace is (Pace.KEPT_UP if kept_up else Pace.UNDECIDED)
    # One that is off all the while moves nothing.
    assert lag_by_clocks(measures, Offset(15.0, 15.0), measured_s) == {}


@pytest.mark.parametrize(
    ("backlog_ms", "pace"),
    [(960.0, Pace.KEPT_UP), (980.0, Pace.UNDECIDED), (1_020.0, Pace.UNDECIDED)]
    + [(1_040.0, Pace.FELL_BEHIND)],
)
def test_a_backlog_is_beyond_its_limit_only_wherever_the_clocks_were(
    backlog_ms: float, pace: Pace
) -> None:
    measures: dict[str, float | None] = {
        "lag_slope_ms_per_s": 0.1,
        "lag_slope_lower_ms_per_s": -1.0,
        "lag_slope_upper_ms_per_s": 1.0,
        "backlog_end_ms": backlog_ms,
    }
    swung = lag_by_clocks(measures, Offset(-15.0, 15.0), 60.0)
    assert judge_pace({**measures, **swung}, 100).pace is pace


def test_the_steepest_line_through_what_clocks_may_have_done_is_within_what_is_said_of_it() -> None:
    draw = np.random.Generator(np.random.PCG64(18))
    t_s = np.arange(60.0)
    measures: dict[str, float | None] = {"lag_slope_upper_ms_per_s": 0.0}
    found = lag_by_clocks(measures, Offset(-10.0, 10.0), 60.0)["lag_slope_upper_ms_per_s"]
    assert found is not None
    steps = [np.where(t_s < at, -10.0, 10.0) for at in range(1, 60)]
    for lag_ms in (*steps, *(draw.uniform(-10, 10, 60) for _ in range(100))):
        assert np.polyfit(t_s, lag_ms, 1)[0] <= found * 1.001


def test_a_backlog_that_is_worked_off_is_told_apart() -> None:
    def judged(slope: Slope, greatest_ms: float) -> Judgement:
        measures = {
            "lag_slope_ms_per_s": slope.per_s,
            "lag_slope_lower_ms_per_s": slope.lower,
            "lag_slope_upper_ms_per_s": slope.upper,
            "backlog_end_ms": 0.0,
            "excess_lag_max_ms": greatest_ms,
            "excess_lag_end_ms": 400.0,
        }
        return judge_pace(measures, 100)

    falling = lags(slope=-100, noise_ms=20, seconds=50, seed=1)
    found = judged(falling, 5_400.0)
    assert found.pace is Pace.KEPT_UP
    assert found.catching_up
    assert "from 5.4 to 0.4 s" in found.why
    assert found.words == "catching up"
    assert not judged(falling, 1_300.0).catching_up  # a second is no backlog
    flat = lags(slope=0, noise_ms=20, seconds=50, seed=1)
    assert not judged(flat, 5_400.0).catching_up  # a pause that was over long before


def test_few_windows_and_a_backlog_stand_against_a_flat_line() -> None:
    flat = lags(slope=0, noise_ms=20, seconds=30, seed=3)
    assert pace(flat, windows=19) is Pace.UNDECIDED
    assert pace(flat, backlog_ms=1_500) is Pace.FELL_BEHIND
    assert judge_pace({}, 100).pace is Pace.UNDECIDED


@pytest.mark.parametrize(
    ("seconds", "follows"), [(12, 0.0), (12, 0.5), (12, 0.8), (30, 0.8), (50, 0.5)]
)
def test_what_grows_by_the_limit_passes_in_seven_of_a_hundred_probes_at_most(
    seconds: int, follows: float
) -> None:
    """benchmarks/slope.py has more draws; a bound that takes the correlation as seen passes 13 and 20."""
    passed = sum(
        pace(lags(slope=10, noise_ms=30, seconds=seconds, seed=seed, follows=follows))
        is Pace.KEPT_UP
        for seed in range(400)
    )
    assert passed <= 400 * 0.07


def test_the_bounds_do_not_take_what_keeps_up_for_what_does_not() -> None:
    # The spread of the lag that Kafka Streams and the consumer show at rates that they bear.
    passed = sum(
        pace(lags(slope=0, noise_ms=15, seconds=12, seed=seed)) is Pace.KEPT_UP for seed in range(100)
    )
    assert passed >= 95


def test_a_second_that_is_not_known_leaves_a_gap() -> None:
    t_s, rng = np.arange(40.0), np.random.default_rng(5)
    lag_ms = 3 * t_s + rng.normal(0, 20, 40)
    holes = np.where((t_s > 9) & (t_s < 15), np.nan, lag_ms)
    found = lag_slope(t_s, holes)
    assert found is not None
    assert found.lower < 3 < found.upper
    assert found.lower < found.per_s < found.upper


def test_an_exact_line_has_no_doubt() -> None:
    assert lag_slope(np.arange(9.0), np.full(9, 250.0)) == Slope(0.0, 0.0, 0.0)


def test_what_surely_grows_within_the_limit_is_told() -> None:
    slow = lags(slope=5, noise_ms=5, seconds=50, seed=1)
    measures = {
        "lag_slope_ms_per_s": slow.per_s,
        "lag_slope_lower_ms_per_s": slow.lower,
        "lag_slope_upper_ms_per_s": slow.upper,
        "backlog_end_ms": 0.0,
    }
    found = judge_pace(measures, 100)
    assert (found.pace, found.growing, found.words) == (Pace.KEPT_UP, True, "grows slowly")
    assert "surely by more than" in found.why
    assert "within 10 ms/s" in found.why
    flat = judge_pace(dict(measures, lag_slope_lower_ms_per_s=-0.1), 100)
    assert (flat.growing, flat.words) == (False, "kept up")
    assert "within 10 ms/s" in flat.why


def test_too_short_or_unknown_is_none() -> None:
    assert lag_slope(np.arange(4.0), np.zeros(4)) is None
    assert lag_slope(np.arange(9.0), np.full(9, np.nan)) is None
