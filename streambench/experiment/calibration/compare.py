"""What was set beside what was measured: pure, from the records that a report is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streambench.experiment.calibration.cases import (
    DAMAGE,
    OUTAGES,
    PRECISION,
    RATE_PER_S,
    RESOLUTION_MS,
    Case,
    Disturbed,
    Outage,
)
from streambench.experiment.questions import kept_up
from streambench.experiment.rate_search import bracket
from streambench.model.fault import Recovery
from streambench.model.search import RateProbe, SearchRecord, last_of_each_rate
from streambench.model.trial import Completed, Invalid, Outcome, TrialRecord
from streambench.model.verdict import Damage, RowClass
from streambench.results.bundle import Bundle
from streambench.results.speed import GAUGE, at_another_speed, completed_records

DELAY_TOLERANCE_MS = 2.0
_SLOWED = "a machine slowed half-way"


@dataclass(frozen=True)
class FigureCheck:
    """A figure that was set beside the one that was measured; `measured` None: there was none."""

    case: str
    unit: str
    wanted: float
    measured: float | None
    tolerance: float
    why_not: str = ""  # why there was none, or what is known of how it came about

    @property
    def error(self) -> float | None:
        """Measured less set."""
        return None if self.measured is None else self.measured - self.wanted

    @property
    def held(self) -> bool:
        """Whether the error is within the tolerance; what was not measured is not."""
        return self.error is not None and abs(self.error) <= self.tolerance


@dataclass(frozen=True)
class OutcomeCheck:
    """What a trial had to be called, beside what it was called."""

    case: str
    wanted: str
    found: str
    held: bool


Line: TypeAlias = FigureCheck | OutcomeCheck


def spoilt(case: Case, bundle: Bundle) -> bool:
    """Whether a trial of a case that must not be invalid was: it shows nothing, in either direction."""
    match case.disturbed:
        case Disturbed.PLAYER_STALLS | Disturbed.FOREIGN:
            return False
        case Disturbed.SLOWED | None:
            return any(isinstance(trial.record.outcome, Invalid) for trial in bundle.trials)
        case _:
            assert_never(case.disturbed)


def delay_line(delay_ms: int, record: TrialRecord) -> FigureCheck:
    """The median result delay of a trial, as its report prints it."""
    right = isinstance(record.outcome, Completed) and record.outcome.verdict.right
    return FigureCheck(
        f"median delay, {record.measured_windows} windows",
        "ms",
        float(delay_ms),
        record.measures.get("delay_p50_ms") if right else None,
        DELAY_TOLERANCE_MS,
        "" if right else outcome_words(record.outcome),
    )


def damage_lines(record: TrialRecord, rows: pa.Table) -> tuple[FigureCheck, ...]:
    """How many rows were damaged in each way, and how many the judge found; `rows` are the judged ones."""
    done = {kind: int(record.readings.get(words, "0")) for kind, words in DAMAGE.items()}
    outcome = record.outcome
    damage = outcome.verdict.damage if isinstance(outcome, Completed) else None
    inside, outside = _unexpected(rows) if damage is not None else (0, 0)
    found = Damage() if damage is None else damage
    missing = done["lose"] + done["move"] if done["lose"] else 0
    lines = (
        ("rows missing (lost, or moved away)", missing, found.lost),
        ("rows doubled", done["double"], found.duplicates),
        ("rows altered up", done["raise"], found.over_counted),
        ("rows altered down", done["lower"], found.under_counted),
        ("rows moved to another window", done["move"], inside),
        ("rows invented outside the load", done["invent"], outside),
    )
    why_not = "the script did none" if damage is not None else outcome_words(outcome)
    return (
        *(
            FigureCheck(case, "rows", wanted, measured if wanted and damage else None, 0, why_not)
            for case, wanted, measured in lines
        ),
        FigureCheck(
            "rows wrong in any other way",
            "rows",
            0,
            None if damage is None else damage.conflicting + damage.early,
            0,
            why_not,
        ),
    )


def _unexpected(rows: pa.Table) -> tuple[int, int]:
    """How many unexpected rows lie among the windows of the load, and how many do not."""
    classes = rows.column("row_class")
    starts_ms = rows.column("window_start_ms").to_numpy()
    right = pc.equal(classes, RowClass.RIGHT.value).fill_null(False).to_numpy()
    unexpected = pc.equal(classes, RowClass.UNEXPECTED.value).fill_null(False).to_numpy()
    if not right.any():
        return 0, int(unexpected.sum())
    first_ms, last_ms = starts_ms[right].min(), starts_ms[right].max()
    within = unexpected & (starts_ms >= first_ms) & (starts_ms <= last_ms)
    return int(np.count_nonzero(within)), int(np.count_nonzero(unexpected & ~within))


def outage_lines(record: TrialRecord) -> tuple[FigureCheck, ...]:
    """The late time after each hit, and of the last one when it was back for good."""
    recoveries: Sequence[Recovery | None] = record.recoveries
    if len(recoveries) != len(OUTAGES) or not isinstance(record.outcome, Completed):
        recoveries = [None] * len(OUTAGES)
    why_not = "" if all(recoveries) else outcome_words(record.outcome)
    lines = [
        _late_time(outage, found, why_not)
        for outage, found in zip(OUTAGES, recoveries, strict=True)
    ]
    last, recovery = OUTAGES[-1], recoveries[-1]
    back = FigureCheck(
        f"back for good, outage {last.words}",
        "ms",
        float(last.back_ms),
        None if recovery is None else recovery.back_for_good_ms,
        2.0 * RESOLUTION_MS,
        why_not or "not seen",
    )
    return (*lines, back)


def _late_time(outage: Outage, recovery: Recovery | None, why_not: str) -> FigureCheck:
    return FigureCheck(
        f"late time, outage {outage.words}",
        "ms",
        outage.late_ms,
        None if recovery is None else recovery.late_time_ms,
        # A window for each late stretch: whole windows are late, and a stall begins somewhere in one.
        outage.stretches * RESOLUTION_MS,
        why_not or "not known",
    )


def rate_line(search: SearchRecord) -> FigureCheck:
    """The highest rate that a search saw kept up with."""
    low, high = bracket(last_of_each_rate(search.probes), kept_up)
    return FigureCheck(
        "the rate that a search found" if high is None else f"the rate found ({high:,} failed)",
        "events/s",
        float(RATE_PER_S),
        None if low is None or high is None else float(low),
        RATE_PER_S * PRECISION,
        "; ".join([search.ended, *(_probe_words(probe) for probe in search.probes)]),
    )


def _probe_words(probe: RateProbe) -> str:
    said = "not measured" if probe.pace is None else probe.pace.value
    return f"{probe.rate_per_s:,} for {probe.measured_s:.0f} s: {said} ({probe.why})"


def slowed_line(bundle: Bundle) -> OutcomeCheck:
    """A run whose second trial was made on a slowed machine: its trials must be marked for it."""
    records = completed_records(bundle)
    marks = at_another_speed(records)
    number = bundle.trials[-1].record.number
    if number in marks:
        return OutcomeCheck(_SLOWED, "marked", f"marked: {marks[number]}", held=True)
    spoilt = [each.record.outcome for each in bundle.trials if each.record not in records]
    if spoilt:
        return OutcomeCheck(_SLOWED, "marked", outcome_words(spoilt[0]), held=False)
    gauges_us = (record.measures.get(GAUGE) for record in records)
    took = " and ".join("unknown" if us is None else f"{us:,.0f} µs" for us in gauges_us)
    return OutcomeCheck(_SLOWED, "marked", f"not marked: a request took {took}", held=False)


def invalid_line(case: str, record: TrialRecord, named: str) -> OutcomeCheck:
    """A trial that must be invalid, for a reason in which `named` occurs."""
    outcome = record.outcome
    held = isinstance(outcome, Invalid) and named in outcome.reason
    return OutcomeCheck(case, "invalid", outcome_words(outcome), held)


def outcome_words(outcome: Outcome) -> str:
    """What a trial came to, in a few words."""
    if isinstance(outcome, Completed):
        return "right" if outcome.verdict.right else "wrong"
    return f"{outcome.kind}: {outcome.reason}"


def all_held(lines: Sequence[Line]) -> bool:
    """Whether everything that was set was found."""
    return bool(lines) and all(line.held for line in lines)
