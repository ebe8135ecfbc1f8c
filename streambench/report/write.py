"""Render a bundle into its own folder."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from streambench.report import html, markdown
from streambench.report.compose import compose
from streambench.report.document import Document, plots_of
from streambench.report.lone_trials import compose_lone
from streambench.report.plots.drawing import to_png
from streambench.results.bundle import Bundle, LoneTrials, read, requiring
from streambench.results.files import write_bytes, write_text


def document_of(found: Bundle | LoneTrials) -> Document:
    """The report of a bundle, or of the trials that are left of one."""
    match found:
        case Bundle():
            return compose(found)
        case LoneTrials():
            return compose_lone(found)
        case _:
            assert_never(found)


def write(folder: Path, requirements: tuple[str, ...] = ()) -> tuple[Path, ...]:
    """Write `report.html`, `report.md` and `plots/*.png` into a bundle's folder; the files written.

    `requirements` stand in place of those that the run was made with.

    Raises UsageError when there is no bundle that this version can read.
    """
    document = document_of(requiring(read(folder), requirements))
    written = []
    for figure in plots_of(document):
        path = folder / markdown.PLOTS / f"{figure.name}.png"
        write_bytes(path, to_png(figure.draw))
        written.append(path)
    for name, text in (
        ("report.md", markdown.render_document(document)),
        ("report.html", html.render_document(document)),
    ):
        write_text(folder / name, text)
        written.append(folder / name)
    return tuple(reversed(written))
