"""Plots of a history: a figure over the runs, each with its interval, and where something else changed."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streambench.report.plots.delay import LEGEND_ROW_IN, legend_above, legend_columns
from streambench.report.plots.drawing import log_if_wide, new_figure, plain_numbers
from streambench.report.plots.style import INK, MUTED, PAPER, PlotStyle

_HEIGHT_IN = 2.8
_TICKS, _TICKS_NARROW = 9, 3
_ROW_IN = 0.165
_ROWS_AT_MOST = 9
# So many characters of the marks' words fit across the page.
_COLUMNS, _COLUMNS_NARROW = 150, 50
_SMALL = 8.0
_DASHED = (0, (3, 2))
# An interval that is far wider than all values would press these into one line.
_ABOVE = 1.35
_ASIDE = 0.07


@dataclass(frozen=True)
class HistoryPoint:
    """A run's value and its interval; the first run is 0. None: a single trial tells no interval."""

    run: int
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class HistoryLine:
    """One contender: its points, and the mean of each stretch (first run, last run, mean) between changes."""

    name: str
    style: PlotStyle
    points: tuple[HistoryPoint, ...]
    stretches: tuple[tuple[int, int, float], ...] = ()


@dataclass(frozen=True)
class HistoryMark:
    """That something else changed before a run, in words."""

    run: int
    words: str


def draw_history(
    lines: Sequence[HistoryLine],
    marks: Sequence[HistoryMark],
    dates: Sequence[str],
    *,
    ylabel: str,
    narrow: bool,
) -> Any:
    """One line a contender over the runs, evenly spaced; what else changed stands above a dashed line."""
    strip = _strip(marks, len(dates), narrow=narrow)
    columns = legend_columns([line.name for line in lines], narrow=narrow)
    legend_in = LEGEND_ROW_IN * math.ceil(len(lines) / columns)
    strip_in = _ROW_IN * strip.rows + 0.05
    figure = new_figure(narrow, _HEIGHT_IN + legend_in + strip_in)
    above, axes = figure.subplots(2, 1, sharex=True, height_ratios=(strip_in, _HEIGHT_IN))
    _draw_marks(above, axes, strip, len(dates))
    for position, line in enumerate(lines):
        _draw_line(axes, line, _ASIDE * (position - (len(lines) - 1) / 2))
        style = line.style
        above.plot([], [], color=style.colour, ls=style.dash, marker=style.marker, label=line.name)
    values = [point.value for line in lines for point in line.points]
    if log_if_wide(axes, "y", values):
        axes.set_ylim(min(values) / _ABOVE, max(values) * _ABOVE)
    else:
        axes.set_ylim(0, max([*values, 0]) * _ABOVE or 1)
        plain_numbers(axes.yaxis)
    axes.set_xlim(-0.6, max(len(dates) - 0.4, 0.6))
    shown = _ticks(len(dates), _TICKS_NARROW if narrow else _TICKS)
    axes.set_xticks(shown, [dates[at].replace(" ", "\n") for at in shown])
    axes.set_ylabel(textwrap.fill(ylabel, 28))
    legend_above(above, columns)
    return figure


def _draw_line(axes: Any, line: HistoryLine, aside: float) -> None:
    style = line.style
    by_run = {point.run: point for point in line.points}
    first, last = (min(by_run), max(by_run)) if by_run else (0, -1)
    runs = range(first, last + 1)
    values = [by_run[run].value if run in by_run else math.nan for run in runs]
    axes.plot(
        [run + aside for run in runs],
        values,
        color=style.colour,
        ls=style.dash,
        lw=1.1,
        alpha=0.75,
        marker=style.marker,
        ms=5.5,
        mec=PAPER,
        mew=0.8,
        label=line.name,
    )
    for point in line.points:
        if point.low is not None and point.high is not None:
            axes.plot(
                [point.run + aside] * 2,
                [point.low, point.high],
                color=style.colour,
                lw=1.4,
                alpha=0.55,
            )
    for begin, end, mean in line.stretches:
        axes.plot([begin - 0.4, end + 0.4], [mean, mean], color=style.colour, lw=2.6)


@dataclass(frozen=True)
class _Strip:
    """What stands above the plot: each mark's run and words, and the row where these begin."""

    told: tuple[tuple[int, str, int], ...]
    rows: int


def _strip(marks: Sequence[HistoryMark], runs: int, *, narrow: bool) -> _Strip:
    """The words broken to fit; the runs' numbers alone where there are too many."""
    columns = _COLUMNS_NARROW if narrow else _COLUMNS
    told, row = [], 0
    for mark in marks:
        at = mark.run / max(runs, 1)
        room = int(columns * (at if _leftwards(mark.run, runs) else 1 - at)) - 2
        text = textwrap.fill(mark.words, max(room, 18))
        told.append((mark.run, text, row))
        row += text.count("\n") + 1
    if row <= _ROWS_AT_MOST:
        return _Strip(tuple(told), row)
    return _Strip(tuple((mark.run, str(mark.run + 1), 0) for mark in marks), 1)


def _draw_marks(above: Any, axes: Any, strip: _Strip, runs: int) -> None:
    above.set_ylim(max(strip.rows, 1), 0)
    above.axis("off")
    for run, text, row in strip.told:
        at = run - 0.5
        left = _leftwards(run, runs)
        axes.axvline(at, color=MUTED, lw=0.9, ls=_DASHED)
        above.plot([at, at], [row, strip.rows], color=MUTED, lw=0.9, ls=_DASHED, clip_on=False)
        above.annotate(
            text,
            (at, row),
            (-4 if left else 4, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top",
            color=INK,
            fontsize=_SMALL,
            linespacing=1.1,
            bbox={"fc": PAPER, "ec": "none", "pad": 0.6},
        )


def _leftwards(run: int, runs: int) -> bool:
    """Whether words have more room before the line than behind it."""
    return run > runs / 2


def _ticks(runs: int, at_most: int) -> list[int]:
    step = max(1, math.ceil(runs / at_most))
    # Counted from the newest: that is the one which is looked at.
    return sorted(range(runs - 1, -1, -step))
