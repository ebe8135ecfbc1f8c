"""The steps of `streambench calibrate`: each case is run as `streambench run` would run it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, assert_never

from streambench.cli.console import say
from streambench.cli.preparing import check_heaps, set_up, traces_dir
from streambench.experiment.build import Options, make_request
from streambench.experiment.calibration import cases, compare
from streambench.experiment.calibration.cases import Case, Disturbed
from streambench.experiment.calibration.compare import FigureCheck, Line
from streambench.experiment.calibration.disturb import Spinners, When, slowed, stall_player
from streambench.experiment.execute import execute, run_record
from streambench.experiment.find_rate import BracketOnly, search
from streambench.experiment.loads import Loads
from streambench.experiment.narrowing import SearchTask
from streambench.experiment.request import Request
from streambench.experiment.session import Session
from streambench.model.conditions import Conditions, Variant
from streambench.model.experiment import RateSearch, Single
from streambench.model.machine import STRICT, MachineLimits
from streambench.model.plan import Plan
from streambench.model.search import SearchRecord, SearchTerms
from streambench.model.sweep import Point
from streambench.model.trial import TrialRecord
from streambench.report.write import write
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from streambench.runtime.artifacts import Resolved
from streambench.trial.observer import Observer, Phase, Silent
from streambench.trial.testbed import warmed_broker
from streambench.trial.workspace import Room, SharedPlace, Workspaces, workspace

ENGINE: Final = "reference"
# The scripted engine is a part of the instrument here: it does not yield to the load as an engine does.
_NICE: Final = 0
# What all cases together write, for the room that they need.
_RECORDS_IN_ALL: Final = 5_000_000
_BYTES_PER_RECORD: Final = 100
_CASES: Final = (
    *(delay.case for delay in cases.DELAY_CASES),
    cases.SLOWED_CASE,
    cases.DAMAGE_CASE,
    cases.OUTAGE_CASE,
    cases.STALLED_CASE,
    cases.FOREIGN_CASE,
    cases.RATE_CASE,
)


def calibrate_all(out: Path, *, rendered: bool) -> tuple[Line, ...]:
    """Run every case; bundles, and if asked for their reports, are written below `out`.

    Raises what a run raises.
    """
    calibration = Calibration.prepared(out, rendered=rendered)
    with calibration.on_one_broker() as together:
        return together.lines()


@dataclass(frozen=True)
class Calibration:
    """All cases, ready to be run; `rendered` says whether each bundle gets its report, too."""

    requests: Mapping[str, Request]
    artifacts: Mapping[Variant, Resolved]
    rendered: bool
    workspaces: Workspaces = workspace

    @classmethod
    def prepared(
        cls, out: Path, limits: MachineLimits = STRICT, *, rendered: bool = False
    ) -> Calibration:
        """Plan every case and fetch what is missing. Raises EnvironmentLacks."""
        requests, artifacts = set_up([_request(case, out, limits) for case in _CASES])
        check_heaps(requests)
        named = zip((case.name for case in _CASES), requests, strict=True)
        return cls(dict(named), artifacts, rendered)

    @contextlib.contextmanager
    def on_one_broker(self) -> Iterator[Calibration]:
        """The same, with one broker for all cases: to start and warm ten would take two minutes.

        No engines are compared here, so none of them can meet a warmer broker than another.
        """
        requests = tuple(self.requests.values())
        artifacts = next(iter(self.artifacts.values()))
        heaps = [
            c.plan.heap_mib for r in requests for c in r.contenders if isinstance(c.plan, Plan)
        ]
        room = Room(max(heaps), _RECORDS_IN_ALL, _RECORDS_IN_ALL * _BYTES_PER_RECORD)
        with (
            Loads(traces_dir()) as loads,
            workspace(room) as place,
            warmed_broker(
                place, artifacts, cases.PARTITIONS, loads.broker_warm_up(requests[0]).ref
            ) as broker,
        ):
            shared = SharedPlace(place, broker)
            yield dataclasses.replace(self, workspaces=shared.workspace)

    def lines(self) -> tuple[Line, ...]:
        """Everything, in the order of the table."""
        delays = {delay.delay_ms: self._record(delay.case) for delay in cases.DELAY_CASES}
        outages = delays[cases.OUTAGE_DELAY_MS] = self._record(cases.OUTAGE_CASE)
        slowed = self._run(cases.SLOWED_CASE)
        delays[cases.SLOWED_DELAY_MS] = slowed.trials[0].record
        return (
            *(compare.delay_line(delay_ms, delays[delay_ms]) for delay_ms in cases.DELAYS_MS),
            *compare.outage_lines(outages),
            *self.damage(),
            self.rate(),
            *self.invalid(),
            compare.slowed_line(slowed),
        )

    def damage(self) -> tuple[FigureCheck, ...]:
        """Six kinds of it in one trial."""
        (trial,) = self._run(cases.DAMAGE_CASE).trials
        return compare.damage_lines(trial.record, trial.table("rows"))

    def rate(self) -> Line:
        """A search's bracket; what it found is not confirmed."""
        return compare.rate_line(self._search(cases.RATE_CASE))

    def invalid(self) -> Iterator[Line]:
        """Trials of which nothing may be said."""
        for case, named in (
            (cases.STALLED_CASE, "came late"),
            (cases.FOREIGN_CASE, "something else"),
        ):
            yield compare.invalid_line(case.name, self._record(case), named)

    def _record(self, case: Case) -> TrialRecord:
        (trial,) = self._run(case).trials
        return trial.record

    def _run(self, case: Case) -> Bundle:
        return unspoilt(case, lambda: self._run_once(case))

    def _run_once(self, case: Case) -> Bundle:
        """Run a case and read back what was written of it, as its report does."""
        request = self.requests[case.name]
        with Loads(traces_dir()) as loads, _disturbing(case) as observer:
            loads.check_room((request,))
            run = run_record(request, loads.measured(request), Single())
            writer = BundleWriter.create(request.out, run)
            session = Session(loads, self.artifacts, writer, observer, self.workspaces)
            execute((request,), session)
        folder = writer.finish()
        if self.rendered:  # drawing takes seconds, and every figure is read from the bundle
            write(folder)
        return read_bundle(writer.folder)

    def _search(self, case: Case) -> SearchRecord:
        request = self.requests[case.name]
        (contender,) = request.contenders
        say(case.name)
        terms = SearchTerms(None, cases.PRECISION, cases.SEARCH_BUDGET_S)
        task = SearchTask(terms, 1, cases.SEARCH_BUDGET_S, policy=cases.SEARCH_POLICY)
        with Loads(traces_dir()) as loads, _disturbing(case) as observer:
            run = run_record(request, loads.measured(request), RateSearch(terms))
            writer = BundleWriter.create(request.out, run)
            session = Session(loads, self.artifacts, writer, observer, self.workspaces)

            asked = BracketOnly(
                lambda found: writer.update(dataclasses.replace(run, searches=(found,)))
            )
            search(task, request, contender, session, asked)
        folder = writer.finish()
        if self.rendered:
            write(folder)
        assert asked.found is not None, "a search tells of its end"
        return asked.found


