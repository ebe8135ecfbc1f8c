"""What followed the hits of one kind: phases over all hits, damage, and who was back first."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import assert_never

from streambench.model.conditions import Guarantee
from streambench.model.fault import FaultKind, Recovery
from streambench.model.trial import Completed
from streambench.model.verdict import Damage
from streambench.report.columns import window_advance_s
from streambench.report.damage_words import counts_in_words
from streambench.report.fault_words import Phase, deciding_phase
from streambench.report.standing import Standing, late_possible, standings, unbelieved
from streambench.results.bundle import Bundle, TrialBundle

QUANTUM_MS = 5.0
"""Load is written in quanta of this length, so no instant is known better."""


@dataclass(frozen=True)
class Struck:
    """One hit of a completed trial; it is looked at until `until_ms` after it, when the next one comes."""

    trial: TrialBundle
    number: int  # of the hits of its kind within the trial, from 1
    recovery: Recovery
    until_ms: float


@dataclass(frozen=True)
class Spread:
    """A figure over several hits; `missing` of `hits` have none (infinite: it did not happen)."""

    median: float | None
    low: float | None
    high: float | None
    missing: int
    hits: int

    @property
    def never(self) -> bool:
        """Whether it did not happen within the trial, in the median hit."""
        return self.median == math.inf


@dataclass(frozen=True)
class Recovered:
    """How one variant came through the hits of one kind.

    `rank` is None when it is not ranked, for the reason `unranked`; `tied` when another shares it.
    Without `hits` the fault did not happen to it, and its standing says why.
    """

    standing: Standing
    kind: FaultKind
    hits: tuple[Struck, ...]
    unranked: str | None
    rank: int | None = None
    tied: bool = False

    @property
    def title(self) -> str:
        """The engine's name as in the report."""
        return self.standing.title

    @property
    def disturbed(self) -> bool:
        """Whether anything is to be told of any of the hits."""
        return not all(calm(struck.recovery) for struck in self.hits)

    @property
    def usually_undisturbed(self) -> bool:
        """Whether no window was late in the median hit."""
        return self.deciding.median == 0

    @property
    def damage(self) -> Damage:
        """Exact counts, summed over the hits."""
        return total(struck.recovery.damage for struck in self.hits)

    @property
    def clean(self) -> bool:
        """Whether no hit did what the guarantee excludes."""
        return all(_clean(struck.trial, struck.recovery.damage) for struck in self.hits)

    @property
    def place(self) -> str:
        """`1`, `2=` when not told apart from another, or nothing."""
        return "" if self.rank is None else f"{self.rank}{'=' if self.tied else ''}"

    def phase(self, phase: Phase) -> Spread:
        """A phase over the hits, in ms after the hit."""
        return spread([instant_ms(struck.recovery, phase) for struck in self.hits])

    @property
    def deciding(self) -> Spread:
        """What it is ranked by, in ms."""
        return self.phase(deciding_phase(self.kind))

    @property
    def typical(self) -> Struck:
        """The hit that is drawn in full: the one nearest to the median of what decides."""
        ordered = sorted(self.hits, key=lambda struck: _order(struck, self.kind))
        return ordered[(len(ordered) - 1) // 2]


def kinds(bundle: Bundle) -> tuple[FaultKind, ...]:
    """The faults of a run in the order in which they came, each once."""
    return tuple(
        dict.fromkeys(
            recovery.hit.kind
            for trial in bundle.trials
            for recovery in trial.record.recoveries
            if isinstance(trial.record.outcome, Completed)
        )
    )


def recovered(bundle: Bundle, kind: FaultKind) -> tuple[Recovered, ...]:
    """Every variant: ranked ones first, then those that are not, then those that were not hit."""
    every = [
        replace(one, unranked=_why_unranked(bundle, one))
        for stand in standings(bundle)
        for one in (Recovered(stand, kind, _hits(stand, kind), None),)
    ]
    # What comes at once closes its windows itself, so only an outage is seen no finer than them.
    floor_ms = QUANTUM_MS + (0.0 if kind is FaultKind.BURST else advance_ms(bundle))
    ranked = _rank([one for one in every if one.unranked is None], floor_ms)
    rest = [one for one in every if one.unranked is not None]
    return (*ranked, *sorted(rest, key=lambda one: not one.hits))


def instant_ms(recovery: Recovery, phase: Phase) -> float | None:
    """When a phase came, after the hit: infinite when it did not come within the trial, None: unknown.

    An engine of which no window was late was timely all along; what comes at once takes its time even
    so.
    """
    undisturbed_ms = 0.0 if not recovery.disturbed else None
    match phase:
        case Phase.DETECTED:
            return recovery.detected_ms
        case Phase.BACK:
            return _or_never(recovery.back_ms)
        case Phase.TIMELY:
            return _or_never(recovery.timely_ms, undisturbed_ms)
        case Phase.CAUGHT_UP:
            return _or_never(recovery.caught_up_ms, 0.0 if calm(recovery) else None)
        case Phase.SETTLED:
            return _or_never(recovery.settled_ms, undisturbed_ms)
        case _:
            assert_never(phase)


def spread(values: Sequence[float | None]) -> Spread:
    """Median and range; unknown values are left out, infinite ones count as the longest."""
    known = [value for value in values if value is not None]
    missing = len(values) - sum(math.isfinite(value) for value in known)
    if not known:
        return Spread(None, None, None, missing, len(values))
    return Spread(statistics.median(known), min(known), max(known), missing, len(values))


def total(damages: Iterable[Damage]) -> Damage:
    """All damages added up."""
    each = list(damages)
    return Damage(**{f.name: sum(getattr(d, f.name) for d in each) for f in fields(Damage)})


def advance_ms(bundle: Bundle) -> float:
    """The distance between two windows, within which an outage cannot be seen; 0 when not known."""
    known = [s for trial in bundle.trials if (s := window_advance_s(trial)) is not None]
    return max(known, default=0.0) * 1000


def calm(recovery: Recovery) -> bool:
    """Whether a hit left no trace in time: no window was late. A burst always takes its time."""
    return not recovery.disturbed and recovery.hit.kind is not FaultKind.BURST


def _or_never(value: float | None, otherwise: float | None = None) -> float:
    if value is not None:
        return value
    return math.inf if otherwise is None else otherwise


def _order(struck: Struck, kind: FaultKind) -> float:
    value = instant_ms(struck.recovery, deciding_phase(kind))
    return math.inf if value is None else value


def _hits(stand: Standing, kind: FaultKind) -> tuple[Struck, ...]:
    found = []
    for trial in stand.completed:
        every = trial.record.recoveries
        number = 0
        for position, recovery in enumerate(every):
            if recovery.hit.kind is not kind:
                continue
            number += 1
            until_ms = recovery.observed_ms
            if position + 1 < len(every):
                until_ms = min(until_ms, every[position + 1].hit.at_ms - recovery.hit.at_ms)
            found.append(Struck(trial, number, recovery, until_ms))
    return tuple(found)


def _why_unranked(bundle: Bundle, one: Recovered) -> str | None:
    if not one.hits:
        return one.standing.reason or one.standing.words
    if late_possible(bundle):
        return "records may lawfully be dropped here"
    if any(not struck.trial.record.steady_right for struck in one.hits):
        return "it was wrong before the fault"
    if not one.damage.clean:
        return counts_in_words(replace(one.damage, duplicates=0, windows=0, corrected_later=0))
    if bundle.run.conditions.guarantee is Guarantee.EXACTLY_ONCE and one.damage.duplicates:
        return f"{counts_in_words(replace(one.damage, windows=0))} under exactly-once"
    if any(_unassigned(struck.trial) for struck in one.hits):
        return "its result was not right"
    if one.deciding.never:
        return "not within the trial"
    return unbelieved(bundle, one.standing.records)


def _unassigned(trial: TrialBundle) -> bool:
    """Whether a trial was not right and no hit has the blame."""
    outcome = trial.record.outcome
    wrong = isinstance(outcome, Completed) and not outcome.verdict.right
    return wrong and all(_clean(trial, hit.damage) for hit in trial.record.recoveries)


def _clean(trial: TrialBundle, damage: Damage) -> bool:
    outcome = trial.record.outcome
    if not isinstance(outcome, Completed):
        return damage.clean
    return damage.clean_under(outcome.verdict.guarantee)


def _rank(every: Sequence[Recovered], floor_ms: float) -> list[Recovered]:
    """By what decides; within the resolution, or with ranges that overlap, they share a rank."""
    ordered = sorted(every, key=lambda one: _median(one.deciding))
    groups: list[list[Recovered]] = []
    for one in ordered:
        if groups and not _told_apart(groups[-1][0].deciding, one.deciding, floor_ms):
            groups[-1].append(one)
        else:
            groups.append([one])
    ranked: list[Recovered] = []
    for group in groups:
        rank = len(ranked) + 1
        ranked += [replace(one, rank=rank, tied=len(group) > 1) for one in group]
    return ranked


def _told_apart(sooner: Spread, later: Spread, floor_ms: float) -> bool:
    if _median(later) - _median(sooner) <= floor_ms:
        return False
    repeated = sooner.hits > 1 or later.hits > 1
    return not repeated or (sooner.high or 0.0) < (later.low or 0.0)


def _median(value: Spread) -> float:
    return math.inf if value.median is None else value.median
