"""Plot of cost: cores used by each role, stacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streambench.model.numbers import number
from streambench.report.plots.drawing import new_figure, plain_numbers
from streambench.report.plots.style import INK, ON_GRID, PAPER, ROLE_STYLES


@dataclass(frozen=True)
class CostRow:
    """Mean cores by role of one variant."""

    name: str
    cores: Mapping[str, float]


def draw_cost(rows: Sequence[CostRow], *, narrow: bool) -> Any:
    """One stacked bar per variant; the total stands at its end."""
    figure = new_figure(narrow, (1.25 if narrow else 1.0) + (0.6 if narrow else 0.46) * len(rows))
    axes = figure.subplots()
    across = axes.get_yaxis_transform()
    widest = max((sum(row.cores.values()) for row in rows), default=0.0) or 1.0
    for index, row in enumerate(rows):
        left = 0.0
        for role, colour, hatch in ROLE_STYLES:
            cores = row.cores.get(role, 0.0)
            axes.barh(
                index,
                cores,
                left=left,
                height=0.42 if narrow else 0.56,
                color=colour,
                hatch=hatch,
                edgecolor=PAPER,
                lw=0.6,
            )
            left += cores
        axes.text(left + widest * 0.012, index, number(left, 2), va="center", color=INK)
        if narrow:
            axes.text(
                0, index - 0.42, row.name, transform=across, va="center", color=INK, **ON_GRID
            )
        else:
            axes.text(-0.015, index, row.name, transform=across, va="center", ha="right", color=INK)
    for role, colour, hatch in ROLE_STYLES:
        if any(role in row.cores for row in rows):
            axes.barh([0], [0], color=colour, hatch=hatch, edgecolor=PAPER, label=role)
    axes.set_ylim(len(rows) - 0.5, -0.7)
    axes.set_xlim(0, widest * 1.1)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    plain_numbers(axes.xaxis)
    axes.set_xlabel("cores in use, mean over the measured part")
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1),
        ncols=2 if narrow else 4,
        handlelength=1.6,
        columnspacing=1.4,
    )
    return figure
