"""A history on a terminal: within 80 columns, and its words need no colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from streambench.analysis.history.history import FigureHistory, History
from streambench.model.numbers import DASH, plural
from streambench.report.comparison.words import interval_words, value_words
from streambench.report.fitting import FittingTable
from streambench.report.history.document import by_figure
from streambench.report.history.words import (
    answer,
    changes_at,
    changes_words,
    figure_name,
    left_out,
    shown_words,
    verdicts,
    when,
)

_COLUMNS = 80
_MARKS = {True: "✗", False: "✓"}
_RUN_COLUMNS = 23
_LABEL_COLUMNS = 15
_RUNS_AT_MOST = 20
_CHANGES_AT_MOST = 3
_LEFT_OUT_AT_MOST = 6


def render_history(history: History) -> RenderableType:
    """The answer, the runs with what changed between them, then a table for each figure."""
    parts: list[RenderableType] = [
        Text(answer(history), style="bold"),
        Text(shown_words(history)),
        Text(""),
    ]
    parts += [
        Text(f"{label}: no value in any run: {why}") for label, why in history.without.items()
    ]
    parts.append(_runs(history))
    for figures in by_figure(history):
        parts += [Text(""), Text(figure_name(figures[0].series.figure), style="bold")]
        parts += [_table(history, some) for some in _abreast(figures)]
        parts += map(Text, verdicts(figures))
    return Group(*parts, *_left_out(history))


def _left_out(history: History) -> list[RenderableType]:
    said = left_out(history)
    if not said:
        return []
    told = [Text(f"– {each}") for each in said[:_LEFT_OUT_AT_MOST]]
    more = len(said) - len(told)
    if more > 0:
        told.append(Text(f"– {plural(more, 'more reason')}: see the page, or --json", style="dim"))
    return [Text(""), Text("left out", style="bold"), *told]


def _runs(history: History) -> RenderableType:
    table = FittingTable(named=1)
    table.add_column("run", justify="right", no_wrap=True)
    table.add_column("when, UTC", no_wrap=True)
    table.add_column("changed since the run before", overflow="fold")
    for at, bundle in enumerate(history.runs):
        changed = changes_words(changes_at(history, at), _CHANGES_AT_MOST)
        table.add_row(str(at + 1), when(bundle), Text(changed or DASH))
    return table


def _table(history: History, figures: Sequence[FigureHistory]) -> RenderableType:
    table = FittingTable(named=1)
    table.add_column("run", justify="right", no_wrap=True)
    table.add_column("when, UTC", no_wrap=True)
    for each in figures:
        table.add_column(Text(each.series.label), justify="right", overflow="fold")
    first = max(0, len(history.runs) - _RUNS_AT_MOST)
    for at in range(first, len(history.runs)):
        mark = "*" if _marked(history, at, figures) else " "
        cells = [_cell(each, at) for each in figures]
        table.add_row(f"{mark}{at + 1}", when(history.runs[at]), *cells)
    if not first:
        return table
    return Group(
        table, Text(f"{plural(first, 'earlier run')}: see the page, or --json", style="dim")
    )


def _marked(history: History, at: int, figures: Sequence[FigureHistory]) -> bool:
    labels = (None, *(each.series.label for each in figures))
    return any(each.label in labels for each in changes_at(history, at))


def _cell(figure: FigureHistory, at: int) -> str:
    """`66 (58 to 75)`, with a mark where a change was found."""
    found = figure.series.values[at].value
    if found is None:
        return DASH
    bounds = interval_words(found, figure.series.figure)
    shift = next((each for each in figure.shifts if each.at == at), None)
    mark = "" if shift is None else f"{_MARKS[shift.worse]} "
    value = mark + value_words(found, figure.series.figure)
    return value if bounds is None else f"{value} ({bounds})"


def _abreast(figures: Sequence[FigureHistory]) -> Iterator[list[FigureHistory]]:
    """As many contenders as fit beside each other, and then the next."""
    some: list[FigureHistory] = []
    used = _RUN_COLUMNS
    for each in figures:
        if not each.series.known:
            continue
        width = max(len(_cell(each, at)) for at in range(len(each.series.values)))
        width = max(width, min(len(each.series.label), _LABEL_COLUMNS)) + 2
        if some and used + width > _COLUMNS:
            yield some
            some, used = [], _RUN_COLUMNS
        some.append(each)
        used += width
    if some:
        yield some
