"""Render a bundle into its own folder."""

from __future__ import annotations

from pathlib import Path

from streambench.report import html, markdown
from streambench.report.compose import compose
from streambench.report.document import plots_of
from streambench.report.plots.drawing import to_png
from streambench.results.bundle import read_bundle
from streambench.results.files import write_bytes, write_text


def write(folder: Path) -> tuple[Path, ...]:
    """Write `report.html`, `report.md` and `plots/*.png` into a bundle's folder; the files written.

    Raises UsageError when there is no bundle that this version can read.
    """
    document = compose(read_bundle(folder))
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
