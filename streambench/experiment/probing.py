"""What a load at a rate says of it, by the record that every load has."""

from __future__ import annotations

from dataclasses import replace

from streambench.model.conditions import Guarantee
from streambench.model.disturbance import disturbance
from streambench.model.machine import STRICT, MachineLimits
from streambench.model.pace import Limit, Pace
from streambench.model.search import RateProbe
from streambench.model.trial import Completed, Failed, Invalid, Purpose, TrialRecord
from streambench.results.limits import limit_kept
from streambench.results.sustained import judge_pace


def rate_probe(
    record: TrialRecord,
    rate_per_s: int,
    limit: Limit | None,
    guarantee: Guarantee,
    machine_limits: MachineLimits = STRICT,
) -> RateProbe:
    """Whether a rate passed, and why or why not."""
    machine, certificate = record.machine, record.certificate
    base = RateProbe(
        rate_per_s=rate_per_s,
        measured_s=_measured_s(record),
        windows=record.measured_windows,
        pace=None,
        why="",
        send_lag_p999_ms=None if certificate is None else certificate.send_lag_p999_ms,
        idle_share=machine.idle_share if machine is not None and record.engine_seen else None,
        measures=record.measures,
        trend=record.trend,
        load=record.number,
    )
    match record.outcome:
        case Completed(verdict=verdict) if verdict.right:
            base = replace(base, right=True)
        case Completed(verdict=verdict):
            missing = verdict.damage.lost > 0
            why = "rows were missing when the wait ended" if missing else "its result was not right"
            return replace(base, pace=Pace.FELL_BEHIND, right=False, why=why)
        case Failed(reason=reason):
            return replace(base, pace=Pace.FELL_BEHIND, right=False, why=reason)
        case Invalid(reason=reason):
            return replace(base, why=reason)
        case outcome:
            raise AssertionError(f"a load that was played is not {outcome.kind}")
    found = judge_pace(record.measures, record.measured_windows)
    why = f"{found.why}; it left the machine no room" if record.saturated else found.why
    mark = None if machine is None else disturbance(machine, machine_limits).mark
    if mark is not None:
        why = f"{why}; {mark}"
    if limit is None or found.pace is not Pace.KEPT_UP:
        return replace(base, pace=found.pace, why=why)
    held = limit_kept(record, limit, guarantee)
    return replace(
        base,
        pace=found.pace,
        why=f"{why}; {held.why}",
        within_limit=held.kept,
        clocks_unknown=held.clocks_unknown,
    )


def _measured_s(record: TrialRecord) -> float:
    spans = [span for span in record.spans if span.purpose is Purpose.MEASURED]
    return sum(span.end_ms - span.start_ms for span in spans) / 1000
