"""A whole run: every point, every contender, every round, one bundle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from streambench.experiment.dirt import rest_of
from streambench.experiment.environment import describe_machine, describe_versions
from streambench.experiment.late import late_model
from streambench.experiment.loads import Loads
from streambench.experiment.not_made import not_made, not_run
from streambench.experiment.one import PlannedTrial, WarmedFirst, run_one, warmed_and_risen
from streambench.experiment.request import Contender, Request
from streambench.experiment.rounds import interleaved
from streambench.experiment.session import Session
from streambench.experiment.settling import settle
from streambench.experiment.settling_policy import SETTLING
from streambench.experiment.warming import RISING_MS, WarmUp
from streambench.load.trace import Trace
from streambench.model.capacity import MachineCapacity
from streambench.model.conditions import Variant
from streambench.model.experiment import BacklogDrain, Experiment, RateSearch, Sweep
from streambench.model.plan import Plan, Unsupported
from streambench.model.shape import shape_words
from streambench.model.trial import LeftOut, Purpose, TrialRecord
from streambench.results.schema import METHOD, SCHEMA, PlanRecord, RunRecord
from streambench.runtime.java import find_java
from streambench.trial.observer import Phase, Status
from streambench.trial.timeline import Timeline

LeavesOut: TypeAlias = Callable[[Request, Contender, Sequence[TrialRecord]], LeftOut | None]
"""Why a trial is not made after those before it; None when it is."""
Enough: TypeAlias = Callable[[Sequence[TrialRecord]], bool]
"""Whether the rounds that were made tell enough; they are in the bundle."""


def execute(
    requests: Sequence[Request],
    session: Session,
    leaves_out: LeavesOut | None = None,
    enough: Enough | None = None,
) -> tuple[TrialRecord, ...]:
    """Run all trials of the requests, one a point; each is in the bundle as soon as it is over.

    `enough` is asked after each round: no more are made when it says so.
    """
    records: list[TrialRecord] = []
    each = [(request, contender) for request in requests for contender in request.contenders]
    trials = tuple(interleaved(each, requests[0].repeats))
    more = 0  # trials that go on where a dirty record stopped a job
    for place, (round_number, (request, contender)) in enumerate(trials, start=1):
        number = place + more
        round_over = bool(records) and records[-1].round != round_number
        if round_over and enough is not None and enough(tuple(records)):
            break
        match contender.plan:
            case Unsupported() as gap:
                record = not_run(number, round_number, contender, gap, request.point)
                session.writer.add_trial(record, {})
            case Plan() if leaves_out and (left_out := leaves_out(request, contender, records)):
                record = not_made(number, round_number, contender, left_out, request.point)
                session.writer.add_trial(record, {})
            case Plan():
                left: Request | None = request
                while left is not None:
                    number = place + more
                    record = _made(
                        left, contender, (number, len(trials) + more, round_number), session
                    )
                    left = rest_of(left, record)
                    if left is not None:
                        records.append(record)
                        session.observer.trial_ends(record)
                        more += 1
        records.append(record)
        session.observer.trial_ends(record)
    return tuple(records)


def _made(
    request: Request, contender: Contender, which: tuple[int, int, int], session: Session
) -> TrialRecord:
    """A trial: `which` are its number, how many there are to be, and its round."""
    number, total, round_number = which
    shown = Timeline(session.observer.trial_begins(number, total, contender.title, request.point))
    shown.status(Status(Phase.COMPILE))
    trace = session.loads.measured(request)
    before = _before(session.loads, request)
    planned = PlannedTrial(number, number, round_number, request, contender, trace, before)
    return run_one(planned, session, shown)


def _before(loads: Loads, request: Request) -> WarmedFirst | None:
    load = loads.settling(request)
    if load is not None:
        return WarmedFirst(
            lambda kept, job: settle(kept, job, request, load),
            load.ref.records * SETTLING.loads_at_most(request.warm_up_s),
        )
    at_once, rising = loads.at_once(request), loads.rising(request)
    if at_once is None or rising is None:
        return None
    return warmed_and_risen(WarmUp(at_once, lambda _: at_once), rising, request)


def run_record(
    request: Request,
    trace: Trace,
    experiment: Experiment,
    *,
    warnings: tuple[str, ...] = (),
    capacity: MachineCapacity | None = None,
    warming: Trace | None = None,
) -> RunRecord:
    """What the bundle says of the run as a whole; of a sweep, `request` is its first point.

    `warming` is what comes at once before its trials.
    """
    drained = experiment if isinstance(experiment, BacklogDrain) else None
    one_job = isinstance(experiment, Sweep) and experiment.one_job
    segment = request.segment(trace, 0)
    measured = segment.span(Purpose.MEASURED)
    engines = {
        name: version
        for contender in request.contenders
        for name, version in _engine_versions(request, contender.variant).items()
    }
    return RunRecord(
        schema=SCHEMA,
        method=METHOD,
        title=request.workload.title,
        workload=request.workload.name,
        workload_text=request.workload_text,
        command=request.command,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        conditions=request.conditions,
        environment=describe_machine(find_java()),
        versions=describe_versions(_broker(request) | engines),
        trace_sha256=trace.ref.sha256,
        trace_records=trace.ref.records,
        trace_without_key=trace.meta.without_key,
        seed=request.seed,
        rate_per_s=None if request.is_replay else request.load_rate_per_s,
        warm_up_s=measured.start_ms / 1000,
        measured_s=(measured.end_ms - measured.start_ms) / 1000,
        quick=request.quick,
        repeats=request.repeats,
        planned=tuple(contender.variant.label for contender in request.contenders),
        titles={c.variant.label: c.title for c in request.contenders},
        warnings=tuple(dict.fromkeys((*warnings, *request.warnings))),
        late_model=late_model(request, trace),
        recovery_s=request.recovery_s,
        faults=tuple(str(fault) for fault in request.faults),
        dirt=request.dirt.instants,
        dirt_shares=request.dirt.shares,
        axes=experiment.axes if isinstance(experiment, Sweep) else (),
        search=experiment.terms if isinstance(experiment, RateSearch) else None,
        capacity=capacity,
        drain_records=None if drained is None else drained.records,
        warming_records=0 if warming is None else warming.ref.records,
        rising_s=0.0 if warming is None or one_job else RISING_MS / 1000,
        one_job=one_job,
        settling_s=SETTLING.load_s(request.warm_up_s) if request.settles else 0.0,
        shape=_shape_words(request),
        plans={
            c.variant.label: PlanRecord(c.plan.settings, c.plan.programs, c.plan.warnings)
            for c in request.contenders
            if isinstance(c.plan, Plan)
        },
        drain_records_per_window=None if drained is None else drained.records_per_window,
        requirements=request.requirements,
        named={c.variant.label: c.named for c in request.contenders if c.named is not None},
        until=request.until,
        kafka=request.kafka,
        clusters=request.clusters,
        rounds_at_most=None if request.until is None else request.repeats,
    )


def _shape_words(request: Request) -> str | None:
    shape = getattr(request.workload.input, "shape", None)
    if shape is None or request.rate_per_s is not None:
        return None
    return shape_words(shape)


def _engine(variant: Variant) -> str:
    """An engine's name, with its version where several may run."""
    return f"{variant.engine}@{variant.version}" if variant.of_its_own_version else variant.engine


def _engine_versions(request: Request, variant: Variant) -> dict[str, str]:
    """The version of an engine; in a cluster of the user's as far as that tells, and the client's."""
    name, there = _engine(variant), request.clusters.get(variant.engine)
    if there is None:
        return {name: variant.version}
    client = {f"{name}, the client": variant.version}
    return client if there.version is None else {name: there.version} | client


def _broker(request: Request) -> dict[str, str]:
    """The version of the broker; of one of the user's as far as it tells."""
    if request.conditions.foreign_kafka is None:
        return {"Kafka broker": request.conditions.broker_version}
    release = None if request.kafka is None else request.kafka.release
    return {} if release is None else {"Kafka broker": release}
