"""A search in one job that bears a set rate: its bracket, and every load of it in the bundle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from streambench.analysis.plans import warnings
from streambench.experiment.build import Options, chosen_rates, rate_search
from streambench.experiment.execute import run_record
from streambench.experiment.find_rate import BracketOnly, search
from streambench.experiment.find_rates import find_rates
from streambench.experiment.loads import Loads
from streambench.experiment.narrowing import SearchTask
from streambench.experiment.rate_search import rounded
from streambench.experiment.search_policy import ConfirmPolicy, SearchPolicy
from streambench.experiment.session import Session
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound
from streambench.model.errors import ClocksApart
from streambench.model.experiment import RateSearch
from streambench.model.machine import Stranger
from streambench.model.pace import Pace
from streambench.model.plan import Plan
from streambench.model.search import SearchRecord, SearchTerms
from streambench.model.trial import Completed, Invalid, LoadKind
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from streambench.results.judged_again import judge_again
from streambench.runtime.artifacts import Resolved
from tests.experiment.fake_job import QUIET, FakeRuns
from tests.experiment.test_curves import Quiet

BEARS_PER_S = 1_000
MOST_PER_S = 4_000
PRECISION = 0.3
BRIEF = SearchPolicy(
    at_once_per_s=800,
    at_once_ms=1_000,
    later_at_once_ms=1_000,
    ramp_ms=8_000,
    settle_ms=1_000,
    confirm=ConfirmPolicy(measured_s=12.0, windows=24, rising_ms=2_000),
)


@pytest.fixture
def loads(tmp_path: Path) -> Iterator[Loads]:
    with Loads(tmp_path / "traces") as loads:
        yield loads


def searched(
    tmp_path: Path,
    loads: Loads,
    runs: FakeRuns,
    policy: SearchPolicy = BRIEF,
    cluster: str | None = None,
) -> tuple[SearchRecord, Bundle]:
    request = chosen_rates(Options(engines=("reference",), seed=7, out=tmp_path / "results"))
    request = replace(request, rate_per_s=None)
    (contender,) = request.contenders
    assert isinstance(contender.plan, Plan)
    contender = replace(contender, plan=replace(contender.plan, cluster=cluster))
    terms = SearchTerms(None, PRECISION, budget_s=10_000)
    run = run_record(request, loads.broker_warm_up(request), RateSearch(terms))
    writer = BundleWriter.create(request.out, run)
    artifacts = {contender.variant: Resolved(Path("java"), {})}
    session = Session(loads, artifacts, writer, Quiet(), running=runs)
    told: list[SearchRecord] = []
    asked = BracketOnly(told.append)
    task = SearchTask(terms, 1, 10_000, most_per_s=MOST_PER_S, policy=policy)
    search(task, request, contender, session, asked)
    assert asked.found is not None
    assert told[-1] == asked.found
    return asked.found, read_bundle(writer.finish())


def test_the_rate_is_bracketed_and_every_load_can_be_judged_again(
    tmp_path: Path, loads: Loads
) -> None:
    runs = FakeRuns(BEARS_PER_S)
    found, bundle = searched(tmp_path, loads, runs)
    passed = [probe.rate_per_s for probe in found.probes if probe.passed]
    failed = [probe.rate_per_s for probe in found.probes if probe.pace is Pace.FELL_BEHIND]
    assert max(passed) <= BEARS_PER_S < min(failed) <= max(passed) * (1 + PRECISION)
    (job,) = runs.jobs
    assert [load.record.number for load in bundle.loads] == list(range(1, len(job.loads) + 1))
    kinds = [load.record.kind for load in bundle.loads]
    assert set(kinds[:2]) == {LoadKind.WARM}
    probes = {load.record.number for load in bundle.loads if load.record.kind is LoadKind.PROBE}
    assert [probe.load for probe in found.probes] == sorted(probes)
    again = tuple(judge_again(bundle))
    assert len(again) == len(job.loads)
    assert all(each.same for each in again)


def test_a_job_that_dies_ends_the_search_and_keeps_what_it_had(
    tmp_path: Path, loads: Loads
) -> None:
    whole, _ = searched(tmp_path / "whole", loads, FakeRuns(BEARS_PER_S))
    second = whole.probes[1].rate_per_s
    found, bundle = searched(tmp_path / "dies", loads, FakeRuns(BEARS_PER_S, second))
    assert found.ended == "it ended early: worker-1 died by itself"
    assert len(found.probes) == 1
    assert bundle.loads[-1].record.number == found.probes[0].load


def test_a_late_load_says_nothing_unless_the_engine_left_no_room(
    tmp_path: Path, loads: Loads
) -> None:
    """Beside something else, or on a machine with room, it was the instrument that was late."""
    idle, busy = replace(QUIET, idle_share=0.5), replace(QUIET, idle_share=0.01)
    shared = replace(busy, foreign_share=0.05, strangers=(Stranger("cc1", 0.05),))
    for machine, outcome in ((idle, Invalid), (busy, Completed), (shared, Invalid)):
        runs = FakeRuns(BEARS_PER_S, load_late_ms=200, machine=machine)
        folder = tmp_path / f"{machine.idle_share}-{machine.foreign_share}"
        found, bundle = searched(folder, loads, runs)
        first = next(load for load in bundle.loads if load.record.kind is LoadKind.PROBE)
        assert isinstance(first.record.outcome, outcome)
        # The rows are judged whatever the times are worth.
        assert first.record.verdict is not None
        assert first.record.verdict.right
        assert first.record.saturated is (outcome is Completed)
        blamed = any("the engine had no room left" in each for each in first.record.warnings)
        assert blamed is (machine is busy)
        assert (found.probes[0].pace is None) is (outcome is Invalid)


NEAR = ClockBound(RUN_HOST_CLOCK, "here", -0.4, 0.3, 0)
FAR = ClockBound(RUN_HOST_CLOCK, "here", 39.6, 40.2, 1)


def test_clocks_that_are_apart_end_a_search_as_no_lower_rate_would_bring_them_together(
    tmp_path: Path, loads: Loads
) -> None:
    with pytest.raises(ClocksApart, match=r"is not broker 1's") as raised:
        searched(tmp_path, loads, FakeRuns(BEARS_PER_S, clocks=(NEAR, FAR)))
    assert raised.value.hint is not None
    (folder,) = (tmp_path / "results").iterdir()
    bundle = read_bundle(folder)
    # It rose, and one rate was tried. A single spoilt load may be an accident.
    kinds = [load.record.kind for load in bundle.loads]
    assert [kind for kind in kinds if kind is not LoadKind.WARM] == [LoadKind.RAMP, LoadKind.PROBE]
    for load in bundle.loads:
        assert isinstance(load.record.outcome, Invalid)
        assert "is not broker 1's" in load.record.outcome.reason
        assert load.record.outcome.by_clocks
        assert load.record.verdict is not None
        assert load.record.verdict.right


def test_a_load_whose_clocks_were_apart_once_is_played_again_at_its_rate(
    tmp_path: Path, loads: Loads
) -> None:
    whole, _ = searched(tmp_path / "whole", loads, FakeRuns(BEARS_PER_S))
    played = 3  # one or two at once, what rises, and the rest
    runs = FakeRuns(BEARS_PER_S, clocks=lambda load: (FAR,) if load == played + 1 else (NEAR,))
    found, _ = searched(tmp_path / "once", loads, runs)
    spoilt, again = found.probes[:2]
    assert spoilt.pace is None
    assert spoilt.rate_per_s == again.rate_per_s
    assert [probe.rate_per_s for probe in found.probes[1:]] == [
        probe.rate_per_s for probe in whole.probes
    ]


def test_a_broker_whose_clock_is_near_is_told(tmp_path: Path, loads: Loads) -> None:
    found, bundle = searched(tmp_path, loads, FakeRuns(BEARS_PER_S, clocks=(NEAR,)))
    assert found.probes[0].pace is not None
    for load in bundle.loads:
        assert isinstance(load.record.outcome, Completed)
        assert any("may be off by -1 to +1 ms" in said for said in load.record.warnings)
        # Also of those that came at once, and have no certificate.
        assert load.record.compared.bounds == (NEAR,)
    bundle = replace(bundle, run=replace(bundle.run, searches=(found,)))
    told = [each for each in warnings(bundle) if "may be off by -1 to +1 ms" in each]
    assert len(told) == 1


def test_an_engine_elsewhere_is_not_to_blame_for_a_machine_without_room(
    tmp_path: Path, loads: Loads
) -> None:
    busy = replace(QUIET, idle_share=0.01)
    late = FakeRuns(BEARS_PER_S, load_late_ms=200, machine=busy)
    found, bundle = searched(tmp_path, loads, late, cluster="http://jobs:8081")
    probes = [load.record for load in bundle.loads if load.record.kind is LoadKind.PROBE]
    assert all(isinstance(record.outcome, Invalid) for record in probes)
    assert not any(record.saturated for record in probes)
    assert {(probe.pace, probe.idle_share) for probe in found.probes} == {(None, None)}
    assert {each for record in probes for each in record.warnings if "idle" in each} == {
        "this machine was idle for only 1.0% of the measured part; how busy the engine's was is not known"
    }


def test_a_load_that_rises_tells_where_to_begin(tmp_path: Path, loads: Loads) -> None:
    found, bundle = searched(tmp_path, loads, FakeRuns(BEARS_PER_S))
    assert found.ramp is not None
    assert found.ramp.onset_per_s is not None
    assert found.ramp.onset_per_s == pytest.approx(BEARS_PER_S, rel=0.1)
    assert found.probes[0].rate_per_s == rounded(0.95 * found.ramp.onset_per_s)
    (ramp,) = (load for load in bundle.loads if load.record.kind is LoadKind.RAMP)
    assert ramp.record.number == found.ramp.load


def test_a_load_goes_on_to_rise_until_the_lag_grows(tmp_path: Path, loads: Loads) -> None:
    low = replace(BRIEF, ramp_to=0.8)
    found, bundle = searched(tmp_path, loads, FakeRuns(BEARS_PER_S), low)
    borne, ramp = found.ramps
    assert (borne.onset_per_s, borne.last_per_s) == (None, ramp.first_per_s)
    assert ramp.onset_per_s == pytest.approx(BEARS_PER_S, rel=0.1)
    kept = [load.record.number for load in bundle.loads if load.record.kind is LoadKind.RAMP]
    assert kept == [borne.load, ramp.load]
    # What the generator can bear ends it, too.
    most, _ = searched(tmp_path / "most", loads, FakeRuns(10 * BEARS_PER_S))
    assert most.ramp is not None
    assert (most.ramp.onset_per_s, most.ramp.last_per_s) == (None, MOST_PER_S)
    assert most.probes[0].rate_per_s == rounded(0.95 * MOST_PER_S)


@pytest.mark.parametrize("cold", [False, True])
def test_what_is_found_is_confirmed_by_the_same_job_unless_a_fresh_one_is_asked_for(
    tmp_path: Path, loads: Loads, cold: bool
) -> None:
    runs = FakeRuns(BEARS_PER_S)
    request, _ = rate_search(
        Options(engines=("reference",), seed=7, out=tmp_path / "results"),
        limit=None,
        precision=PRECISION,
        budget_s=None,
    )
    terms = SearchTerms(None, PRECISION, budget_s=10_000, cold=cold)
    run = run_record(request, loads.broker_warm_up(request), RateSearch(terms))
    writer = BundleWriter.create(request.out, run)
    artifacts = {c.variant: Resolved(Path("java"), {}) for c in request.contenders}
    session = Session(loads, artifacts, writer, Quiet(), running=runs)
    find_rates(request, terms, run, session, BRIEF)
    bundle = read_bundle(writer.finish())
    (found,) = bundle.run.searches
    (trial,) = bundle.trials
    (confirmed,) = found.confirmations
    assert confirmed.held
    assert confirmed.fresh is cold
    assert found.lag_bounded_per_s == confirmed.rate_per_s <= BEARS_PER_S
    assert trial.record.job == (None if cold else found.job)
    assert len(runs.jobs) == 1 + cold
    assert trial.record.measured_windows >= BRIEF.confirm.windows
    # A trial that shares its job ends before that is stopped.
    phases = [time.phase for time in trial.record.timeline]
    assert "without engine" in phases if cold else phases[-1] == "judge"
    assert all(each.same for each in judge_again(bundle))
