"""The matrix of dirt: a row a kind, a column a contender, words in each cell."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.patches import Rectangle

from streambench.report.plots.drawing import new_figure
from streambench.report.plots.style import INK, MUTED

# Colours of cells stay as they are in a dark scheme, and so does what is written on them. Told apart by
# lightness alone, and each has a sign of its own.
_UNIT: Final = re.compile(r"(?<=\d) s\b")
DARK: Final = "#1b1f23"
LIGHT: Final = "#fefefe"


@dataclass(frozen=True)
class CellLook:
    """How a cell of one meaning looks, and what the meaning is called."""

    sign: str
    fill: str
    text: str
    means: str


GOOD: Final = CellLook("✓", "#cfe6f5", DARK, "as is right")
SILENT: Final = CellLook("○", "#e9ecef", DARK, "right, but nothing tells of it")
WRONG: Final = CellLook("≠", "#f6c789", DARK, "a wrong result")
LATE: Final = CellLook("◷", "#f3e79b", DARK, "late for a while")
LOST: Final = CellLook("!", "#d5702a", LIGHT, "good records are lost")
STOPPED: Final = CellLook("✗", "#7a2600", LIGHT, "stopped for good")
UNKNOWN: Final = CellLook("–", "#ffffff", DARK, "not known")
LOOKS: Final = (GOOD, SILENT, WRONG, LATE, LOST, STOPPED, UNKNOWN)


@dataclass(frozen=True)
class DirtColumn:
    """One contender: its engine's name, which form it is, and look and words by row."""

    engine: str
    form: str
    cells: tuple[tuple[CellLook, str], ...]


def draw_dirt(kinds: Sequence[str], columns: Sequence[DirtColumn], narrow: bool) -> Any:
    """All columns beside each other, or engine below engine on a narrow screen."""
    engines = list(dict.fromkeys(each.engine for each in columns))
    if narrow:
        blocks = [[each for each in columns if each.engine == name] for name in engines]
    else:
        blocks = [list(columns)]
    row_in = 0.36
    height_in = sum(row_in * (len(kinds) + 2) for _ in blocks) + (1.0 if narrow else 0.7)
    figure = new_figure(narrow, height_in)
    grid = figure.subplots(len(blocks), 1, squeeze=False)
    for axes, block in zip(grid[:, 0], blocks, strict=True):
        _block(axes, kinds, block, narrow=narrow)
    _legend(figure, columns, narrow=narrow)
    return figure


def _block(axes: Any, kinds: Sequence[str], columns: Sequence[DirtColumn], *, narrow: bool) -> None:
    size = 6.6 if narrow else 7.2
    wide = 14 if narrow else (15 if len(columns) > 6 else 26)
    for x, column in enumerate(columns):
        for y, (look, words) in enumerate(column.cells):
            axes.add_patch(
                Rectangle(
                    (x + 0.02, y + 0.04),
                    0.96,
                    0.92,
                    facecolor=look.fill,
                    edgecolor="#9aa1a9",
                    lw=0.4,
                )
            )
            unbroken = _UNIT.sub("\u00a0s", f"{look.sign} {words}")
            text = "\n".join(textwrap.wrap(unbroken, wide))
            axes.text(
                x + 0.5, y + 0.5, text, ha="center", va="center", color=look.text, fontsize=size
            )
        axes.text(
            x + 0.5, -0.28, column.form, ha="center", va="center", color=MUTED, fontsize=size + 0.6
        )
    for name in dict.fromkeys(each.engine for each in columns):
        at = [x for x, each in enumerate(columns) if each.engine == name]
        middle = (at[0] + at[-1] + 1) / 2
        axes.text(
            middle,
            -0.9,
            name,
            ha="center",
            va="center",
            color=INK,
            fontsize=size + 1.6,
            weight="bold",
        )
        if at[0]:
            axes.plot([at[0], at[0]], [-1.1, len(kinds)], color=MUTED, lw=0.9)
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(kinds), -1.3)
    axes.set_yticks([y + 0.5 for y in range(len(kinds))], kinds)
    axes.tick_params(axis="y", labelsize=size + 1.0, labelcolor=INK)
    axes.set_xticks([])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _legend(figure: Any, columns: Sequence[DirtColumn], *, narrow: bool) -> None:
    used = {look.sign for column in columns for look, _ in column.cells}
    handles = [
        Rectangle(
            (0, 0),
            1,
            1,
            facecolor=look.fill,
            edgecolor="#9aa1a9",
            lw=0.4,
            label=f"{look.sign} {look.means}",
        )
        for look in LOOKS
        if look.sign in used
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=2 if narrow else 4,
        fontsize=6.4 if narrow else 8.0,
    )
