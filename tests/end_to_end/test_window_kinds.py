"""Windows that overlap, windows an offset behind the epoch, and sessions, on every engine."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from streambench.model.conditions import Guarantee
from streambench.model.errors import ExitCode
from streambench.model.plan import Whose
from streambench.model.trial import Completed, Invalid, NotRun
from streambench.model.verdict import Verdict
from streambench.results.bundle import Bundle
from tests.end_to_end.bench import came_late, clicks_with, run

pytestmark = pytest.mark.engine


def run_windows(folder: Path, window: str, guarantee: Guarantee, *engines: str) -> Bundle:
    """A short run of clicks with these windows."""
    clicks_with(folder, "windows", window)
    with contextlib.chdir(folder):
        code, found = run(folder / "results", *engines, workload="windows", guarantee=guarantee)
    valid = [t for t in found.trials if not isinstance(t.record.outcome, Invalid)]
    assert code is (ExitCode.OK if valid else ExitCode.INVALID)
    return found


def assert_right(found: Bundle, engine: str) -> None:
    """Every row is right; a load that came late on a busy machine is nobody's fault."""
    (trial,) = found.of(engine)
    match trial.record.outcome:
        case Completed(verdict=verdict) | Invalid(verdict=Verdict() as verdict):
            assert verdict.right, verdict.damage
            assert verdict.exact
            assert verdict.expected_rows == verdict.right_rows > 1_000
        case Invalid(reason=reason):
            assert came_late(trial.record), reason
        case other:
            pytest.fail(f"{engine}: {other}")


@pytest.mark.nightly  # by day with all aggregates (test_queries)
def test_windows_that_overlap_and_begin_behind_the_epoch(tmp_path: Path) -> None:
    engines = ("flink", "spark", "kafka-streams", "kafka-python", "reference")
    window = 'hopping = "500 ms", every = "100 ms", offset = "30 ms"'
    found = run_windows(tmp_path, window, Guarantee.AT_LEAST_ONCE, *engines)
    for engine in engines:
        assert_right(found, engine)
    rows = found.of("spark")[0].table("rows")
    assert rows is not None
    starts = rows.column("window_start_ms").to_pylist()
    assert {start % 100 for start in starts} == {30}


@pytest.mark.parametrize(
    "engine",
    [
        "kafka-streams:flat-json",
        # By day it has such windows without a load (tests/engines), and exactly-once in test_sweep.
        pytest.param("kafka-python", marks=pytest.mark.nightly),
    ],
)
def test_a_length_that_is_no_multiple_is_flinks_gap_and_nobody_elses(
    tmp_path: Path, engine: str
) -> None:
    window = 'hopping = "500 ms", every = "200 ms"'
    found = run_windows(tmp_path, window, Guarantee.EXACTLY_ONCE, "flink", engine)
    assert_right(found, engine)
    (gap,) = found.of("flink")
    assert isinstance(gap.record.outcome, NotRun)
    assert gap.record.outcome.whose is Whose.UPSTREAM


@pytest.mark.nightly
def test_sessions(tmp_path: Path) -> None:
    engines = ("flink", "spark", "kafka-streams", "kafka-python")
    found = run_windows(tmp_path, 'session = "300 ms"', Guarantee.AT_LEAST_ONCE, *engines)
    for engine in engines:
        assert_right(found, engine)
    rows = found.of("flink")[0].table("rows")
    assert rows is not None
    assert len(set(rows.column("value:window_length").to_pylist())) > 100
