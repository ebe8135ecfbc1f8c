"""One trial with its ending, whatever it is: a record and its columns go to the bundle."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from streambench.experiment.assess import assess
from streambench.experiment.not_made import ended_by, without_figures
from streambench.experiment.request import Contender, Request
from streambench.experiment.session import Session
from streambench.experiment.settling import LoadsBefore
from streambench.load.trace import Trace
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.plan import Plan
from streambench.model.trial import Purpose, TrialRecord, TrialSpec, WarmedUp
from streambench.oracle.expected import Due
from streambench.trial.conduct import conduct
from streambench.trial.evidence import Evidence
from streambench.trial.observer import Phase, Status
from streambench.trial.timeline import Timeline
from streambench.trial.without_engine import PART_MS
from streambench.trial.workspace import ON_DISK, Room


@dataclass(frozen=True)
class PlannedTrial:
    """A trial of a contender that has a plan; `due` are the rows of its load.

    What is played `before` the load is judged as well.
    """

    spec: TrialSpec
    request: Request
    contender: Contender
    due: Due
    before: LoadsBefore | None = None


def run_one(planned: PlannedTrial, session: Session, observer: Timeline) -> TrialRecord:
    """Run, judge and store one trial.

    An engine's failure or the instrument's becomes the trial's outcome; every other error passes.
    """
    spec, request, before = planned.spec, planned.request, planned.before
    plan = planned.contender.plan
    assert isinstance(plan, Plan)
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    load = Trace.open(spec.segment.trace)
    launched = session.job(spec.number, request, planned.contender, max(load.offered_by_second))
    with session.workspaces(_room(plan, load, before)) as place:
        tables: Mapping[str, pa.Table] = {}
        try:
            evidence = conduct(
                spec, launched, planned.due, place=place, observer=observer, warm_up=before
            )
            observer.status(Status(Phase.JUDGE))
            warming = () if before is None else map(before.expected, _traces(evidence))
            assessed = assess(
                spec,
                evidence,
                workload=request.workload,
                launched=launched,
                started_at=started_at,
                warming=tuple(warming),
            )
            tables = assessed.tables
            record = dataclasses.replace(
                assessed.record,
                warmed_up=_warmed_up(spec, evidence, before),
                expectation=session.writer.add_expectation(assessed.expected),
            )
        except (EngineFailed, InstrumentFailed) as error:
            record = without_figures(spec, ended_by(error), plan, started_at)
        if not place.in_memory:
            record = dataclasses.replace(record, warnings=(*record.warnings, ON_DISK))
        record = dataclasses.replace(record, timeline=observer.phases())
        session.writer.add_trial(record, tables, place.log_dir)
    return record


def _room(plan: Plan, load: Trace, before: LoadsBefore | None) -> Room:
    at_first = 0 if before is None else before.records_at_most
    again = round(load.ref.records * min(1.0, PART_MS / load.meta.duration_ms))
    records = load.ref.records + at_first + again
    return Room(plan.heap_mib, records, round(load.records_bytes * records / load.ref.records))


def _traces(evidence: Evidence) -> list[Trace]:
    return [played.trace for played in evidence.warmed]


def _warmed_up(spec: TrialSpec, evidence: Evidence, before: LoadsBefore | None) -> WarmedUp:
    head_s = spec.segment.span(Purpose.MEASURED).start_ms / 1000
    if before is None:
        return WarmedUp(head_s, None)
    return before.outcome(evidence.warmed, head_s)
