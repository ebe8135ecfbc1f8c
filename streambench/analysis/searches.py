"""What a run of searches found, ranked: one search is one trial of the rate that it found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from streambench.analysis import ranking
from streambench.analysis.eligible import unbelieved
from streambench.analysis.ranking import Placed, RankBasis, RankCandidate
from streambench.analysis.variants import Standing, VariantStatus, standings, title_of
from streambench.model.pace import Pace
from streambench.model.search import RateProbe, SearchRecord, last_of_each_rate
from streambench.model.sweep import AxisName
from streambench.results.bundle import Bundle, TrialBundle
from streambench.results.sustained import judge_pace

RATE_FLOOR_PER_S = 1.0


@dataclass(frozen=True)
class Tries:
    """The rates that one search tried, events/s, by what the last probe of each said; all rising."""

    passed: tuple[int, ...]
    failed: tuple[int, ...]
    undecided: tuple[int, ...]


@dataclass(frozen=True)
class Bracket:
    """How near the edge a confirmed rate is, in events/s.

    `passed` is the highest rate that passed in the warm job, `failed` the lowest above the confirmed one
    that failed, and `undecided` the lowest between them of which nobody knows. `not_held` are those that
    were to be confirmed and were not, in the order in which that was tried; none that the instrument spoilt.
    """

    passed: int | None
    undecided: int | None
    failed: int | None
    not_held: tuple[int, ...]


@dataclass(frozen=True)
class FoundRate(Placed):
    """One variant's search; `confirmed` is the standing of the trial that confirmed its rate.

    Without a rate it has neither a rank nor a reason.
    """

    label: str
    title: str
    record: SearchRecord | None
    confirmed: Standing | None

    @property
    def rate_per_s(self) -> int | None:
        """The lag-bounded rate, confirmed."""
        return None if self.record is None else self.record.lag_bounded_per_s

    @property
    def candidate(self) -> RankCandidate:
        """Its rate as the ranking takes it: one value."""
        records = () if self.confirmed is None else self.confirmed.records
        windows = min((record.measured_windows for record in records), default=0)
        return RankCandidate(self.label, (float(self.rate_per_s or 0),), windows)


@dataclass(frozen=True)
class RateRanking:
    """All variants: the ranked ones, then other rates, the highest first, those without one last."""

    basis: RankBasis
    variants: tuple[FoundRate, ...]


def tries(record: SearchRecord) -> Tries:
    """What was tried, each rate once."""
    probes = sorted(last_of_each_rate(record.probes), key=lambda probe: probe.rate_per_s)
    return Tries(
        tuple(probe.rate_per_s for probe in probes if probe.passed),
        tuple(probe.rate_per_s for probe in probes if _failed(probe)),
        tuple(probe.rate_per_s for probe in probes if not probe.passed and not _failed(probe)),
    )


def bracket(record: SearchRecord) -> Bracket:
    """Between which rates the edge lies; without a confirmed rate nothing bounds it from below."""
    tried = tries(record)
    confirmed = record.lag_bounded_per_s or 0
    failed = _lowest(tried.failed, above=confirmed, below=None)
    return Bracket(
        max(tried.passed, default=None),
        _lowest(tried.undecided, above=confirmed, below=failed),
        failed,
        tuple(
            each.rate_per_s
            for each in record.confirmations
            if not (each.limited or each.held or each.spoilt)
        ),
    )


def pace_in_words(probe: RateProbe) -> str:
    """Whether the engine kept up in a probe, with what has to be known beside it."""
    if probe.pace is None:
        return "not certified"
    judged = judge_pace(probe.measures, probe.windows)
    return judged.words if judged.pace is probe.pace else probe.pace.value


def found_rates(bundle: Bundle) -> RateRanking:
    """Every variant's rate, and where it stands among them."""
    records = {record.label: record for record in bundle.run.searches}
    every = {
        label: FoundRate(
            label,
            title_of(bundle, label),
            records.get(label),
            _confirmed(bundle, label, records),
        )
        for label in bundle.labels
    }
    for label, one in every.items():
        every[label] = replace(one, unranked=_why_unranked(bundle, one))
    factor = ranking.RATE_FACTOR
    places = ranking.rank(
        [one.candidate for one in every.values() if one.rate_per_s and one.unranked is None],
        floor=RATE_FLOOR_PER_S,
        single_factor=factor,
        lower_is_better=False,
    )
    for place in places:
        every[place.label] = every[place.label].at(place)
    ranked = [every[place.label] for place in places if place.rank is not None]
    rest = sorted(
        (one for one in every.values() if one.rank is None), key=lambda one: -(one.rate_per_s or 0)
    )
    basis = ranking.basis_of([one.candidate for one in ranked], RATE_FLOOR_PER_S, factor)
    return RateRanking(basis, (*ranked, *rest))


def _lowest(rates: Iterable[int], *, above: int, below: int | None) -> int | None:
    """The lowest of rising rates within these bounds."""
    inside = (rate for rate in rates if rate > above and (below is None or rate < below))
    return next(inside, None)


def _failed(probe: RateProbe) -> bool:
    return not probe.passed and probe.pace is Pace.FELL_BEHIND


def _why_unranked(bundle: Bundle, one: FoundRate) -> str | None:
    """A confirmation obeys the rules of every ranking."""
    if one.rate_per_s is None:
        return None
    if one.confirmed is None or not one.confirmed.records:
        return "the trial that confirmed it is not in the bundle"
    if one.confirmed.status is not VariantStatus.RIGHT:
        return one.confirmed.words
    return unbelieved(bundle, one.confirmed.records)


def _confirmed(bundle: Bundle, label: str, records: dict[str, SearchRecord]) -> Standing | None:
    record = records.get(label)
    if record is None or record.lag_bounded_per_s is None:
        return None
    trials = tuple(t for t in bundle.of(label) if _rate(t) == record.lag_bounded_per_s)
    if not trials:
        return None
    (stand,) = (s for s in standings(replace(bundle, trials=trials)) if s.label == label)
    return stand


def _rate(trial: TrialBundle) -> int:
    return int(dict(trial.record.point).get(AxisName.RATE, 0))
