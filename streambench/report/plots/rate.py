"""Plot of throughput: what was offered and what came out right, a panel per variant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import MaxNLocator

from streambench.report.plots.drawing import new_figure, plain_numbers
from streambench.report.plots.style import INK, LINE, MUTED, PlotStyle


@dataclass(frozen=True)
class RatePanel:
    """Events per second of one variant, by the start of each bucket in seconds, and its faults."""

    name: str
    style: PlotStyle
    offered: Mapping[float, float]
    processed: Mapping[float, float]
    faults_s: tuple[float, ...] = ()


def draw_rates(
    panels: Sequence[RatePanel], *, warm_up_s: float, width_s: float, narrow: bool
) -> Any:
    """Panels one above the other with shared axes; the end of the warm-up is marked."""
    figure = new_figure(narrow, 0.75 + (0.95 if narrow else 0.85) * len(panels))
    grid = figure.subplots(len(panels), 1, sharex=True, sharey=True, squeeze=False)
    highest = max(
        (v for panel in panels for v in (*panel.offered.values(), *panel.processed.values())),
        default=1.0,
    )
    for index, panel in enumerate(panels):
        axes = grid[index][0]
        edges, heights = _steps(panel.offered, width_s)
        axes.fill_between(edges, heights, step="post", color=LINE, lw=0)
        if warm_up_s > 0:
            axes.axvline(warm_up_s, color=MUTED, lw=1, linestyle=(0, (3, 3)))
        for at_s in panel.faults_s:
            axes.axvline(at_s, color=INK, lw=1.2)
        edges, heights = _steps(panel.processed, width_s)
        axes.plot(edges, heights, drawstyle="steps-post", color=panel.style.colour, lw=1.9)
        axes.set_title(panel.name, loc="left", fontsize=9.5, color=INK, pad=3)
        axes.set_ylim(0, highest * 1.12)
        axes.set_xlim(left=0)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=3))
        plain_numbers(axes.yaxis)
    grid[-1][0].set_xlabel("seconds since the load began")
    return figure


def _steps(values: Mapping[float, float], width_s: float) -> tuple[list[float], list[float]]:
    """Edges of the buckets and heights from each, the last one twice."""
    edges = [*values, *([max(values) + width_s] if values else [])]
    heights = [*values.values(), *([list(values.values())[-1]] if values else [])]
    return edges, heights
