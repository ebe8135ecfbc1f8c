"""Plots of a sweep: one figure of merit against what was varied."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streambench.report.plots.delay import LEGEND_ROW_IN, legend_columns
from streambench.report.plots.drawing import log_if_wide, new_figure, plain_numbers
from streambench.report.plots.style import INK, PAPER, PlotStyle

_HEIGHT_IN = 2.9
_LABEL_COLUMNS = 28
_ABOVE = 1.08


@dataclass(frozen=True)
class CurvePoint:
    """One point of a line; `low` and `high` are the range over repeats, `solid` that it kept up."""

    at: float
    value: float
    low: float
    high: float
    solid: bool


@dataclass(frozen=True)
class SweepLine:
    """One variant's marks, rising along the axis, and where its knee is."""

    name: str
    style: PlotStyle
    marks: tuple[CurvePoint, ...]
    knee: float | None = None


@dataclass(frozen=True)
class SweepPanel:
    """The lines at one value of a second axis; `title` says which."""

    title: str
    lines: tuple[SweepLine, ...]


def draw_sweep(panels: Sequence[SweepPanel], *, xlabel: str, ylabel: str, narrow: bool) -> Any:
    """A panel for each value of the second axis, on one scale."""
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines))
    columns = legend_columns(names, narrow=narrow)
    rows, across = (len(panels), 1) if narrow else (1, len(panels))
    height_in = _HEIGHT_IN * rows + LEGEND_ROW_IN * math.ceil(len(names) / columns)
    figure = new_figure(narrow, height_in)
    every_axes = figure.subplots(rows, across, sharex=True, sharey=True, squeeze=False).ravel()
    marks = [mark for panel in panels for line in panel.lines for mark in line.marks]
    for panel, axes in zip(panels, every_axes, strict=True):
        for line in panel.lines:
            _draw_line(axes, line)
        axes.set_title(panel.title, loc="left", fontsize=9.5, color=INK)
        axes.set_xlabel(xlabel)
    every_axes[0].set_ylabel(textwrap.fill(ylabel, _LABEL_COLUMNS))
    for axes in every_axes:
        if not log_if_wide(axes, "x", [mark.at for mark in marks]):
            plain_numbers(axes.xaxis)
        if not log_if_wide(axes, "y", [mark.value for mark in marks]):
            # The range of the marks does not say how far the highest lies above zero.
            axes.set_ylim(0, max([*(mark.high for mark in marks), 0]) * _ABOVE or None)
            plain_numbers(axes.yaxis)
    handles, labels = every_axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper left", ncols=columns, handlelength=2.6)
    return figure


def _draw_line(axes: Any, line: SweepLine) -> None:
    style = line.style
    at = [mark.at for mark in line.marks]
    axes.plot(at, [mark.value for mark in line.marks], color=style.colour, ls=style.dash, lw=1.6)
    for mark in line.marks:
        if mark.low != mark.high:
            axes.plot([mark.at] * 2, [mark.low, mark.high], color=style.colour, lw=1, alpha=0.6)
        axes.plot(
            [mark.at],
            [mark.value],
            style.marker,
            ms=6,
            color=style.colour if mark.solid else PAPER,
            mec=style.colour,
            mew=1.4,
        )
    axes.plot([], [], color=style.colour, ls=style.dash, marker=style.marker, ms=6, label=line.name)
    if line.knee is not None:
        axes.axvline(line.knee, color=style.colour, ls=style.dash, lw=0.9, alpha=0.6)
