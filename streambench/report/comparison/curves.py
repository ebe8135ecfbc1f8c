"""Both sides in one picture: delay over time, lag after a hit, delay over the rate."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from streambench.analysis.compare.comparison import Pair, Side
from streambench.analysis.eligible import delay_stem
from streambench.analysis.recoveries import kinds, recovered
from streambench.analysis.sweeps import of, swept
from streambench.analysis.variants import Standing, standings
from streambench.model.fault import FaultKind
from streambench.model.metrics import BY_NAME
from streambench.model.numbers import number
from streambench.model.sweep import AXIS_LABELS
from streambench.report.document import Cell, Grid, GridColumn, GridRow, Plot
from streambench.report.plots.columns import window_curve
from streambench.report.plots.delay import SINCE_HIT, SINCE_LOAD, Line, draw_over_time
from streambench.report.plots.recovery_curves import around
from streambench.report.plots.style import PlotStyle, plot_styles
from streambench.report.plots.sweep import CurvePoint, SweepLine, SweepPanel, draw_sweep
from streambench.report.sections.latency import time_grid

# Of a run whose trials are all of one load, what their windows show can be drawn side by side.
_DELAYS: Final = ("delay_", "visible_")


def curve_plots(pair: Pair, position: int) -> list[Plot]:
    """Those that both sides have."""
    sides = (pair.first, pair.second)
    if any(
        row.figure.key.startswith(_DELAYS) for row in pair.primary if " at " not in row.figure.key
    ):
        faults = [kind for kind in kinds(pair.first.bundle) if kind in kinds(pair.second.bundle)]
        plots = [_delay(sides, position), *(_lag(sides, kind, position) for kind in faults)]
        return [plot for plot in plots if plot is not None]
    plot = _over_axis(sides, position)
    return [] if plot is None else [plot]


def _styles() -> Sequence[PlotStyle]:
    return tuple(plot_styles(("first", "second")).values())


def _name(side: Side) -> str:
    return f"{side.letter}: {side.label}"


def _stand(side: Side) -> Standing:
    return next(each for each in standings(side.bundle) if each.label == side.label)


def _delay(sides: Sequence[Side], position: int) -> Plot | None:
    lines = []
    for side, style in zip(sides, _styles(), strict=True):
        visible = delay_stem(side.bundle) == "visible"
        column = "visible_complete_ms" if visible else "complete_ms"
        found = (window_curve(trial, column) for trial in _stand(side).completed)
        curves = tuple(curve for curve in found if curve is not None)
        if curves:
            lines.append(Line(_name(side), style, curves))
    if len(lines) < len(sides):
        return None
    label = BY_NAME[f"{delay_stem(sides[0].bundle)}_max_ms"].label.removesuffix(" max")
    return Plot(
        f"delay-{position}",
        "Delay over time, both sides",
        "Delay of each measured window over time, of both sides",
        "One point a window, by its closing instant. The first trial of a side is drawn in full, its "
        "repeats faintly.",
        partial(_draw_time, lines, f"{label}, ms", SINCE_LOAD),
        time_grid(lines, reduce="max"),
    )


def _lag(sides: Sequence[Side], kind: FaultKind, position: int) -> Plot | None:
    lines = []
    for side, style in zip(sides, _styles(), strict=True):
        stem = delay_stem(side.bundle)
        found = [each for each in recovered(side.bundle, kind) if each.standing.label == side.label]
        drawn = [around(hit, stem) for each in found for hit in each.hits]
        curves = tuple(each.lag for each in drawn if each is not None)
        if curves:
            lines.append(Line(_name(side), style, curves))
    if len(lines) < len(sides):
        return None
    return Plot(
        f"lag-{kind.value}-{position}",
        f"Excess lag around {kind.value}, both sides",
        f"How far results were behind around {kind.value}, of both sides on one axis",
        "0 on the axis is the hit. A side is back where its line has come down to where it was before. The "
        "first hit of a side is drawn in full, the others faintly.",
        partial(_draw_time, lines, "excess lag, s", SINCE_HIT),
        time_grid(lines, reduce="max", digits=2),
    )


def _draw_time(lines: Sequence[Line], ylabel: str, xlabel: str, narrow: bool) -> Any:
    return draw_over_time(lines, ylabel=ylabel, narrow=narrow, log=False, xlabel=xlabel)


def _over_axis(sides: Sequence[Side], position: int) -> Plot | None:
    """The tail of the delay over the first axis; of a sweep of one axis."""
    axes = sides[0].bundle.run.axes
    if len(axes) != 1 or [each.name for each in sides[1].bundle.run.axes] != [axes[0].name]:
        return None
    metric = BY_NAME[f"{delay_stem(sides[0].bundle)}_p99_ms"]
    lines = []
    for side, style in zip(sides, _styles(), strict=True):
        points = of(swept(side.bundle), side.label)
        marks = tuple(
            CurvePoint(each.point[0][1], value, value, value, each.kept_up)
            for each in points
            if (value := each.value_of(metric.name)) is not None
        )
        if marks:
            lines.append(SweepLine(_name(side), style, marks))
    if not lines:
        return None
    axis = AXIS_LABELS[axes[0].name]
    columns = (
        GridColumn("side"),
        GridColumn(axis, numeric=True),
        GridColumn(f"{metric.label}, ms", metric.name, numeric=True),
    )
    rows = tuple(
        GridRow((Cell(line.name), Cell(number(mark.at)), Cell(number(mark.value))))
        for line in lines
        for mark in line.marks
    )
    return Plot(
        f"curve-{position}",
        f"{metric.label} over {axis}, both sides",
        f"{metric.label} of both sides over {axis}",
        "Filled: it is shown that the engine kept up. Hollow: not.",
        partial(_draw_axis, (SweepPanel("", tuple(lines)),), axis, f"{metric.label}, ms"),
        Grid(columns, rows),
    )


def _draw_axis(panels: Sequence[SweepPanel], xlabel: str, ylabel: str, narrow: bool) -> Any:
    return draw_sweep(panels, xlabel=xlabel, ylabel=ylabel, narrow=narrow)
