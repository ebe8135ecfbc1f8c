"""One trial from launch to the last row: what is done to the engine, and nothing about judging it.

topics → launch → ready → (warming) → warm-up │ measured │ cool-down │ flush → drain → stop → again
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

from streambench.engines.protocol import Engine, Job, State
from streambench.kafka.player import Playing
from streambench.kafka.reader import read_uncommitted_count
from streambench.kafka.topics import topic_bytes
from streambench.kafka.warm_up import WARM_UP_TOPIC
from streambench.load.probes import Probe
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.model.errors import EngineFailed
from streambench.model.fault import FaultKind
from streambench.model.plan import Plan
from streambench.model.trial import Purpose, TraceRef, TrialSpec, WithoutEngine
from streambench.model.workload import Query
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until
from streambench.trial.deaths import fail_on_death
from streambench.trial.drain import DRAIN_TIMEOUT_S, drain
from streambench.trial.evidence import Evidence
from streambench.trial.injector import Injector
from streambench.trial.lab import INPUT_TOPIC, OUTPUT_TOPIC, Lab
from streambench.trial.observer import Observer, Phase, Status
from streambench.trial.output_watch import OutputWatch
from streambench.trial.patience import recovery_patience_s
from streambench.trial.prober import Played, Prober
from streambench.trial.ready import send_to_every_partition
from streambench.trial.running import NS_PER_S, Running, running_job
from streambench.trial.schedule import event_offset_ms, event_times
from streambench.trial.without_engine import Again
from streambench.trial.workspace import Workspace

WATCH_POLL_S = 0.5
# Between the order and T0, and for what the player writes behind it.
PLAY_GRACE_S = 62.0


def conduct(
    spec: TrialSpec,
    *,
    engine: Engine,
    plan: Plan,
    wider: Plan | None,
    query: Query,
    probes: Sequence[Probe],
    must_come: frozenset[tuple[str, int]],
    broker_warm_up: TraceRef,
    artifacts: Resolved,
    place: Workspace,
    observer: Observer,
    warm_up: Callable[[Prober], tuple[Played, ...]] | None = None,
) -> Evidence:
    """Run one trial; `must_come` holds (key, window start relative to the trace's origin).

    `wider` is the plan with one worker more, when a fault rescales the job. `warm_up` plays
    what comes at once before T0. Takes and raises what `running_job` does.
    """
    trace = Trace.open(spec.segment.trace)
    again: Again | None = None
    without_engine: WithoutEngine | None = None

    def play_again() -> None:
        nonlocal without_engine
        without_engine = None if again is None else again.play()

    with running_job(
        spec.number,
        conditions=spec.conditions,
        engine=engine,
        plan=plan,
        broker_warm_up=broker_warm_up,
        artifacts=artifacts,
        place=place,
        observer=observer,
        most_per_s=max(trace.offered_by_second),
        after=play_again,
        machine_limits=spec.machine_limits,
    ) as running:
        evidence = _measure_job(
            spec,
            trace=trace,
            wider=wider,
            query=query,
            probes=probes,
            must_come=must_come,
            running=running,
            observer=observer,
            warm_up=warm_up,
        )
        if _may_play_again(spec, evidence):
            offset_ms = evidence.event_offset_ms
            again = Again(running.lab, place.supervisor, spec.segment, offset_ms)
    return dataclasses.replace(evidence, without_engine=without_engine)


def _may_play_again(spec: TrialSpec, evidence: Evidence) -> bool:
    """Not in a short look, nor where the broker was started anew and is not as warm as it was."""
    return not spec.cold and all(hit.kind is not FaultKind.BROKER_RESTART for hit in evidence.hits)


def _measure_job(
    spec: TrialSpec,
    *,
    trace: Trace,
    wider: Plan | None,
    query: Query,
    probes: Sequence[Probe],
    must_come: frozenset[tuple[str, int]],
    running: Running,
    observer: Observer,
    warm_up: Callable[[Prober], tuple[Played, ...]] | None,
) -> Evidence:
    lab, job, supervisor, sampler = (
        running.lab,
        running.job,
        running.supervisor,
        running.sampler,
    )
    observer.status(Status(Phase.READY))
    times = event_times(trace, query)
    first_result_s = running.ready(trace, query, probes)
    prober = Prober(
        running, query=query, conditions=spec.conditions, probes=probes, observer=observer
    )
    warmed = () if warm_up is None else warm_up(prober)

    bytes_before = _caused_bytes(lab)
    start_ns = prober.start_ns(trace)
    # realtime − monotonic, to place T0 on the sampler's clock
    monotonic_start_ns = start_ns - (time.time_ns() - time.monotonic_ns())
    offset_ms = event_offset_ms(trace, query, start_realtime_ms=start_ns // 1_000_000)
    send_log = lab.scratch / "load.parquet"
    playing = lab.player.play(
        spec.segment.trace,
        start_realtime_ns=start_ns,
        event_offset_ms=offset_ms,
        send_log=send_log,
        holds=spec.segment.holds,
    )
    watch = OutputWatch(
        lab.reader,
        job,
        query,
        must_come,
        event_offset_ms=offset_ms,
        start_monotonic_ns=monotonic_start_ns,
    )
    with Injector(
        spec.segment.strikes,
        job=job,
        supervisor=supervisor,
        broker=lab.broker,
        start_monotonic_ns=monotonic_start_ns,
        window=query.window,
        commit_interval_ms=spec.conditions.commit_interval_ms,
        wider=wider,
        struck=watch.restart,
        recovered=watch.recovered,
        patience_s=recovery_patience_s(spec.conditions, query.window),
    ) as injector:
        _watch(
            spec,
            trace=trace,
            lab=lab,
            job=job,
            supervisor=supervisor,
            playing=playing,
            injector=injector,
            monotonic_start_ns=monotonic_start_ns,
            observer=observer,
        )

    observer.status(Status(Phase.FLUSH))
    send_to_every_partition(lab, probes, event_ms=times.flush_ms + offset_ms)
    observer.status(Status(Phase.LAST_ROWS, rows_read=lab.reader.rows_read()))
    drained = drain(
        supervisor=supervisor,
        reader=lab.reader,
        query=query,
        conditions=spec.conditions,
        must_come={(key, start_ms + offset_ms) for key, start_ms in must_come},
        excused=injector.excuses,
        # So one that bears half of the load has worked it off by then, silent as it may be in a long batch.
        timeout_s=DRAIN_TIMEOUT_S + trace.meta.duration_ms / 1000
        if spec.missing_s is None
        else spec.missing_s,
    )
    readings = job.readings()
    measured = spec.segment.span(Purpose.MEASURED)
    between = (
        monotonic_start_ns + measured.start_ms * 1_000_000,
        monotonic_start_ns + measured.end_ms * 1_000_000,
    )
    sampler.stop()
    return Evidence(
        start_realtime_ns=start_ns,
        event_offset_ms=offset_ms,
        rows=drained.rows,
        malformed_count=drained.malformed_count,
        malformed=drained.malformed,
        drain_timed_out=drained.timed_out,
        send_log=send_log,
        submit_to_first_result_s=first_result_s,
        readings=readings,
        usage=sampler.between(*between),
        usage_of_load=sampler.between(monotonic_start_ns, drained.quiet_ns[0]),
        hits=injector.hits,
        missed=injector.missed,
        fault_notes=tuple(injector.notes),
        usage_at_rest=sampler.between(*drained.quiet_ns),
        usage_samples=sampler.samples(),
        machine=sampler.machine(*between),
        topic_bytes_before=bytes_before,
        topic_bytes_after=_caused_bytes(lab),
        uncommitted_rows=_aborted_rows(
            spec, lab, drained.rows.num_rows + sum(w.rows.num_rows for w in warmed)
        ),
        warmed=warmed,
        own_rows=lab.own.among(drained.rows, query.window),
    )


def _watch(
    spec: TrialSpec,
    *,
    trace: Trace,
    lab: Lab,
    job: Job,
    supervisor: Supervisor,
    playing: Playing,
    injector: Injector,
    monotonic_start_ns: int,
    observer: Observer,
) -> None:
    """Look on while the load is played; end at once when something died."""
    duration_s = trace.meta.duration_ms / 1000
    offered_by_second = trace.offered_by_second
    last_health_ns = 0

    def finished() -> bool:
        nonlocal last_health_ns
        fail_on_death(supervisor, stage="load", excused=injector.excuses)
        now_ns = time.monotonic_ns()
        elapsed_s = (now_ns - monotonic_start_ns) / NS_PER_S
        observer.status(
            Status(
                _phase_at(spec, elapsed_s * 1000),
                rate_per_s=offered_by_second[
                    min(max(0, int(elapsed_s)), len(offered_by_second) - 1)
                ],
                rows_read=lab.reader.rows_read(),
                left_s=max(0.0, duration_s - elapsed_s),
            )
        )
        if now_ns - last_health_ns > NS_PER_S:
            last_health_ns = now_ns
            health = job.healthy()
            # After a fault an engine that does not come back is a finding, not an end.
            if health.state is State.FAILED and not injector.hits:
                raise EngineFailed(f"the job failed: {health.detail}", stage="load")
        return playing.progress().finished

    wait_until(
        finished,
        what="the player to finish",
        timeout_s=duration_s + PLAY_GRACE_S,
        stage="load",
        poll_s=WATCH_POLL_S,
    )
    playing.wait(timeout_s=10)


def _phase_at(spec: TrialSpec, elapsed_ms: float) -> Phase:
    for span in spec.segment.spans:
        if elapsed_ms < span.end_ms:
            match span.purpose:
                case Purpose.WARM_UP:
                    return Phase.WARM_UP
                case Purpose.MEASURED:
                    return Phase.MEASURED
                case Purpose.RECOVERY:
                    return Phase.RECOVERY
                case Purpose.COOL_DOWN:
                    return Phase.COOL_DOWN
    return Phase.COOL_DOWN


def _caused_bytes(lab: Lab) -> int:
    """What the engine made the broker write: everything but the load and the broker's warm-up.

    Of the latter the broker deletes the files whenever it likes.
    """
    not_the_engines = topic_bytes(lab.broker, INPUT_TOPIC) + topic_bytes(lab.broker, WARM_UP_TOPIC)
    return topic_bytes(lab.broker, "") - not_the_engines


def _aborted_rows(spec: TrialSpec, lab: Lab, committed: int) -> int | None:
    if spec.conditions.guarantee is not Guarantee.EXACTLY_ONCE:
        return None
    written = read_uncommitted_count(lab.broker.bootstrap, OUTPUT_TOPIC, spec.conditions.partitions)
    return max(0, written - committed)
