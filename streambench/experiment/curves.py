"""A curve over rates: one warm job an engine, and a load a rate, rising until it falls behind.

1. The job is launched and proved to process.
2. Records come at once until it works them off no faster: it is compiled then.
3. The rates are played one after another, from the lowest on: first a part that is not measured, as the
   engine gets used to the rate, then the measured part.
4. Where it fell behind, higher rates are left out: they would show how long the load was.
5. When the job has gone, a part of each load is played once more without it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from streambench.experiment.assess import assess
from streambench.experiment.costs import with_broker_alone
from streambench.experiment.job_loads import RECORDS_IN_ALL, JobLoads, job_room
from streambench.experiment.judging import wrong_at_once
from streambench.experiment.not_made import ended_by, not_made, not_run
from streambench.experiment.overload import not_borne
from streambench.experiment.request import Contender, Request
from streambench.experiment.rounds import interleaved
from streambench.experiment.session import Session
from streambench.experiment.warming import WarmUp, expectation
from streambench.load.trace import Trace
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.plan import Plan, Unsupported
from streambench.model.sweep import Axis, AxisName, Point
from streambench.model.trial import LeftOut, Purpose, TrialRecord, TrialSpec, WarmedUp
from streambench.oracle.expected import expect
from streambench.trial.conduct import play_measured
from streambench.trial.job import RunningJob
from streambench.trial.load import Played
from streambench.trial.observer import Phase, Silent, Status
from streambench.trial.testbed import Testbed
from streambench.trial.timeline import Timeline
from streambench.trial.without_engine import Again
from streambench.trial.workspace import ON_DISK, Workspace


def in_one_job(requests: Sequence[Request], axes: Sequence[Axis]) -> bool:
    """Whether a sweep along these axes has rates that may be loads of one job."""
    varies = any(axis.name is AxisName.RATE for axis in axes)
    return varies and all(shares_a_job(request) for request in requests)


def shares_a_job(request: Request) -> bool:
    """Whether the rates of a curve may be loads of one job.

    Not where something strikes the job, nor where it must stay cold. Where records may be late, some
    engines tell of their clock once, for the whole job.
    """
    late = request.workload.late_records_possible
    return not (request.is_replay or request.quick or request.faults or late)


def run_curves(requests: Sequence[Request], session: Session) -> tuple[TrialRecord, ...]:
    """Run the trials of a sweep that varies the rate; each is in the bundle as soon as it is over.

    Points that differ in anything but the rate have jobs of their own.
    """
    jobs = [(rates, contender) for rates in rising(requests) for contender in rates[0].contenders]
    curves = tuple(interleaved(jobs, requests[0].repeats))
    made = _Made(session, sum(len(rates) for _, (rates, _) in curves))
    for number, (round_number, (rates, contender)) in enumerate(curves, start=1):
        match contender.plan:
            case Unsupported() as gap:
                for request in rates:
                    record = not_run(made.next(), round_number, contender, gap, request.point)
                    made.add(record)
            case Plan() as plan:
                _Curve(number, round_number, rates, contender, plan, made).run()
    return tuple(made.records)


def rising(requests: Sequence[Request]) -> list[tuple[Request, ...]]:
    """The requests that differ in nothing but the rate, from the lowest on."""
    found: dict[Point, list[Request]] = {}
    for request in requests:
        others = tuple(each for each in request.point if each[0] is not AxisName.RATE)
        found.setdefault(others, []).append(request)
    return [tuple(sorted(each, key=lambda r: r.load_rate_per_s)) for each in found.values()]


@dataclass
class _Made:
    """The trials so far, in the order of their numbers."""

    session: Session
    total: int
    records: list[TrialRecord] = field(default_factory=list)

    def next(self) -> int:
        """The number of the next trial."""
        return len(self.records) + 1

    def begins(self, contender: Contender, request: Request) -> Timeline:
        """The next trial begins."""
        shown = self.session.observer.trial_begins(
            self.next(), self.total, contender.title, request.point
        )
        return Timeline(shown)

    def add(self, record: TrialRecord) -> None:
        """Keep one that left no columns."""
        self.session.writer.add_trial(record, {})
        self.tell(record)

    def tell(self, record: TrialRecord) -> None:
        """One is in the bundle."""
        self.records.append(record)
        self.session.observer.trial_ends(record)


@dataclass(frozen=True)
class _Measured:
    """A load that was measured, to be played again in part."""

    record: TrialRecord
    spec: TrialSpec
    played: Played


class _Curve:
    """One job of one contender, and its loads."""

    def __init__(
        self,
        number: int,
        round_number: int,
        requests: tuple[Request, ...],
        contender: Contender,
        plan: Plan,
        made: _Made,
    ) -> None:
        self._number = number
        self._round = round_number
        self._left = list(requests)
        self._first = requests[0]
        self._contender = contender
        self._plan = plan
        self._made = made
        self._session = made.session
        self._played: tuple[Played, ...] = ()
        self._measured: list[_Measured] = []
        self._warnings: tuple[str, ...] = ()
        self._timeline = Timeline(Silent())
        self._why_left: str | None = None  # why rates are left out; None: they are still to come

    def run(self) -> None:
        """Launch the job and play its loads; whatever ends it, every rate has a record then."""
        first, session = self._first, self._session
        launched = session.job(
            self._number, first, self._contender, max(r.load_rate_per_s for r in self._left)
        )
        with session.workspaces(job_room(session.loads, first, self._plan)) as place:
            testbeds: list[Testbed] = []
            try:
                self._timeline = self._made.begins(self._contender, first)
                with session.running(
                    launched,
                    place,
                    self._timeline,
                    after=lambda: self._play_again(testbeds[0]),
                ) as job:
                    testbeds.append(job.testbed)
                    self._why_left = self._rise(job, place)
            except (EngineFailed, InstrumentFailed) as error:
                self._end(error)
            session.writer.add_logs(self._number, self._contender.variant, place.log_dir)
        for request in self._left:
            number, outcome = self._made.next(), LeftOut(self._why_left or "its job had ended")
            self._made.add(not_made(number, self._round, self._contender, outcome, request.point))

    def _rise(self, job: RunningJob, place: Workspace) -> str:
        """Play rate after rate; why those that are left were not played, in words."""
        loads = JobLoads(self._session.loads, self._first, place)
        self._warnings = () if place.in_memory else (ON_DISK,)
        ready_s: float | None = self._warm(job, loads)
        while self._left:
            request = self._left[0]
            rate = request.load_rate_per_s
            if not loads.have_room(rate, request.spans[-1].end_ms):
                return "the broker's files left no memory for another load"
            if self._measured:
                self._timeline = self._made.begins(self._contender, request)
                job.shown_by(self._timeline)
            self._timeline.status(Status(Phase.COMPILE))
            record = self._measure(job, request, loads.of(rate, request.spans[-1].end_ms), ready_s)
            ready_s = None
            self._left.pop(0)
            self._made.tell(record)
            said = not_borne(record)
            if said is not None:
                return f"at {rate:,} events/s {said}"
        return "all rates were played"

    def _warm(self, job: RunningJob, loads: JobLoads) -> float:
        """Prove that the job processes, and have it compiled; seconds until its first result."""
        at_once = self._session.loads.at_once(self._first)
        first = at_once or loads.of(self._first.load_rate_per_s, self._first.spans[-1].end_ms)
        ready_s = job.ready(first)
        if at_once is None:
            return ready_s
        warm_up = WarmUp(
            at_once,
            lambda _: at_once,
            expected=expectation(self._first, self._plan),
            records_at_most=RECORDS_IN_ALL,
        )
        for step in warm_up.steps(job):
            self._played = (*self._played, step.played)
            wrong = wrong_at_once(
                step.played,
                step.expected,
                guarantee=self._first.conditions.guarantee,
                state_exact=self._contender.engine.state_exact,
            )
            if wrong is not None:
                raise EngineFailed(wrong, stage="warm-up")
        return ready_s

    def _measure(
        self, job: RunningJob, request: Request, trace: Trace, ready_s: float | None
    ) -> TrialRecord:
        """Play a rate, judge its rows and keep the trial."""
        started_at = _now()
        spec = self._spec(request, trace)
        due = expect(trace, request.workload.query, self._plan.event_clock).due()
        at_pace_ms = sum(each.played.trace.meta.duration_ms for each in self._measured)
        evidence = play_measured(spec, job, due, self._played)
        self._played = (*self._played, evidence.load)
        job.shown.status(Status(Phase.JUDGE))
        assessed = assess(
            spec, evidence, workload=request.workload, launched=job.spec, started_at=started_at
        )
        at_once = self._played[: len(self._played) - len(self._measured) - 1]
        head_ms = spec.segment.span(Purpose.MEASURED).start_ms
        record = dataclasses.replace(
            assessed.record,
            measures={**assessed.record.measures, "submit_to_first_result_s": ready_s},
            warmed_records=sum(each.trace.ref.records for each in at_once),
            warmed_up=WarmedUp((at_pace_ms + head_ms) / 1000, None),
            expectation=self._session.writer.add_expectation(assessed.expected),
            warnings=(*assessed.record.warnings, *self._warnings),
            timeline=self._timeline.phases(),
        )
        self._session.writer.add_trial(record, assessed.tables)
        self._measured.append(_Measured(record, spec, evidence.load))
        return record

    def _spec(self, request: Request, trace: Trace) -> TrialSpec:
        return TrialSpec(
            number=self._made.next(),
            round=self._round,
            variant=self._contender.variant,
            conditions=request.conditions,
            segment=request.segment(trace, self._round),
            cold=False,
            point=request.point,
            machine_limits=request.machine_limits,
            missing_s=request.missing_s,
            job=self._number,
        )

    def _play_again(self, testbed: Testbed) -> None:
        """What the broker took for a part of each load alone, and how fast the machine was."""
        for each in self._measured:
            part = Again(testbed, each.spec.segment, each.played.event_offset_ms)
            alone = part.play()
            figures = each.record.measures
            known = with_broker_alone(
                figures.get("engine_cpu_s_per_million"),
                figures.get("broker_cpu_s_per_million"),
                alone,
            )
            record = dataclasses.replace(each.record, measures={**figures, **known})
            self._session.writer.replace_trial(record)
            self._made.records[record.number - 1] = record

    def _end(self, error: EngineFailed | InstrumentFailed) -> None:
        """The job ended: that is the record of the rate that was to be played, and why others were not."""
        if self._why_left is not None:
            return  # it was stopping already, and what it showed stands
        request = self._left.pop(0)
        record = not_made(
            self._made.next(), self._round, self._contender, ended_by(error), request.point
        )
        planned = dataclasses.replace(
            record,
            settings=self._plan.settings,
            programs=self._plan.programs,
            warnings=self._plan.warnings,
            job=self._number,
        )
        self._made.add(planned)
        self._why_left = f"at {request.load_rate_per_s:,} events/s its job ended: {error.message}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
