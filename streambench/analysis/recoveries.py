"""What followed the hits of one kind: late time and phases over all hits, damage, and the ranking."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from streambench.analysis.damage_words import counts_in_words
from streambench.analysis.eligible import late_possible, unbelieved
from streambench.analysis.hits import (
    ObservedHit,
    apart_ms,
    by_limit,
    common_limit_ms,
    hits_of,
)
from streambench.analysis.phases import RecoveryPhase, instant_ms, or_never
from streambench.analysis.ranking import (
    LATE_TIME_FACTOR,
    Placed,
    RankBasis,
    RankCandidate,
    basis_of,
    rank,
)
from streambench.analysis.variants import Standing, standings
from streambench.model.conditions import Guarantee
from streambench.model.fault import FaultKind, Recovery
from streambench.model.numbers import in_seconds
from streambench.model.trial import Completed
from streambench.model.verdict import Damage
from streambench.results.bundle import Bundle, TrialBundle
from streambench.results.remade import from_whole_windows

QUANTUM_MS = 5.0
"""Load is written in quanta of this length, so no instant is known better."""


@dataclass(frozen=True)
class Spread:
    """A figure over several hits or trials; `missing` of `count` have none (infinite: it did not happen)."""

    median: float | None
    low: float | None
    high: float | None
    missing: int
    count: int

    @property
    def never(self) -> bool:
        """Whether it did not happen within the trial, in the median one."""
        return self.median == math.inf


@dataclass(frozen=True)
class Recovered(Placed):
    """How one variant came through the hits of one kind.

    Without `hits` the fault did not happen to it, and its standing says why. `limit_ms` is the common
    limit. `aside` are hits at another speed of the machine: they count in the damage, and in no time.
    `at_most`: late times are upper bounds, as only whole windows are known.
    """

    standing: Standing
    kind: FaultKind
    hits: tuple[ObservedHit, ...]
    limit_ms: float | None = None
    at_most: bool = False
    aside: tuple[ObservedHit, ...] = ()

    @property
    def title(self) -> str:
        """The engine's name as in the report."""
        return self.standing.title

    @property
    def every_hit(self) -> tuple[ObservedHit, ...]:
        """All hits in the order of the trials, whatever the machine's speed."""
        return tuple(sorted((*self.hits, *self.aside), key=lambda each: each.trial.record.number))

    @property
    def disturbed(self) -> bool:
        """Whether anything is to be told of any of the hits."""
        return not all(calm(struck.recovery) for struck in self.hits)

    @property
    def usually_undisturbed(self) -> bool:
        """Whether no window was late in the median trial."""
        return self.kind is not FaultKind.BURST and self.deciding.median == 0

    @property
    def damage(self) -> Damage:
        """Exact counts, summed over the hits."""
        return total(struck.recovery.damage for struck in self.every_hit)

    @property
    def clean(self) -> bool:
        """Whether no hit did what the guarantee excludes."""
        return all(_clean(struck.trial, struck.recovery.damage) for struck in self.every_hit)

    @property
    def aborted_rows(self) -> int | None:
        """Rows of aborted transactions in the log; None: a trial does not know, and no other has any."""
        trials = {each.trial.record.number: each.trial.record for each in self.every_hit}
        known = [
            record.outcome.verdict.uncommitted_rows
            for record in trials.values()
            if isinstance(record.outcome, Completed)
        ]
        aborted = sum(rows or 0 for rows in known)
        return None if not aborted and None in known else aborted

    def phase(self, phase: RecoveryPhase) -> Spread:
        """A phase over the hits, in ms after the hit."""
        return spread([instant_ms(struck.recovery, phase) for struck in self.hits])

    @property
    def deciding(self) -> Spread:
        """What it is ranked by, in ms, over the trials: late time, after a burst the time until all is out."""
        return spread(self.values)

    @property
    def values(self) -> tuple[float | None, ...]:
        """What decides in each trial: the mean over its hits; infinite when one was not over."""
        return tuple(_mean([decides_ms(each) for each in hits]) for hits in self._by_trial)

    @property
    def limited(self) -> Spread:
        """Late time by the common limit over the trials, in ms."""
        return spread([_mean([each.limited_ms for each in hits]) for hits in self._by_trial])

    @property
    def least_ms(self) -> float | None:
        """Late time as far as it was observed, in the median trial: a lower bound where it was not over."""
        return spread(
            [_mean([each.recovery.late_time_ms for each in hits]) for hits in self._by_trial]
        ).median

    @property
    def _by_trial(self) -> tuple[tuple[ObservedHit, ...], ...]:
        trials = dict.fromkeys(each.trial.record.number for each in self.hits)
        return tuple(
            tuple(each for each in self.hits if each.trial.record.number == number)
            for number in trials
        )

    @property
    def typical(self) -> ObservedHit:
        """The hit that is drawn in full: the one nearest to the median of what decides."""
        ordered = sorted(self.hits, key=_order)
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
    stands = standings(bundle)
    found = [hits_of(bundle, stand.completed, kind) for stand in stands]
    limit_ms = common_limit_ms([each for hits in found for each in hits])
    if limit_ms is not None:
        found = [by_limit(bundle, hits, limit_ms) for hits in found]
    at_most = from_whole_windows(bundle.run)
    every = []
    for stand, hits in zip(stands, found, strict=True):
        aside = hits_of(bundle, stand.aside, kind)
        one = Recovered(stand, kind, hits, limit_ms, at_most, aside)
        every.append(replace(one, unranked=_why_unranked(bundle, one)))
    ranked = _rank(bundle, [one for one in every if one.unranked is None])
    rest = [one for one in every if one.unranked is not None]
    return (*ranked, *sorted(rest, key=lambda one: (not one.hits, not one.clean)))


