"""What a run of searches found, ranked: one search is one trial of the rate that it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from streambench.analysis import ranking
from streambench.analysis.eligible import unbelieved
from streambench.analysis.ranking import Candidate
from streambench.model.search import SearchRecord
from streambench.model.sweep import AxisName
from streambench.report.standing import Standing, Status, standings, title_of
from streambench.results.bundle import Bundle, TrialBundle

RATE_FLOOR_PER_S = 1.0


@dataclass(frozen=True)
class FoundRate:
    """One variant's search; `confirmed` is the standing of the trial that confirmed its rate.

    `rank` is None when it is not ranked: without a rate, or for the reason `unranked`. `alike` are the
    labels of those that it is not told apart from.
    """

    label: str
    title: str
    record: SearchRecord | None
    confirmed: Standing | None
    unranked: str | None = None
    rank: int | None = None
    alike: tuple[str, ...] = ()

    @property
    def rate_per_s(self) -> int | None:
        """The lag-bounded rate, confirmed."""
        return None if self.record is None else self.record.lag_bounded_per_s

    @property
    def place(self) -> str:
        """`1`, `2=` when not told apart from another, or nothing."""
        return "" if self.rank is None else f"{self.rank}{'=' if self.alike else ''}"

    @property
    def candidate(self) -> Candidate:
        """Its rate as the ranking takes it: one value."""
        records = () if self.confirmed is None else self.confirmed.records
        windows = min((record.measured_windows for record in records), default=0)
        return Candidate(self.label, (float(self.rate_per_s or 0),), windows)


def found_rates(bundle: Bundle) -> tuple[FoundRate, ...]:
    """All variants: the ranked ones, then other rates, the highest first, those without one last."""
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
    places = ranking.rank(
        [one.candidate for one in every.values() if one.rate_per_s and one.unranked is None],
        floor=RATE_FLOOR_PER_S,
        single_factor=ranking.RATE_FACTOR,
        lower_is_better=False,
    )
    for place in places:
        every[place.label] = replace(
            every[place.label], rank=place.rank, alike=place.alike, unranked=place.why
        )
    ranked = [every[place.label] for place in places if place.rank is not None]
    rest = sorted(
        (one for one in every.values() if one.rank is None), key=lambda one: -(one.rate_per_s or 0)
    )
    return (*ranked, *rest)


def ranked_rates(found: Sequence[FoundRate]) -> tuple[Candidate, ...]:
    """Those that were compared."""
    return tuple(one.candidate for one in found if one.rank is not None)


def _why_unranked(bundle: Bundle, one: FoundRate) -> str | None:
    """A confirmation obeys the rules of every ranking."""
    if one.rate_per_s is None:
        return None
    if one.confirmed is None or not one.confirmed.records:
        return "the trial that confirmed it is not in the bundle"
    if one.confirmed.status is not Status.RIGHT:
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
