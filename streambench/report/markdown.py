"""A report as Markdown, for pull requests and wikis; its plots are the PNG files beside it."""

from __future__ import annotations

import re
from typing import assert_never

from streambench.report.compose import compose
from streambench.report.document import (
    Block,
    Cell,
    Code,
    Definitions,
    Document,
    Fold,
    Grid,
    GridColumn,
    Plot,
    Points,
    Text,
    Tone,
)
from streambench.results.bundle import Bundle

PLOTS = "plots"


def render(bundle: Bundle) -> str:
    """The text of `report.md`."""
    return render_document(compose(bundle))


def render_document(document: Document) -> str:
    """A composed report as Markdown."""
    lines = [f"# {_plain(document.title)}", "", _plain(document.subtitle), ""]
    lines += [f"**{_plain(document.answer)}**", ""]
    for banner in document.banners:
        lines += [f"> {_plain(banner)}", ""]
    lines += [f"- {name}: {_plain(value)}" for name, value in document.facts] + [""]
    for section in document.sections:
        lines += [f"## {_plain(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block), ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _block(block: Block) -> list[str]:
    match block:
        case Grid():
            return _grid(block)
        case Text(text=text, tone=tone):
            return [f"**{_plain(text)}**" if tone is Tone.STRONG else _plain(text)]
        case Points(points=points):
            return [f"- {_plain(point)}" for point in points]
        case Code(text=text, language=language):
            return _fence(text, language)
        case Plot():
            return [
                f"### {_plain(block.title)}",
                "",
                f"![{_plain(block.alternative)}]({PLOTS}/{block.name}.png)",
                "",
                f"*{_plain(block.reading)}*",
                "",
                *(
                    _grid(block.table)
                    if block.open_table
                    else _details("The numbers behind it", _grid(block.table))
                ),
            ]
        case Fold(title=title, blocks=blocks):
            return _details(title, [line for inner in blocks for line in (*_block(inner), "")])
        case Definitions(entries=entries):
            return [f"- **{_plain(e.term)}**: {_plain(e.meaning)} `{e.reference}`" for e in entries]
        case _:
            assert_never(block)


def _grid(grid: Grid) -> list[str]:
    head = "| " + " | ".join(_inline(column.label) for column in grid.columns) + " |"
    rule = "|" + "|".join("---:" if column.numeric else "---" for column in grid.columns) + "|"
    lines = [head, rule]
    for row in grid.rows:
        cells = [_cell(cell, column) for cell, column in zip(row.cells, grid.columns, strict=False)]
        if row.aside is not None:
            cells.append(_inline(row.aside))
        cells += [""] * (len(grid.columns) - len(cells))
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _cell(cell: Cell, column: GridColumn) -> str:
    text = _inline(cell.text)
    if column.code and cell.text != "–":
        text = "`" + cell.text.replace("|", r"\|").replace("\n", " ").replace("`", "'") + "`"
    if cell.tone in (Tone.STRONG, Tone.GOOD, Tone.BAD):
        text = f"**{text}**"
    return f"{text} ({_inline(cell.note)})" if cell.note else text


def _details(title: str, inner: list[str]) -> list[str]:
    return [f"<details><summary>{_plain(title)}</summary>", "", *inner, "", "</details>"]


def _fence(text: str, language: str) -> list[str]:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", text, fence]


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    text = re.sub(r"\s*\n\s*", " ", text)
    return re.sub(r"([\\`*_\[\]<>])", r"\\\1", text)


def _inline(text: str) -> str:
    """The same within a table."""
    return _plain(text).replace("|", r"\|")
