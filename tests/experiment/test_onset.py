"""Where the lag begins to grow: found within a few percent of what a simulated engine bears."""

from __future__ import annotations

import math

import numpy as np
import pytest

from streambench.experiment.onset import Floats, onset_s

WINDOW_S = 0.5
LASTS_S = 24.0
FIRST_PER_S, LAST_PER_S = 50_000.0, 160_000.0


def delays_ms(bears_per_s: float, *, batch_s: float = 0.0, noise_ms: float = 0.0) -> Floats:
    """Of a load that rises, by an engine that works off so much and emits once a batch."""
    step_s, backlog = 0.01, 0.0
    due_s = np.arange(WINDOW_S, LASTS_S + 1e-9, WINDOW_S)
    backlog_at = []
    for at_s in np.arange(0.0, LASTS_S + step_s, step_s):
        rate = FIRST_PER_S + (LAST_PER_S - FIRST_PER_S) * at_s / LASTS_S
        backlog = max(0.0, backlog + (rate - bears_per_s) * step_s)
        backlog_at.append(backlog)
    at = np.asarray(backlog_at)[np.rint(due_s / step_s).astype(int)]
    complete_s = due_s + at / bears_per_s
    if batch_s:
        complete_s = np.ceil(complete_s / batch_s) * batch_s
    random = np.random.default_rng(7)
    return np.asarray(1000 * (complete_s - due_s) + 20 + random.exponential(noise_ms, len(due_s)))


def onset_per_s(delay_ms: Floats) -> float | None:
    due_s: Floats = np.asarray(np.arange(1, len(delay_ms) + 1) * WINDOW_S, np.float64)
    rises_per_s = (LAST_PER_S - FIRST_PER_S) / LASTS_S
    found_s = onset_s(due_s, delay_ms, FIRST_PER_S / rises_per_s)
    return None if found_s is None else FIRST_PER_S + found_s * rises_per_s


@pytest.mark.parametrize(
    ("bears_per_s", "batch_s", "noise_ms"),
    [
        *((bears_per_s, 0.0, 60.0) for bears_per_s in (60_000.0, 100_000.0, 130_000.0)),
        *((bears_per_s, 1.7, 0.0) for bears_per_s in (60_000.0, 80_000.0, 100_000.0)),
    ],
)
def test_the_onset_is_what_the_engine_bears(
    bears_per_s: float, batch_s: float, noise_ms: float
) -> None:
    found = onset_per_s(delays_ms(bears_per_s, batch_s=batch_s, noise_ms=noise_ms))
    assert found is not None
    assert found == pytest.approx(bears_per_s, rel=0.05)


def test_a_load_that_is_borne_has_none() -> None:
    assert onset_per_s(delays_ms(200_000.0, noise_ms=60.0)) is None
    # So has one of which less was left over in the end than a window is late.
    assert onset_per_s(delays_ms(150_000.0)) is None


def test_a_pause_that_is_caught_up_with_is_none() -> None:
    delays = delays_ms(200_000.0)
    delays[10:16] += np.linspace(3_000, 500, 6)
    assert onset_per_s(delays) is None
    with_both = delays_ms(100_000.0)
    with_both[18:20] += 2_000
    assert onset_per_s(with_both) == pytest.approx(100_000.0, rel=0.05)


def test_windows_that_never_came_count_as_late_and_too_few_tell_nothing() -> None:
    delays = delays_ms(100_000.0)
    late = delays.copy()
    late[-20:] = math.inf
    found, last_in_time_s = onset_per_s(late), (len(delays) - 20) * WINDOW_S
    assert found is not None
    rate = FIRST_PER_S + (LAST_PER_S - FIRST_PER_S) * last_in_time_s / LASTS_S
    assert found == pytest.approx(rate, rel=0.01)
    assert onset_per_s(delays[:4]) is None
    assert onset_per_s(np.full(48, math.inf)) is None
