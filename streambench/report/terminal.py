"""The summary that is printed when a run ends: it fits 80 columns, and its words need no colour."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from streambench.report.chapters.choose import chapter_of
from streambench.report.compose import banners
from streambench.results.bundle import Bundle


def render(bundle: Bundle) -> RenderableType:
    """Answer and banners, then what the run's kind of experiment has to show."""
    chapter = chapter_of(bundle)
    said = (Text(banner, style="yellow") for banner in banners(bundle))
    return Group(Text(chapter.answer(), style="bold"), Text(""), *said, *chapter.summary())
