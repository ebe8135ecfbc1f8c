"""The time from one closing to the next is the load's, however fast event time goes by."""

from __future__ import annotations

import numpy as np
import pytest

from streambench.results.lateness import Observed, courses
from streambench.results.paced_windows import closings_apart_ms
from streambench.results.partition_windows import PartitionWindows
from streambench.model.fault import FaultKind, Hit


def windows(apart_ms: int, speed: float, missing: tuple[int, ...] = ()) -> PartitionWindows:
    """Windows that close each second of the load, a quantum early or late; from the twentieth on all are late."""
    kept = np.array([at for at in range(40) if at not in missing])
    closing_ms = 1_000.0 * apart_ms / 1_000 * kept / speed + 5.0 * (kept % 3 - 1)
    delay_ms = np.where(kept >= 20, 900.0, 10.0)
    return PartitionWindows(
        start_ms=(apart_ms * kept).astype(np.float64),
        closing_ms=closing_ms,
        complete_ms=(closing_ms + delay_ms)[np.newaxis, :],
        has_rows=np.ones((1, len(kept)), dtype=np.bool_),
        records=np.ones(len(kept)),
    )


@pytest.mark.parametrize("missing", [(), (7,), (7, 8, 30)])
@pytest.mark.parametrize(("apart_ms", "speed"), [(1_000, 1.0), (300_000, 300.0), (86_400_000, 86_400.0)])
def test_a_late_window_counts_as_long_as_it_lasts_on_the_loads_clock(
    apart_ms: int, speed: float, missing: tuple[int, ...]
) -> None:
    found = windows(apart_ms, speed, missing)
    assert found.apart_ms == pytest.approx(1_000, rel=0.001)
    kill = Hit(FaultKind.WORKER_KILL, "worker-0", (17,), 19_500.0, 0)
    (course,) = courses(found, kill, Observed(until_ms=60_000.0, band_ms=100.0))
    late = sum(at >= 20 and at not in missing for at in range(40))
    assert course.late_time_ms == pytest.approx(1_000 * late, rel=0.001)


def test_of_fewer_than_two_windows_it_is_not_known() -> None:
    assert closings_apart_ms(np.array([5.0]), np.array([9.0])) is None
    assert closings_apart_ms(np.array([]), np.array([])) is None
