"""Plots of result delay: percentiles per variant, and delay over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from streambench.model.numbers import DASH, number
from streambench.report.plots.columns import Curve, bucketed
from streambench.report.plots.drawing import log_if_wide, new_figure, plain_numbers
from streambench.report.plots.style import INK, MUTED, ON_GRID, PAPER, PlotStyle

# More points than this on one line hide each other; then the worst of each bucket is drawn.
MOST_POINTS = 400
LEGEND_ROW_IN = 0.21


@dataclass(frozen=True)
class DelayRow:
    """Percentiles of one variant, in ms; None where not earned or not known."""

    name: str
    style: PlotStyle
    p50: float | None
    p99: float | None
    maximum: float | None


@dataclass(frozen=True)
class Line:
    """One variant's curves over time, one per trial; the first is drawn in full."""

    name: str
    style: PlotStyle
    curves: tuple[Curve, ...]


def draw_percentiles(rows: Sequence[DelayRow], *, xlabel: str, narrow: bool) -> Any:
    """One row per variant, from its median to its slowest window."""
    step = 0.62 if narrow else 0.46
    figure = new_figure(narrow, 0.95 + step * len(rows))
    axes = figure.subplots()
    every: list[float] = []
    for index, row in enumerate(rows):
        known = [value for value in (row.p50, row.p99, row.maximum) if value is not None]
        every += known
        if known:
            axes.plot(
                [min(known), max(known)], [index, index], color=row.style.colour, lw=2.2, alpha=0.55
            )
        for value, marker, size in (
            (row.maximum, "|", 13),
            (row.p99, "D", 6.5),
            (row.p50, "o", 7.5),
        ):
            if value is not None:
                axes.plot(
                    [value],
                    [index],
                    marker,
                    color=row.style.colour,
                    ms=size,
                    mew=2.2 if marker == "|" else 1.2,
                    mec=row.style.colour if marker == "|" else PAPER,
                )
        _name_and_values(axes, index, row, narrow=narrow)
    axes.set_ylim(len(rows) - 0.4, -0.8 if narrow else -0.6)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    if not log_if_wide(axes, "x", every):
        axes.set_xlim(left=0)
        plain_numbers(axes.xaxis)
    axes.set_xlabel(xlabel)
    for marker, label in (("o", "p50"), ("D", "p99"), ("|", "max")):
        axes.plot([], [], marker, color=MUTED, ms=7, mew=1.6, label=label)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=3, handletextpad=0.1, columnspacing=1.2
    )
    return figure


def _name_and_values(axes: Any, index: int, row: DelayRow, *, narrow: bool) -> None:
    values = [DASH if value is None else number(value) for value in (row.p50, row.p99, row.maximum)]
    text = " · ".join(values) + " ms"
    across = axes.get_yaxis_transform()  # x in parts of the axes, y in rows
    if narrow:
        axes.text(0, index - 0.36, row.name, transform=across, va="center", color=INK, **ON_GRID)
        axes.text(
            1, index - 0.36, text, transform=across, va="center", ha="right", color=INK, **ON_GRID
        )
    else:
        axes.text(-0.015, index, row.name, transform=across, va="center", ha="right", color=INK)
        axes.text(1.015, index, text, transform=across, va="center", color=INK)


SINCE_LOAD = "seconds since the load began"
SINCE_HIT = "seconds after the hit"


def draw_over_time(
    lines: Sequence[Line],
    *,
    ylabel: str,
    narrow: bool,
    log: bool = True,
    xlabel: str = SINCE_LOAD,
) -> Any:
    """One line per variant over seconds since T0; further repeats are drawn faintly."""
    columns = legend_columns([line.name for line in lines], narrow=narrow)
    figure = new_figure(narrow, 2.8 + LEGEND_ROW_IN * math.ceil(len(lines) / columns))
    axes = figure.subplots()
    every: list[float] = []
    for line in lines:
        for position, curve in enumerate(line.curves):
            drawn = thinned(curve)
            every += [float(value) for value in drawn.values[~np.isnan(drawn.values)]]
            first = position == 0
            axes.plot(
                drawn.t_s,
                drawn.values,
                color=line.style.colour,
                linestyle=line.style.dash,
                marker=line.style.marker if first else None,
                markevery=max(1, len(drawn.t_s) // 9),
                ms=5,
                lw=1.6 if first else 0.8,
                alpha=1 if first else 0.45,
                label=line.name if first else None,
            )
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    if not (log and log_if_wide(axes, "y", every)):
        axes.set_ylim(bottom=0, top=None if any(every) else 1)
        plain_numbers(axes.yaxis)
    legend_above(axes, columns)
    return figure


def legend_columns(names: Sequence[str], *, narrow: bool) -> int:
    """How many legend entries fit beside each other."""
    longest = max((len(name) for name in names), default=1)
    room = 42 if narrow else 120  # characters, with the width of a line's sample counted below
    return max(1, min(len(names), room // (longest + 7)))


def legend_above(axes: Any, columns: int) -> None:
    """The legend over the plot, where it hides nothing."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1),
            ncols=columns,
            handlelength=2.6,
            columnspacing=1.4,
        )


def thinned(curve: Curve) -> Curve:
    """The curve itself, or the worst of each bucket where there are too many points to be seen."""
    if len(curve.t_s) <= MOST_POINTS:
        return curve
    span_s = float(curve.t_s[-1] - curve.t_s[0])
    worst = bucketed(curve, span_s / MOST_POINTS, "max")
    return Curve(np.array(list(worst)), np.array(list(worst.values())))
