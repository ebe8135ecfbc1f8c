"""One load of a running job that is measured, and what it left; nothing about judging it."""

from __future__ import annotations

import dataclasses

from streambench.kafka.topics import topic_bytes
from streambench.kafka.warm_up import WARM_UP_TOPIC
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.model.observed import ByMonitoring
from streambench.model.trial import Purpose, Segment, TrialSpec
from streambench.oracle.expected import Due
from streambench.runtime.observed_usage import observed_usage
from streambench.runtime.prometheus import NotPrometheus, Prometheus
from streambench.trial.evidence import Evidence
from streambench.trial.job import RunningJob
from streambench.trial.load import Load, Played
from streambench.trial.testbed import Testbed

_TRIAL_MISSING_S = 60.0
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000


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
        monitored=_monitored(job, load, spec.segment),
    )


def evidence_of(
    job: RunningJob, load: Played, segment: Segment, bytes_before: int | None
) -> Evidence:
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
        topic_bytes=grown_bytes(job.testbed, bytes_before),
        engine_seen=job.spec.plan.cluster is None,
    )


def _monitored(job: RunningJob, load: Played, segment: Segment) -> ByMonitoring | None:
    """What Prometheus says of the measured part, by its own clock; None where there is none to ask."""
    url = job.spec.prometheus
    if url is None:
        return None
    measured = segment.span(Purpose.MEASURED)
    start_s, end_s = (
        load.start_realtime_ns / _NS_PER_S + ms / 1000
        for ms in (measured.start_ms, measured.end_ms)
    )
    try:
        return ByMonitoring(observed_usage(Prometheus(url), start_s=start_s, end_s=end_s))
    except NotPrometheus as error:
        return ByMonitoring(why=str(error))


def grown_bytes(testbed: Testbed, before: int | None) -> int | None:
    """By how much `caused_bytes` grew since it was `before`."""
    now = caused_bytes(testbed)
    return None if now is None or before is None else now - before


def caused_bytes(testbed: Testbed) -> int | None:
    """What the engine made the broker write: everything but the load and the broker's warm-up.

    Of the latter the broker deletes the files whenever it likes. None where the broker is not ours.
    """
    broker = testbed.broker
    if broker is None:
        return None
    not_the_engines = topic_bytes(broker, testbed.input_topic) + topic_bytes(broker, WARM_UP_TOPIC)
    return topic_bytes(broker, "") - not_the_engines
