"""Which variant meets what a user requires: met, not met, or not known, and the cheapest that meets all."""

from __future__ import annotations

import enum
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from streambench.analysis.compare.comparison import Side
from streambench.analysis.compare.conditions import FIGURES, Absolute, Condition, parse_condition
from streambench.analysis.compare.difference import Range, Sample, range_of
from streambench.analysis.compare.figures import Figure, SideFigure, measured
from streambench.analysis.compare.gates import in_stored_unit
from streambench.analysis.sweeps import knees, swept
from streambench.analysis.variants import Standing, standings
from streambench.model.errors import UsageError
from streambench.model.numbers import in_unit, number, plural
from streambench.model.pace import Pace
from streambench.results.bundle import Bundle
from streambench.results.sustained import judge_pace

_RATE = "rate"
# A requirement that is not known names the command that would tell.
_COMMANDS = {
    "rate": "streambench find-rate",
    "drain": "streambench drain",
    "late_time": "streambench run --fault worker-kill@25s --repeat 3",
}
_REPEAT = "streambench run --repeat 5"


class Fit(enum.Enum):
    """What is known of a requirement."""

    MET = "met"
    NOT_MET = "not met"
    NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Fitted:
    """One requirement of one variant: `why` has the figures, `hint` the command that would tell more."""

    requirement: Condition
    fit: Fit
    why: str
    hint: str | None = None


@dataclass(frozen=True)
class Costs:
    """Medians over the trials of what a variant took; None: not known."""

    cpu_s_per_million: float | None
    memory_bytes: float | None


@dataclass(frozen=True)
class Fitting:
    """A variant with each requirement; `costs` are those of its completed trials."""

    label: str
    title: str
    fitted: tuple[Fitted, ...]
    costs: Costs

    @property
    def meets_all(self) -> bool:
        """Whether each requirement is met."""
        return all(each.fit is Fit.MET for each in self.fitted)


@dataclass(frozen=True)
class Requirements:
    """All variants in the order of the report, and the labels of those that meet all at the least cost."""

    conditions: tuple[Condition, ...]
    variants: tuple[Fitting, ...]

    @property
    def least_cpu(self) -> Fitting | None:
        """Who meets all and takes the least of the processor; None where nobody does, or it is unknown."""
        known = [each for each in self._meeting if each.costs.cpu_s_per_million is not None]
        return min(known, key=lambda each: each.costs.cpu_s_per_million or 0.0, default=None)

    @property
    def least_memory(self) -> Fitting | None:
        """Who meets all and takes the least memory."""
        known = [each for each in self._meeting if each.costs.memory_bytes is not None]
        return min(known, key=lambda each: each.costs.memory_bytes or 0.0, default=None)

    @property
    def meeting(self) -> tuple[Fitting, ...]:
        """Those that meet all."""
        return tuple(self._meeting)

    @property
    def _meeting(self) -> list[Fitting]:
        return [each for each in self.variants if each.meets_all]


def parse_requirement(text: str) -> Condition:
    """Read a requirement. Raises UsageError: it has a bound of its own, not one against another side."""
    found = parse_condition(text)
    if not isinstance(found.bound, Absolute):
        raise UsageError(
            f"the requirement {text!r} is against something else; it needs a value of its own",
            hint=f"--require '{found.name} < 500ms'",
        )
    if found.counted and found.above:
        return replace(found, above=False, or_equal=True)  # `lost` alone requires that nothing is
    return found


def requirements_of(bundle: Bundle, texts: Sequence[str]) -> Requirements:
    """How each variant of a bundle stands to the requirements. Raises UsageError for what is none."""
    conditions = tuple(parse_requirement(text) for text in texts)
    stands = standings(bundle)
    return Requirements(
        conditions,
        tuple(
            Fitting(
                stand.label,
                stand.title,
                tuple(_fitted(each, bundle, stand) for each in conditions),
                _costs(stand),
            )
            for stand in stands
        ),
    )


def _costs(stand: Standing) -> Costs:
    return Costs(
        _median(stand, "engine_cpu_s_per_million"), _median(stand, "engine_memory_peak_bytes")
    )


def _median(stand: Standing, metric: str) -> float | None:
    values = [record.measures.get(metric) for record in stand.records]
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _fitted(asked: Condition, bundle: Bundle, stand: Standing) -> Fitted:
    if asked.counted:
        return _counted(asked, bundle, stand)
    if bundle.run.axes:
        return _along_axes(asked, bundle, stand)
    figures = measured(bundle, stand.label)
    found = _figure(asked, figures)
    if found is None or found.sample is None:
        if asked.name == _RATE:
            return _by_load(asked, bundle, stand)
        why = f"this run has no {asked.name}" if found is None else found.why or "not known"
        return Fitted(asked, Fit.NOT_KNOWN, why, _COMMANDS.get(asked.name, _REPEAT))
    return _within(asked, found.figure, found.sample)


