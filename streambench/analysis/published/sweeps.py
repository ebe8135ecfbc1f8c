"""What is published of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from streambench.analysis.published.common import RankRule, point_data, says
from streambench.analysis.published.variants import VariantResult, delay_rule, variant_result
from streambench.analysis.sweeps import Swept, at, knees, swept, unmoved
from streambench.model.pace import Pace
from streambench.model.sweep import Axis
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class AxisValues:
    """One property that was varied."""

    axis: Annotated[str, says("its name; commit is in ms, width in bytes, rate in events/s")]
    values: Annotated[tuple[float, ...], says("its values, rising")]


@dataclass(frozen=True)
class VariantAtPoint:
    """One variant at one point."""

    counts: Annotated[bool, says("whether it was right, so that its figures are to be believed")]
    kept_up: Annotated[bool, says("whether it was right and is shown to keep up")]
    not_borne: Annotated[bool, says("whether it is shown to fall behind, or did worse")]
    pace: Annotated[Pace | None, says("pace of the worst of its trials; null: none was completed")]
    pace_in_words: Annotated[str | None, says("the pace with what has to be known beside it")]
    pace_why: Annotated[str | None, says("why, in words")]
    result: Annotated[VariantResult, says("its result here, as under one load")]


@dataclass(frozen=True)
class PointResult:
    """All variants at one point of the grid."""

    point: Annotated[Mapping[str, float], says("axis → value")]
    rule: Annotated[RankRule, says("how ranks at this point came about")]
    variants: Annotated[tuple[VariantAtPoint, ...], says("ranked ones first")]


@dataclass(frozen=True)
class KneeResult:
    """Up to which rate one variant kept up."""

    variant: Annotated[str, says("label of the variant")]
    rate_per_s: Annotated[float | None, says("highest rate with which it kept up; null: none")]
    seen: Annotated[bool, says("whether a higher rate was seen not to be borne")]


@dataclass(frozen=True)
class SweepResult:
    """Every point of a grid."""

    kind: Annotated[Literal["sweep"], says("kind of experiment")]
    axes: Annotated[tuple[AxisValues, ...], says("what was varied")]
    points: Annotated[tuple[PointResult, ...], says("in the grid's order, tried ones only")]
    knees: Annotated[
        tuple[KneeResult, ...], says("one for each variant, where nothing but the rate was varied")
    ]
    without_effect: Annotated[
        tuple[str, ...], says("labels of variants that do not follow the commit interval")
    ]


def sweep_result(bundle: Bundle, axes: tuple[Axis, ...]) -> SweepResult:
    """A sweep as it is published."""
    every = swept(bundle)
    points = dict.fromkeys(one.point for one in every)
    by_point = {point: tuple(one for one in every if one.point == point) for point in points}
    return SweepResult(
        "sweep",
        tuple(AxisValues(axis.name.value, axis.values) for axis in axes),
        tuple(
            PointResult(
                point_data(point),
                delay_rule(at(bundle, point), tuple(one.standing for one in here)),
                tuple(_at_point(one) for one in here),
            )
            for point, here in by_point.items()
        ),
        tuple(
            KneeResult(knee.label, knee.rate_per_s, knee.seen)
            for knee in knees(bundle, every).values()
        ),
        unmoved(bundle),
    )


def _at_point(one: Swept) -> VariantAtPoint:
    pace = one.pace
    return VariantAtPoint(
        one.counts,
        one.kept_up,
        one.not_borne,
        None if pace is None else pace.pace,
        None if pace is None else pace.words,
        None if pace is None else pace.why,
        variant_result(one.standing),
    )
