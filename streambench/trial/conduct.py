"""One trial from launch to the last row: what is done to the engine, and nothing about judging it.

1. A testbed is set up, and the job launched in it.
2. A record on each partition, and its row, prove that the job processes.
3. Loads that warm it are played.
4. The load is played: warm-up, measured part, recovery from its faults, cool-down.
5. Its last rows are awaited, the engine is asked for its own word, and stopped.
6. A part of the load is played once more without an engine.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from streambench.kafka.topics import topic_bytes
from streambench.kafka.warm_up import WARM_UP_TOPIC
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.model.fault import FaultKind
from streambench.model.trial import Purpose, Segment, TrialSpec, WithoutEngine
from streambench.oracle.expected import Due
from streambench.trial.evidence import Evidence
from streambench.trial.job import JobSpec, RunningJob, running_job
from streambench.trial.load import Load, Played
from streambench.trial.observer import Observer, Phase, Status
from streambench.trial.testbed import Testbed
from streambench.trial.without_engine import Again
from streambench.trial.workspace import Workspace

_TRIAL_MISSING_S = 60.0
_NS_PER_MS = 1_000_000


def conduct(
    spec: TrialSpec,
    launched: JobSpec,
    due: Due,
    *,
    place: Workspace,
    observer: Observer,
    warm_up: Callable[[RunningJob], tuple[Played, ...]] | None = None,
) -> Evidence:
    """Run one trial; `due` are the rows of its load. `warm_up` plays what comes before T0.

    Raises what `running_job` does.
    """
    again: Again | None = None
    without_engine: WithoutEngine | None = None

    def play_again() -> None:
        nonlocal without_engine
        observer.status(Status(Phase.AGAIN))
        without_engine = None if again is None else again.play()

    with running_job(launched, place, observer, after=play_again) as job:
        first_result_s = job.ready(Trace.open(spec.segment.trace))
        warmed = () if warm_up is None else warm_up(job)
        evidence = play_measured(spec, job, due, warmed)
        job.sampler.stop()
        if _may_play_again(spec, evidence.load):
            again = Again(job.testbed, spec.segment, evidence.load.event_offset_ms)
    return dataclasses.replace(
        evidence, submit_to_first_result_s=first_result_s, without_engine=without_engine
    )


def _may_play_again(spec: TrialSpec, load: Played) -> bool:
    """Not in a short look, nor where the broker was started anew and is not as warm as it was."""
    restarted = any(hit.kind is FaultKind.BROKER_RESTART for hit in load.struck.hits)
    return not spec.cold and not restarted


def play_measured(
    spec: TrialSpec, job: RunningJob, due: Due, before: tuple[Played, ...]
) -> Evidence:
    """Play the load of `spec` and gather what it left; `before` are all loads that the job had.

    Raises as `RunningJob.play`.
    """
    trace = Trace.open(spec.segment.trace)
    bytes_before = caused_bytes(job.testbed)
    load = job.play(
        Load(
            trace,
            due,
            spans=spec.segment.spans,
            strikes=spec.segment.strikes,
            holds=spec.segment.holds,
            # So one that bears half of the load has worked it off by then, silent as it may be in a long batch.
            missing_s=_TRIAL_MISSING_S + trace.meta.duration_ms / 1000
            if spec.missing_s is None
            else spec.missing_s,
        )
    )
    asked = job.ask()
    exactly_once = spec.conditions.guarantee is Guarantee.EXACTLY_ONCE
    return dataclasses.replace(
        evidence_of(job, load, spec.segment, bytes_before),
        readings=asked.readings,
        records_since_asked=asked.records,
        uncommitted_rows=job.aborted_rows() if exactly_once else None,
        warmed=before,
    )


def evidence_of(job: RunningJob, load: Played, segment: Segment, bytes_before: int) -> Evidence:
    """What one load of a running job left; `bytes_before` are what the broker held before it."""
    sampler = job.sampler
    measured = segment.span(Purpose.MEASURED)
    between = (
        load.start_monotonic_ns + measured.start_ms * _NS_PER_MS,
        load.start_monotonic_ns + measured.end_ms * _NS_PER_MS,
    )
    return Evidence(
        load=load,
        usage=sampler.between(*between),
        usage_of_load=sampler.between(load.start_monotonic_ns, load.quiet_ns[0]),
        usage_at_rest=sampler.between(*load.quiet_ns)
        if load.quiet_ns[0] < load.quiet_ns[1]
        else (),
        usage_samples=sampler.samples(),
        machine=sampler.machine(*between),
        topic_bytes_before=bytes_before,
        topic_bytes_after=caused_bytes(job.testbed),
    )


def caused_bytes(testbed: Testbed) -> int:
    """What the engine made the broker write: everything but the load and the broker's warm-up.

    Of the latter the broker deletes the files whenever it likes.
    """
    broker = testbed.broker
    not_the_engines = topic_bytes(broker, testbed.input_topic) + topic_bytes(broker, WARM_UP_TOPIC)
    return topic_bytes(broker, "") - not_the_engines