def unspoilt(case: Case, run_once: Callable[[], Bundle]) -> Bundle:
    """What a case showed; it is run once more where something spoilt it that it is not about."""
    bundle = run_once()
    if compare.spoilt(case, bundle):
        say(f"{case.name}: something spoilt it, once more")
        bundle = run_once()
    return bundle


def _request(case: Case, out: Path, limits: MachineLimits) -> Request:
    options = Options(
        workload=str(case.workload),
        engines=(ENGINE,),
        settings=tuple(f"{ENGINE}:{setting}" for setting in case.settings),
        conditions=Conditions(engine_nice=_NICE, workers=1),
        measured_s=case.measured_s,
        warm_up_s=case.warm_up_s,
        faults=case.faults,
        quick=case.disturbed is not Disturbed.SLOWED,  # a short look has no speed gauge
        repeats=case.trials,
        out=out,
        command="streambench calibrate",
    )
    request = make_request(options)
    if case.disturbed is Disturbed.FOREIGN:
        limits = STRICT  # that is what it is about
    return dataclasses.replace(request, missing_s=case.missing_s, machine_limits=limits)


class _Trials:
    """A RunObserver that says which case runs, and lets something be done to its trials."""

    def __init__(self, case: Case, spinners: Spinners, stack: contextlib.ExitStack) -> None:
        self._case = case
        self._spinners = spinners
        self._stack = stack

    def trial_begins(self, number: int, total: int, title: str, point: Point) -> Observer:
        """One line; the returned observer does the disturbing."""
        say(self._case.name if number == 1 else f"{self._case.name}, trial {number}")
        match self._case.disturbed:
            case None:
                return Silent()
            case Disturbed.PLAYER_STALLS:
                return When(Silent(), Phase.MEASURED, stall_player)
            case Disturbed.FOREIGN:
                begins = When(Silent(), Phase.WARM_UP, self._spinners.begin)
                return When(begins, Phase.COOL_DOWN, self._spinners.end)
            case Disturbed.SLOWED:
                if number == total:
                    self._stack.enter_context(slowed())
                return Silent()
            case _:
                assert_never(self._case.disturbed)

    def trial_ends(self, record: TrialRecord) -> None:
        """Nothing: the table says it."""


@contextlib.contextmanager
def _disturbing(case: Case) -> Iterator[_Trials]:
    with contextlib.ExitStack() as stack:
        yield _Trials(case, stack.enter_context(Spinners()), stack)