def decides_ms(each: ObservedHit) -> float | None:
    """What one hit is ranked by: infinite when it was not over within the trial, None: unknown."""
    recovery = each.recovery
    if recovery.hit.kind is FaultKind.BURST:
        return or_never(recovery.caught_up_ms)
    return recovery.late_time_ms if recovery.over else math.inf


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


def between_closings_ms(bundle: Bundle) -> float:
    """The time between two closings, within which an outage cannot be seen; 0 when not known."""
    known = [ms for trial in bundle.trials if (ms := apart_ms(trial)) is not None]
    return max(known, default=0.0)


def calm(recovery: Recovery) -> bool:
    """Whether a hit left no trace in time: no window was late. A burst always takes its time."""
    return not recovery.disturbed and recovery.hit.kind is not FaultKind.BURST


def _mean(values: Sequence[float | None]) -> float | None:
    """None when one of them is not known."""
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known and len(known) == len(values) else None


def _order(each: ObservedHit) -> tuple[float, float]:
    """By what decides; of equal ones the one that took longer to be back comes later."""
    instants_ms = (decides_ms(each), each.recovery.back_for_good_ms)
    first, second = (math.inf if ms is None else ms for ms in instants_ms)
    return first, second


def _why_unranked(bundle: Bundle, one: Recovered) -> str | None:
    if not one.hits:
        return one.standing.reason or one.standing.words
    if late_possible(bundle):
        return "records may lawfully be dropped here"
    if any(not struck.trial.record.steady_right for struck in one.every_hit):
        return "it was wrong before the fault"
    if not one.damage.clean:
        return counts_in_words(replace(one.damage, duplicates=0, windows=0, corrected_later=0))
    if bundle.run.conditions.guarantee is Guarantee.EXACTLY_ONCE and one.damage.duplicates:
        return f"{counts_in_words(replace(one.damage, windows=0))} under exactly-once"
    if any(_unassigned(struck.trial) for struck in one.every_hit):
        return "its result was not right"
    if any(value == math.inf for value in one.values):
        return "it was not over within the trial"
    believed = unbelieved(bundle, one.standing.records)
    return believed or _why_not_known(one)


def _why_not_known(one: Recovered) -> str | None:
    """Why its late times cannot be compared with others; None when they can."""
    if one.kind is FaultKind.BURST:
        return None
    hidden = next((h.recovery for h in one.hits if h.recovery.late_time_ms is None), None)
    if hidden is not None and hidden.could_delay_ms is not None and not hidden.disturbed:
        return (
            f"its band of {in_seconds(hidden.band_ms)} s hides a fault that could delay results by "
            f"{in_seconds(hidden.could_delay_ms)} s"
        )
    if hidden is not None and one.kind is FaultKind.COMMAND and not hidden.disturbed:
        return "no window was late, and what the command took away is not known"
    if hidden is not None:
        return "its late time is not known"
    return (
        "only whole windows are known, so its late time is an upper bound" if one.at_most else None
    )


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


def _rank(bundle: Bundle, every: Sequence[Recovered]) -> list[Recovered]:
    """By what decides, by the one rule of all reports."""
    basis = basis_of_recoveries(bundle, every)
    places = rank(
        [_candidate(one) for one in every], floor=basis.floor, single_factor=basis.single_factor
    )
    by_label = {one.standing.label: one for one in every}
    return [by_label[place.label].at(place) for place in places]


def basis_of_recoveries(bundle: Bundle, every: Sequence[Recovered]) -> RankBasis:
    """How those that are compared are told apart; the floor is in ms.

    What comes at once closes its windows itself, so only a late time is seen no finer than them; how far
    single trials differ was not measured of bursts.
    """
    candidates = [_candidate(one) for one in every]
    if every and every[0].kind is FaultKind.BURST:
        return basis_of(candidates, QUANTUM_MS, None)
    return basis_of(candidates, QUANTUM_MS + between_closings_ms(bundle), LATE_TIME_FACTOR)


def _candidate(one: Recovered) -> RankCandidate:
    """What the ranking compares; the unit is the trial."""
    trials = {each.trial.record.number: each.trial.record for each in one.hits}.values()
    return RankCandidate(
        one.standing.label,
        tuple(math.inf if value is None else value for value in one.values),
        min((record.measured_windows for record in trials), default=0),
        tuple(record.round for record in trials),
    )
