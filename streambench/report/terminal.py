"""The summary that is printed when a run ends: it fits 80 columns, and its words need no colour."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from streambench.analysis.requirements import Fit, requirements_of
from streambench.report.chapters.choose import chapter_of
from streambench.report.compose import banners
from streambench.report.fitting import FittingTable
from streambench.report.sections.fits import MARKS, fit_words, fits_words
from streambench.results.bundle import Bundle

_FITS = {Fit.MET: "green", Fit.NOT_MET: "red", Fit.NOT_KNOWN: "yellow"}


def render(bundle: Bundle) -> RenderableType:
    """Answer and banners, then what the run's kind of experiment has to show."""
    chapter = chapter_of(bundle)
    said = (Text(banner, style="yellow") for banner in banners(bundle))
    return Group(
        *_fits(bundle),
        Text(chapter.answer(), style="bold"),
        Text(""),
        *said,
        *chapter.summary(),
    )


def _fits(bundle: Bundle) -> list[RenderableType]:
    """What a user required, line by line; nothing where that was nothing."""
    if not bundle.run.requirements:
        return []
    found = requirements_of(bundle, bundle.run.requirements)
    table = FittingTable(named=1, carried=1)
    table.add_column("required", no_wrap=True)
    table.add_column("engine", overflow="fold", ratio=2)
    table.add_column("", no_wrap=True)
    table.add_column("why", overflow="fold", ratio=4)
    for at, asked in enumerate(found.conditions):
        for position, each in enumerate(found.variants):
            one = each.fitted[at]
            mark = Text(f"{MARKS[one.fit]} {one.fit.value}", style=_FITS[one.fit])
            text = Text(asked.text if position == 0 else "")
            table.add_row(text, Text(each.title), mark, Text(fit_words(one)))
        table.add_section()
    return [Text(fits_words(found), style="bold"), Text(""), table, Text("")]
