"""Plots that are made and not drawn: a test that looks at a report's words need not wait for its pictures.

Drawing is most of what a report takes. A test marked `drawn` gets the pictures; any other has of each the
element with its title and with every text that is in it, which is all that a search of the page can find.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from typing import Any

import pytest
from matplotlib.text import Text

from streambench.report.plots import drawing

_ONE_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII="
)
_drawn_svg, _drawn_png = drawing.to_svg, drawing.to_png
_wanted = True


def _to_png(draw: Callable[[bool], Any]) -> bytes:
    if _wanted:
        return _drawn_png(draw)
    with drawing.styled():
        draw(False)
    return _ONE_PIXEL


def _to_svg(draw: Callable[[bool], Any], *, narrow: bool, prefix: str, title: str) -> str:
    if _wanted:
        return _drawn_svg(draw, narrow=narrow, prefix=prefix, title=title)
    with drawing.styled():
        figure = draw(narrow)
        for axes in figure.axes:  # labels of ticks are made when they are asked for
            axes.get_xticklabels()
            axes.get_yticklabels()
        words = dict.fromkeys(text.get_text() for text in figure.findobj(Text))
    texts = "".join(f"<text>{escape(word)}</text>" for word in words if word)
    return f'<svg viewBox="0 0 1 1" role="img" aria-label="{escape(title)}">{texts}</svg>'


def install() -> None:
    """Let every report of this process ask here; before any module takes the functions by their names."""
    drawing.to_svg, drawing.to_png = _to_svg, _to_png


def choose(item: pytest.Item) -> None:
    """Draw in this test, and for what it is given, if it is marked so."""
    global _wanted
    _wanted = item.get_closest_marker("drawn") is not None
