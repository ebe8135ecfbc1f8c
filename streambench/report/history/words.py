"""What is said of a history: changes that are no noise, what else changed, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.analysis.compare.difference import Range
from streambench.analysis.compare.figures import Figure
from streambench.analysis.history.changes import ChangeKind, RunChange
from streambench.analysis.history.history import FigureHistory, History, Shift
from streambench.analysis.history.shifts import RUNS_AT_LEAST
from streambench.analysis.history.terms import TermApart
from streambench.model.numbers import listing, number, plural, sentence
from streambench.report.comparison.words import percent_words, value_words
from streambench.results.bundle import Bundle

_TOLD_AT_MOST = 5
_BESIDE_AT_MOST = 2
# A factor that would be written as 0 %.
_NAMES_AT_MOST = 3


def when(bundle: Bundle) -> str:
    """When a run began, to the minute, UTC."""
    return bundle.run.started_at[:16].replace("T", " ")


def figure_name(figure: Figure) -> str:
    """A figure with its unit."""
    return f"{figure.label}, {figure.unit}"


def answer(history: History) -> str:
    """The first sentences: what a reader who stops there should know."""
    runs = plural(len(history.runs), "run")
    known = [each for each in history.figures if each.series.known]
    if not known:
        return (
            f"No figure has a value in {'this run' if len(history.runs) == 1 else f'these {runs}'}."
        )
    told = _told(history)
    said = told[:_TOLD_AT_MOST]
    if len(told) > _TOLD_AT_MOST:
        said.append(f"{plural(len(told) - _TOLD_AT_MOST, 'more change')} are listed below.")
    said += [
        f"About run {at + 1} every contender changed alike: look at the machine first."
        for at in history.common
    ]
    quiet = [each for each in known if not each.too_few and not each.shifts]
    if quiet:
        one = len(quiet) == 1
        others = (
            ("the other figure" if one else f"the other {number(len(quiet))} figures")
            if told
            else ""
        )
        said.append(f"No change is shown in {others or plural(len(quiet), 'figure')}.")
    few = [each for each in known if each.too_few]
    if few:
        most = max(len(each.series.known) for each in few)
        of_which = "" if len(few) == len(known) else f" in {plural(len(few), 'figure')}"
        said.append(f"{sentence(too_few_words(most))}{of_which}.")
    return " ".join(said)


def shown_words(history: History) -> str:
    """Which runs are shown, and why these."""
    others = sum(len(each.runs) for each in history.others)
    of_which = f", of {number(len(history.runs) + others)} that were found" if others else ""
    why = ", on the terms that most runs with a figure have" if others else ""
    if history.like is not None:
        why = f", on the terms of {history.like.absolute().name}"
    examples = " They are published examples, and no runs of yours." if history.of_examples else ""
    workload = history.runs[-1].run.workload
    return f"Shown: {plural(len(history.runs), 'run')} of {workload}{of_which}{why}.{examples}"


def too_few_words(runs: int) -> str:
    """That a series is too short, and how long it must be."""
    return f"too few runs to tell a change from noise ({number(runs)}; at least {RUNS_AT_LEAST})"


def verdict_words(figure: FigureHistory) -> str:
    """What is said of one figure of one contender."""
    known = figure.series.known
    if not known:
        return f"no value in any run (in the last: {figure.series.values[-1].why})"
    if figure.too_few:
        return too_few_words(len(known))
    if figure.shifts:
        return "; ".join(shift_words(each, figure.series.figure) for each in figure.shifts)
    assert figure.seen_factor is not None
    seen = percent_words(figure.seen_factor)
    return f"no change is shown; a lasting one of {seen} half-way would have been found in 8 of 10 tries"


def verdicts(figures: Sequence[FigureHistory]) -> tuple[str, ...]:
    """What is said of each contender, `flink and spark: …` where it is the same."""
    labels: dict[str, list[str]] = {}
    for each in figures:
        labels.setdefault(verdict_words(each), []).append(each.series.label)
    return tuple(f"{listing(who)}: {words}" for words, who in labels.items())


def shift_words(shift: Shift, figure: Figure) -> str:
    """`worse from run 9 on: 31.0 → 38.2 ms, × 1.23`."""
    return f"{judged_words(shift)} from run {shift.at + 1} on: {_step_words(shift, figure)}"


def judged_words(shift: Shift) -> str:
    """The direction of a change."""
    return _judged(worse=shift.worse)


def level_words(value: float, figure: Figure) -> str:
    """A mean over runs, in the figure's unit."""
    return value_words(Range(value, None, None), figure)


