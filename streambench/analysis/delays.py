"""The ranking by delay: the tail of each trial, or its slowest window where a tail was not earned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streambench.analysis import ranking
from streambench.analysis.clock_errors import NO_DOUBT, doubt_of
from streambench.analysis.ranking import Place, RankBasis, RankCandidate
from streambench.model.metrics import BY_NAME
from streambench.model.trial import TrialRecord


@dataclass(frozen=True)
class DelayRanking:
    """Places of the engines that were compared, best first, by one metric for all of them."""

    metric: str
    basis: RankBasis
    places: tuple[Place, ...]


def rank_by_delay(records: Mapping[str, Sequence[TrialRecord]], stem: str) -> DelayRanking:
    """Rank engines (by label) by their trials' p99; by the maximum when one of them earned no p99.

    `stem` says which delay: `delay` or `visible`.
    """
    tail = BY_NAME[f"{stem}_p99_ms"]
    earned = all(one.measured_windows >= tail.windows for each in records.values() for one in each)
    metric = tail.name if earned else f"{stem}_max_ms"
    candidates = tuple(_candidate(label, each, metric) for label, each in records.items())
    single_factor = ranking.DELAY_FACTORS.get(metric)
    basis = ranking.basis_of(candidates, ranking.DELAY_FLOOR_MS, single_factor)
    places = ranking.rank(
        candidates, floor=basis.floor, single_factor=single_factor, named="the delay"
    )
    return DelayRanking(metric, basis, places)


def _candidate(label: str, records: Sequence[TrialRecord], metric: str) -> RankCandidate:
    ordered = sorted(records, key=lambda record: record.round)
    values = [record.measures.get(metric) for record in ordered]
    known = tuple(value for value in values if value is not None)
    return RankCandidate(
        label,
        known if len(known) == len(values) else (*known, float("inf")),
        min((record.measured_windows for record in ordered), default=0),
        tuple(record.round for record in ordered),
        doubt_of(ordered, metric) or NO_DOUBT,  # of what is not known none is ranked
    )
