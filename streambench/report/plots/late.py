"""Plot of late records: dropped as measured, beside what documented clocks predict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.ticker import FuncFormatter

from streambench.report.plots.drawing import new_figure
from streambench.report.plots.style import (
    INK,
    MEASURED_COLOUR,
    MUTED,
    ON_GRID,
    PAPER,
    PREDICTED_COLOUR,
)


@dataclass(frozen=True)
class LateRow:
    """Shares of records dropped (0 to 1) of one variant; None where not known.

    `low`/`high` bound the prediction for the log that was played; `whole` is the model's word on the
    whole data set at real time.
    """

    name: str
    measured: float | None
    predicted: float | None
    low: float | None
    high: float | None
    whole: float | None


def draw_late(rows: Sequence[LateRow], *, narrow: bool) -> Any:
    """One bar per variant with its prediction over it, and a hollow diamond for the whole."""
    figure = new_figure(narrow, (1.35 if narrow else 1.1) + (0.74 if narrow else 0.56) * len(rows))
    axes = figure.subplots()
    across = axes.get_yaxis_transform()
    shares = [
        share
        for row in rows
        for share in (row.measured, row.predicted, row.low, row.high, row.whole)
        if share is not None
    ]
    widest = max(shares, default=0.0) or 0.01
    for index, row in enumerate(rows):
        if row.measured is not None:
            axes.barh(index, row.measured, height=0.34, color=MEASURED_COLOUR, lw=0)
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [index, index], color=PREDICTED_COLOUR, lw=1.5)
            axes.plot(
                [row.low, row.high], [index, index], "|", color=PREDICTED_COLOUR, ms=9, mew=1.5
            )
        if row.predicted is not None:
            axes.plot([row.predicted], [index], "|", color=PREDICTED_COLOUR, ms=22, mew=2)
        if row.whole is not None:
            axes.plot([row.whole], [index], "D", mfc=PAPER, mec=MUTED, mew=1.7, ms=7)
        text = "not known" if row.measured is None else f"{100 * row.measured:.1f} %"
        if narrow:
            axes.text(
                0, index - 0.42, row.name, transform=across, va="center", color=INK, **ON_GRID
            )
            axes.text(
                1,
                index - 0.42,
                text,
                transform=across,
                va="center",
                ha="right",
                color=INK,
                weight="bold",
                **ON_GRID,
            )
        else:
            axes.text(-0.015, index, row.name, transform=across, va="center", ha="right", color=INK)
            axes.text(1.015, index, text, transform=across, va="center", color=INK, weight="bold")
    axes.barh([0], [0], color=MEASURED_COLOUR, label="measured")
    axes.plot([], [], "|", color=PREDICTED_COLOUR, ms=12, mew=2, label="predicted by its clock")
    if any(row.whole is not None for row in rows):
        axes.plot(
            [], [], "D", mfc=PAPER, mec=MUTED, mew=1.7, ms=6, label="model: all data, real time"
        )
    axes.set_ylim(len(rows) - 0.55, -0.75)
    axes.set_xlim(0, widest * 1.06)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
    axes.set_xlabel("records dropped, of those that should count")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        [handles[-1], *handles[:-1]],  # bars come last, whatever was drawn first
        [labels[-1], *labels[:-1]],
        loc="lower left",
        bbox_to_anchor=(-0.02, 1),
        ncols=1 if narrow else 3,
        handlelength=1.4,
        columnspacing=1.4,
    )
    return figure
