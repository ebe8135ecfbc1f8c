"""The plot of a search: which rates were tried, which passed, and what was confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from streambench.model.numbers import DASH, number
from streambench.report.plots.drawing import log_if_wide, new_figure, plain_numbers
from streambench.report.plots.style import BAD, INK, MUTED, ON_GRID, PAPER, PlotStyle


@dataclass(frozen=True)
class SearchLane:
    """One variant's tries, in events/s; `confirmed` and `limited` are the rates that were confirmed."""

    name: str
    style: PlotStyle
    passed: tuple[int, ...]
    failed: tuple[int, ...]
    spoilt: tuple[int, ...]
    drain: float | None
    confirmed: int | None
    limited: int | None


def draw_search(lanes: Sequence[SearchLane], *, narrow: bool) -> Any:
    """A lane per variant: discs passed, crosses failed, a stroke where the drain rate is."""
    step = 0.66 if narrow else 0.5
    figure = new_figure(narrow, 1.15 + step * len(lanes))
    axes = figure.subplots()
    across = axes.get_yaxis_transform()
    every: list[float] = []
    for index, lane in enumerate(lanes):
        colour = lane.style.colour
        every += [*lane.passed, *lane.failed, *lane.spoilt]
        axes.plot(lane.passed, [index] * len(lane.passed), "o", color=colour, ms=6, mec=PAPER)
        axes.plot(lane.failed, [index] * len(lane.failed), "x", color=BAD, ms=6.5, mew=1.6)
        axes.plot(
            lane.spoilt, [index] * len(lane.spoilt), "o", color=PAPER, mec=MUTED, ms=6, mew=1.2
        )
        if lane.drain is not None:
            every.append(lane.drain)
            axes.plot([lane.drain], [index], "|", color=MUTED, ms=14, mew=1.8)
        for rate, size in ((lane.confirmed, 11), (lane.limited, 8)):
            if rate is not None:
                every.append(rate)
                axes.plot([rate], [index], "D", color="none", mec=colour, ms=size, mew=2)
        told = DASH if lane.confirmed is None else f"{number(lane.confirmed)}/s"
        if narrow:
            axes.text(
                0, index - 0.36, lane.name, transform=across, va="center", color=INK, **ON_GRID
            )
            axes.text(
                1, index - 0.36, told, transform=across, va="center", ha="right", color=INK,
                **ON_GRID,
            )  # fmt: skip
        else:
            name: dict[str, Any] = {"transform": across, "va": "center", "color": INK}
            axes.text(-0.015, index, lane.name, ha="right", **name)
            axes.text(1.015, index, told, weight="bold", **name)
    axes.set_ylim(len(lanes) - 0.5, -0.8 if narrow else -0.6)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    if not log_if_wide(axes, "x", every):
        axes.set_xlim(left=0)
        plain_numbers(axes.xaxis)
    axes.set_xlabel("events per second")
    for marker, label, style in (
        ("o", "kept up", {"color": MUTED}),
        ("x", "did not", {"color": BAD, "mew": 1.6}),
        ("D", "confirmed", {"color": "none", "mec": MUTED, "mew": 2}),
        ("|", "at once", {"color": MUTED, "mew": 1.8}),
    ):
        axes.plot([], [], marker, ms=7, label=label, ls="", **style)
    axes.legend(
        loc="lower left", bbox_to_anchor=(-0.02, 1), ncols=4, handletextpad=0.1, columnspacing=1.0
    )
    return figure
