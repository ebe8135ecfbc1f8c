"""A history: runs on equal terms in their order, how each figure went, what changed, and what was left out."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from streambench.analysis.history.changes import RunChange, run_changes
from streambench.analysis.history.found import FoundRuns, SkippedFolder
from streambench.analysis.history.series import RunSeries, all_series, without_figure
from streambench.analysis.history.shifts import (
    RUNS_AT_LEAST,
    LogShift,
    find_shifts,
)
from streambench.analysis.history.terms import EqualTerms, TermApart, by_terms, terms_apart
from streambench.analysis.variants import title_of
from streambench.model.errors import UsageError
from streambench.results.bundle import Bundle
from streambench.results.examples import is_published_example

# Noise moves the run at which a change is found.
_ABOUT: Final = 1


@dataclass(frozen=True)
class Shift:
    """A change that is no noise, first seen in run `at`, as counted from 0; `since` is the run before with a value.

    `before` and `after` are geometric means over the runs up to the changes beside it. `beside` is what else
    changed between the two runs: what may have caused it.
    """

    at: int
    since: int
    before: float
    after: float
    worse: bool
    p_value: float
    beside: tuple[RunChange, ...]

    @property
    def factor(self) -> float:
        """After by before."""
        return self.after / self.before


@dataclass(frozen=True)
class FigureHistory:
    """How one figure of one contender went.

    `seen_factor` is the least lasting change half-way that would be found in 8 of 10 tries. It is None where
    a change was found, and with `too_few` runs to tell anything.
    """

    series: RunSeries
    shifts: tuple[Shift, ...]
    seen_factor: float | None

    @property
    def too_few(self) -> bool:
        """Whether no change can be told from noise."""
        return len(self.series.known) < RUNS_AT_LEAST


@dataclass(frozen=True)
class OtherRuns:
    """Runs that were left out, as they were made on other terms than those shown."""

    runs: tuple[Bundle, ...]
    apart: tuple[TermApart, ...]


@dataclass(frozen=True)
class History:
    """Runs of one workload on equal terms, in their order; `tests` is how many series were tested together.

    `like` is the run whose terms were asked for. `without` are contenders of which no figure is shown, with
    the reason. `examples` are published ones that were left out.
    """

    runs: tuple[Bundle, ...]
    like: Path | None
    figures: tuple[FigureHistory, ...]
    changes: tuple[RunChange, ...]
    without: Mapping[str, str]
    others: tuple[OtherRuns, ...]
    examples: tuple[Bundle, ...]
    skipped: tuple[SkippedFolder, ...]

    @property
    def of_examples(self) -> bool:
        """Whether what is shown are published examples, which nobody ran here."""
        return all(is_published_example(each.folder) for each in self.runs)

    @property
    def tests(self) -> int:
        """How many series were tested together."""
        return sum(not each.too_few for each in self.figures)

    @property
    def shifted(self) -> tuple[FigureHistory, ...]:
        """Those in which a change was found."""
        return tuple(each for each in self.figures if each.shifts)

    @property
    def common(self) -> tuple[int, ...]:
        """Runs at which every contender that was tested in a figure changed alike, within a run; two at least.

        What all have in common is the machine.
        """
        found: set[int] = set()
        for _, group in groupby(self.figures, key=lambda each: each.series.figure.key):
            tested = [each for each in group if not each.too_few]
            if len(tested) > 1:
                found.update(
                    shift.at
                    for shift in tested[0].shifts
                    if all(_changed_alike(shift, each.shifts) for each in tested[1:])
                )
        return tuple(sorted(found))

    def title(self, label: str) -> str:
        """A contender's name as in the newest report that has it."""
        return next(
            (title_of(each, label) for each in reversed(self.runs) if label in each.run.titles),
            label,
        )


def history_of(found: FoundRuns, like: Path | None = None) -> History:
    """The history of the runs that are like one of them, else of the largest group with values.

    A published example is shown where it was asked for, or nothing else was found. Raises UsageError where
    `like` is none of the runs.
    """
    wanted = like is not None and any(_is(each, like) for each in found.examples)
    with_examples = wanted or not found.runs
    groups = by_terms((*found.runs, *found.examples) if with_examples else found.runs)
    series = {id(group): all_series(group.runs) for group in groups}
    shown = (
        _like(groups, like, found.below)
        if like is not None
        else max(groups, key=lambda group: _weight(group, series[id(group)]))
    )
    others = tuple(
        OtherRuns(group.runs, terms_apart(shown.runs[0], group.runs[0]))
        for group in groups
        if group is not shown
    )
    changes = run_changes(shown.runs)
    return History(
        shown.runs,
        like,
        _figures(series[id(shown)], changes),
        changes,
        without_figure(shown.runs, series[id(shown)]),
        others,
        () if with_examples else found.examples,
        found.skipped,
    )


def _weight(group: EqualTerms, series: Sequence[RunSeries]) -> tuple[int, int, str]:
    """Runs with a value first, then runs, then the newest."""
    with_value = {value.run for each in series for value in each.known}
    return len(with_value), len(group.runs), group.runs[-1].run.started_at


def _like(groups: Sequence[EqualTerms], like: Path, below: Path) -> EqualTerms:
    for group in groups:
        if any(_is(bundle, like) for bundle in group.runs):
            return group
    newest = max((group.runs[-1] for group in groups), key=lambda each: each.run.started_at)
    raise UsageError(
        f"{like} is none of the finished runs that were found",
        hint=f"name one of them: {like_command(below, newest.folder)}",
    )


def _is(bundle: Bundle, named: Path) -> bool:
    return bundle.folder.resolve() == named.resolve()


def like_command(below: Path, folder: Path) -> str:
    """The command that shows those of the runs below a folder that are on the terms of one."""
    return shlex.join(["streambench", "history", str(below), "--like", str(folder)])


def _figures(
    series: Sequence[RunSeries], changes: Sequence[RunChange]
) -> tuple[FigureHistory, ...]:
    tested = [each for each in series if len(each.known) >= RUNS_AT_LEAST]
    searches = dict(zip(map(id, tested), find_shifts([each.logs for each in tested]), strict=True))
    found = []
    for each in series:
        search = searches.get(id(each))
        if search is None:
            found.append(FigureHistory(each, (), None))
            continue
        shifts = tuple(_shift(each, shift, changes) for shift in search.shifts)
        seen = None if search.seen is None else math.exp(search.seen)
        found.append(FigureHistory(each, shifts, seen))
    return tuple(found)


def _changed_alike(shift: Shift, others: Sequence[Shift]) -> bool:
    return any(abs(each.at - shift.at) <= _ABOUT and each.worse == shift.worse for each in others)


def _shift(series: RunSeries, found: LogShift, changes: Sequence[RunChange]) -> Shift:
    since, at = series.known[found.at - 1].run, series.known[found.at].run
    beside = tuple(
        each for each in changes if since < each.at <= at and each.label in (None, series.label)
    )
    rose = found.after > found.before
    return Shift(
        at,
        since,
        math.exp(found.before),
        math.exp(found.after),
        rose == series.figure.terms.lower_is_better,
        found.p_value,
        beside,
    )
