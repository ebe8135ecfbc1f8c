"""The ranking of drains: how many records a second a warm job worked off, in each round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streambench.analysis import ranking
from streambench.analysis.ranking import Candidate, Place
from streambench.model.drain import DrainRecord
from streambench.results.bundle import Bundle

FLOOR_PER_S = 1.0


@dataclass(frozen=True)
class DrainRanking:
    """`candidates` were compared; `places` are of all variants, ranked ones first."""

    candidates: tuple[Candidate, ...]
    places: tuple[Place, ...]


def rank_drains(bundle: Bundle) -> DrainRanking:
    """Rank the variants by their warm rate; whoever was wrong or did not finish has a reason instead."""
    rounds = {
        label: tuple(record for record in bundle.run.drains if record.label == label)
        for label in bundle.labels
    }
    reasons = {label: _why_unranked(records) for label, records in rounds.items()}
    candidates = tuple(
        _candidate(label, records) for label, records in rounds.items() if reasons[label] is None
    )
    places = ranking.rank(
        candidates,
        floor=FLOOR_PER_S,
        single_factor=ranking.DRAIN_FACTOR,
        lower_is_better=False,
    )
    rest = tuple(Place(label, None, (), why) for label, why in reasons.items() if why is not None)
    return DrainRanking(candidates, (*places, *rest))


def _candidate(label: str, records: Sequence[DrainRecord]) -> Candidate:
    warm = [(record.round, record.warm.per_s) for record in records if record.warm is not None]
    return Candidate(label, tuple(rate for _, rate in warm), None, tuple(at for at, _ in warm))


def _why_unranked(records: Sequence[DrainRecord]) -> str | None:
    ended = next((record.ended for record in records if record.ended is not None), None)
    if ended is not None:
        return ended
    if not records or any(record.warm is None for record in records):
        return "not every warm drain was finished"
    if not all(drain.right for record in records for drain in record.drains):
        return "wrong"
    return None
