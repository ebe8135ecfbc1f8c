"""From the evidence of a trial to its record: judged, measured, certified."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from streambench.engines.protocol import Readings
from streambench.experiment.clock_notes import clock_notes
from streambench.experiment.costs import costs
from streambench.experiment.dirt import effects_of
from streambench.experiment.judging import verdict_at_once
from streambench.experiment.recoveries import aftermath
from streambench.experiment.unfinished import unfinished
from streambench.kafka.certificate import Unable, certify, leader_lost
from streambench.load.probes import Probe
from streambench.load.trace import Trace
from streambench.model.clocks import delay_error, stamps_behind_ms
from streambench.model.conditions import Guarantee
from streambench.model.disturbance import (
    SATURATED_IDLE_SHARE,
    Disturbance,
    disturbance,
    saturated_by_the_engine,
)
from streambench.model.fault import FaultKind
from streambench.model.plan import Setting
from streambench.model.trial import (
    Certificate,
    Completed,
    Failed,
    Invalid,
    LateRecords,
    Outcome,
    Purpose,
    TrialRecord,
    TrialSpec,
)
from streambench.model.verdict import Verdict
from streambench.model.workload import Workload
from streambench.oracle.evidence import ClockEvidence
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import Judged, judge
from streambench.oracle.late import measured_drops, prove_drops
from streambench.oracle.settled import settled
from streambench.results.did_what_came import did_what_came
from streambench.results.lag_clocks import lag_by_clocks
from streambench.results.measure import Measured, measure
from streambench.trial.evidence import Evidence
from streambench.trial.job_spec import JobSpec
from streambench.trial.load import Played, Struck
from streambench.trial.ready import records_before_load

# How long a broker that has come back may halt again, until its code is compiled.
COLD_BROKER_MS = 3_000.0


@dataclasses.dataclass(frozen=True)
class Assessed:
    """A load's record, its tables for the bundle, what its rows were judged by, and the judge's word.

    The record has that word only where nothing spoilt the load.
    """

    record: TrialRecord
    tables: Mapping[str, pa.Table]
    expected: Expected
    verdict: Verdict


def own_rows_table(played: Played) -> pa.Table:
    """Rows that are no result of a load, by key and window start (ms since the epoch)."""
    return played.own_rows.table.sort_by([("key", "ascending"), ("window_start_ms", "ascending")])


def assess(
    spec: TrialSpec,
    evidence: Evidence,
    *,
    workload: Workload,
    launched: JobSpec,
    started_at: str,
) -> Assessed:
    """Judge and measure one load that came at its pace."""
    query, plan = workload.query, launched.plan
    trace = Trace.open(spec.segment.trace)
    expected = expect(
        trace,
        query,
        plan.event_clock,
        ClockEvidence(
            batches=evidence.readings.batches,
            first_offsets=_first_offsets(launched.probes, evidence),
            event_offset_ms=evidence.load.event_offset_ms,
            moved=evidence.load.moved,
        ),
    )
    expected = dataclasses.replace(expected, holds=spec.segment.holds)
    expected = settled(expected, evidence.load.rows, event_offset_ms=evidence.load.event_offset_ms)
    certificate = certify(
        evidence.load.send_log,
        tuple(unable(evidence.load.struck, evidence.load.send_log)),
        by_visible=spec.conditions.guarantee is Guarantee.EXACTLY_ONCE,
    )
    judged = judge(
        evidence.load.rows,
        expected,
        guarantee=spec.conditions.guarantee,
        start_realtime_ms=evidence.load.start_realtime_ns // 1_000_000,
        event_offset_ms=evidence.load.event_offset_ms,
        exempt=evidence.load.own_rows,
        state_exact=launched.state_exact,
        uncommitted_rows=evidence.uncommitted_rows,
        stamps_behind_ms=stamps_behind_ms(certificate.clocks, certificate.unknown_clocks),
    )
    send_log = pq.read_table(evidence.load.send_log)
    measured = measure(
        judged,
        expected,
        send_log,
        guarantee=spec.conditions.guarantee,
        start_realtime_ns=evidence.load.start_realtime_ns,
        event_offset_ms=evidence.load.event_offset_ms,
        spans=spec.segment.spans,
    )
    measured_part = spec.segment.span(Purpose.MEASURED)
    error = delay_error(
        certificate.clocks,
        certificate.unknown_clocks,
        visible=spec.conditions.guarantee is Guarantee.EXACTLY_ONCE,
    )
    measured_s = (measured_part.end_ms - measured_part.start_ms) / 1000
    lag = lag_by_clocks(measured.measures, error, measured_s)
    measured = dataclasses.replace(measured, measures={**measured.measures, **lag})
    disturbed = disturbance(evidence.machine, spec.machine_limits)
    # A load that is not whole proves nothing, whoever was busy.
    saturated = saturated_by_the_engine(
        evidence.machine,
        disturbed,
        only_late=certificate.only_late,
        engine_seen=evidence.engine_seen,
    )
    offered = trace.offered_between(measured_part.start_ms, measured_part.end_ms)
    after = aftermath(spec, evidence, judged, expected, measured.windows)
    record = TrialRecord(
        number=spec.number,
        round=spec.round,
        variant=spec.variant,
        outcome=_outcome(
            spec, evidence, _Found(judged, measured, certificate, disturbed, saturated)
        ),
        started_at=started_at,
        cold=spec.cold,
        start_realtime_ns=evidence.load.start_realtime_ns,
        event_offset_ms=evidence.load.event_offset_ms,
        measures={
            **measured.measures,
            **costs(
                evidence,
                measured_part,
                offered_in_span=offered,
                records=trace.ref.records,
                whole=not did_what_came(measured.measures, measured.measured_windows),
            ),
            "submit_to_first_result_s": evidence.submit_to_first_result_s,
            "send_lag_p999_ms": certificate.send_lag_p999_ms,
        },
        measured_windows=measured.measured_windows,
        saturated=saturated,
        trend=measured.trend,
        trend_share=measured.trend_share,
        certificate=certificate,
        usage=evidence.usage,
        machine=evidence.machine,
        late=_late(judged, expected, evidence.readings)
        if workload.late_records_possible or workload.rekeyed
        else None,
        settings=with_effective(plan.settings, evidence.readings),
        programs=plan.programs,
        warnings=(
            *plan.warnings,
            *measured.notes,
            *after.notes,
            *clock_notes(
                certificate.clocks, certificate.unknown_clocks, spec.conditions.foreign_kafka
            ),
            *_warnings(evidence, disturbed),
            *evidence.readings.notes,
        ),
        recovery_terms=plan.recovery_terms,
        readings=evidence.readings.words,
        recoveries=after.recoveries,
        steady_damage=after.before,
        point=spec.point,
        trace_sha256=spec.segment.trace.sha256,
        clock_waits=measured.clock_waits,
        warmed_records=sum(each.trace.ref.records for each in evidence.warmed),
        kind=spec.kind,
        job=spec.job,
        records=trace.ref.records,
        load_bytes=trace.sent_bytes,
        state_exact=launched.state_exact,
        spans=spec.segment.spans,
        holds=spec.segment.holds,
        dirt=effects_of(
            evidence.load,
            workload,
            plan.event_clock,
            expected,
            verdict=judged.verdict,
            timed=disturbed.invalid is None,
        ),
        monitored=evidence.monitored,
        engine_seen=evidence.engine_seen,
    )
    tables = {
        "windows": measured.windows,
        "series": measured.series,
        "rows": judged.rows,
        "load": send_log,
        "usage": evidence.usage_samples,
        "own_rows": own_rows_table(evidence.load),
    }
    if after.partitions is not None:
        tables["partitions"] = after.partitions
    return Assessed(record, tables, expected, judged.verdict)


def _first_offsets(probes: Sequence[Probe], evidence: Evidence) -> dict[int, int]:
    """How many records each partition holds before the load: probes, and loads with their flush record."""
    return {
        probe.partition: records_before_load(probe)
        + sum(each.trace.meta.records_by_partition[probe.partition] + 1 for each in evidence.warmed)
        for probe in probes
    }


@dataclasses.dataclass(frozen=True)
class _Found:
    """What the parts of an assessment say."""

    judged: Judged
    measured: Measured
    certificate: Certificate
    disturbed: Disturbance
    saturated: bool


def _outcome(spec: TrialSpec, evidence: Evidence, found: _Found) -> Outcome:
    if evidence.load.malformed_count:
        first = evidence.load.malformed[0]
        return Failed(
            stage="output",
            reason=f"{evidence.load.malformed_count:,} output records are not result rows: "
            f"{first.reason} in {first.value[:200]!r}",
        )
    spoilt = _spoilt(evidence, found)
    if spoilt is not None:
        judged = verdict_at_once(found.judged, spec.conditions.guarantee, complete=True)
        return Invalid(
            spoilt.reason,
            verdict=judged if evidence.load.complete else None,
            by_clocks=spoilt.by_clocks,
        )
    slow = None
    if not evidence.load.complete and not spec.segment.strikes:
        slow = unfinished(found.judged.verdict, found.measured.windows)
    return slow or Completed(found.judged.verdict)


def _spoilt(evidence: Evidence, found: _Found) -> Invalid | None:
    """Why its times say nothing of the engine; None where they do."""
    certificate, disturbed = found.certificate, found.disturbed
    if disturbed.invalid is not None:
        return Invalid(disturbed.invalid)
    if evidence.load.struck.missed is not None:
        missed = evidence.load.struck.missed
        return Invalid(f"a fault that was asked for did not happen: {missed}")
    if not certificate.held and not found.saturated:
        late = certificate.reason or "the load was not certified"
        reason = late if disturbed.mark is None else f"{late}; {disturbed.mark}"
        return Invalid(reason, by_clocks=certificate.by_clocks)
    return None


def unable(struck: Struck, send_log: Path) -> Iterator[Unable]:
    """When no generator could have written the load as it was due."""
    for hit in struck.hits:
        over_ms = hit.at_ms if hit.over_ms is None else hit.over_ms
        if hit.kind is FaultKind.COMMAND:  # it may have hit brokers
            later = [each.at_ms for each in struck.hits if each.at_ms > hit.at_ms]
            lost = leader_lost(
                send_log,
                at_ms=hit.at_ms,
                over_ms=over_ms,
                next_ms=min(later, default=None),
            )
            if lost is not None:
                yield lost
        elif hit.kind in (FaultKind.BROKER_RESTART, FaultKind.BURST):
            cold_ms = COLD_BROKER_MS if hit.kind is FaultKind.BROKER_RESTART else 0.0
            yield Unable(hit.at_ms, over_ms, cold_ms)


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


def _warnings(evidence: Evidence, disturbed: Disturbance) -> tuple[str, ...]:
    found = list(evidence.load.struck.notes)
    if disturbed.mark is not None:
        found.append(disturbed.mark)
    if not evidence.load.complete:
        found.append("expected rows were still missing when the drain ended")
    if evidence.machine.idle_share < SATURATED_IDLE_SHARE:
        found.append(_busy_words(evidence, disturbed))
    return tuple(found)


def _busy_words(evidence: Evidence, disturbed: Disturbance) -> str:
    idle = f"idle for only {evidence.machine.idle_share:.1%} of the measured part"
    if not evidence.engine_seen:
        return f"this machine was {idle}; how busy the engine's was is not known"
    if disturbed.mark:
        return f"the machine was {idle}"
    return f"the machine was {idle}: the engine had no room left"
