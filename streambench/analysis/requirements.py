"""Which variant meets what a user requires: met, not met, or not known, and the cheapest that meets all."""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from streambench.analysis.compare.changed import engine_of
from streambench.analysis.compare.conditions import (
    COUNTS,
    Absolute,
    Condition,
    example_value,
    parse_condition,
)
from streambench.analysis.compare.difference import (
    DifferenceVerdict,
    Range,
    Sample,
    differences,
)
from streambench.analysis.compare.figures import Figure, SideFigure, beyond_words, measured
from streambench.analysis.compare.gates import figures_named, in_stored_unit
from streambench.analysis.compare.rows import rows_counted
from streambench.analysis.drains import rank_drains
from streambench.analysis.sweeps import knees, swept
from streambench.analysis.variants import Standing, VariantStatus, standings
from streambench.model.errors import UsageError
from streambench.model.experiment import BacklogDrain
from streambench.model.numbers import in_unit, number, plural
from streambench.model.pace import Pace
from streambench.results.bundle import Bundle
from streambench.results.sustained import judge_pace

_RATE = "rate"
# Fewer repeats hardly tell anything.
_REPEATS_AT_LEAST = 5
_FAULT = "worker-kill@25s"
# What only drains tell, and what they tell as well as trials.
_OF_DRAINS = frozenset(
    {"drain", "cold_drain", "drain_peak"} | {"drain_time", "cold_drain_time", "first_window"}
)
_OF_DRAINS_TOO = frozenset({"cpu", *COUNTS})
# Figures of an engine's processes, which are not seen elsewhere.
_OF_PROCESSES = frozenset(
    {"engine_cpu_s_per_million", "engine_and_broker_cpu_s_per_million", "engine_memory_peak_bytes"}
)


class Fit(enum.Enum):
    """What is known of a requirement."""

    MET = "met"
    NOT_MET = "not met"
    NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Fitted:
    """One requirement of one variant: `why` has the figures, `hint` the command that would tell more.

    No `hint` where nothing is left to be told, or no command would.
    """

    requirement: Condition
    fit: Fit
    why: str
    hint: str | None = None


@dataclass(frozen=True)
class Fitting:
    """A variant with each requirement; `right`: every row of all its trials was."""

    label: str
    title: str
    fitted: tuple[Fitted, ...]
    right: bool

    @property
    def meets_all(self) -> bool:
        """Whether each requirement is met, by right results."""
        return self.right and all(each.fit is Fit.MET for each in self.fitted)


@dataclass(frozen=True)
class Cheapest:
    """Who took the least of something, by the mean over its trials, and who is not told apart from it.

    `value` is as stored. `alike` are titles.
    """

    title: str
    value: float
    alike: tuple[str, ...]


@dataclass(frozen=True)
class Requirements:
    """All variants in the order of the report, and the cheapest of those that meet all.

    None: not more than one meets all, or not all costs are known.
    """

    conditions: tuple[Condition, ...]
    variants: tuple[Fitting, ...]
    least_cpu: Cheapest | None = None
    least_memory: Cheapest | None = None

    @property
    def meeting(self) -> tuple[Fitting, ...]:
        """Those that meet all."""
        return tuple(each for each in self.variants if each.meets_all)


def parse_requirement(text: str) -> Condition:
    """Read a requirement. Raises UsageError: it has a bound of its own, not one against another side."""
    found = parse_condition(text, against=False)
    if not isinstance(found.bound, Absolute):
        raise UsageError(
            f"the requirement {text!r} is against something else; it needs a value of its own",
            hint=f"streambench report --require '{found.name} < {example_value(found.name)}'",
        )
    if found.counted and found.above:
        return replace(found, above=False, or_equal=True)  # `lost` alone requires that nothing is
    return found


def requirements_of(bundle: Bundle, texts: Sequence[str]) -> Requirements:
    """How each variant of a bundle stands to the requirements. Raises UsageError for what is none."""
    conditions = tuple(parse_requirement(text) for text in texts)
    stands = standings(bundle)
    right = _right(bundle, stands)
    found = Requirements(
        conditions,
        tuple(
            Fitting(
                stand.label,
                stand.title,
                tuple(_fitted(each, bundle, stand) for each in conditions),
                stand.label in right,
            )
            for stand in stands
        ),
    )
    if bundle.run.axes:
        return found  # what it costs differs along them
    return replace(
        found,
        least_cpu=_cheapest(bundle, found.meeting, "engine_cpu_s_per_million"),
        least_memory=_cheapest(bundle, found.meeting, "engine_memory_peak_bytes"),
    )


