"""A curve over rates: one warm job an engine, and a load a rate, rising until it falls behind.

1. The job is launched and proved to process.
2. Records come at once until it works them off no faster: it is compiled then.
3. The rates are played one after another, from the lowest on: first a part that is not measured, as the
   engine gets used to the rate, then the measured part.
4. Where it fell behind, higher rates are left out: they would show how long the load was.
5. When the job has gone, a part of each load is played once more without it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from streambench.experiment.job_loads import NO_ROOM, JobLoads, job_room
from streambench.experiment.kept_job import KeptJob
from streambench.experiment.not_made import ended_by, not_made, not_run
from streambench.experiment.overload import not_borne
from streambench.experiment.request import Contender, Request
from streambench.experiment.rounds import interleaved
from streambench.experiment.runner import Launch, run_job
from streambench.experiment.session import Session
from streambench.experiment.warming import WarmUp
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.plan import Plan, Unsupported
from streambench.model.sweep import Axis, AxisName, Point
from streambench.model.trial import Invalid, LeftOut, TrialRecord
from streambench.trial.job import RunningJob
from streambench.trial.observer import Phase, Silent, Status
from streambench.trial.timeline import Timeline
from streambench.trial.workspace import Workspace


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
                kept = KeptJob(number, round_number, contender, session)
                _Curve(kept, rates, plan, made).run()
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

    def replace(self, records: Iterable[TrialRecord]) -> None:
        """More is known of some that are there."""
        for record in records:
            self.records[record.number - 1] = record


class _Curve:
    """One job of one contender, and its loads."""

    def __init__(
        self, kept: KeptJob, requests: tuple[Request, ...], plan: Plan, made: _Made
    ) -> None:
        self._kept = kept
        self._left = list(requests)
        self._first = requests[0]
        self._plan = plan
        self._made = made
        self._timeline = Timeline(Silent())
        # What becomes of rates that are not played; None: they are still to come.
        self._left_out: LeftOut | Invalid | None = None

    def run(self) -> None:
        """Launch the job and play its loads; whatever ends it, every rate has a record then."""
        kept, first, session = self._kept, self._first, self._made.session
        most_per_s = max(request.load_rate_per_s for request in self._left)
        self._timeline = self._made.begins(kept.contender, first)
        launch = Launch(
            session.job(kept.number, first, kept.contender, most_per_s),
            job_room(session.loads, first, self._plan),
        )
        try:
            run_job(kept, launch, self._timeline, self._rise, self._made.replace)
        except (EngineFailed, InstrumentFailed) as error:
            self._end(error)
        for request in self._left:
            number, outcome = self._made.next(), self._left_out or LeftOut("its job had ended")
            self._made.add(not_made(number, kept.round, kept.contender, outcome, request.point))

    def _rise(self, job: RunningJob, place: Workspace) -> None:
        """Play rate after rate, until one is not borne."""
        loads = JobLoads(self._made.session.loads, self._first, place)
        self._warm(job, loads)
        while self._left:
            request = self._left[0]
            rate, load_ms = request.load_rate_per_s, request.spans[-1].end_ms
            if not loads.have_room(rate, load_ms):
                self._left_out = LeftOut(NO_ROOM)
                return
            if request is not self._first:  # that one is shown since the launch
                self._timeline = self._made.begins(self._kept.contender, request)
                job.shown_by(self._timeline)
            self._timeline.status(Status(Phase.COMPILE))
            load = loads.of(rate, load_ms)
            record = self._kept.measure(job, request, load, self._made.next(), self._timeline)
            self._left.pop(0)
            self._made.tell(record)
            said = not_borne(record)
            if said is not None:
                self._left_out = LeftOut(f"at {rate:,} events/s {said}")
                return
        self._left_out = LeftOut("all rates were played")

    def _warm(self, job: RunningJob, loads: JobLoads) -> None:
        """Prove that the job processes, and have it compiled."""
        at_once = self._made.session.loads.at_once(self._first)
        first = at_once or loads.of(self._first.load_rate_per_s, self._first.spans[-1].end_ms)
        self._kept.first_result_s = job.ready(first)
        if at_once is None:
            return
        deque(self._kept.warm(job, WarmUp(at_once, lambda _: at_once)), maxlen=0)

    def _end(self, error: EngineFailed | InstrumentFailed) -> None:
        """The job ended: that is the record of the rate that was to be played, and why others were not."""
        if self._left_out is not None:
            return  # it was stopping already, and what it showed stands
        request = self._left.pop(0)
        self._made.tell(self._kept.ended(self._made.next(), request, error))
        why = f"at {request.load_rate_per_s:,} events/s its job ended: {error.message}"
        match ended_by(error):
            case Invalid(by_clocks=by_clocks):  # no word on what the engine bears
                self._left_out = Invalid(why, by_clocks=by_clocks)
            case _:
                self._left_out = LeftOut(why)
