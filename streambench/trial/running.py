"""A job under test with everything around it: launched, proved to process, stopped at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from streambench.engines.protocol import Embedded, Engine, Job
from streambench.kafka.player import processes_for
from streambench.load.probes import Probe
from streambench.load.trace import Trace
from streambench.model.conditions import Conditions
from streambench.model.disturbance import disturbance
from streambench.model.errors import EngineSlow, InstrumentFailed
from streambench.model.machine import STRICT, MachineLimits
from streambench.model.plan import Plan
from streambench.model.trial import TraceRef
from streambench.model.workload import Query
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.usage import UsageSampler
from streambench.trial.lab import INPUT_TOPIC, OUTPUT_TOPIC, Lab, open_lab
from streambench.trial.observer import Observer, Phase, Status
from streambench.trial.ready import wait_for_probe
from streambench.trial.schedule import event_offset_ms, event_times
from streambench.trial.workspace import Workspace

NS_PER_S = 1_000_000_000
# Samples are taken away from the windows' edges, where the engines do their work.
SAMPLE_OFFSET_S = 0.137


@dataclass(frozen=True)
class Running:
    """A launched job, its broker, player and reader, and the sampler of what all of them use."""

    lab: Lab
    job: Job
    sampler: UsageSampler
    supervisor: Supervisor
    submitted_ns: int

    def ready(self, trace: Trace, query: Query, probes: Sequence[Probe]) -> float:
        """Wait until every partition's probe came out before `trace`; seconds since the launch.

        Raises EngineFailed.
        """
        now_ms = time.time_ns() // 1_000_000
        wait_for_probe(
            self.lab,
            supervisor=self.supervisor,
            job=self.job,
            query=query,
            probes=probes,
            times=event_times(trace, query),
            event_offset_ms=event_offset_ms(trace, query, start_realtime_ms=now_ms),
        )
        return (time.monotonic_ns() - self.submitted_ns) / NS_PER_S


@contextmanager
def running_job(
    number: int,
    *,
    conditions: Conditions,
    engine: Engine,
    plan: Plan,
    broker_warm_up: TraceRef,
    artifacts: Resolved,
    place: Workspace,
    observer: Observer,
    most_per_s: int = 0,
    before: Callable[[Lab], None] | None = None,
    after: Callable[[], None] | None = None,
    machine_limits: MachineLimits = STRICT,
) -> Iterator[Running]:
    """Launch the job of trial `number` beside a fresh broker; stop it when the block ends.

    `most_per_s` is the highest rate that will be played. `before` may put something
    into the topic that the job will find there. `after` is called where all went well and the job has gone.
    Raises EngineFailed when the engine failed, InstrumentFailed when streambench did, or when something
    took more time than `machine_limits` allow others to use.
    """
    observer.status(Status(Phase.TOPICS))
    with ExitStack() as stack:
        lab = stack.enter_context(
            open_lab(
                place.supervisor,
                artifacts,
                scratch=place.scratch,
                log_dir=place.log_dir,
                partitions=conditions.partitions,
                warm_up=broker_warm_up,
                players=processes_for(most_per_s, conditions.partitions),
            )
        )
        if before is not None:
            before(lab)
        sampler = stack.enter_context(UsageSampler(place.supervisor, offset_s=SAMPLE_OFFSET_S))
        observer.status(Status(Phase.LAUNCH))
        submitted_ns = time.monotonic_ns()
        stack.enter_context(not_for_others(sampler, submitted_ns, machine_limits))
        job = engine.attach(
            plan,
            Embedded(
                supervisor=place.supervisor,
                artifacts=artifacts,
                bootstrap=lab.broker.bootstrap,
                input_topic=INPUT_TOPIC,
                output_topic=OUTPUT_TOPIC,
                job_id=f"streambench-{number}-{submitted_ns}",
                job_dir=place.job_dir,
                log_dir=place.log_dir,
                nice=conditions.engine_nice,
            ),
        )
        try:
            yield Running(lab, job, sampler, place.supervisor, submitted_ns)
        finally:
            observer.status(Status(Phase.STOP))
            job.stop()
        if after is not None:
            after()


@contextmanager
def not_for_others(sampler: UsageSampler, since_ns: int, limits: MachineLimits) -> Iterator[None]:
    """An engine that took too long while something else was running has not failed: the trial has."""
    try:
        yield
    except EngineSlow as slow:
        spoilt = disturbance(sampler.machine(since_ns, time.monotonic_ns()), limits).invalid
        if spoilt is None:
            raise
        raise InstrumentFailed(f"{spoilt}; {slow.message}", hint=slow.hint) from slow
