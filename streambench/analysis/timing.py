"""What took how long: the phases of each variant's trials, and what lay between the trials."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from streambench.model.trial import TrialRecord
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class VariantTiming:
    """Of one variant: the median over its trials of how long each phase took, in s, by its name.

    `trials` are those with a time line, `total_s` the median of their sums.
    """

    label: str
    trials: int
    phases_s: dict[str, float]
    total_s: float


@dataclass(frozen=True)
class Timing:
    """`phases` are all names in their order; `trials_s` is what all trials took together."""

    phases: tuple[str, ...]
    variants: tuple[VariantTiming, ...]
    trials_s: float


def timing_of(bundle: Bundle) -> Timing | None:
    """None where no trial has a time line: earlier bundles kept none."""
    timed = {label: _timed(bundle, label) for label in bundle.labels}
    records = [record for each in timed.values() for record in each]
    if not records:
        return None
    phases = dict.fromkeys(time.phase for record in records for time in record.timeline)
    variants = tuple(_variant(label, found) for label, found in timed.items() if found)
    return Timing(tuple(phases), variants, sum(map(_total_s, records)))


def _timed(bundle: Bundle, label: str) -> list[TrialRecord]:
    return [trial.record for trial in bundle.of(label) if trial.record.timeline]


def _variant(label: str, records: list[TrialRecord]) -> VariantTiming:
    names = dict.fromkeys(time.phase for record in records for time in record.timeline)
    return VariantTiming(
        label,
        len(records),
        {name: statistics.median(_in_phase_s(r, name) for r in records) for name in names},
        statistics.median(map(_total_s, records)),
    )


def _in_phase_s(record: TrialRecord, phase: str) -> float:
    return sum(time.took_s for time in record.timeline if time.phase == phase)


def _total_s(record: TrialRecord) -> float:
    return sum(time.took_s for time in record.timeline)