def change_words(change: RunChange) -> str:
    """What else changed, with both values: `flink: version 2.2.0 → 2.2.1`."""
    of_whom = "" if change.label is None else f"{change.label}: "
    what = change.what if change.kind is ChangeKind.VERSION else f"{change.what}:"
    since = "" if change.since == change.at - 1 else f" (since run {change.since + 1})"
    return f"{of_whom}{what} {change.before} → {change.after}{since}"


def changes_at(history: History, at: int) -> tuple[RunChange, ...]:
    """All that changed with a run."""
    return tuple(each for each in history.changes if each.at == at)


def changes_words(changes: Sequence[RunChange], at_most: int) -> str:
    """Some of the changes in words, and how many more there are."""
    told = "; ".join(change_words(each) for each in changes[:at_most])
    more = len(changes) - at_most
    return f"{told}; and {number(more)} more" if more > 0 else told


def left_out(history: History) -> tuple[str, ...]:
    """Which runs were left out and why, a line for each reason."""
    names: dict[str, list[str]] = {}
    for other in history.others:
        names.setdefault(_terms_words(other.apart), []).extend(
            bundle.folder.name for bundle in other.runs
        )
    for example in history.examples:
        why = "a published example, and no run of yours"
        names.setdefault(why, []).append(example.folder.name)
    for each in history.skipped:
        names.setdefault(each.why, []).append(each.folder.name)
    return tuple(f"{_named(found)} ({why})" for why, found in names.items())


def _terms_words(apart: Sequence[TermApart]) -> str:
    # Other bytes follow from every other term.
    told = [each for each in apart if not each.what.startswith("bytes")] or apart
    return "; ".join(f"{each.what}: {each.second}, and not {each.first}" for each in told)


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_AT_MOST
    if more < 1:
        return listing(list(names))
    return ", ".join(names[:_NAMES_AT_MOST]) + f" and {number(more)} more"


def left_out_words(history: History) -> str | None:
    """How many runs were left out, in one sentence; None where none were."""
    others = sum(len(each.runs) for each in history.others)
    parts = []
    if others:
        parts.append(f"{plural(others, 'run')} on other terms")
    if history.examples:
        parts.append(plural(len(history.examples), "published example"))
    if history.skipped:
        parts.append(f"{plural(len(history.skipped), 'folder')} that cannot be used")
    return f"Left out: {listing(parts)}." if parts else None


def _told(history: History) -> list[str]:
    """The changes in the order of the runs; what changed in one contender at once is told together."""
    together: dict[tuple[int, str, bool], list[tuple[Shift, Figure]]] = {}
    for each in history.shifted:
        for shift in each.shifts:
            key = (shift.at, each.series.label, shift.worse)
            together.setdefault(key, []).append((shift, each.series.figure))
    said = []
    for (at, label, worse), found in sorted(together.items()):
        figures = listing([f"{of.label} ({_step_words(shift, of)})" for shift, of in found])
        began = f"From run {at + 1} on ({when(history.runs[at])})"
        said.append(f"{began} {history.title(label)} is {_judged(worse=worse)} in {figures}.")
        beside = dict.fromkeys(change for shift, _ in found for change in shift.beside)
        if beside:
            said[-1] += f" With it changed: {changes_words(list(beside), _BESIDE_AT_MOST)}."
    return said


def _step_words(shift: Shift, figure: Figure) -> str:
    before, after = (level_words(value, figure) for value in (shift.before, shift.after))
    return f"{before} → {after} {figure.unit}, × {number(shift.factor, 2)}"


def _judged(*, worse: bool) -> str:
    return "worse" if worse else "better"
