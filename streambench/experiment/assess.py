"""From the evidence of a trial to its record: judged, measured, certified."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from streambench.engines.protocol import Engine, Readings
from streambench.experiment.judging import wrong_at_once
from streambench.experiment.recoveries import aftermath
from streambench.experiment.unfinished import unfinished
from streambench.kafka.certificate import Unable, certify
from streambench.load.trace import Trace
from streambench.model.fault import FaultKind
from streambench.model.plan import Plan, Role, Setting
from streambench.model.trial import (
    Certificate,
    Completed,
    Failed,
    Invalid,
    LateRecords,
    Outcome,
    Purpose,
    Span,
    TrialRecord,
    TrialSpec,
)
from streambench.model.workload import Workload
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import Judged, judge
from streambench.oracle.late import measured_drops, prove_drops
from streambench.results.measure import Measured, measure
from streambench.results.sustained import worked_off_what_came
from streambench.trial.evidence import Evidence
from streambench.trial.ready import RECORDS_BEFORE_LOAD
from streambench.trial.schedule import event_times

ENGINE_ROLES = (Role.WORKER, Role.COORDINATOR, Role.SUBMITTER)
OWN_ROLES = (Role.PLAYER, Role.READER, Role.TOOL)
# Below this a late load is the engine's doing: it left nothing to the generator.
SATURATED_IDLE_SHARE = 0.05
# Above this another guest of the host took the machine's time.
STEAL_LIMIT_SHARE = 0.05

# How long a broker that has come back may halt again, until its code is compiled.
COLD_BROKER_MS = 3_000.0


def assess(
    spec: TrialSpec,
    evidence: Evidence,
    *,
    workload: Workload,
    engine: Engine,
    plan: Plan,
    started_at: str,
    warming: Sequence[Expected] = (),
) -> tuple[TrialRecord, dict[str, pa.Table]]:
    """Judge and measure one trial; returns its record and its tables for the bundle.

    `warming` is what had to come of each load that came at once before.
    """
    query = workload.query
    trace = Trace.open(spec.segment.trace)
    times = event_times(trace, query)
    expected = expect(
        trace,
        query,
        plan.event_clock,
        batches=evidence.readings.batches,
        event_offset_ms=evidence.event_offset_ms,
        first_offsets=_first_offsets(spec, evidence),
    )
    expected = dataclasses.replace(expected, holds=spec.segment.holds)
    judged = judge(
        evidence.rows,
        expected,
        guarantee=spec.conditions.guarantee,
        start_realtime_ms=evidence.start_realtime_ns // 1_000_000,
        event_offset_ms=evidence.event_offset_ms,
        ignore_outside=(
            times.first_window_ms,
            times.last_window_end_ms - query.window.size_ms,
        ),
        state_exact=engine.state_exact,
        uncommitted_rows=evidence.uncommitted_rows,
    )
    send_log = pq.read_table(evidence.send_log)
    measured = measure(
        judged,
        expected,
        send_log,
        guarantee=spec.conditions.guarantee,
        start_realtime_ns=evidence.start_realtime_ns,
        event_offset_ms=evidence.event_offset_ms,
        spans=spec.segment.spans,
    )
    certificate = certify(evidence.send_log, _unable(evidence))
    no_idle_time = evidence.machine.idle_share < SATURATED_IDLE_SHARE
    saturated = no_idle_time and certificate.only_late  # a load that is not whole proves nothing
    measured_part = spec.segment.span(Purpose.MEASURED)
    offered = trace.offered_between(measured_part.start_ms, measured_part.end_ms)
    after = aftermath(spec, evidence, judged, expected, measured.windows)
    record = TrialRecord(
        number=spec.number,
        round=spec.round,
        variant=spec.variant,
        outcome=_warming_failed(spec, evidence, warming, workload, engine)
        or _outcome(spec, evidence, judged, measured, certificate, saturated=saturated),
        started_at=started_at,
        cold=spec.cold,
        start_realtime_ns=evidence.start_realtime_ns,
        event_offset_ms=evidence.event_offset_ms,
        measures={
            **measured.measures,
            **_costs(
                evidence,
                measured_part,
                offered_in_span=offered,
                records=trace.ref.records,
                whole=not worked_off_what_came(measured.measures, measured.measured_windows),
            ),
            "submit_to_first_result_s": evidence.submit_to_first_result_s,
            "send_lag_p999_ms": certificate.send_lag_p999_ms,
        },
        measured_windows=measured.measured_windows,
        saturated=saturated,
        trend=measured.trend,
        certificate=certificate,
        usage=evidence.usage,
        late=_late(judged, expected, evidence.readings) if workload.late_records_possible else None,
        settings=with_effective(plan.settings, evidence.readings),
        programs=plan.programs,
        warnings=(*plan.warnings, *measured.notes, *_warnings(evidence)),
        readings=evidence.readings.words,
        recoveries=after.recoveries,
        steady_damage=after.before,
        point=spec.point,
        trace_sha256=spec.segment.trace.sha256,
        warmed_records=sum(each.trace.ref.records for each in evidence.warmed),
    )
    tables = {
        "windows": measured.windows,
        "series": measured.series,
        "rows": judged.rows,
        "load": send_log,
        "usage": evidence.usage_samples,
    }
    return record, tables


def _first_offsets(spec: TrialSpec, evidence: Evidence) -> dict[int, int]:
    """How many records each partition holds before the load: probes, and loads with their flush record."""
    return {
        partition: RECORDS_BEFORE_LOAD
        + sum(each.trace.meta.records_by_partition[partition] + 1 for each in evidence.warmed)
        for partition in range(spec.conditions.partitions)
    }


def _warming_failed(
    spec: TrialSpec,
    evidence: Evidence,
    warming: Sequence[Expected],
    workload: Workload,
    engine: Engine,
) -> Failed | None:
    """A job whose results were wrong while it was warmed is as wrong as one that errs later."""
    for played, expected in zip(evidence.warmed, warming, strict=True):
        wrong = wrong_at_once(
            played,
            expected,
            query=workload.query,
            guarantee=spec.conditions.guarantee,
            state_exact=engine.state_exact,
        )
        if wrong is not None:
            return Failed(stage="warm-up", reason=wrong)
    return None


def _outcome(
    spec: TrialSpec,
    evidence: Evidence,
    judged: Judged,
    measured: Measured,
    certificate: Certificate,
    *,
    saturated: bool,
) -> Outcome:
    if evidence.malformed_count:
        first = evidence.malformed[0]
        return Failed(
            stage="output",
            reason=f"{evidence.malformed_count:,} output records are not result rows: "
            f"{first.reason} in {first.value[:200]!r}",
        )
    steal_share = evidence.machine.steal_share
    if steal_share is not None and steal_share > STEAL_LIMIT_SHARE:
        return Invalid(f"other guests of this host took {steal_share:.0%} of the processor's time")
    if evidence.missed is not None:
        return Invalid(f"a fault that was asked for did not happen: {evidence.missed}")
    if not certificate.held and not saturated:
        return Invalid(certificate.reason or "the load was not certified")
    slow = None
    if evidence.drain_timed_out and not spec.segment.strikes:
        slow = unfinished(judged.verdict, measured.windows)
    return slow or Completed(judged.verdict)


def _unable(evidence: Evidence) -> tuple[Unable, ...]:
    """When no generator could have written the load as it was due."""
    return tuple(
        Unable(
            hit.at_ms,
            hit.at_ms if hit.over_ms is None else hit.over_ms,
            COLD_BROKER_MS if hit.kind is FaultKind.BROKER_RESTART else 0.0,
        )
        for hit in evidence.hits
        if hit.kind in (FaultKind.BROKER_RESTART, FaultKind.BURST)
    )


def _costs(
    evidence: Evidence,
    measured_part: Span,
    *,
    offered_in_span: int,
    records: int,
    whole: bool,
) -> Mapping[str, float | None]:
    million = offered_in_span / 1e6
    engine = [usage for usage in evidence.usage if usage.role in _values(ENGINE_ROLES)]
    at_rest = [usage for usage in evidence.usage_at_rest if usage.role in _values(ENGINE_ROLES)]
    broker = [usage for usage in evidence.usage if usage.role == Role.BROKER.value]
    own = [usage for usage in evidence.usage if usage.role in _values(OWN_ROLES)]
    grown_bytes = evidence.topic_bytes_after - evidence.topic_bytes_before
    return {
        "engine_cpu_s_per_million": _of_whole_load(evidence, records)
        if whole
        else sum(usage.cpu_s for usage in engine) / million,
        "broker_cpu_s_per_million": sum(usage.cpu_s for usage in broker) / million,
        "engine_memory_peak_bytes": sum(usage.memory_peak_bytes for usage in engine),
        "engine_memory_mean_bytes": sum(usage.memory_mean_bytes for usage in engine),
        "broker_bytes_per_event": grown_bytes / records,
        "checkpoint_bytes_per_event": None
        if evidence.readings.checkpoint_bytes is None
        # Counted since the job's start.
        else evidence.readings.checkpoint_bytes
        / (records + sum(each.trace.ref.records for each in evidence.warmed)),
        "engine_idle_cores": sum(usage.cores_mean for usage in at_rest),
        "gc_pause_ms": _gc_pause_ms(evidence, measured_part),
        "tool_cores": sum(usage.cores_mean for usage in own),
    }


def _of_whole_load(evidence: Evidence, records: int) -> float | None:
    """From T0 until the last row; None where rows are missing or a fault took its part."""
    if evidence.drain_timed_out or evidence.hits:
        return None
    engine = [usage for usage in evidence.usage_of_load if usage.role in _values(ENGINE_ROLES)]
    return sum(usage.cpu_s for usage in engine) / (records / 1e6)


def _gc_pause_ms(evidence: Evidence, part: Span) -> float | None:
    pauses = evidence.readings.gc_pauses
    if pauses is None:
        return None
    start_ms = evidence.start_realtime_ns / 1e6
    return sum(
        pause_ms for end_ms, pause_ms in pauses if part.start_ms <= end_ms - start_ms <= part.end_ms
    )


def _values(roles: tuple[Role, ...]) -> frozenset[str]:
    return frozenset(role.value for role in roles)


def _late(judged: Judged, expected: Expected, readings: Readings) -> LateRecords:
    predicted = prove_drops(expected)
    return LateRecords(
        records=predicted.records,
        dropped=measured_drops(judged, expected),
        predicted=predicted.dropped,
        predicted_low=predicted.low,
        predicted_high=predicted.high,
        own_counter=readings.late_counter,
        own_counter_unit=readings.late_unit,
    )


def with_effective(settings: tuple[Setting, ...], readings: Readings) -> tuple[Setting, ...]:
    """The settings as asked for, each with what the running engine says of it."""
    return tuple(
        dataclasses.replace(
            setting,
            # Engines repeat what they were given: of a name that they do not know that says nothing.
            effective=readings.effective.get((setting.scope, setting.name))
            if setting.listed
            else None,
        )
        for setting in settings
    )


def _warnings(evidence: Evidence) -> tuple[str, ...]:
    found = list(evidence.fault_notes)
    if evidence.drain_timed_out:
        found.append("expected rows were still missing when the drain ended")
    pressure = evidence.machine.pressure_share
    if evidence.machine.idle_share < SATURATED_IDLE_SHARE:
        found.append(
            f"the machine was idle for only {evidence.machine.idle_share:.1%} of the measured part: "
            "the engine had no room left"
        )
    if pressure is not None and pressure > 0.5:
        found.append(f"for {pressure:.0%} of the measured part some process waited for a core")
    return tuple(found)
