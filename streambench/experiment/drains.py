"""Drains: records that are in the topic already, worked off by a cold job and then by a warm one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from streambench.experiment.judging import damage_at_once, judge_load
from streambench.experiment.request import Contender, Request
from streambench.experiment.warming import LOADS_AT_MOST, still_faster
from streambench.load.probes import probes_of
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.model.disturbance import disturbance
from streambench.model.drain import Drain, DrainRecord
from streambench.model.errors import EngineFailed, EngineSlow, InstrumentFailed
from streambench.model.plan import Plan
from streambench.model.trial import TraceRef
from streambench.oracle.expected import Expected
from streambench.results.drained import drain_progress
from streambench.runtime.artifacts import Resolved
from streambench.trial.lab import Lab
from streambench.trial.observer import Observer
from streambench.trial.prober import Played, Prober, Written, write_at_once
from streambench.trial.running import Running, running_job
from streambench.trial.workspace import workspace

_ENGINE_ROLES: Final = ("worker", "coordinator", "submitter")


def drain_one(
    request: Request,
    contender: Contender,
    plan: Plan,
    *,
    number: int,
    round_number: int,
    load: Trace,
    expected: Expected,
    broker_warm_up: TraceRef,
    artifacts: Resolved,
    observer: Observer,
    told: Callable[[DrainRecord], None],
) -> DrainRecord:
    """One cold drain, then warm ones in the same job; `told` hears of each.

    An engine that fails ends it, as a finding.
    """
    record = DrainRecord(contender.variant, round_number)
    draining = _Draining(request, contender, load, expected, observer)
    times = 1 + LOADS_AT_MOST
    with workspace(
        heap_mib=plan.heap_mib,
        records=times * load.ref.records,
        load_bytes=times * load.records_bytes,
    ) as place:
        try:
            with running_job(
                number,
                conditions=request.conditions,
                engine=contender.engine,
                plan=plan,
                broker_warm_up=broker_warm_up,
                artifacts=artifacts,
                place=place,
                observer=observer,
                machine_limits=request.machine_limits,
                before=draining.fill,
            ) as running:
                for drain in draining.drains(running):
                    record = replace(record, drains=(*record.drains, drain))
                    told(record)
        except (EngineFailed, InstrumentFailed) as error:
            record = replace(record, ended=error.message)
            told(record)
    return record


@dataclass
class _Draining:
    request: Request
    contender: Contender
    load: Trace
    expected: Expected
    observer: Observer
    filled: Written | None = None

    def fill(self, lab: Lab) -> None:
        """Put the records where the job will find them."""
        self.filled = write_at_once(
            lab, self.load, self.request.workload.query, probes_of(self.request.workload), 0
        )

    def drains(self, running: Running) -> Iterator[Drain]:
        """The cold one, which began with the launch, then others until the job is warm."""
        assert self.filled is not None
        prober = Prober(
            running,
            query=self.request.workload.query,
            conditions=self.request.conditions,
            probes=probes_of(self.request.workload),
            observer=self.observer,
        )
        due = self.expected.due()
        note = f"{self.load.ref.records:,} records that are there, cold"
        launched_ns = time.time_ns() - (time.monotonic_ns() - running.submitted_ns)
        yield self._drain(prober.await_rows(self.filled, due, note=note), running, launched_ns)
        before_per_s = 0.0
        for _ in range(LOADS_AT_MOST):
            note = f"{self.load.ref.records:,} records at once, warm"
            played = prober.play_at_once(self.load, due, note=note)
            drain = self._drain(played, running, None)
            yield drain
            if not still_faster(drain.per_s, before_per_s):
                return
            before_per_s = drain.per_s

    def _drain(self, played: Played, running: Running, launched_ns: int | None) -> Drain:
        conditions = self.request.conditions
        start_ns = played.start_realtime_ns if launched_ns is None else launched_ns
        judged = judge_load(
            played,
            self.expected,
            guarantee=conditions.guarantee,
            state_exact=self.contender.engine.state_exact,
            start_realtime_ns=start_ns,
        )
        visible = conditions.guarantee is Guarantee.EXACTLY_ONCE
        found = drain_progress(judged, self.expected, start_realtime_ns=start_ns, visible=visible)
        if found is None:
            raise EngineSlow("rows were missing when the wait for them ended", stage="drain")
        monotonic_ns = start_ns - (time.time_ns() - time.monotonic_ns())
        part = (monotonic_ns, monotonic_ns + int(found.last_s * 1e9))
        usage, machine = running.sampler.between(*part), running.sampler.machine(*part)
        disturbed = disturbance(machine, self.request.machine_limits)
        if disturbed.invalid is not None:
            raise InstrumentFailed(disturbed.invalid)
        return Drain(
            warm=launched_ns is None,
            records=self.load.ref.records,
            took_s=found.last_s,
            first_s=found.first_s,
            peak_per_s=found.peak_per_s,
            cpu_s=sum(each.cpu_s for each in usage if each.role in _ENGINE_ROLES),
            right=damage_at_once(judged).clean_under(conditions.guarantee),
        )
