"""Drains: records that are in the topic already, worked off by a cold job and then by a warm one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from streambench.experiment.at_once import AtOnce, judged_at_once
from streambench.experiment.request import Contender, Request
from streambench.experiment.session import Session
from streambench.experiment.warming import LOADS_AT_MOST, still_faster
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.model.drain import Drain, DrainRecord
from streambench.model.errors import EngineFailed, EngineSlow, InstrumentFailed
from streambench.model.plan import Plan
from streambench.model.trial import Invalid, LoadKind
from streambench.oracle.expected import Expected
from streambench.results.bundle import BundleWriter
from streambench.results.drained import drain_progress
from streambench.trial.job import JobSpec, RunningJob, write_at_once
from streambench.trial.load import Load, Played, Written
from streambench.trial.observer import Observer
from streambench.trial.testbed import Testbed
from streambench.trial.workspace import Room

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
    record = DrainRecord(task.contender.variant, task.round, job=task.number)
    launched = session.job(task.number, task.request, task.contender)
    draining = _Draining(task, launched, session.writer)
    times = 1 + LOADS_AT_MOST
    room = Room(plan.heap_mib, times * load.ref.records, times * load.records_bytes)
    with session.workspaces(room) as place:
        try:
            with session.running(launched, place, observer, before=draining.fill) as job:
                for drain in draining.drains(job):
                    record = replace(record, drains=(*record.drains, drain))
                    told(record)
        except (EngineFailed, InstrumentFailed) as error:
            record = replace(record, ended=error.message)
            told(record)
        session.writer.add_logs(task.number, task.contender.variant, place.log_dir)
    return record


@dataclass
class _Draining:
    task: DrainTask
    launched: JobSpec
    writer: BundleWriter
    loads: int = 0
    filled: Written | None = None

    def fill(self, testbed: Testbed) -> None:
        """Put the records where the job will find them."""
        self.filled = write_at_once(testbed, self.launched, self.task.load)

    def drains(self, job: RunningJob) -> Iterator[Drain]:
        """The cold one, which began with the launch, then others until the job is warm."""
        assert self.filled is not None
        trace, due = self.task.load, self.task.expected.due()
        there = f"{trace.ref.records:,} records"
        launched_ns = time.time_ns() - (time.monotonic_ns() - job.launched_ns)
        cold = Load(trace, due, note=f"{there} that are there, cold")
        yield self._drain(job.await_rows(cold, self.filled), job, launched_ns)
        before_per_s = 0.0
        for _ in range(LOADS_AT_MOST):
            warm = Load(trace, due, note=f"{there} at once, warm")
            drain = self._drain(job.play_at_once(warm), job, None)
            yield drain
            if not still_faster(drain.per_s, before_per_s):
                return
            before_per_s = drain.per_s

    def _drain(self, played: Played, job: RunningJob, launched_ns: int | None) -> Drain:
        expected = self.task.expected
        start_ns = played.start_realtime_ns if launched_ns is None else launched_ns
        self.loads += 1
        kind = LoadKind.WARM if launched_ns is None else LoadKind.COLD
        load = AtOnce(self.loads, self.task.round, kind, played, expected, start_ns)
        seen = judged_at_once(load, job, self.writer)
        visible = self.launched.conditions.guarantee is Guarantee.EXACTLY_ONCE
        found = drain_progress(seen.judged, expected, start_realtime_ns=start_ns, visible=visible)
        if found is None:
            raise EngineSlow("rows were missing when the wait for them ended", stage="drain")
        if isinstance(seen.record.outcome, Invalid):
            raise InstrumentFailed(seen.record.outcome.reason)
        return Drain(
            warm=launched_ns is None,
            records=self.task.load.ref.records,
            took_s=found.last_s,
            first_s=found.first_s,
            peak_per_s=found.peak_per_s,
            cpu_s=sum(each.cpu_s for each in seen.usage if each.role in _ENGINE_ROLES),
            right=seen.verdict.right,
            load=self.loads,
        )
