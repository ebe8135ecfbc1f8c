"""Changes told from noise: how often one is found that is none, and what is found when there is one."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from streambench.analysis.history.shifts import (
    PART_AT_LEAST,
    RUNS_AT_LEAST,
    LogSeries,
    ShiftSearch,
    find_shifts,
)
from streambench.analysis.welch import Floats

Draw = Callable[[np.random.Generator, int], Floats]

SPREAD = 0.05
STEP = math.log(1.2)
RUNS = 12
# Five figures of each of four engines, and of one.
SERIES_OF_ALL, SERIES_OF_ONE = 20, 5
PROMISED = 0.05
# The p99 of twelve trials of each engine, in ms (docs/method.md, identical engines).
MEASURED = (
    (84, 159, 91, 74, 51, 129, 77, 54, 83, 50, 49, 158),
    (1784, 2011, 2844, 1743, 1898, 2001, 2725, 1999, 2098, 2163, 1634, 2064),
    (85, 75, 74, 98, 73, 88, 77, 84, 73, 78, 89, 67),
    (163, 163, 205, 188, 151, 143, 133, 159, 198, 205, 195, 155),
)


def normal(draw: np.random.Generator, runs: int) -> Floats:
    return SPREAD * draw.standard_normal(runs)


def heavy_tailed(draw: np.random.Generator, runs: int) -> Floats:
    return SPREAD * draw.standard_t(3, runs)


def as_measured(draw: np.random.Generator, runs: int) -> Floats:
    """Runs of one trial each, as an engine's trials were measured; smoothed, as values would not recur."""
    of = np.log(MEASURED[draw.integers(len(MEASURED))])
    return np.asarray(draw.choice(of, runs) + SPREAD * draw.standard_normal(runs))


def searched(*every: Floats, least: float = 0.0, floor: float = 0.0) -> tuple[ShiftSearch, ...]:
    return find_shifts([LogSeries(logs, least, floor) for logs in every])


def places(found: ShiftSearch) -> list[int]:
    return [shift.at for shift in found.shifts]


@pytest.mark.parametrize("runs", [RUNS, 30])
@pytest.mark.parametrize("noise", [normal, heavy_tailed, as_measured])
def test_of_histories_without_a_change_few_report_one(noise: Draw, runs: int) -> None:
    draw = np.random.Generator(np.random.PCG64(1))
    times = 300
    false = sum(
        any(each.shifts for each in searched(*(noise(draw, runs) for _ in range(SERIES_OF_ALL))))
        for _ in range(times)
    )
    assert false / times <= PROMISED


def test_runs_that_share_their_luck_with_the_next_are_found_too_often() -> None:
    """What the docs warn of: a slow stretch of the machine is no noise to a test that takes runs one by one."""
    draw = np.random.Generator(np.random.PCG64(7))
    times, false, share = 300, 0, 0.5
    for _ in range(times):
        logs = normal(draw, RUNS)
        for at in range(1, RUNS):
            logs[at] = share * logs[at - 1] + math.sqrt(1 - share**2) * logs[at]
        false += bool(searched(logs)[0].shifts)
    assert false / times > PROMISED


@pytest.mark.parametrize(
    ("runs", "series", "at_least"),
    [
        (RUNS, SERIES_OF_ONE, 0.75),
        (RUNS, SERIES_OF_ALL, 0.5),
        (20, SERIES_OF_ALL, 0.8),
        (RUNS_AT_LEAST, SERIES_OF_ONE, 0.7),
    ],
)
def test_a_step_of_a_fifth_is_found_at_its_run_in_most(
    runs: int, series: int, at_least: float
) -> None:
    draw = np.random.Generator(np.random.PCG64(2))
    times, right, others = 200, 0, 0
    for _ in range(times):
        every = [normal(draw, runs) for _ in range(series)]
        every[0][runs // 2 :] += STEP
        stepped, *rest = searched(*every)
        right += places(stepped) == [runs // 2]
        others += any(each.shifts for each in rest)
    assert right / times >= at_least
    assert others / times <= PROMISED


def test_a_change_has_the_means_of_what_lies_around_it() -> None:
    draw = np.random.Generator(np.random.PCG64(3))
    logs = normal(draw, 30)
    logs[10:20] += 2 * STEP
    logs[20:] -= STEP
    (found,) = searched(logs)
    assert places(found) == [10, 20]
    first, second = found.shifts
    assert first.before == pytest.approx(float(logs[:10].mean()))
    assert first.after == second.before == pytest.approx(float(logs[10:20].mean()))
    assert second.after == pytest.approx(float(logs[20:].mean()))
    assert found.seen is None


def test_a_stretch_that_came_back_is_found_at_both_ends() -> None:
    """One cut alone would not tell it from noise."""
    draw = np.random.Generator(np.random.PCG64(4))
    logs = normal(draw, 24)
    logs[10:15] += 2 * STEP
    (found,) = searched(logs)
    assert places(found) == [10, 15]


def test_odd_runs_are_no_change_wherever_they_lie() -> None:
    draw = np.random.Generator(np.random.PCG64(5))
    for odd in (1, 2):
        for begin in (0, 7, 16 - odd):
            logs = normal(draw, 16)
            logs[begin : begin + odd] += 20 * STEP
            (found,) = searched(logs)
            assert found.shifts == ()
    assert PART_AT_LEAST > 2


def test_what_would_have_been_found_is_found_as_often_as_is_said() -> None:
    draw = np.random.Generator(np.random.PCG64(6))
    times, found = 300, 0
    quiet = [normal(draw, RUNS) for _ in range(200)]
    seen = float(
        np.median([each.seen for (each,) in map(searched, quiet) if each.seen is not None])
    )
    for _ in range(times):
        logs = normal(draw, RUNS)
        logs[RUNS // 2 :] += seen
        found += bool(searched(logs)[0].shifts)
    assert 0.7 <= found / times <= 0.92


def test_what_is_rounded_or_varies_within_runs_is_not_taken_to_be_exact() -> None:
    """Rates on a grid do not vary, until they change to the next value of it."""
    step = math.log1p(0.05)
    logs = np.array([0.0] * 5 + [step] * 5)
    assert places(searched(logs)[0]) == [5]
    assert searched(logs, least=step)[0].shifts == ()


def test_what_never_varied_did_not_change() -> None:
    (found,) = searched(np.zeros(10), least=0.01)
    assert found.shifts == ()
    assert found.seen is not None
    assert math.isfinite(found.seen)


def test_means_less_than_the_floor_apart_are_not_told_apart() -> None:
    logs = np.log(np.array([10.0, 10.1, 10.05, 9.95, 10.0, 11.5, 11.4, 11.6, 11.5, 11.45]))
    assert places(searched(logs, floor=1.0)[0]) == [5]
    assert searched(logs, floor=2.0)[0].shifts == ()


def test_a_series_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than"):
        searched(np.zeros(RUNS_AT_LEAST - 1))
