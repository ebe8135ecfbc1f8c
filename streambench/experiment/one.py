"""One trial with its ending, whatever it is: a record and its columns go to the bundle."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa

from streambench.experiment.assess import assess
from streambench.experiment.request import Contender, Request
from streambench.experiment.settling import LoadsBefore
from streambench.load.probes import Probe
from streambench.load.trace import Trace
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.plan import Plan
from streambench.model.trial import (
    Failed,
    Invalid,
    Outcome,
    Purpose,
    TraceRef,
    TrialRecord,
    TrialSpec,
    WarmedUp,
)
from streambench.oracle.expected import Expected
from streambench.results.bundle import BundleWriter
from streambench.runtime.artifacts import Resolved
from streambench.trial.conduct import conduct
from streambench.trial.evidence import Evidence
from streambench.trial.observer import Observer, Phase, Status
from streambench.trial.without_engine import PART_MS
from streambench.trial.workspace import ON_DISK, workspace


def run_one(
    spec: TrialSpec,
    *,
    request: Request,
    contender: Contender,
    plan: Plan,
    probes: Sequence[Probe],
    promised: Expected,
    broker_warm_up: TraceRef,
    artifacts: Resolved,
    writer: BundleWriter,
    observer: Observer,
    before: LoadsBefore | None = None,
) -> TrialRecord:
    """Run, judge and store one trial; `promised` are the rows that surely must come.

    What is played `before` the load is judged as well.
    An engine's failure or the instrument's becomes the trial's outcome; every other error passes.
    """
    started_at = datetime.now(UTC).isoformat(timespec="seconds")
    load = Trace.open(spec.segment.trace)
    at_first = 0 if before is None else before.records_at_most
    again = round(load.ref.records * min(1.0, PART_MS / load.meta.duration_ms))
    records = load.ref.records + at_first + again
    with workspace(
        heap_mib=plan.heap_mib,
        records=records,
        load_bytes=round(load.records_bytes * records / load.ref.records),
    ) as place:
        tables: dict[str, pa.Table] = {}
        try:
            evidence = conduct(
                spec,
                engine=contender.engine,
                plan=plan,
                wider=contender.wider,
                query=request.workload.query,
                probes=probes,
                must_come=promised.due().must,
                broker_warm_up=broker_warm_up,
                artifacts=artifacts,
                place=place,
                observer=observer,
                warm_up=before,
            )
            observer.status(Status(Phase.JUDGE))
            record, tables = assess(
                spec,
                evidence,
                workload=request.workload,
                engine=contender.engine,
                plan=plan,
                started_at=started_at,
                warming=[before.expected(played.trace) for played in evidence.warmed]
                if before is not None
                else (),
            )
            record = dataclasses.replace(record, warmed_up=_warmed_up(spec, evidence, before))
        except EngineFailed as error:
            outcome: Outcome = Failed(error.stage, error.message, error.hint, error.log_tail)
            record = _without_figures(spec, outcome, plan, started_at)
        except InstrumentFailed as error:
            record = _without_figures(spec, Invalid(error.message), plan, started_at)
        if not place.in_memory:
            record = dataclasses.replace(record, warnings=(*record.warnings, ON_DISK))
        writer.add_trial(record, tables, place.log_dir)
    return record


def _warmed_up(spec: TrialSpec, evidence: Evidence, before: LoadsBefore | None) -> WarmedUp:
    head_s = spec.segment.span(Purpose.MEASURED).start_ms / 1000
    if before is None:
        return WarmedUp(head_s, None)
    return before.outcome(evidence.warmed, head_s)


def _without_figures(spec: TrialSpec, outcome: Outcome, plan: Plan, started_at: str) -> TrialRecord:
    return TrialRecord(
        number=spec.number,
        round=spec.round,
        variant=spec.variant,
        outcome=outcome,
        started_at=started_at,
        cold=spec.cold,
        point=spec.point,
        trace_sha256=spec.segment.trace.sha256,
        settings=plan.settings,
        programs=plan.programs,
        warnings=plan.warnings,
    )
