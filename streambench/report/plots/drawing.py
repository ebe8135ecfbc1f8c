"""Matplotlib figures as inline SVG and as PNG."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from streambench.report.plots.style import CSS_VARIABLES, INK, LINE, MUTED, PAPER

WIDE_IN, NARROW_IN = 10.0, 3.7
_PNG_DPI = 160

_STYLE = {
    "font.size": 9.5,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
    "hatch.linewidth": 0.7,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "streambench",  # the same bundle gives the same bytes
}


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib's settings for everything that is drawn or saved within."""
    with matplotlib.rc_context(_STYLE):
        yield


def new_figure(narrow: bool, height_in: float) -> Figure:
    """An empty figure of the page's width, or of a phone's."""
    width_in = NARROW_IN if narrow else WIDE_IN
    return Figure(figsize=(width_in, height_in), layout="constrained")


def plain_numbers(axis: Any) -> None:
    """Tick labels as 1,000 rather than 10³."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def log_if_wide(axes: Any, axis: str, values: list[float]) -> bool:
    """Make an axis logarithmic where its positive values span more than a factor of 20."""
    positive = [value for value in values if value > 0]
    if not positive or len(positive) < len(values) or max(positive) / min(positive) < 20:
        return False
    getattr(axes, f"set_{axis}scale")("log")
    target = getattr(axes, f"{axis}axis")
    plain_numbers(target)
    # One or two labels tell nothing of what lies between them.
    few = max(positive) / min(positive) < 200
    target.set_minor_formatter(FuncFormatter(lambda value, _: _two_or_five(value) if few else ""))
    axes.grid(which="minor", axis=axis, alpha=0.35)
    return True


def _two_or_five(value: float) -> str:
    """A label for 2, 5, 20, 50, …; none for other values."""
    digit = value / 10 ** math.floor(math.log10(value)) if value > 0 else 0.0
    return f"{value:,.10g}" if round(digit, 6) in (2.0, 5.0) else ""


def to_png(draw: Callable[[bool], Any]) -> bytes:
    """The wide form as PNG, on white."""
    buffer = io.BytesIO()
    with styled():
        draw(False).savefig(buffer, format="png", dpi=_PNG_DPI, metadata={"Software": None})
    return buffer.getvalue()


def to_svg(draw: Callable[[bool], Any], *, narrow: bool, prefix: str, title: str) -> str:
    """One form as an `<svg>` element to be put into a page.

    Ids get `prefix`, colours become CSS variables, and everything that is not drawing is left out.
    """
    buffer = io.StringIO()
    with styled():
        metadata = {"Date": None, "Creator": None, "Format": None, "Type": None}
        draw(narrow).savefig(buffer, format="svg", transparent=True, metadata=metadata)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    for noise in (
        r"<metadata>.*?</metadata>",
        r"<style.*?</style>",
        r"<!--.*?-->",
        r"<defs>\s*</defs>",
    ):
        svg = re.sub(noise, "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    box = re.search(r'viewBox="[^"]+"', svg)
    opening = f'<svg {box[0] if box else ""} role="img" aria-label="{_attribute(title)}">'
    svg = re.sub(r"<svg[^>]*>", lambda _: opening, svg, count=1)
    svg = re.sub(r"#[0-9a-f]{6}", lambda m: CSS_VARIABLES.get(m[0], m[0]), svg)
    # A variable is sure to work in a style only, not in an attribute.
    svg = re.sub(r'\b(fill|stroke)="(var\([^"]+\))"', r'style="\1: \2"', svg)
    return re.sub(r"\s*\n\s*", "\n", svg).strip()


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
