"""Trends that remained in the measured parts: trials whose delay still rose or fell."""

from __future__ import annotations

from dataclasses import dataclass

from streambench.model.sweep import Point
from streambench.model.trial import Completed
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class RemainingTrend:
    """One trial's trend in words; `share` is its size by the median delay, None: not recorded."""

    label: str
    trial: int
    point: Point
    words: str
    share: float | None


@dataclass(frozen=True)
class TrendCount:
    """In how many of one variant's completed trials a trend remained, with one of them."""

    label: str
    moving: int
    completed: int
    example: str


def remaining_trends(bundle: Bundle) -> tuple[RemainingTrend, ...]:
    """Every trial whose delay had not settled, in the order of the trials."""
    return tuple(
        RemainingTrend(
            record.variant.label, record.number, record.point, record.trend, record.trend_share
        )
        for record in (trial.record for trial in bundle.trials)
        if record.trend
    )


def trend_counts(bundle: Bundle) -> tuple[TrendCount, ...]:
    """One for each variant of which some completed trial had a trend."""
    found = []
    for label in bundle.labels:
        every = [trial.record for trial in bundle.of(label)]
        records = [record for record in every if isinstance(record.outcome, Completed)]
        moving = [record.trend for record in records if record.trend]
        if moving:
            found.append(TrendCount(label, len(moving), len(records), moving[0]))
    return tuple(found)
