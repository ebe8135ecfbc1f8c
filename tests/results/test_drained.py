"""How a drain went on, from the rows' stamps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import Judged, judge
from streambench.results.drained import DrainProgress, drain_progress
from tests.oracle.stand_in import OFFSET_MS, T0_MS, query, right_rows, steady_trace

DURATION_MS, PER_QUANTUM, QUANTUM_MS = 4_000, 8, 5
RECORDS = DURATION_MS // QUANTUM_MS * PER_QUANTUM


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    folder: Path = tmp_path_factory.mktemp("trace") / "columns"
    trace = steady_trace(folder, duration_ms=DURATION_MS, per_quantum=PER_QUANTUM, keys=6)
    return expect(trace, query(grace_ms=40), EventClock.PER_PARTITION)


def judged(expected: Expected, window_takes_ms: float, *, drop: int = 0) -> Judged:
    """Rows of one window after another, each window `window_takes_ms` after the one before."""
    rows = right_rows(expected)
    starts = rows.column("window_start_ms").to_numpy()
    place = np.unique(starts, return_inverse=True)[1]
    appended = (T0_MS + (place + 1) * window_takes_ms).astype(np.int64)
    rows = rows.set_column(2, "appended_ms", pa.array(appended)).slice(drop)
    rows = rows.set_column(3, "visible_ns", pa.array((appended[drop:] + 300) * 1_000_000))
    return judge(
        rows,
        expected,
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )


def progress(expected: Expected, window_takes_ms: float, *, visible: bool = False) -> DrainProgress:
    found = drain_progress(
        judged(expected, window_takes_ms),
        expected,
        start_realtime_ns=T0_MS * 1_000_000,
        visible=visible,
    )
    assert found is not None
    return found


def test_the_first_and_the_last_window_and_the_busiest_second(expected: Expected) -> None:
    windows = len(np.unique(expected.table.column("window_start_ms").to_numpy()))
    found = progress(expected, 400)
    assert found.first_s == pytest.approx(0.4)
    assert found.last_s == pytest.approx(0.4 * windows)
    # Within a second that begins with one there are three windows, and three of all records.
    assert found.peak_per_s == pytest.approx(3 * RECORDS / windows, rel=0.15)


def test_a_drain_of_less_than_a_second_has_its_own_rate_as_peak(expected: Expected) -> None:
    found = progress(expected, 10)
    assert found.peak_per_s == pytest.approx(RECORDS / found.last_s, rel=0.05)


def test_visible_stamps_count_under_exactly_once(expected: Expected) -> None:
    assert progress(expected, 400, visible=True).first_s == pytest.approx(0.7)


def test_a_window_that_never_was_complete_ends_it(expected: Expected) -> None:
    lost = judged(expected, 400, drop=1)
    assert (
        drain_progress(lost, expected, start_realtime_ns=T0_MS * 1_000_000, visible=False) is None
    )
