"""Drains: records that are in the topic already, worked off by a cold job and then by a warm one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from streambench.experiment.kept_job import KeptJob
from streambench.experiment.request import Contender, Request
from streambench.experiment.runner import Launch, run_job
from streambench.experiment.session import Session
from streambench.experiment.warming import LOADS_AT_MOST, WarmUp
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.model.drain import Drain, DrainRecord
from streambench.model.errors import EngineFailed, EngineSlow, InstrumentFailed
from streambench.model.plan import Plan
from streambench.model.trial import Invalid
from streambench.oracle.expected import Expected
from streambench.results.drained import drain_progress
from streambench.trial.job import RunningJob
from streambench.trial.job_spec import JobSpec
from streambench.trial.load import Load, Played, Written
from streambench.trial.observer import Observer
from streambench.trial.testbed import Testbed
from streambench.trial.timeline import Timeline
from streambench.trial.workspace import Room, Workspace
from streambench.trial.writing import flushed, played_at_once

_ENGINE_ROLES: Final = ("worker", "coordinator", "submitter")


@dataclass(frozen=True)
class DrainTask:
    """A cold drain and warm ones by one job of a contender that has a plan; `expected` are their rows."""

    number: int
    round: int
    request: Request
    contender: Contender
    load: Trace
    expected: Expected


def drain_one(
    task: DrainTask, session: Session, observer: Observer, told: Callable[[DrainRecord], None]
) -> DrainRecord:
    """One cold drain, then warm ones in the same job; `told` hears of each.

    An engine that fails ends it, as a finding.
    """
    plan, load = task.contender.plan, task.load
    assert isinstance(plan, Plan)
    times = 1 + LOADS_AT_MOST
    room = Room(plan.heap_mib, times * load.ref.records, times * load.records_bytes)
    spec = session.job(task.number, task.request, task.contender)
    kept = KeptJob(task.number, task.round, task.contender, session)
    draining = _Draining(task, spec, kept, told)
    shown = Timeline(observer)
    try:
        run_job(kept, Launch(spec, room, draining.fill), shown, draining.script)
    except (EngineFailed, InstrumentFailed) as error:
        draining.know(ended=error.message)
    draining.know(timeline=shown.phases())
    return draining.record


class _Draining:
    def __init__(
        self,
        task: DrainTask,
        launched: JobSpec,
        kept: KeptJob,
        told: Callable[[DrainRecord], None],
    ) -> None:
        self._task = task
        self._launched = launched
        self._kept = kept
        self._told = told
        self._filled: Written | None = None
        self.record = DrainRecord(task.contender.variant, task.round, job=task.number)

    def know(self, **found: object) -> None:
        """Put something found into the record and tell of it."""
        self.record = replace(self.record, **found)  # type: ignore[arg-type]
        self._told(self.record)

    def fill(self, testbed: Testbed) -> None:
        """Put the records where the job will find them."""
        trace, query = self._task.load, self._launched.query
        begun = played_at_once(testbed, query, trace)
        self._filled = flushed(testbed, query, self._launched.probes, trace, begun)

    def script(self, job: RunningJob, place: Workspace) -> None:
        """The cold one, which began with the launch, then others until the job is warm."""
        assert self._filled is not None
        trace, due = self._task.load, self._task.expected.due()
        launched_ns = time.time_ns() - (time.monotonic_ns() - job.launched_ns)
        note = f"{trace.ref.records:,} records that are there, cold"
        self._drained(job, job.await_rows(Load(trace, due, note=note), self._filled), launched_ns)
        warm_up = WarmUp(trace, lambda _: trace, silence_s=None)
        for step in warm_up.steps(job, lambda _: self._task.expected):
            self._drained(job, step.played, None)

    def _drained(self, job: RunningJob, played: Played, launched_ns: int | None) -> None:
        expected, kept = self._task.expected, self._kept
        seen = kept.worked_off(job, played, expected, launched_ns)
        start_ns = played.start_realtime_ns if launched_ns is None else launched_ns
        visible = self._launched.conditions.guarantee is Guarantee.EXACTLY_ONCE
        found = drain_progress(seen.judged, expected, start_realtime_ns=start_ns, visible=visible)
        if found is None:
            raise EngineSlow("rows were missing when the wait for them ended", stage="drain")
        if isinstance(seen.record.outcome, Invalid):
            raise InstrumentFailed(seen.record.outcome.reason)
        drain = Drain(
            warm=launched_ns is None,
            records=self._task.load.ref.records,
            took_s=found.last_s,
            first_s=found.first_s,
            peak_per_s=found.peak_per_s,
            cpu_s=sum(each.cpu_s for each in seen.usage if each.role in _ENGINE_ROLES)
            if seen.record.engine_seen
            else None,
            right=seen.verdict.right,
            load=seen.record.number,
        )
        self.know(drains=(*self.record.drains, drain))
