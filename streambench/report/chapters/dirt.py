"""The chapter of a run with dirt: what one bad record of each kind did to each engine."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from streambench.analysis.dirt import dirt_matrix, exact_words, short_words
from streambench.analysis.variants import title_of
from streambench.model.dirt import PassedOver
from streambench.report.chapters.chapter import Chapter
from streambench.report.document import Section
from streambench.report.fitting import FittingTable
from streambench.report.sections.dirt import dirt_clause, dirt_sections, look_of
from streambench.report.sections.verdict import verdict_section


@dataclass(frozen=True)
class DirtChapter(Chapter):
    """What dirt did; who is quick is no question here."""

    def answer(self) -> str:
        """Whom it stopped."""
        return f"{dirt_clause(self.bundle)}."

    def sections(self) -> tuple[Section | None, ...]:
        """The matrix first; then the verdict on all rows, beside the load without dirt."""
        return (*dirt_sections(self.bundle), verdict_section(self.bundle))

    def summary(self) -> list[RenderableType]:
        """One line a kind and engine."""
        matrix = dirt_matrix(self.bundle)
        table = FittingTable(named=2, carried=1)
        table.add_column("kind", no_wrap=True)
        table.add_column("engine", overflow="fold", ratio=2)
        table.add_column("", no_wrap=True)
        table.add_column("what it did", overflow="fold", ratio=4)
        for kind in matrix.kinds:
            for position, label in enumerate(matrix.labels):
                effect = matrix.cells.get((label, kind))
                words = short_words(effect)
                if effect is not None and not isinstance(effect.outcome, PassedOver):
                    words = exact_words(effect)  # what a log said stands in the report
                table.add_row(
                    Text(kind.value if position == 0 else ""),
                    Text(title_of(self.bundle, label)),
                    Text(look_of(effect).sign),
                    Text(words),
                )
            table.add_section()
        return [table]

    def trials_wanted(self) -> int | None:
        """A job that was stopped for good is followed by another one: not known beforehand."""
        return None
