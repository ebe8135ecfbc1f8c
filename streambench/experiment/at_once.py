"""A load that came at once: judged like any other, but for what has no due instant, and kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow.parquet as pq

from streambench.experiment.assess import Assessed, own_rows_table
from streambench.experiment.clock_notes import clock_notes
from streambench.experiment.judging import judge_load, verdict_at_once
from streambench.experiment.keeping import keep_load
from streambench.kafka.send_times import SendLogMeta, read_meta
from streambench.kafka.skew import SEND_LAG_LIMIT_MS, skew
from streambench.model.clocks import ClocksSeen, HostClocks
from streambench.model.conditions import Guarantee
from streambench.model.disturbance import disturbance
from streambench.model.machine import MachineUsage
from streambench.model.trial import (
    Completed,
    Failed,
    Invalid,
    LoadKind,
    Outcome,
    RoleUsage,
    TrialRecord,
)
from streambench.model.verdict import Verdict
from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged
from streambench.oracle.settled import settled
from streambench.results.bundle import BundleWriter
from streambench.trial.job import RunningJob
from streambench.trial.job_spec import JobSpec
from streambench.trial.load import Played

_NS_PER_S = 1_000_000_000


@dataclass(frozen=True)
class AtOnce:
    """A load of a job and the rows that were due; it was worked off from `start_realtime_ns` on.

    `number` counts the job's loads.
    """

    number: int
    round: int
    kind: LoadKind
    played: Played
    expected: Expected
    start_realtime_ns: int


@dataclass(frozen=True)
class Seen:
    """Its rows with what each is, and what it took of the machine until its last row."""

    judged: Judged
    verdict: Verdict
    usage: tuple[RoleUsage, ...]
    machine: MachineUsage
    record: TrialRecord


def judged_at_once(load: AtOnce, job: RunningJob, writer: BundleWriter) -> Seen:
    """Judge a load and keep it in the bundle."""
    spec, played = job.spec, load.played
    expected = settled(load.expected, played.rows, event_offset_ms=played.event_offset_ms)
    judged = judge_load(
        played,
        expected,
        guarantee=spec.conditions.guarantee,
        state_exact=spec.state_exact,
        start_realtime_ns=load.start_realtime_ns,
    )
    verdict = verdict_at_once(judged, spec.conditions.guarantee, complete=played.complete)
    begun_ns = played.start_monotonic_ns + load.start_realtime_ns - played.start_realtime_ns
    part = (begun_ns, begun_ns + round(_took_s(judged, load.start_realtime_ns) * _NS_PER_S))
    usage, machine = job.sampler.between(*part), job.sampler.machine(*part)
    meta = read_meta(played.send_log)
    disturbed = disturbance(machine, spec.machine_limits).invalid
    record = TrialRecord(
        number=load.number,
        round=load.round,
        variant=spec.variant,
        outcome=_outcome(load, verdict, disturbed, _mistimed(load.kind, spec, meta)),
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        cold=load.kind is LoadKind.COLD,
        start_realtime_ns=load.start_realtime_ns,
        event_offset_ms=played.event_offset_ms,
        usage=usage,
        machine=machine,
        settings=spec.plan.settings,
        warnings=(
            *spec.plan.warnings,
            *clock_notes(meta.clocks, meta.unknown_clocks, spec.conditions.foreign_kafka),
        ),
        trace_sha256=played.trace.ref.sha256,
        kind=load.kind,
        job=spec.number,
        records=played.trace.ref.records,
        state_exact=spec.state_exact,
        engine_seen=spec.plan.cluster is None,
        clocks=ClocksSeen(meta.clocks, meta.unknown_clocks),
    )
    tables = {
        "rows": judged.rows,
        "load": pq.read_table(played.send_log),
        "usage": job.sampler.samples(),
        "own_rows": own_rows_table(played),
    }
    record = keep_load(writer, Assessed(record, tables, expected, verdict), begun_ns)
    return Seen(judged, verdict, usage, machine, record)


def _mistimed(kind: LoadKind, spec: JobSpec, meta: SendLogMeta) -> str | None:
    """Why its time is no engine's: the clocks by which it began and ended are too far apart.

    A visible row ends it by our own, another one by a broker's. A cold job begins it by our own, else who
    plays does: a shard by the shard's.
    """
    by_visible = spec.conditions.guarantee is Guarantee.EXACTLY_ONCE
    hosts = HostClocks.of(meta.clocks)
    if kind is LoadKind.COLD:
        return None if by_visible else skew(hosts.ours)
    apart = hosts.visible if by_visible else hosts.appended
    if spoilt := skew(hosts.shards if by_visible else meta.clocks):
        return spoilt
    if apart is None or apart.farthest_ms <= SEND_LAG_LIMIT_MS:
        return None
    return (
        f"it began and ended by clocks that may be {apart.farthest_ms:.1f} ms apart "
        f"(limit {SEND_LAG_LIMIT_MS:.0f} ms)"
    )


def _outcome(
    load: AtOnce, verdict: Verdict, disturbed: str | None, mistimed: str | None
) -> Outcome:
    if load.played.malformed_count:
        first = load.played.malformed[0]
        return Failed("output", f"output records are not result rows: {first.reason}")
    judged = verdict if load.played.complete else None
    if disturbed is not None:
        return Invalid(disturbed, verdict=judged)
    if mistimed is not None:
        return Invalid(mistimed, verdict=judged, by_clocks=True)
    return Completed(verdict)


def _took_s(judged: Judged, start_realtime_ns: int) -> float:
    """Until the last row was visible; 0 without rows."""
    visible_ns = judged.rows.column("visible_ns").to_numpy()
    return 0.0 if not len(visible_ns) else max(0.0, visible_ns.max() - start_realtime_ns) / 1e9
