"""What drains found: how many records a second each warm job worked off, in each round, and the ranks."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streambench.analysis import ranking
from streambench.analysis.clock_errors import ANY_DOUBT, widest
from streambench.analysis.drain_clocks import drain_doubt
from streambench.analysis.ranking import Place, RankBasis, RankCandidate
from streambench.model.drain import Drain, DrainRecord
from streambench.results.bundle import Bundle

FLOOR_PER_S = 1.0


@dataclass(frozen=True)
class DrainedVariant:
    """One variant's rounds, and its place among all; `ended` says what went wrong in one of them."""

    place: Place
    rounds: tuple[DrainRecord, ...]

    @property
    def label(self) -> str:
        """The variant's label."""
        return self.place.label

    @property
    def ended(self) -> str | None:
        """What went wrong in the first round in which something did."""
        return next((each.ended for each in self.rounds if each.ended is not None), None)

    @property
    def right(self) -> bool:
        """Whether every drain was finished, and came out right."""
        return self.place.why is None

    @property
    def drains(self) -> tuple[Drain, ...]:
        """Every finished drain, cold or warm."""
        return tuple(drain for each in self.rounds for drain in each.drains)

    @property
    def wrong(self) -> int:
        """How many of them came out wrong."""
        return sum(not drain.right for drain in self.drains)

    @property
    def first_s(self) -> float | None:
        """From the launch to the first window of the cold drain; like all below the median over rounds."""
        return self._median(lambda r: r.cold, lambda drain: drain.first_s)

    @property
    def cold_per_s(self) -> float | None:
        """Records a second of the cold drain."""
        return self._median(lambda r: r.cold, lambda drain: drain.per_s)

    @property
    def warm_per_s(self) -> float | None:
        """Records a second of the last warm drain."""
        return self._median(lambda r: r.warm, lambda drain: drain.per_s)

    @property
    def peak_per_s(self) -> float | None:
        """Records in the busiest second of the last warm drain."""
        return self._median(lambda r: r.warm, lambda drain: drain.peak_per_s)

    @property
    def cpu_s_per_million(self) -> float | None:
        """What a million records took of the processor in the last warm drain."""
        return self._median(lambda r: r.warm, lambda drain: drain.cpu_s_per_million)

    def _median(
        self, which: Callable[[DrainRecord], Drain | None], value: Callable[[Drain], float | None]
    ) -> float | None:
        every = [value(drain) for each in self.rounds if (drain := which(each)) is not None]
        known = [each for each in every if each is not None]
        return statistics.median(known) if known else None


@dataclass(frozen=True)
class DrainRanking:
    """All variants by their warm rate, ranked ones first."""

    basis: RankBasis
    variants: tuple[DrainedVariant, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        """The place of each variant."""
        return tuple(each.place for each in self.variants)


def rank_drains(bundle: Bundle) -> DrainRanking:
    """Rank the variants by their warm rate; whoever was wrong or did not finish has a reason instead."""
    rounds = {
        label: tuple(record for record in bundle.run.drains if record.label == label)
        for label in bundle.labels
    }
    reasons = {label: _why_unranked(records) for label, records in rounds.items()}
    candidates = tuple(
        _candidate(bundle, label, records)
        for label, records in rounds.items()
        if reasons[label] is None
    )
    basis = ranking.basis_of(candidates, FLOOR_PER_S, ranking.DRAIN_FACTOR)
    ranked = ranking.rank(
        candidates,
        floor=basis.floor,
        single_factor=basis.single_factor,
        lower_is_better=False,
    )
    rest = (Place(label, None, (), why) for label, why in reasons.items() if why is not None)
    places = (*ranked, *rest)
    return DrainRanking(basis, tuple(DrainedVariant(each, rounds[each.label]) for each in places))


def _candidate(bundle: Bundle, label: str, records: Sequence[DrainRecord]) -> RankCandidate:
    warm = [(record.round, record.warm.per_s) for record in records if record.warm is not None]
    clocks = [
        drain_doubt(bundle, record, lambda drain: drain.per_s, warm=True) for record in records
    ]
    return RankCandidate(
        label,
        tuple(rate for _, rate in warm),
        None,
        tuple(at for at, _ in warm),
        widest(clocks) or ANY_DOUBT,
    )


def _why_unranked(records: Sequence[DrainRecord]) -> str | None:
    ended = next((record.ended for record in records if record.ended is not None), None)
    if ended is not None:
        return ended
    if not records or any(record.warm is None for record in records):
        return "not every warm drain was finished"
    if not all(drain.right for record in records for drain in record.drains):
        return "wrong"
    return None
