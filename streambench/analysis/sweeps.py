"""A sweep, seen point by point: how each variant stood, and whether it kept up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from streambench.analysis.variants import Standing, VariantStatus, standings
from streambench.model.pace import Judgement, Pace
from streambench.model.plan import Setting
from streambench.model.sweep import AxisName, Point, grid
from streambench.model.trial import LeftOut
from streambench.results.bundle import Bundle
from streambench.results.sustained import judge_pace

_WORSE = (VariantStatus.WRONG, VariantStatus.WRONG_AFTER, VariantStatus.FAILED)
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
        return self.standing.status is VariantStatus.RIGHT

    @property
    def kept_up(self) -> bool:
        """Whether it was right and is shown to have kept up."""
        return self.counts and self.pace is not None and self.pace.pace is Pace.KEPT_UP

    @property
    def not_borne(self) -> bool:
        """Whether it is shown to have fallen behind, or did worse."""
        fell_behind = self.pace is not None and self.pace.pace is Pace.FELL_BEHIND
        return fell_behind or self.standing.status in _WORSE

    def value_of(self, metric: str) -> float | None:
        """What is known of a metric here: nothing where another figure would stand in its place."""
        found = self.standing.summary(metric)
        return found.value if self.counts and not found.instead else None


def at(bundle: Bundle, point: Point) -> Bundle:
    """The part of a bundle that belongs to a point, as a run of its own."""
    rate = dict(point).get(AxisName.RATE)
    run = bundle.run if rate is None else replace(bundle.run, rate_per_s=int(rate))
    trials = tuple(trial for trial in bundle.trials if trial.record.point == point)
    return replace(bundle, run=replace(run, axes=()), trials=trials)


def swept(bundle: Bundle) -> tuple[Swept, ...]:
    """Every point in the grid's order, in each the variants as they stand; none that all were spared."""
    points = ((point, standings(at(bundle, point))) for point in grid(bundle.run.axes))
    return tuple(
        Swept(point, stand, _pace(stand))
        for point, stands in points
        if any(stand.status is not VariantStatus.LEFT_OUT for stand in stands)
        for stand in stands
    )


def of(every: Sequence[Swept], label: str) -> tuple[Swept, ...]:
    """One variant's points."""
    return tuple(one for one in every if one.standing.label == label)


def knee(line: Sequence[Swept]) -> float | None:
    """The highest value of the first axis with which one variant kept up, before any that it did not bear.

    What was not decided, or could not be measured, says nothing against it: who bears more bears that.
    """
    reached = None
    for one in line:
        if one.not_borne:
            break
        if one.kept_up:
            reached = one.point[0][1]
    return reached


def knee_is_seen(line: Sequence[Swept]) -> bool:
    """Whether there is a value that it did not bear; else nobody knows where its knee is."""
    return any(one.not_borne for one in line)


@dataclass(frozen=True)
class Knee:
    """Up to which rate one variant kept up; `seen` when it was also seen not to bear a higher one."""

    label: str
    rate_per_s: float | None
    seen: bool


def knees(bundle: Bundle, every: Sequence[Swept]) -> dict[str, Knee]:
    """The knee of each variant, by label, where rates were varied and nothing else; empty otherwise."""
    axes = bundle.run.axes
    if len(axes) != 1 or axes[0].name is not AxisName.RATE:
        return {}
    lines = {label: of(every, label) for label in bundle.labels}
    return {label: Knee(label, knee(line), knee_is_seen(line)) for label, line in lines.items()}


def spared(bundle: Bundle) -> bool:
    """Whether some engine was not tried at some point, as what came before had told the answer."""
    return any(isinstance(trial.record.outcome, LeftOut) for trial in bundle.trials)


def unmoved(bundle: Bundle) -> tuple[str, ...]:
    """Labels of the variants of which no setting follows the commit interval that was varied.

    Empty where all do, where nothing is known, or where something else was varied.
    """
    if AxisName.COMMIT not in [axis.name for axis in bundle.run.axes]:
        return ()
    found = []
    for label in bundle.labels:
        by_interval: dict[float, set[tuple[Setting, ...]]] = {}
        for trial in bundle.of(label):
            if trial.record.settings:
                interval_ms = dict(trial.record.point)[AxisName.COMMIT]
                asked = tuple(replace(each, effective=None) for each in trial.record.settings)
                by_interval.setdefault(interval_ms, set()).add(asked)
        if len(by_interval) > 1 and len(set.union(*by_interval.values())) == 1:
            found.append(label)
    return tuple(found)


def _pace(standing: Standing) -> Judgement | None:
    judged = [judge_pace(r.measures, r.measured_windows) for r in standing.records]
    return min(
        judged,
        # What kept up with a reservation says more than what did without.
        key=lambda one: (_WORST_FIRST.index(one.pace), one.words == one.pace.value),
        default=None,
    )
