"""The plot of drains: a lane per variant, cold and warm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streambench.model.numbers import DASH, three_digits
from streambench.report.plots.drawing import log_if_wide, new_figure, plain_numbers
from streambench.report.plots.style import INK, MUTED, ON_GRID, PAPER, PlotStyle


@dataclass(frozen=True)
class DrainLane:
    """One variant's rates in events/s, one a round, and the median of the warm ones."""

    name: str
    style: PlotStyle
    cold: tuple[float, ...]
    warm: tuple[float, ...]
    peak: tuple[float, ...]
    warm_median: float | None


def draw_drains(lanes: Sequence[DrainLane], *, narrow: bool) -> Any:
    """Rings are cold, discs warm, strokes the busiest second."""
    figure = new_figure(narrow, 1.15 + (0.66 if narrow else 0.5) * len(lanes))
    axes = figure.subplots()
    across = axes.get_yaxis_transform()
    for index, lane in enumerate(lanes):
        colour = lane.style.colour
        axes.plot(lane.cold, [index] * len(lane.cold), "o", color=PAPER, mec=colour, ms=8, mew=1.8)
        axes.plot(lane.warm, [index] * len(lane.warm), "o", color=colour, ms=8, mec=PAPER)
        axes.plot(lane.peak, [index] * len(lane.peak), "|", color=colour, ms=14, mew=2)
        told = f"{three_digits(lane.warm_median)}/s" if lane.warm_median is not None else DASH
        if narrow:
            name: dict[str, Any] = {"transform": across, "va": "center", "color": INK, **ON_GRID}
            axes.text(0, index - 0.36, lane.name, **name)
            axes.text(1, index - 0.36, told, ha="right", **name)
        else:
            name = {"transform": across, "va": "center", "color": INK}
            axes.text(-0.015, index, lane.name, ha="right", **name)
            axes.text(1.015, index, told, weight="bold", **name)
    axes.set_ylim(len(lanes) - 0.5, -0.8 if narrow else -0.6)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    if not log_if_wide(axes, "x", [r for lane in lanes for r in (*lane.cold, *lane.warm)]):
        axes.set_xlim(left=0)
        plain_numbers(axes.xaxis)
    axes.set_xlabel("events per second")
    for marker, label, style in (
        ("o", "cold", {"color": PAPER, "mec": MUTED, "mew": 1.8}),
        ("o", "warm", {"color": MUTED}),
        ("|", "busiest second", {"color": MUTED, "mew": 2}),
    ):
        axes.plot([], [], marker, ms=8, label=label, ls="", **style)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=3, handletextpad=0.1, columnspacing=1.0
    )
    return figure