def _right(bundle: Bundle, stands: Sequence[Standing]) -> frozenset[str]:
    """Whose rows were all right, in trials or in drains."""
    if isinstance(bundle.run.experiment, BacklogDrain):
        return frozenset(each.label for each in rank_drains(bundle).variants if each.right)
    return frozenset(
        each.label for each in stands if each.status is VariantStatus.RIGHT or each.rows_right
    )


def _cheapest(bundle: Bundle, meeting: Sequence[Fitting], metric: str) -> Cheapest | None:
    """By the test that compares: a difference by chance names nobody."""
    figures = [measured(bundle, each.label).get(metric) for each in meeting]
    known = [
        (each.title, figure.sample, figure.figure.terms)
        for each, figure in zip(meeting, figures, strict=True)
        if figure is not None and figure.sample is not None
    ]
    if len(known) < 2 or len(known) < len(meeting):
        return None
    least, *others = sorted(known, key=lambda each: each[1].mean(each[2].floor))
    title, sample, terms = least
    told = differences([(sample, each[1], terms) for each in others], one_question=True)
    alike = tuple(
        each[0]
        for each, difference in zip(others, told, strict=True)
        if difference.judged is DifferenceVerdict.ALIKE
    )
    return Cheapest(title, sample.mean(terms.floor), alike)


def _fitted(asked: Condition, bundle: Bundle, stand: Standing) -> Fitted:
    if asked.counted:
        return _counted(asked, bundle, stand)
    if bundle.run.axes:
        return _along_axes(asked, bundle, stand)
    every = figures_named(asked.name, measured(bundle, stand.label))
    if asked.name == _RATE and not any(each.sample for each in every):
        return _by_load(asked, bundle, stand)
    found = [_of_figure(asked, each, bundle, stand) for each in every]
    for fit in (Fit.NOT_MET, Fit.NOT_KNOWN, Fit.MET):  # after each fault it must be met
        for each in found:
            if each.fit is fit:
                return each
    why = f"this run has no {asked.name}"
    return Fitted(asked, Fit.NOT_KNOWN, why, _would_tell(asked, bundle))


def _of_figure(asked: Condition, each: SideFigure, bundle: Bundle, stand: Standing) -> Fitted:
    if each.sample is None and each.figure.key in _OF_PROCESSES:
        cluster = bundle.run.conditions.cluster_of(engine_of(stand.label))
        if cluster is not None:  # more trials would not tell either
            why = f"{each.figure.label}: what it uses at {cluster.endpoint} is not seen"
            return Fitted(asked, Fit.NOT_KNOWN, why)
    if each.sample is None:
        why = f"{each.figure.label}: {each.why}"
        return Fitted(asked, Fit.NOT_KNOWN, why, _would_tell(asked, bundle))
    return _within(asked, each, each.sample, bundle)


def _would_tell(asked: Condition, bundle: Bundle) -> str:
    """The command that would tell more: of the same workload and terms, with more trials."""
    run = bundle.run
    if asked.name == _RATE:
        return f"streambench find-rate {run.workload}"
    if asked.name in _OF_DRAINS or (asked.name in _OF_DRAINS_TOO and run.drain_records is not None):
        return f"streambench drain {run.workload} --repeat {_REPEATS_AT_LEAST}"
    repeats = max(_REPEATS_AT_LEAST, 2 * run.repeats)
    single = not run.axes and run.search is None and run.drain_records is None
    command = run.command if single else f"streambench run {run.workload}"
    command = re.sub(r" --(?:repeat|out|require|until)(?:=| )(?:'[^']*'|\S+)", "", command)
    if asked.name == "late_time" and not run.faults:
        command = f"{command} --fault {_FAULT}"
    return f"{command} --repeat {repeats}"


def _along_axes(asked: Condition, bundle: Bundle, stand: Standing) -> Fitted:
    """Of a curve the rate up to which it was shown to keep up; nothing else has one value there."""
    knee = knees(bundle, swept(bundle)).get(stand.label)
    if asked.name != _RATE or knee is None:
        why = f"{asked.name} has a value at each point of it"
        return Fitted(asked, Fit.NOT_KNOWN, why, _would_tell(asked, bundle))
    if knee.rate_per_s is None:
        return Fitted(
            asked, Fit.NOT_KNOWN, "it is not shown to keep up", _would_tell(asked, bundle)
        )
    said = f"shown to keep up with {number(knee.rate_per_s)} events/s"
    assert isinstance(asked.bound, Absolute)
    if asked.above and _holds(asked, knee.rate_per_s, asked.bound.value):
        return Fitted(asked, Fit.MET, said)
    return Fitted(asked, Fit.NOT_KNOWN, said, _would_tell(asked, bundle))


