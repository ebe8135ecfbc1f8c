"""Colours, line styles and markers: never colour alone, and one style per variant in every plot.

Plots are drawn in the light scheme's colours. For a page, each of them is replaced by a CSS variable,
so that the same SVG follows the reader's dark or light scheme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

INK = "#1c2024"
MUTED = "#5f6770"
LINE = "#d9dde2"
BAND = "#eef0f2"
PAPER = "#ffffff"
BAD = "#a23c00"

# Okabe and Ito's palette, told apart under every common colour-vision deficiency; its yellow is too
# light for lines on white.
_SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (1, 1.4)), (0, (6, 2, 1, 2)), (0, (3, 1.2)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

ON_GRID: Mapping[str, Any] = {"bbox": {"fc": PAPER, "ec": "none", "pad": 1.2}}
"""For text that stands on grid lines."""

CSS_VARIABLES: Mapping[str, str] = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    BAND: "var(--band)",
    PAPER: "var(--paper)",
    BAD: "var(--bad)",
    **{colour: f"var(--s{index})" for index, colour in enumerate(_SERIES)},
}


@dataclass(frozen=True)
class PlotStyle:
    """How one variant is drawn."""

    colour: str
    dash: Any
    marker: str


def plot_styles(labels: Sequence[str]) -> dict[str, PlotStyle]:
    """A style for each label, by its position; the cycles' lengths differ, so combinations do too."""
    return {
        label: PlotStyle(
            _SERIES[index % len(_SERIES)],
            _DASHES[index % len(_DASHES)],
            _MARKERS[index % len(_MARKERS)],
        )
        for index, label in enumerate(labels)
    }


ROLE_STYLES: tuple[tuple[str, str, str], ...] = (
    ("worker", _SERIES[0], ""),
    ("coordinator", _SERIES[5], "///"),
    ("submitter", _SERIES[4], "\\\\\\\\"),
    ("broker", MUTED, "xx"),
)
"""Role, colour and hatch of a stacked bar."""

MEASURED_COLOUR = _SERIES[1]
PREDICTED_COLOUR = INK
"""What was measured, and what a model says of the same."""
