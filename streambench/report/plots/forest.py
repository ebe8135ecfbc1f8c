"""A forest plot: ratios of two sides with their intervals, on a logarithmic axis around 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import FixedLocator, NullLocator

from streambench.model.numbers import number
from streambench.report.plots.drawing import new_figure, plain_numbers
from streambench.report.plots.style import BAD, INK, MUTED, ON_GRID, PAPER

# Beyond these a ratio is drawn at the edge, with an arrow: one of 40 would squeeze all others together.
_LEAST, _MOST = 0.2, 5.0
_TICKS = (0.2, 0.25, 0.33, 0.5, 0.67, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0)
_GOOD = "#0072b2"


@dataclass(frozen=True)
class ForestRow:
    """A figure's ratio and its interval; None where single trials tell none."""

    name: str
    ratio: float
    low: float | None
    high: float | None
    verdict: str
    lower_is_better: bool
    primary: bool


def draw_forest(rows: Sequence[ForestRow], *, narrow: bool) -> Any:
    """One row per figure; what is better lies on either side, by the figure, and is said in words."""
    step = 0.62 if narrow else 0.4
    figure = new_figure(narrow, 0.9 + step * len(rows))
    axes = figure.subplots()
    bounds = [1.0]
    for index, row in enumerate(rows):
        colour = {"better": _GOOD, "worse": BAD}.get(row.verdict, MUTED)
        known = [value for value in (row.low, row.high, row.ratio) if value is not None]
        bounds += known
        low, high = _inside(min(known)), _inside(max(known))
        axes.plot([low, high], [index, index], color=colour, lw=2.2 if row.primary else 1.3)
        sure = row.verdict in ("better", "worse")
        axes.plot(
            [_inside(row.ratio)],
            [index],
            "D" if row.primary else "o",
            color=colour if sure else PAPER,
            mec=colour,
            mew=1.6,
            ms=7,
        )
        for edge, marker in ((_LEAST, "<"), (_MOST, ">")):
            if edge in (low, high) and any(not _LEAST < value < _MOST for value in known):
                axes.plot([edge], [index], marker, color=colour, ms=6)
        _words(axes, index, row, narrow=narrow)
    axes.axvline(1.0, color=INK, lw=1.0)
    axes.set_xscale("log")
    low, high = max(_LEAST, min(bounds)), min(_MOST, max(bounds))
    axes.set_xlim(min(0.8, low) * 0.96, max(1.25, high) * 1.04)
    ticks = [tick for tick in _TICKS if min(0.8, low) * 0.96 <= tick <= max(1.25, high) * 1.04]
    axes.xaxis.set_major_locator(FixedLocator(ticks[:: 2 if narrow and len(ticks) > 7 else 1]))
    axes.xaxis.set_minor_locator(NullLocator())
    plain_numbers(axes.xaxis)
    axes.set_ylim(len(rows) - 0.4, -0.8 if narrow else -0.6)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("ratio of the second to the first")
    return figure


def _inside(value: float) -> float:
    return min(_MOST, max(_LEAST, value))


def _words(axes: Any, index: int, row: ForestRow, *, narrow: bool) -> None:
    text = f"{number(row.ratio, 2)}, {row.verdict}"
    across = axes.get_yaxis_transform()  # x in parts of the axes, y in rows
    if narrow:
        axes.text(0, index - 0.36, row.name, transform=across, va="center", color=INK, **ON_GRID)
        axes.text(
            1, index - 0.36, text, transform=across, va="center", ha="right", color=INK, **ON_GRID
        )
        return
    axes.text(-0.015, index, row.name, transform=across, va="center", ha="right", color=INK)
    axes.text(1.015, index, text, transform=across, va="center", color=INK)
