"""A curve over rates: one job an engine, and what its loads leave when it bears them or does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from streambench.engines.registry import engine_named
from streambench.experiment.build import Options, sweep
from streambench.experiment.curves import run_curves, shares_a_job
from streambench.experiment.execute import run_record
from streambench.experiment.loads import Loads
from streambench.experiment.request import Request
from streambench.experiment.session import Session
from streambench.model.conditions import Conditions
from streambench.model.errors import ClocksApart, InstrumentFailed
from streambench.model.experiment import Single
from streambench.model.fault import Fault, FaultKind
from streambench.model.plan import Plan
from streambench.model.sweep import Axis, AxisName, Point
from streambench.model.trial import Completed, Failed, Invalid, LeftOut, TrialRecord
from streambench.report.words.sweeps import left_out_words
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from streambench.results.judged_again import judge_again
from streambench.runtime.artifacts import Resolved
from streambench.trial.observer import Silent
from tests.experiment.fake_job import FakeRuns

RATES = (500.0, 1_000.0, 2_000.0)


class Quiet:
    """A run's observer that does not care."""

    def trial_begins(self, number: int, total: int, title: str, point: Point) -> Silent:
        return Silent()

    def trial_ends(self, record: TrialRecord) -> None:
        """Nothing."""


@pytest.fixture
def requests(tmp_path: Path) -> tuple[Request, ...]:
    options = Options(
        engines=("reference",),
        measured_s=12.0,
        warm_up_s=1.0,
        seed=7,
        out=tmp_path / "results",
    )
    asked = sweep(options, (Axis(AxisName.RATE, RATES),))
    return tuple(replace(request, warmed=False) for request in asked)


@pytest.fixture
def loads(tmp_path: Path) -> Iterator[Loads]:
    with Loads(tmp_path / "traces") as loads:
        yield loads


def run(requests: tuple[Request, ...], loads: Loads, runs: FakeRuns) -> Bundle:
    """The curve, as it is read back."""
    first = requests[0]
    writer = BundleWriter.create(first.out, run_record(first, loads.measured(first), Single()))
    (contender,) = first.contenders
    artifacts = {contender.variant: Resolved(Path("java"), {})}
    session = Session(loads, artifacts, writer, Quiet(), running=runs)
    records = run_curves(requests, session)
    bundle = read_bundle(writer.finish())
    assert [trial.record.number for trial in bundle.trials] == [r.number for r in records]
    return bundle


def outcomes(bundle: Bundle) -> list[str]:
    return [trial.record.outcome.kind for trial in bundle.trials]


def test_all_rates_are_loads_of_one_job_and_each_is_stored(
    requests: tuple[Request, ...], loads: Loads
) -> None:
    runs = FakeRuns(bears_per_s=10_000)
    bundle = run(requests, loads, runs)
    (job,) = runs.jobs
    assert [load.trace.meta.rate_per_s for load in job.loads] == list(RATES)
    assert outcomes(bundle) == ["completed"] * 3
    records = [trial.record for trial in bundle.trials]
    assert [dict(record.point)[AxisName.RATE] for record in records] == list(RATES)
    assert [record.job for record in records] == [1, 1, 1]
    # The job started once; what it was under load grows.
    assert [r.measures["submit_to_first_result_s"] for r in records] == [1.5, None, None]
    lengths_s = [r.warmed_up.length_s for r in records if r.warmed_up is not None]
    assert lengths_s == sorted(set(lengths_s))
    again = tuple(judge_again(bundle))
    assert len(again) == 3
    assert all(each.found is not None and not each.differences for each in again)


@pytest.mark.parametrize("cluster", [None, "http://jobmanager:8081"])
def test_a_load_knows_whether_all_of_its_engine_was_seen(
    requests: tuple[Request, ...], loads: Loads, cluster: str | None
) -> None:
    (contender,) = requests[0].contenders
    assert isinstance(contender.plan, Plan)
    there = replace(contender, plan=replace(contender.plan, cluster=cluster))
    asked = tuple(replace(each, contenders=(there,)) for each in requests)
    bundle = run(asked, loads, FakeRuns(bears_per_s=10_000))
    seen = {trial.record.engine_seen for trial in bundle.trials}
    assert seen == {cluster is None}


def test_what_lies_above_a_rate_that_was_not_borne_is_left_out(
    requests: tuple[Request, ...], loads: Loads
) -> None:
    bundle = run(requests, loads, FakeRuns(bears_per_s=700))
    assert outcomes(bundle) == ["completed", "completed", "left-out"]
    assert bundle.trials[2].record.outcome == LeftOut("at 1,000 events/s it fell behind")


def test_a_job_that_dies_leaves_what_was_finished(
    requests: tuple[Request, ...], loads: Loads
) -> None:
    bundle = run(requests, loads, FakeRuns(bears_per_s=10_000, dies_at_per_s=1_000))
    done, died, left = (trial.record for trial in bundle.trials)
    assert isinstance(done.outcome, Completed)
    assert isinstance(died.outcome, Failed)
    assert died.settings
    assert dict(died.point)[AxisName.RATE] == 1_000
    assert isinstance(left.outcome, LeftOut)
    assert left.outcome.reason == "at 1,000 events/s its job ended: worker-1 died by itself"


def test_clocks_that_are_apart_leave_no_rate_out_as_one_that_is_too_high_would(
    requests: tuple[Request, ...], loads: Loads
) -> None:
    apart = ClocksApart("the clock of here is not broker 1's")
    bundle = run(requests, loads, FakeRuns(10_000, dies_at_per_s=1_000, dies_of=apart))
    done, ended, left = (trial.record.outcome for trial in bundle.trials)
    assert isinstance(done, Completed)
    assert ended == Invalid(apart.message, by_clocks=True)
    assert left == Invalid(f"at 1,000 events/s its job ended: {apart.message}", by_clocks=True)
    assert left_out_words(bundle) is None


def test_what_goes_wrong_when_the_job_is_stopped_spoils_no_rate(
    requests: tuple[Request, ...], loads: Loads
) -> None:
    """What its loads showed stands, and a rate that was left out was never played."""
    stopped = InstrumentFailed("the reader did not start")
    bundle = run(requests, loads, FakeRuns(bears_per_s=700, ends_by=stopped))
    assert outcomes(bundle) == ["completed", "completed", "left-out"]
    assert bundle.trials[2].record.outcome == LeftOut("at 1,000 events/s it fell behind")


def test_only_undisturbed_warm_loads_share_a_job(requests: tuple[Request, ...]) -> None:
    request = requests[0]
    assert shares_a_job(request)
    assert not shares_a_job(replace(request, quick=True))
    assert not shares_a_job(replace(request, faults=(Fault(FaultKind.WORKER_KILL, 5_000),)))
    plan = request.contenders[0].plan
    assert isinstance(plan, Plan)
    assert engine_named("reference").event_clock is plan.event_clock
    assert request.conditions == Conditions(partitions=request.conditions.partitions)
