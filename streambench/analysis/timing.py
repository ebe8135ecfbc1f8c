"""What took how long: the phases of each variant's trials, searches and drains."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streambench.model.phases import PhaseTime
from streambench.results.bundle import Bundle

Phases = Sequence[PhaseTime]


@dataclass(frozen=True)
class VariantTiming:
    """Of one variant: the median over its time lines of how long each phase took, in s, by its name.

    `count` is how many there are, `total_s` the median of their sums.
    """

    label: str
    count: int
    phases_s: Mapping[str, float]
    total_s: float


@dataclass(frozen=True)
class Timing:
    """What `of` it are (trials, searches, drains); `phases` are all names in their order.

    `all_s` is what they took together.
    """

    of: str
    phases: tuple[str, ...]
    variants: tuple[VariantTiming, ...]
    all_s: float


def timings_of(bundle: Bundle) -> tuple[Timing, ...]:
    """One for each kind of which the bundle has time lines; earlier bundles kept none."""
    searches = [(each.label, each.timeline) for each in bundle.run.searches]
    drains = [(each.label, each.timeline) for each in bundle.run.drains]
    trials = [(each.record.variant.label, each.record.timeline) for each in bundle.trials]
    found = (("searches", searches), ("drains", drains), ("trials", trials))
    made = (_timing(of, bundle.labels, timelines) for of, timelines in found)
    return tuple(timing for timing in made if timing.variants)


def _timing(of: str, labels: Sequence[str], timelines: Sequence[tuple[str, Phases]]) -> Timing:
    timed = {
        label: [line for whose, line in timelines if line and whose == label] for label in labels
    }
    every = [line for lines in timed.values() for line in lines]
    return Timing(
        of,
        _names(every),
        tuple(_variant(label, lines) for label, lines in timed.items() if lines),
        sum(map(_total_s, every)),
    )


def _variant(label: str, lines: Sequence[Phases]) -> VariantTiming:
    return VariantTiming(
        label,
        len(lines),
        {
            name: statistics.median(_in_phase_s(line, name) for line in lines)
            for name in _names(lines)
        },
        statistics.median(map(_total_s, lines)),
    )


def _names(lines: Sequence[Phases]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(time.phase for line in lines for time in line))


def _in_phase_s(line: Phases, phase: str) -> float:
    return sum(time.took_s for time in line if time.phase == phase)


def _total_s(line: Phases) -> float:
    return sum(time.took_s for time in line)