def _within(asked: Condition, each: SideFigure, sample: Sample, bundle: Bundle) -> Fitted:
    assert isinstance(asked.bound, Absolute)
    figure, found = each.figure, each.within()
    bound = in_stored_unit(asked.bound.value, figure.unit)
    what = "round" if isinstance(bundle.run.experiment, BacklogDrain) else "trial"
    if each.shown is None:
        said = _said(found, figure, plural(len(sample.values), what))
    else:
        said = (
            f"{figure.label} {_shown(found.value, figure)} {figure.unit}{beyond_words(each.shown)}"
        )
    worst, best = _edges(asked, each.surely())
    if worst is not None and _holds(asked, worst, bound):
        return Fitted(asked, Fit.MET, f"{said}, {_margin(worst, bound, figure)} to spare")
    if best is not None and not _holds(asked, best, bound):
        return Fitted(asked, Fit.NOT_MET, said)
    by_trials = [edge is not None and _holds(asked, edge, bound) for edge in _edges(asked, found)]
    if None not in (found.low, found.high) and by_trials in ([True, True], [False, False]):
        # More trials by the same clocks would not tell either.
        return Fitted(asked, Fit.NOT_KNOWN, f"{said}; {each.clock_words}: the bound lies within")
    if worst is None and best is None:
        why = f"{said}; one {what} does not tell how far others would lie from it"
    elif each.shown is None:
        why = f"{said}: the bound lies within"
    else:
        why = f"{said}: what lies between was not decided"
    return Fitted(asked, Fit.NOT_KNOWN, why, _would_tell(asked, bundle))


def _edges(asked: Condition, found: Range) -> tuple[float | None, float | None]:
    """The worst and the best that the value may be."""
    return (found.low, found.high) if asked.above else (found.high, found.low)


def _holds(asked: Condition, value: float, bound: float) -> bool:
    beyond = value > bound if asked.above else value < bound
    return beyond or (asked.or_equal and value == bound)


def _said(found: Range, figure: Figure, times: str) -> str:
    value = f"{figure.label} {_shown(found.value, figure)} {figure.unit}"
    if found.low is None or found.high is None:
        return f"{value} in {times}"
    bounds = f"{_shown(found.low, figure)} to {_shown(found.high, figure)}"
    return f"{value} ({bounds}) in {times}"


def _margin(edge: float, bound: float, figure: Figure) -> str:
    return f"{_shown(abs(bound - edge), figure)} {figure.unit}"


def _shown(value: float, figure: Figure) -> str:
    shown = in_unit(value, figure.unit)
    return number(shown, figure.digits if shown >= 10 else max(figure.digits, 2))


def _by_load(asked: Condition, bundle: Bundle, stand: Standing) -> Fitted:
    """A rate that was played, and is shown to be borne or not."""
    assert isinstance(asked.bound, Absolute)
    if isinstance(bundle.run.experiment, BacklogDrain):
        why = "this run has no rate: it was of drains"
        return Fitted(asked, Fit.NOT_KNOWN, why, _would_tell(asked, bundle))
    if not stand.records:
        return Fitted(asked, Fit.NOT_KNOWN, stand.reason or stand.words, _would_tell(asked, bundle))
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
    return Fitted(asked, Fit.NOT_KNOWN, said, _would_tell(asked, bundle))


def _counted(asked: Condition, bundle: Bundle, stand: Standing) -> Fitted:
    """Rows are counted exactly, over all completed trials."""
    assert isinstance(asked.bound, Absolute)
    rows = rows_counted(bundle, stand.label)
    count = rows.count(asked.name)
    if count is None:
        nothing = not rows.of and rows.what == "trial"
        why = (stand.reason or stand.words) if nothing else rows.why_not(asked.name)
        return Fitted(asked, Fit.NOT_KNOWN, why, _would_tell(asked, bundle))
    fit = Fit.MET if _holds(asked, float(count), asked.bound.value) else Fit.NOT_MET
    name = asked.name.replace("_", "-")
    return Fitted(asked, fit, f"{name}: {number(count)} rows in {plural(rows.of, rows.what)}")