def _along_axes(asked: Condition, bundle: Bundle, stand: Standing) -> Fitted:
    """Of a curve the rate up to which it was shown to keep up; nothing else has one value there."""
    knee = knees(bundle, swept(bundle)).get(stand.label)
    if asked.name != _RATE or knee is None:
        why = f"{asked.name} has a value at each point of it"
        return Fitted(asked, Fit.NOT_KNOWN, why, "streambench run --rate 20k --repeat 5")
    if knee.rate_per_s is None:
        return Fitted(asked, Fit.NOT_KNOWN, "it is not shown to keep up", _COMMANDS[_RATE])
    said = f"shown to keep up with {number(knee.rate_per_s)} events/s"
    assert isinstance(asked.bound, Absolute)
    if asked.above and _holds(asked, knee.rate_per_s, asked.bound.value):
        return Fitted(asked, Fit.MET, said)
    return Fitted(asked, Fit.NOT_KNOWN, said, _COMMANDS[_RATE])


def _figure(asked: Condition, figures: dict[str, SideFigure]) -> SideFigure | None:
    """The first figure of this name that has values; of several points or faults the worst."""
    for key in FIGURES[asked.name]:
        known = [
            each
            for name, each in figures.items()
            if name.split(" ")[0] == key and each.sample is not None
        ]
        if known:
            return max(known, key=lambda each: _mean(each) * (-1 if asked.above else 1))
    named = (figures[name] for name in figures if name.split(" ")[0] in FIGURES[asked.name])
    return next(named, None)


def _mean(each: SideFigure) -> float:
    assert each.sample is not None
    return each.sample.mean(each.figure.terms.floor)


def _within(asked: Condition, figure: Figure, sample: Sample) -> Fitted:
    assert isinstance(asked.bound, Absolute)
    bound = in_stored_unit(asked.bound.value, figure.unit)
    found = range_of(sample, figure.terms)
    said = _said(found, figure, len(sample.values))
    if found.low is None or found.high is None:
        why = f"{said}; one trial does not tell how far others would lie from it"
        return Fitted(asked, Fit.NOT_KNOWN, why, _REPEAT)
    if _holds(asked, found.low, bound) and _holds(asked, found.high, bound):
        edge = found.low if asked.above else found.high
        return Fitted(asked, Fit.MET, f"{said}, {_margin(edge, bound, figure)} to spare")
    if not _holds(asked, found.low, bound) and not _holds(asked, found.high, bound):
        return Fitted(asked, Fit.NOT_MET, said)
    return Fitted(asked, Fit.NOT_KNOWN, f"{said}: the bound lies within", _REPEAT)


def _holds(asked: Condition, value: float, bound: float) -> bool:
    beyond = value > bound if asked.above else value < bound
    return beyond or (asked.or_equal and value == bound)


def _said(found: Range, figure: Figure, trials: int) -> str:
    value = f"{figure.label} {_shown(found.value, figure)} {figure.unit}"
    if found.low is None or found.high is None:
        return f"{value} in {plural(trials, 'trial')}"
    bounds = f"{_shown(found.low, figure)} to {_shown(found.high, figure)}"
    return f"{value} ({bounds}) in {plural(trials, 'trial')}"


def _margin(edge: float, bound: float, figure: Figure) -> str:
    return f"{_shown(abs(bound - edge), figure)} {figure.unit}"


def _shown(value: float, figure: Figure) -> str:
    shown = in_unit(value, figure.unit)
    return number(shown, figure.digits if shown >= 10 else max(figure.digits, 2))


def _by_load(asked: Condition, bundle: Bundle, stand: Standing) -> Fitted:
    """A rate that was played, and is shown to be borne or not."""
    assert isinstance(asked.bound, Absolute)
    if not stand.records:
        return Fitted(asked, Fit.NOT_KNOWN, stand.reason or stand.words, _COMMANDS[_RATE])
    rate = bundle.run.rate_per_s
    paces = [judge_pace(r.measures, r.measured_windows).pace for r in stand.records]
    said = f"played at {number(rate or 0)} events/s in {plural(len(paces), 'trial')}"
    if rate and paces and stand.unranked is None:
        enough = _holds(asked, float(rate), asked.bound.value)
        if asked.above and enough and all(pace is Pace.KEPT_UP for pace in paces):
            return Fitted(asked, Fit.MET, f"{said}, and it kept up")
        if asked.above and not enough and any(pace is Pace.FELL_BEHIND for pace in paces):
            return Fitted(asked, Fit.NOT_MET, f"{said}, and it fell behind")
    if stand.unranked is not None:
        said = f"{said}, but {stand.unranked}"
    return Fitted(asked, Fit.NOT_KNOWN, said, _COMMANDS[_RATE])


def _counted(asked: Condition, bundle: Bundle, stand: Standing) -> Fitted:
    """Rows are counted exactly, over all completed trials."""
    assert isinstance(asked.bound, Absolute)
    side = Side("", bundle, stand.label)
    if not side.trials:
        return Fitted(asked, Fit.NOT_KNOWN, stand.reason or stand.words, _REPEAT)
    count = float(getattr(side.damage, asked.name))
    fit = Fit.MET if _holds(asked, count, asked.bound.value) else Fit.NOT_MET
    name = asked.name.replace("_", "-")
    return Fitted(asked, fit, f"{number(count)} rows {name} in {plural(side.trials, 'trial')}")
