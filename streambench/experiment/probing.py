"""One load that was played into a running job, judged and measured like a trial's."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.parquet as pq

from streambench.experiment.judging import judge_load
from streambench.kafka.certificate import certify
from streambench.model.conditions import Guarantee
from streambench.model.disturbance import disturbance, saturated_by_the_engine
from streambench.model.machine import STRICT, MachineLimits, MachineUsage
from streambench.model.pace import Limit, Pace
from streambench.model.search import RateProbe
from streambench.model.trial import Certificate, Purpose, Span
from streambench.model.verdict import Verdict
from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged
from streambench.results.limits import delay_within
from streambench.results.measure import Measured, measure
from streambench.results.sustained import judge_pace
from streambench.runtime.usage import UsageSampler
from streambench.trial.prober import Played

_NS_PER_MS = 1_000_000


@dataclass(frozen=True)
class Seen:
    """What one load showed."""

    judged: Judged
    measured: Measured
    certificate: Certificate
    machine: MachineUsage
    machine_limits: MachineLimits = STRICT

    @property
    def verdict(self) -> Verdict:
        """The judge's word on its rows."""
        return self.judged.verdict


def see(
    played: Played,
    expected: Expected,
    spans: tuple[Span, ...],
    *,
    guarantee: Guarantee,
    state_exact: bool,
    sampler: UsageSampler,
    monotonic_start_ns: int,
    machine_limits: MachineLimits,
) -> Seen:
    """Judge the rows and measure the part of `spans` that is for it."""
    judged = judge_load(played, expected, guarantee=guarantee, state_exact=state_exact)
    send_log: pa.Table = pq.read_table(played.send_log)
    measured = measure(
        judged,
        expected,
        send_log,
        guarantee=guarantee,
        start_realtime_ns=played.start_realtime_ns,
        event_offset_ms=played.event_offset_ms,
        spans=spans,
    )
    part = next(span for span in spans if span.purpose is Purpose.MEASURED)
    machine = sampler.machine(
        monotonic_start_ns + part.start_ms * _NS_PER_MS,
        monotonic_start_ns + part.end_ms * _NS_PER_MS,
    )
    return Seen(judged, measured, certify(played.send_log), machine, machine_limits)


def probe_record(
    seen: Seen,
    *,
    rate_per_s: int,
    measured_s: float,
    limit: Limit | None,
    guarantee: Guarantee,
    complete: bool,
) -> RateProbe:
    """What a probe says of its rate: whether it passed, and why or why not."""
    lag_ms = seen.certificate.send_lag_p999_ms
    windows = seen.measured.measured_windows
    base = RateProbe(
        rate_per_s=rate_per_s,
        measured_s=measured_s,
        windows=windows,
        pace=None,
        why="",
        right=seen.verdict.right,
        send_lag_p999_ms=lag_ms,
        idle_share=seen.machine.idle_share,
        measures=seen.measured.measures,
        trend=seen.measured.trend,
    )
    disturbed = disturbance(seen.machine, seen.machine_limits)
    if disturbed.invalid is not None:
        return replace(base, why=disturbed.invalid)
    saturated = saturated_by_the_engine(
        seen.machine, disturbed, only_late=seen.certificate.only_late
    )
    if not seen.certificate.held and not saturated:
        return replace(base, why=seen.certificate.reason or "the load was not certified")
    if not seen.verdict.right:
        why = (
            "rows were missing when the wait ended" if not complete else "its result was not right"
        )
        return replace(base, pace=Pace.FELL_BEHIND, why=why)
    found = judge_pace(seen.measured.measures, windows)
    why = f"{found.why}; it left the machine no room" if saturated else found.why
    if disturbed.mark is not None:
        why = f"{why}; {disturbed.mark}"
    if limit is None or found.pace is not Pace.KEPT_UP:
        return replace(base, pace=found.pace, why=why)
    within, told = delay_within(seen.measured.measures, limit, guarantee)
    return replace(base, pace=found.pace, why=f"{why}; {told}", within_limit=within)
