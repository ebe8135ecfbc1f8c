"""A history as a document: the changes found, each figure over the runs, what else changed, what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from streambench.analysis.compare.difference import POWER
from streambench.analysis.history.history import FigureHistory, History
from streambench.analysis.history.shifts import FALSE_ALARMS, PART_AT_LEAST, RUNS_AT_LEAST
from streambench.model.numbers import DASH, number, plural
from streambench.report.document import (
    Block,
    Cell,
    Document,
    Grid,
    GridColumn,
    GridRow,
    Points,
    Section,
    Tone,
)
from streambench.report.history.plots import figure_plot
from streambench.report.history.words import (
    answer,
    change_words,
    changes_at,
    changes_words,
    figure_name,
    judged_words,
    left_out,
    left_out_words,
    level_words,
    shown_words,
    verdicts,
    when,
)

_CHANGES_BESIDE = 3


def compose_history(history: History) -> Document:
    """The whole page."""
    first, last = history.runs[0], history.runs[-1]
    not_in_it = left_out_words(history)
    sections = [
        *_changes(history),
        *(
            _figure(history, figures, position)
            for position, figures in enumerate(by_figure(history), 1)
        ),
        *_without(history),
        _runs(history),
        *_left_out(history),
        _reading(history),
    ]
    return Document(
        last.run.title,
        f"history of {plural(len(history.runs), 'run')}",
        answer(history),
        (
            ("Workload", last.run.workload),
            ("Runs", f"{number(len(history.runs))}, {when(first)} to {when(last)} UTC"),
            ("Made by", last.run.command),
        ),
        (shown_words(history), *(() if not_in_it is None else (not_in_it,))),
        tuple(sections),
    )


def by_figure(history: History) -> tuple[tuple[FigureHistory, ...], ...]:
    """The contenders of each figure together."""
    grouped = groupby(history.figures, key=lambda each: each.series.figure.key)
    return tuple(tuple(group) for _, group in grouped)


def _changes(history: History) -> list[Section]:
    if not history.shifted:
        return []
    columns = (
        GridColumn("figure"),
        GridColumn("contender"),
        GridColumn("from"),
        GridColumn("before", numeric=True),
        GridColumn("after", numeric=True),
        GridColumn("after ÷ before", numeric=True),
        GridColumn("verdict"),
        GridColumn("changed with it"),
    )
    rows = tuple(
        GridRow(
            (
                Cell(figure_name(each.series.figure)),
                Cell(each.series.label),
                Cell(f"run {shift.at + 1}", when(history.runs[shift.at])),
                Cell(level_words(shift.before, each.series.figure)),
                Cell(level_words(shift.after, each.series.figure)),
                Cell(f"× {number(shift.factor, 2)}"),
                Cell(judged_words(shift), tone=Tone.BAD if shift.worse else Tone.GOOD),
                Cell(changes_words(shift.beside, _CHANGES_BESIDE) or "nothing that was recorded"),
            )
        )
        for each in history.shifted
        for shift in each.shifts
    )
    return [Section("changes", "Changes found", (Grid(columns, rows, named=True),))]


def _figure(history: History, figures: Sequence[FigureHistory], position: int) -> Section:
    return Section(
        f"figure-{position}",
        figures[0].series.figure.label,
        (Points(verdicts(figures)), figure_plot(history, figures, position)),
    )


def _without(history: History) -> list[Section]:
    said = tuple(f"{label}: {why}" for label, why in history.without.items())
    return [Section("no-value", "No value in any run", (Points(said),))] if said else []


def _runs(history: History) -> Section:
    columns = (
        GridColumn("run"),
        GridColumn("folder", code=True),
        GridColumn("changed since the run before"),
    )
    rows = []
    for at, bundle in enumerate(history.runs):
        changed = [change_words(each) for each in changes_at(history, at)] or [DASH]
        named = Cell(f"{at + 1}: {when(bundle)}")
        rows.append(GridRow((named, Cell(bundle.folder.name), Cell(changed[0]))))
        rows += [GridRow((Cell(""), Cell(""), Cell(words))) for words in changed[1:]]
    return Section("runs", "Runs", (Grid(columns, tuple(rows)),))


def _left_out(history: History) -> list[Section]:
    said = left_out(history)
    return [Section("left-out", "Left out", (Points(said),))] if said else []


def _reading(history: History) -> Section:
    points: list[str] = [
        "A value is the geometric mean over the valid, ranked trials of one run. Its interval is from "
        "these trials alone: it does not hold how far runs lie apart.",
        f"A change needs {RUNS_AT_LEAST} runs, with {PART_AT_LEAST} on either side of it. Its unit is the "
        "run, as trials of one run share its hour.",
    ]
    if history.tests:
        told = (
            "One series was tested"
            if history.tests == 1
            else f"{history.tests} series were tested together"
        )
        points.append(
            f"{told}. Where nothing changes, a change is found in about {number(100 * FALSE_ALARMS)} % of "
            "histories at most. That holds for one look, and for runs that vary independently."
        )
    points += [
        f"What would have been found would be so in {number(100 * POWER)} % of tries, if runs vary as these do.",
        "The run that is named is the likeliest first one after a change. It may be off by a run or two.",
        "A slow stretch of the machine that lasts several runs is a change as well. What is marked at "
        "the same run may be its cause, and need not be.",
    ]
    blocks: tuple[Block, ...] = (Points(tuple(points)),)
    return Section("reading", "How to read this", blocks)
