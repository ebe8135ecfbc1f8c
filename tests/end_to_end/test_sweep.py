"""A curve over rates, with an engine of a set pace: it keeps up below it and falls behind above."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.cli import preparing
from streambench.cli.bench import bench
from streambench.cli.planning import make_requests
from streambench.cli.sweeps import sweep_axes
from streambench.experiment import null_trial
from streambench.model.conditions import Conditions
from streambench.model.errors import ExitCode
from streambench.model.pace import Pace
from streambench.report.swept import knee, of, swept
from streambench.results.bundle import read_bundle
from tests.end_to_end.bench import brisk_workload

pytestmark = pytest.mark.engine


def test_a_set_pace_makes_the_knee(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brisk_workload(tmp_path, 200)
    monkeypatch.chdir(tmp_path)
    # As in test_find_rate, so that one of the two finds it in the cache.
    monkeypatch.setattr(null_trial, "RATES_PER_S", (50_000,))
    monkeypatch.setattr(null_trial, "LOAD_MS", 1_000)
    monkeypatch.setattr(preparing, "WARMING_PER_S", 2_000)
    monkeypatch.setattr(preparing, "WARMING_MS", 1_000)
    # About 500 rows a second are due at the lower rate, and 1,190 at the higher one.
    axes = sweep_axes("2k,6k", (), None)
    requests = make_requests(
        axes,
        workload="brisk",
        engines=("reference",),
        settings=("reference:rows_per_s=1000",),
        conditions=Conditions(),
        rate_per_s=None,
        measured_s=6.0,
        warm_up_s=1.0,
        faults=None,
        quick=False,
        repeats=1,
        seed=7,
        out=tmp_path / "results",
        command="test",
    )
    assert bench(requests, axes) is ExitCode.OK
    (folder,) = (tmp_path / "results").iterdir()
    found = read_bundle(folder)
    line = of(swept(found), "reference+1")
    assert all(one.counts for one in line)
    assert [one.pace.pace for one in line if one.pace] == [Pace.KEPT_UP, Pace.FELL_BEHIND]
    assert knee(line) == 2_000
    assert found.run.null_trial is not None
    assert found.run.warming_records == 2_000
    # The first tells nothing of whether the second will be faster.
    assert all(trial.record.warmed_records >= 2 * 2_000 for trial in found.trials)
    assert "after 2,000 records at once, again until" in (folder / "report.md").read_text()
    sent = {trial.record.trace_sha256 for trial in found.trials}
    assert len(sent) == 2
    assert (folder / "plots" / "sweep-tail.png").stat().st_size > 0
