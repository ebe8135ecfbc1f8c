"""Write a comparison: a page, a comment for a pull request, and its gates as JUnit XML."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from streambench.analysis.compare.comparison import SideBySide
from streambench.analysis.compare.gates import GateResult
from streambench.model.errors import EnvironmentLacks
from streambench.report import html, markdown
from streambench.report.comparison.document import compose_comparison, gates_section
from streambench.report.comparison.junit import to_junit
from streambench.report.document import Document, Fold, Plot, Section
from streambench.results.files import write_text

# What a comment may hold at most on the largest host of pull requests.
COMMENT_CHARACTERS = 65_536


def write_comparison(
    folder: Path, comparison: SideBySide, gates: Sequence[GateResult]
) -> tuple[Path, ...]:
    """Write `compare.html`, `compare.md` and, with gates, `compare.xml`; the files written."""
    document = _with_gates(compose_comparison(comparison), gates)
    texts = {
        "compare.html": html.render_document(document),
        "compare.md": comment(document),
    }
    if gates:
        texts["compare.xml"] = to_junit(gates)
    for name, text in texts.items():
        written(folder / name, text)
    return tuple(folder / name for name in texts)


def written(path: Path, text: str) -> None:
    """Write a text. Raises EnvironmentLacks where that cannot be done."""
    try:
        write_text(path, text)
    except OSError as error:
        raise EnvironmentLacks(
            f"{path} cannot be written: {error.strerror}",
            hint="name another folder: --out FOLDER",
        ) from error


def comment(document: Document) -> str:
    """The document without its pictures, which a comment cannot hold."""
    sections = tuple(
        Section(
            section.anchor,
            section.title,
            tuple(block for block in section.blocks if not isinstance(block, Plot)),
        )
        for section in document.sections
    )
    text = markdown.render_document(dataclasses.replace(document, sections=sections))
    if len(text) <= COMMENT_CHARACTERS:
        return text
    brief = tuple(
        Section(
            section.anchor,
            section.title,
            tuple(block for block in section.blocks if not isinstance(block, Fold)),
        )
        for section in sections
    )
    text = markdown.render_document(dataclasses.replace(document, sections=brief))
    cut = "\n\nThe rest is in compare.html.\n"
    return text if len(text) <= COMMENT_CHARACTERS else text[: COMMENT_CHARACTERS - len(cut)] + cut


def _with_gates(document: Document, gates: Sequence[GateResult]) -> Document:
    if not gates:
        return document
    return dataclasses.replace(document, sections=(gates_section(gates), *document.sections))
