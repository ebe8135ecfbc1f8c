"""Real sweeps: rates that double, with an engine of a set pace; and commit intervals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from streambench.analysis.sweeps import knee, knee_is_seen, of, swept
from streambench.cli.axes import sweep_axes
from streambench.cli.bench import auto_axis, bench
from streambench.experiment import capacity
from streambench.experiment.build import Options, chosen_rates, sweep
from streambench.experiment.loads import LoadsPolicy
from streambench.experiment.overload import beyond_reach
from streambench.load.trace import PARTIAL
from streambench.model.conditions import Guarantee
from streambench.model.errors import ExitCode
from streambench.model.pace import Pace
from streambench.model.trial import Completed, Invalid, LeftOut
from streambench.results.bundle import read_bundle
from streambench.runtime.paths import cache_dir
from tests.end_to_end.bench import PATIENT, TRIES, brisk_workload, came_late, on_any_machine
from tests.one_broker import one_broker

pytestmark = pytest.mark.engine


def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workload of 2,000 events/s, and what is tried and sent beside it as small."""
    brisk_workload(tmp_path, 200)
    declared = tmp_path / "workloads" / "brisk" / "workload.toml"
    declared.write_text(declared.read_text().replace("rate = 20_000", "rate = 2_000"))
    monkeypatch.chdir(tmp_path)
    # As in test_find_rate, so that one of the two finds it in the cache.
    monkeypatch.setattr(capacity, "RATES_PER_S", (50_000,))
    monkeypatch.setattr(capacity, "LOAD_MS", 1_000)


# The first load is kept, the second passes.
SMALL = LoadsPolicy(at_once_per_s=2_000, at_once_ms=1_000, rising_ms=1_000, kept_bytes=2_000_000)


@pytest.mark.alone
def test_doubled_rates_show_the_knee_of_a_set_pace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(tmp_path, monkeypatch)

    options = Options(
        workload="brisk",
        engines=("reference",),
        # About 500 rows a second are due at 2,000 events/s, and 1,190 at 6,000.
        settings=("reference:rows_per_s=700",),
        measured_s=6.0,
        warm_up_s=1.0,
        seed=7,
    )
    for attempt in range(TRIES):
        options = replace(options, out=tmp_path / f"results-{attempt}")
        axis = auto_axis(chosen_rates(options))
        assert axis.values == (2_000, 4_000, 8_000, 16_000, 32_000, 50_000)
        requests = tuple(map(on_any_machine, sweep(options, (axis,))))
        code = bench(
            requests,
            (axis,),
            leaves_out=beyond_reach,
            workspaces=one_broker.workspace,
            policy=SMALL,
        )
        (folder,) = options.out.iterdir()
        found = read_bundle(folder)
        if not any(came_late(trial.record) for trial in found.trials):
            break
    assert code is ExitCode.OK
    tried, spared = found.trials[:2], found.trials[2:]
    line = of(swept(found), "reference+rows_per_s=700")
    assert [one.pace.pace for one in line if one.pace] == [Pace.KEPT_UP, Pace.FELL_BEHIND]
    assert all(one.counts for one in line)
    said = LeftOut("at 4,000 events/s it fell behind")
    assert [trial.record.outcome for trial in spared] == [said] * 4
    assert knee(line) == 2_000
    assert knee_is_seen(line)
    assert found.run.capacity is not None
    assert found.run.warming_records == 2_000
    # The first tells nothing of whether the second will be faster.
    assert all(trial.record.warmed_records >= 2 * 2_000 for trial in tried)
    assert {trial.record.job for trial in tried} == {1}
    text = (folder / "report.md").read_text()
    assert "after 2,000 records at once, again until" in text
    assert "rates are loads of one job" in text
    assert "An engine is not tried above a rate at which it fell behind" in text
    assert len({trial.record.trace_sha256 for trial in tried}) == 2
    assert (folder / "plots" / "sweep-tail.png").stat().st_size > 0
    assert not list((cache_dir() / "traces").glob(f"{PARTIAL}*"))


def test_the_python_consumer_commits_as_often_as_a_sweep_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(tmp_path, monkeypatch)
    axes = sweep_axes(("commit=170ms,1700ms",))
    requests = sweep(
        Options(
            workload="brisk",
            engines=("kafka-python",),
            conditions=replace(PATIENT, guarantee=Guarantee.EXACTLY_ONCE),
            measured_s=6.0,
            warm_up_s=1.0,
            faults=(),
            quick=True,
            seed=7,
            out=tmp_path / "results",
        ),
        axes,
    )
    bench(requests, axes, workspaces=one_broker.workspace, policy=SMALL)
    (folder,) = (tmp_path / "results").iterdir()
    often, seldom = (trial.record for trial in read_bundle(folder).trials)
    for record, value in ((often, "170"), (seldom, "1700")):
        match record.outcome:
            case Completed(verdict=verdict):
                assert verdict.right
            case Invalid():  # a busy machine, on which the load came late: it commits all the same
                assert record.certificate is not None
            case other:
                pytest.fail(str(other))
        (interval,) = (s for s in record.settings if s.name == "worker.commit_interval_ms")
        assert (interval.value, interval.effective) == (value, value)
    # Ten times as often, less what a busy machine swallows; one with each of the 35 windows or more
    # would be as often in both.
    assert int(often.readings["commits"]) > 3 * int(seldom.readings["commits"]) > 0
    assert "commit 170 ms, 1,700 ms" in (folder / "report.md").read_text()
