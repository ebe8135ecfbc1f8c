"""One plot for each figure of a history, with the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from streambench.analysis.compare.difference import Range
from streambench.analysis.history.history import FigureHistory, History
from streambench.analysis.history.series import RunValue
from streambench.model.numbers import DASH, in_unit
from streambench.report.comparison.words import interval_words, value_words
from streambench.report.document import Cell, Grid, GridColumn, GridRow, Plot, Tone
from streambench.report.history.words import (
    changes_at,
    changes_words,
    figure_name,
    judged_words,
    when,
)
from streambench.report.plots.history import (
    HistoryLine,
    HistoryMark,
    HistoryPoint,
    draw_history,
)
from streambench.report.plots.style import PlotStyle, plot_styles

_CHANGES_IN_A_PLOT = 2


def styles_of(history: History) -> dict[str, PlotStyle]:
    """One style for each contender, the same in every plot."""
    return plot_styles(list(dict.fromkeys(each.series.label for each in history.figures)))


def figure_plot(history: History, figures: Sequence[FigureHistory], position: int) -> Plot:
    """The plot of one figure, of all its contenders."""
    figure = figures[0].series.figure
    styles = styles_of(history)
    lines = [_line(each, styles[each.series.label]) for each in figures if each.series.known]
    dates = [when(bundle) for bundle in history.runs]
    marks = _marks(history, [line.name for line in lines])
    return Plot(
        f"history-{position}",
        f"{figure.label} over the runs",
        f"{figure.label} of each contender in each of {len(dates)} runs, by date",
        "Runs are evenly spaced in their order, with the date of each (UTC). The bar at a point is the "
        "interval from the run's own trials. A thick line is the mean of a stretch between changes found. "
        "At a dashed line something else changed.",
        partial(_draw, lines, marks, dates, figure_name(figure)),
        values_grid(history, figures),
    )


def values_grid(history: History, figures: Sequence[FigureHistory]) -> Grid:
    """A row for each run, the newest last, with what changed before it."""
    columns = (
        GridColumn("run"),
        *(GridColumn(each.series.label, numeric=True) for each in figures),
        GridColumn("changed since the run before"),
    )
    rows = tuple(
        GridRow(
            (
                Cell(f"{at + 1}: {when(bundle)}"),
                *(value_cell(each, at) for each in figures),
                Cell(_changed(history, at, [each.series.label for each in figures])),
            )
        )
        for at, bundle in enumerate(history.runs)
    )
    return Grid(columns, rows, named=True)


def value_cell(figure: FigureHistory, at: int) -> Cell:
    """A run's value with its interval, or why there is none."""
    found = figure.series.values[at]
    if found.value is None:
        return Cell(DASH, found.why)
    of = figure.series.figure
    shift = next((each for each in figure.shifts if each.at == at), None)
    tone = Tone.PLAIN if shift is None else Tone.BAD if shift.worse else Tone.GOOD
    value = value_words(found.value, of)
    if shift is not None:
        value += f", {judged_words(shift)}"
    return Cell(value, interval_words(found.value, of), tone)


def _changed(history: History, at: int, labels: Sequence[str]) -> str:
    found = [each for each in changes_at(history, at) if each.label in (None, *labels)]
    return changes_words(found, _CHANGES_IN_A_PLOT) or DASH


def _line(figure: FigureHistory, style: PlotStyle) -> HistoryLine:
    unit = figure.series.figure.unit
    points = tuple(
        _point(each, each.value, unit) for each in figure.series.known if each.value is not None
    )
    return HistoryLine(figure.series.label, style, points, _stretches(figure))


def _point(at: RunValue, found: Range, unit: str) -> HistoryPoint:
    low, high = (
        None if bound is None else in_unit(bound, unit) for bound in (found.low, found.high)
    )
    return HistoryPoint(at.run, in_unit(found.value, unit), low, high)


def _stretches(figure: FigureHistory) -> tuple[tuple[int, int, float], ...]:
    """The runs between changes that were found, with their mean."""
    if not figure.shifts:
        return ()
    unit, known = figure.series.figure.unit, figure.series.known
    begins = [known[0].run, *(shift.at for shift in figure.shifts)]
    ends = [*(shift.since for shift in figure.shifts), known[-1].run]
    means = [figure.shifts[0].before, *(shift.after for shift in figure.shifts)]
    return tuple(
        (begin, end, in_unit(mean, unit))
        for begin, end, mean in zip(begins, ends, means, strict=True)
    )


def _marks(history: History, labels: Sequence[str]) -> tuple[HistoryMark, ...]:
    """Of the whole run, and of those that are drawn."""
    found = []
    for at in range(len(history.runs)):
        changes = [each for each in changes_at(history, at) if each.label in (None, *labels)]
        if changes:
            found.append(HistoryMark(at, changes_words(changes, _CHANGES_IN_A_PLOT)))
    return tuple(found)


def _draw(
    lines: Sequence[HistoryLine],
    marks: Sequence[HistoryMark],
    dates: Sequence[str],
    ylabel: str,
    narrow: bool,
) -> Any:
    return draw_history(lines, marks, dates, ylabel=ylabel, narrow=narrow)
