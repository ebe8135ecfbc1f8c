"""A sweep, seen point by point: how each variant stood, and whether it kept up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from streambench.model.pace import Judgement, Pace
from streambench.model.sweep import AxisName, Point, grid
from streambench.report.standing import Standing, Status, standings
from streambench.results.bundle import Bundle
from streambench.results.sustained import judge_pace

_WORST_FIRST = (Pace.FELL_BEHIND, Pace.UNDECIDED, Pace.KEPT_UP)


@dataclass(frozen=True)
class Swept:
    """One variant at one point; `pace` is the worst of its trials', None when none was completed."""

    point: Point
    standing: Standing
    pace: Judgement | None

    @property
    def counts(self) -> bool:
        """Whether it was right and its figures are to be believed."""
        return self.standing.status is Status.RIGHT

    @property
    def kept_up(self) -> bool:
        """Whether it was right and is shown to have kept up."""
        return self.counts and self.pace is not None and self.pace.pace is Pace.KEPT_UP


def at(bundle: Bundle, point: Point) -> Bundle:
    """The part of a bundle that belongs to a point, as a run of its own."""
    rate = dict(point).get(AxisName.RATE)
    run = bundle.run if rate is None else replace(bundle.run, rate_per_s=int(rate))
    trials = tuple(trial for trial in bundle.trials if trial.record.point == point)
    return replace(bundle, run=replace(run, axes=()), trials=trials)


def swept(bundle: Bundle) -> tuple[Swept, ...]:
    """Every point in the grid's order, in each the variants as they stand."""
    return tuple(
        Swept(point, stand, _pace(stand))
        for point in grid(bundle.run.axes)
        for stand in standings(at(bundle, point))
    )


def of(every: Sequence[Swept], label: str) -> tuple[Swept, ...]:
    """One variant's points."""
    return tuple(one for one in every if one.standing.label == label)


def knee(line: Sequence[Swept]) -> float | None:
    """The highest value of the first axis up to which one variant kept up with every one."""
    reached = None
    for one in line:
        if not one.kept_up:
            break
        reached = one.point[0][1]
    return reached


def _pace(standing: Standing) -> Judgement | None:
    judged = [judge_pace(r.measures, r.measured_windows) for r in standing.records]
    return min(judged, key=lambda one: _WORST_FIRST.index(one.pace), default=None)
