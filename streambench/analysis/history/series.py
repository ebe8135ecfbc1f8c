"""Each figure of each contender over the runs: one value a run, or why there is none."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from streambench.analysis.compare.difference import Range, range_of
from streambench.analysis.compare.figures import Figure, SideFigure, measured
from streambench.analysis.history.shifts import LogSeries
from streambench.results.bundle import Bundle

# What a history is asked for. More figures would hide these, and each that is tested makes all others harder to find.
_SHOWN: Final = (
    "_p50_ms",
    "_p99_ms",
    "_max_ms",
    "engine_cpu_s_per_million",
    "engine_memory_peak_bytes",
    "late_time_ms after ",
    "caught_up_ms after ",
    "rate_per_s",
    "drain_per_s",
)
_STEMS: Final = ("delay", "visible")
_TAILS: Final = ("p99", "max")


@dataclass(frozen=True)
class RunValue:
    """A figure in one run, as counted from 0: the geometric mean over its trials with its interval.

    `error` is the standard error of its logarithm, as its trials vary; None for one trial. Without a `value`,
    `why` says what is missing.
    """

    run: int
    value: Range | None
    trials: int = 0
    error: float | None = None
    why: str | None = None


@dataclass(frozen=True)
class RunSeries:
    """A figure of one contender, with an entry for each run; see LogSeries for the `least_deviation`."""

    figure: Figure
    label: str
    values: tuple[RunValue, ...]
    least_deviation: float

    @property
    def known(self) -> tuple[RunValue, ...]:
        """The runs that have a value."""
        return tuple(each for each in self.values if each.value is not None)

    @property
    def logs(self) -> LogSeries:
        """What is tested: a value for each run that has one."""
        found = [math.log(each.value.value) for each in self.values if each.value is not None]
        logs = np.asarray(found, dtype=np.float64)
        return LogSeries(logs, self.least_deviation, self.figure.terms.floor)


def all_series(runs: Sequence[Bundle]) -> tuple[RunSeries, ...]:
    """Every figure that has a value in any run, of every contender; those of one figure together."""
    found = {
        (at, label): _figures(bundle, label)
        for at, bundle in enumerate(runs)
        for label in bundle.labels
    }
    labels = list(dict.fromkeys(label for _, label in found))
    keys = dict.fromkeys(key for figures in found.values() for key in figures)
    shown = [key for key in keys if not _stands_back(key, found.values())]
    series: list[RunSeries] = []
    for key in sorted(shown, key=_order):
        every = [_one(runs, found, key, label) for label in labels]
        of_figure = [each for each in every if each is not None]
        if any(each.known for each in of_figure):
            series += of_figure
    return tuple(series)


def without_figure(runs: Sequence[Bundle], series: Iterable[RunSeries]) -> Mapping[str, str]:
    """Contenders that are in no series, with the reason in the last run that has them."""
    shown = {each.label for each in series}
    return {
        label: next(
            (each.why for each in _figures(bundle, label).values() if each.why), "it has no figure"
        )
        for bundle in runs
        for label in bundle.labels
        if label not in shown
    }


def _figures(bundle: Bundle, label: str) -> dict[str, SideFigure]:
    """What is shown of a contender in one run."""
    return {key: each for key, each in measured(bundle, label).items() if _is_shown(key)}


def _is_shown(key: str) -> bool:
    name, at, _ = key.partition(" at ")
    if at:
        return _tail(name) is not None
    if name.endswith(_SHOWN[:3]):
        return name.partition("_")[0] in _STEMS
    return name.startswith(_SHOWN[3:-1]) or name.endswith(_SHOWN[-1])


def _order(key: str) -> int:
    """The tail first, as it is what engines are ranked by; then the others as they are measured."""
    name = key.partition(" at ")[0]
    return 0 if _tail(name) is not None else 1


def _tail(name: str) -> str | None:
    stem, _, rest = name.partition("_")
    return next((t for t in _TAILS if stem in _STEMS and rest == f"{t}_ms"), None)


def _stands_back(key: str, found: Iterable[Mapping[str, SideFigure]]) -> bool:
    """Of the two tails one is shown: the p99, where more than half of what knows a slowest window earned it."""
    name, at, where = key.partition(" at ")
    tail = _tail(name)
    if tail is None:
        return False
    stem = name.partition("_")[0]
    p99, slowest = (
        sum(_has(figures, f"{stem}_{each}_ms{at}{where}") for figures in found) for each in _TAILS
    )
    return tail != ("p99" if 2 * p99 > slowest else "max")


def _has(figures: Mapping[str, SideFigure], key: str) -> bool:
    return key in figures and figures[key].sample is not None


def _one(
    runs: Sequence[Bundle],
    found: Mapping[tuple[int, str], Mapping[str, SideFigure]],
    key: str,
    label: str,
) -> RunSeries | None:
    sides = [found.get((at, label), {}).get(key) for at in range(len(runs))]
    figure = next((each.figure for each in sides if each is not None), None)
    if figure is None:
        return None
    values = tuple(
        _value(at, bundle, label, side)
        for at, (bundle, side) in enumerate(zip(runs, sides, strict=True))
    )
    return RunSeries(figure, label, values, _least_deviation(runs, figure, values))


def _value(at: int, bundle: Bundle, label: str, side: SideFigure | None) -> RunValue:
    if label not in bundle.labels:
        return RunValue(at, None, why="not in this run")
    if bundle.lost(label):
        return RunValue(at, None, why="the record of a trial is missing or damaged")
    if side is None:
        return RunValue(at, None, why="this run has no such figure")
    if side.sample is None:
        return RunValue(at, None, why=side.why)
    logs = side.sample.logs(side.figure.terms.floor)
    trials = len(logs)
    error = float(logs.std(ddof=1)) / math.sqrt(trials) if trials > 1 else None
    return RunValue(at, range_of(side.sample, side.figure.terms), trials, error)


def _least_deviation(runs: Sequence[Bundle], figure: Figure, values: Sequence[RunValue]) -> float:
    """By how finely a figure is known, and by how much the trials of its runs vary; the greater counts.

    A rate is known within what its search was asked for, the others within their floor.
    """
    search = runs[0].run.search
    known = [each.value.value for each in values if each.value is not None]
    if figure.key == "rate_per_s" and search is not None:
        resolution = math.log1p(search.precision)
    elif known:
        resolution = math.log1p(figure.terms.floor / math.exp(float(np.mean(np.log(known)))))
    else:
        return 0.0
    errors = [each.error for each in values if each.error is not None]
    of_trials = math.sqrt(float(np.mean(np.square(errors)))) if errors else 0.0
    # The deviation of what is rounded.
    return max(resolution / math.sqrt(12), of_trials)
