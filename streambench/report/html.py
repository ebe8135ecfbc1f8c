"""A report as one HTML file that needs nothing else: no network, no script."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from streambench.report.compose import compose
from streambench.report.document import Document, Plot, metric_anchor
from streambench.report.plots.drawing import to_svg
from streambench.results.bundle import Bundle

_TEMPLATES = Path(__file__).parent / "templates"


def render(bundle: Bundle) -> str:
    """The text of `report.html`."""
    return render_document(compose(bundle))


def render_document(document: Document) -> str:
    """A composed report as HTML."""
    style = Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8"))  # our own file
    return _environment().get_template("report.html.j2").render(document=document, style=style)


@cache
def _environment() -> Environment:
    """Templates are compiled once a process."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda block: type(block).__name__
    environment.filters["metric_anchor"] = metric_anchor
    environment.filters["svg"] = _svg
    environment.filters["unbroken"] = _unbroken
    return environment


def _unbroken(text: str) -> str:
    """Numbers that keep their unit on their own line."""
    return re.sub(r"(?<=\d) (?=(?:ms|s|%|MiB|min)\b|%)", "\u00a0", text)


def _svg(figure: Plot, narrow: bool) -> Markup:
    prefix = f"{figure.name}-{'n' if narrow else 'w'}"
    # Matplotlib escapes the texts that it draws, and to_svg the title.
    return Markup(to_svg(figure.draw, narrow=narrow, prefix=prefix, title=figure.alternative))
