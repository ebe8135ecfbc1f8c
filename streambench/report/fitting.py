"""Tables on a terminal of any width: side by side where every figure fits, else a block for each row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

# Wide enough for every cell to be on one line.
_ANY_WIDTH: Final = 10_000
# A longer word is a name or a command, which is read well when it is broken.
_WORD_AT_MOST: Final = 20
# A sentence is hard to read in a column of single words.
_SENTENCE: Final = 40
_SENTENCE_AT_LEAST: Final = 16
_INDENT: Final = 2


class FittingTable(Table):
    """A table whose figures are never cut: too narrow a terminal gets its rows one below the other.

    A row's name is in the column `named`; what stands before it is part of the name. In the first
    `carried` columns an empty cell means what the row above has there.
    """

    def __init__(
        self, *, named: int = 0, carried: int = 0, gap: int = 1, plain: bool = False
    ) -> None:
        super().__init__(
            box=None if plain else box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, gap, 0, 0),
        )
        self._named = named
        self._carried = carried

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = self._fitting(console, options)
        if widths is None:
            yield from self._stacked(console, options.max_width)
            return
        for column, width in zip(self.columns, widths, strict=True):
            column.width = width
        yield from super().__rich_console__(console, options)

    def _fitting(self, console: Console, options: ConsoleOptions) -> list[int] | None:
        """A width for each column in which no figure is broken; None where there is none."""
        bounds = [self._bounds(console, options, at) for at in range(len(self.columns))]
        left, right = self.padding[3], self.padding[1]
        between = 0 if self.box is None else len(bounds) - 1
        room = options.max_width - between - len(bounds) * (left + right)
        widths = [most for _, most in bounds]
        while sum(widths) > room:
            able = [at for at, (least, _) in enumerate(bounds) if widths[at] > least]
            if not able:
                return None
            widths[max(able, key=lambda at: widths[at])] -= 1
        return widths

    def _bounds(self, console: Console, options: ConsoleOptions, at: int) -> tuple[int, int]:
        column = self.columns[at]
        wide = options.update(width=_ANY_WIDTH)
        found = [
            Measurement.get(console, wide, _text(console, cell))
            for cell in (column.header, *column.cells)
        ]
        most = max(each.maximum for each in found)
        if column.no_wrap:
            return most, most
        if column.max_width is not None:
            most = min(most, column.max_width)
        least = min(most, max(each.minimum for each in found), _WORD_AT_MOST)
        return (max(least, _SENTENCE_AT_LEAST) if most > _SENTENCE else least), most

    def _stacked(self, console: Console, width: int) -> Iterator[Text]:
        headings = [" ".join(str(_text(console, column.header)).split()) for column in self.columns]
        above: list[Text] = []
        for row in zip(*(column.cells for column in self.columns), strict=True):
            cells = [_text(console, cell) for cell in row]
            for at in range(min(self._carried, len(above))):
                cells[at] = cells[at] if cells[at].plain else above[at]
            if above:
                yield Text("")
            above = cells
            yield self._name(headings, cells)
            for heading, cell in list(zip(headings, cells, strict=True))[self._named + 1 :]:
                if cell.plain:
                    said = Text(f"{heading}: " if heading else "")
                    said.append_text(Text(" ").join(cell.split("\n")))
                    yield from _indented(said, console, width)

    def _name(self, headings: Sequence[str], cells: Sequence[Text]) -> Text:
        parts = [
            Text(f"{headings[at]} ").append_text(cell) if at < self._carried else cell
            for at, cell in enumerate(cells[: self._named + 1])
            if cell.plain
        ]
        return Text(" · ", style="bold").join(parts)


def _indented(said: Text, console: Console, width: int) -> Iterator[Text]:
    """A text whose further lines begin further right."""
    for at, line in enumerate(said.wrap(console, width - 2 * _INDENT, overflow="fold")):
        line.rstrip()
        yield Text(" " * (_INDENT if at == 0 else 2 * _INDENT)).append_text(line)


def _text(console: Console, cell: RenderableType) -> Text:
    """A cell as text; a string of it may hold markup."""
    return cell if isinstance(cell, Text) else console.render_str(str(cell))
