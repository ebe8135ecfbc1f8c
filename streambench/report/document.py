"""A report as data: written once, rendered as HTML and as Markdown."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias


class Tone(enum.Enum):
    """How a cell looks; its meaning is always in its words as well."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    CAUTION = "caution"
    QUIET = "quiet"
    STRONG = "strong"


@dataclass(frozen=True)
class Cell:
    """One cell of a table; `note` is a smaller second line."""

    text: str
    note: str | None = None
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class GridColumn:
    """A column's heading; `metric` names the definition that it links to."""

    label: str
    metric: str | None = None
    numeric: bool = False
    code: bool = False


@dataclass(frozen=True)
class GridRow:
    """Cells of a row; `aside` is a sentence in place of the cells that are missing at its end."""

    cells: tuple[Cell, ...]
    aside: str | None = None
    quiet: bool = False


@dataclass(frozen=True)
class Grid:
    """A table; with `cards` each row becomes a card on a narrow screen, `slim` ones keep to the left.

    `named`: a row's first cell is its name, and heads its card.
    """

    columns: tuple[GridColumn, ...]
    rows: tuple[GridRow, ...]
    cards: bool = False
    slim: bool = False
    named: bool = False


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Points:
    """A list of short sentences."""

    points: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """Text to be shown as it is."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Plot:
    """A plot, how to read it, and the numbers behind it.

    `draw(narrow)` makes a matplotlib figure: narrow is for a screen of a phone's width. With
    `open_table` the numbers are part of the picture and not folded away.
    """

    name: str
    title: str
    alternative: str
    reading: str
    draw: Callable[[bool], Any]
    table: Grid
    open_table: bool = False


@dataclass(frozen=True)
class Fold:
    """Blocks that a reader opens when wanted."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Definition:
    """What a metric means, and where the method is written down."""

    anchor: str
    term: str
    meaning: str
    reference: str


@dataclass(frozen=True)
class Definitions:
    """The list of definitions that metric names link to."""

    entries: tuple[Definition, ...]


Block: TypeAlias = Grid | Text | Points | Code | Plot | Fold | Definitions


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report; `banners` must not be overlooked (partial, cold), `facts` are its run's terms."""

    title: str
    subtitle: str
    answer: str
    facts: tuple[tuple[str, str], ...]
    banners: tuple[str, ...]
    sections: tuple[Section, ...]


def metric_anchor(name: str) -> str:
    """Anchor of a metric's definition within a report."""
    return f"m-{name}"


def plots_of(document: Document) -> tuple[Plot, ...]:
    """All figures of a document in their order, folded ones too."""
    found: list[Plot] = []

    def visit(blocks: tuple[Block, ...]) -> None:
        for block in blocks:
            if isinstance(block, Plot):
                found.append(block)
            elif isinstance(block, Fold):
                visit(block.blocks)

    for section in document.sections:
        visit(section.blocks)
    return tuple(found)
