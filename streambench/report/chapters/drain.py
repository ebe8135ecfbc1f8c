"""The chapter of drains: one line an engine on a terminal, within 80 columns."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from streambench.analysis.drains import rank_drains
from streambench.analysis.variants import title_of
from streambench.model.numbers import DASH, number
from streambench.report.chapters.chapter import Chapter
from streambench.report.document import Section
from streambench.report.fitting import FittingTable
from streambench.report.sections.drain import drain_cells, drain_clause, drain_sections


@dataclass(frozen=True)
class DrainChapter(Chapter):
    """How fast each engine works off what is there at once."""

    records: int

    def answer(self) -> str:
        """How fast each engine is when warm."""
        return f"{drain_clause(self.bundle)}."

    def sections(self) -> tuple[Section | None, ...]:
        """Table and picture."""
        return drain_sections(self.bundle)

    def summary(self) -> list[RenderableType]:
        """Rates cold and warm."""
        table = FittingTable(named=1, gap=2)
        table.add_column("#", justify="right", no_wrap=True)
        table.add_column("engine", overflow="fold", max_width=18)
        for heading in (
            "first\nwindow s",
            "cold\nevents/s",
            "warm\nevents/s",
            "peak\nevents/s",
            "CPU-s\nper M",
        ):
            table.add_column(heading, justify="right", no_wrap=True)
        for one in rank_drains(self.bundle).variants:
            title = Text(title_of(self.bundle, one.label))
            table.add_row(one.place.text or DASH, title, *drain_cells(one))
        return [table]

    def load(self) -> str:
        """All of it at the beginning."""
        return f"{number(self.records)} records, there at once"

    def measured(self) -> str | None:
        """As long as an engine takes."""
        return None

    def trials_wanted(self) -> int | None:
        """Drains are no trials."""
        return None
