"""One trial with a job of its own, and its ending, whatever it is."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from streambench.experiment.kept_job import KeptJob
from streambench.experiment.request import Contender, Request
from streambench.experiment.runner import Launch, run_job
from streambench.experiment.session import Session
from streambench.experiment.warming import WarmUp
from streambench.load.trace import Trace
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.plan import Plan
from streambench.model.trial import TrialRecord
from streambench.trial.job import RunningJob
from streambench.trial.timeline import Timeline
from streambench.trial.without_engine import PART_MS
from streambench.trial.workspace import Room, Workspace


@dataclass(frozen=True)
class WarmedFirst:
    """What is played into a job before the load that is measured: `records_at_most` in all.

    `play` raises EngineFailed, also when a result is not right.
    """

    play: Callable[[KeptJob, RunningJob], None]
    records_at_most: int


def warmed_and_risen(warm_up: WarmUp, rising: Trace, request: Request) -> WarmedFirst:
    """Records at once until the job is compiled, then a load that rises to the request's rate."""

    def play(kept: KeptJob, job: RunningJob) -> None:
        deque(kept.warm(job, warm_up), maxlen=0)
        kept.warm_at_pace(job, request, rising, "rising to the rate")

    at_once = warm_up.first.ref.records * warm_up.loads_at_most
    return WarmedFirst(play, at_once + rising.ref.records)


@dataclass(frozen=True)
class PlannedTrial:
    """Trial `number` of a run, of a contender that has a plan; `job` numbers its job."""

    number: int
    job: int
    round: int
    request: Request
    contender: Contender
    load: Trace
    before: WarmedFirst | None = None


def run_one(planned: PlannedTrial, session: Session, shown: Timeline) -> TrialRecord:
    """Run, judge and store one trial.

    An engine's failure or the instrument's becomes the trial's outcome; every other error passes.
    """
    request, load, before = planned.request, planned.load, planned.before
    kept = KeptJob(planned.job, planned.round, planned.contender, session, shared=False)
    plan = planned.contender.plan
    assert isinstance(plan, Plan)
    # Before the job is there, and not while it waits.
    session.promised.due(load, request.workload.query, plan.event_clock)
    spec = session.job(planned.job, request, planned.contender, max(load.offered_by_second))
    made: list[TrialRecord] = []

    def script(job: RunningJob, place: Workspace) -> None:
        kept.first_result_s = job.ready(load)
        if before is not None:
            before.play(kept, job)
        made.append(kept.measure(job, request, load, planned.number, shown))

    def known(records: Iterator[TrialRecord]) -> None:
        made.extend(records)

    try:
        run_job(kept, Launch(spec, _room(plan, load, before)), shown, script, known)
    except (EngineFailed, InstrumentFailed) as error:
        if not made:  # else it went wrong while it was stopped, and what it showed stands
            made.append(kept.ended(planned.number, request, error))
    record = dataclasses.replace(made[-1], trace_sha256=load.ref.sha256, timeline=shown.phases())
    session.writer.replace_trial(record)
    return record


def _room(plan: Plan, load: Trace, before: WarmedFirst | None) -> Room:
    at_first = 0 if before is None else before.records_at_most
    again = round(load.ref.records * min(1.0, PART_MS / load.meta.duration_ms))
    records = load.ref.records + at_first + again
    return Room(plan.heap_mib, records, round(load.records_bytes * records / load.ref.records))
