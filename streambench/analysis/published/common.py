"""What every kind of experiment publishes alike: figures, places, spreads and counts of damage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from streambench.analysis.metrics import MetricSummary
from streambench.analysis.ranking import Placed, RankBasis
from streambench.analysis.recoveries import Spread
from streambench.model.conditions import NamedVariant
from streambench.model.sweep import Point
from streambench.model.verdict import Damage


def says(description: str) -> Any:
    """What a field is, for the JSON schema and the page that is made from it."""
    return Field(description=description)


@dataclass(frozen=True)
class NamedVariantFacts:
    """A named variant as it was when it ran, shipped or declared by a user."""

    title: Annotated[str, says("follows the engine's in reports")]
    note: Annotated[str, says("what it shows, in words; empty: nobody said")]
    settings: Annotated[Mapping[str, str], says("what its name sets")]
    version: Annotated[str | None, says("version that it is declared for; null: the usual one")]
    based_on: Annotated[str | None, says("shipped variant whose settings it begins with")]
    declared_in: Annotated[str | None, says("file of the user's declaration; null: it is shipped")]

    @classmethod
    def of(cls, named: NamedVariant) -> NamedVariantFacts:
        """A variant as it is published."""
        return cls(
            named.title,
            named.note,
            dict(named.settings),
            named.version,
            named.based_on,
            named.declared_in,
        )


@dataclass(frozen=True)
class MetricFigure:
    """One metric of one variant, over its trials."""

    value: Annotated[float | None, says("median over the trials; null: see `why_none`")]
    unit: Annotated[str, says("unit of `value`, `lowest` and `highest`")]
    lowest: Annotated[float | None, says("least value of a trial")]
    highest: Annotated[float | None, says("greatest value of a trial")]
    trials: Annotated[tuple[int, ...], says("numbers of the trials that know a value")]
    trials_asked: Annotated[int, says("how many trials could have known one")]
    maximum_in_place: Annotated[
        bool,
        says("whether the slowest window stands in the place of a percentile that was not earned"),
    ]
    why_none: Annotated[str | None, says("why there is no value")]

    @classmethod
    def of(cls, summary: MetricSummary) -> MetricFigure:
        """A summary as it is published; memory is in bytes, as stored."""
        unit = summary.metric.unit
        return cls(
            summary.value,
            "bytes" if unit == "MiB" else unit,
            summary.low,
            summary.high,
            summary.trials,
            summary.asked,
            summary.instead,
            summary.reason,
        )


@dataclass(frozen=True)
class RankRule:
    """How ranks came about (docs/method.md, ranking)."""

    by: Annotated[str, says("what the rank is decided by")]
    unit: Annotated[str, says("unit of what decides, and of `floor`")]
    better: Annotated[Literal["lower", "higher"], says("which direction is good")]
    compared: Annotated[int, says("how many variants were compared")]
    trials_of_each: Annotated[int, says("fewest trials of one of them; with one there is no test")]
    floor: Annotated[float, says("medians that differ by less are never told apart")]
    single_trial_factor: Annotated[
        float | None,
        says("single trials are told apart only beyond it; null: not measured, so they never are"),
    ]

    @classmethod
    def of(
        cls, basis: RankBasis, by: str, unit: str, better: Literal["lower", "higher"] = "lower"
    ) -> RankRule:
        """A basis as it is published."""
        return cls(
            by, unit, better, basis.compared, basis.repeats, basis.floor, basis.single_factor
        )


@dataclass(frozen=True)
class RankPlace:
    """Where a variant stands."""

    rank: Annotated[int | None, says("one more than the number of variants surely better")]
    not_told_apart_from: Annotated[tuple[str, ...], says("labels of ranked variants")]
    why_unranked: Annotated[str | None, says("why there is no rank; null when there is one")]

    @classmethod
    def of(cls, one: Placed) -> RankPlace:
        """A place as it is published."""
        return cls(one.rank, one.alike, one.unranked)


@dataclass(frozen=True)
class SpreadFigure:
    """A figure over several hits or trials."""

    median: Annotated[float | None, says("median; null: not known, or `never`")]
    lowest: Annotated[float | None, says("least; null: not known")]
    highest: Annotated[float | None, says("greatest; null: not known, or it did not come once")]
    never: Annotated[bool, says("whether it did not come within the trial, in the median one")]
    missing: Annotated[int, says("number of those that are not known, or did not come")]
    of: Annotated[int, says("number of hits or trials")]

    @classmethod
    def from_spread(cls, spread: Spread) -> SpreadFigure:
        """A spread as it is published: what is infinite did not come."""
        return cls(
            finite(spread.median),
            finite(spread.low),
            finite(spread.high),
            spread.never,
            spread.missing,
            spread.count,
        )


@dataclass(frozen=True)
class DamageCounts:
    """Rows that were not as they should be; one of them counts as one kind."""

    lost: Annotated[int, says("no row came")]
    duplicates: Annotated[int, says("rows that came once too often")]
    over_counted: Annotated[int, says("rows with too great a value")]
    under_counted: Annotated[int, says("rows with too small a value")]
    conflicting: Annotated[int, says("rows with several values")]
    unexpected: Annotated[int, says("rows for which nothing was due")]
    early: Annotated[int, says("rows that came before they lawfully could")]
    corrected_later: Annotated[int, says("wrong ones after which a right row came")]
    windows: Annotated[int, says("windows with any damage")]

    @classmethod
    def of(cls, damage: Damage) -> DamageCounts:
        """Damage as it is published."""
        return cls(**{name: getattr(damage, name) for name in cls.__dataclass_fields__})


def finite(value: float | None) -> float | None:
    """JSON has no infinity: what did not come has no figure."""
    return value if value is not None and math.isfinite(value) else None


def point_data(point: Point) -> Mapping[str, float]:
    """Axis → value."""
    return {name.value: value for name, value in point}
