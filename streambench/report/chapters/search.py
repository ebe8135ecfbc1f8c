"""The chapter of a search: one line an engine on a terminal, within 80 columns."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from streambench.analysis.eligible import delay_stem
from streambench.analysis.searches import found_rates
from streambench.model.numbers import DASH, number, optional
from streambench.model.search import SearchTerms
from streambench.report.chapters.chapter import Chapter, below
from streambench.report.document import Section
from streambench.report.fitting import FittingTable
from streambench.report.sections.search import search_clause, search_sections, unranked_rates
from streambench.report.words.figures import labelled
from streambench.report.words.trends import trend_lines


@dataclass(frozen=True)
class SearchChapter(Chapter):
    """What each engine bears, and what it costs there."""

    terms: SearchTerms
    loads_by = "rate"

    def answer(self) -> str:
        """What each engine bears."""
        return f"{search_clause(self.bundle, self.terms)}."

    def sections(self) -> tuple[Section | None, ...]:
        """What was found and how."""
        return search_sections(self.bundle, self.terms)

    def summary(self) -> list[RenderableType]:
        """Rates with what they cost, then who is not ranked and why."""
        variants = found_rates(self.bundle).variants
        notes = [*unranked_rates(variants), *trend_lines(self.bundle)]
        return [self._table(), *below(notes)]

    def load(self) -> str:
        """No one rate."""
        return "varied"

    def measured(self) -> str | None:
        """Probes have no one length."""
        return None

    def trials(self) -> str | None:
        """How many there are is not known beforehand."""
        return None

    def trials_wanted(self) -> int | None:
        """The same."""
        return None

    def _table(self) -> FittingTable:
        stem = delay_stem(self.bundle)
        limit = self.terms.limit
        table = FittingTable(named=1, gap=2)
        table.add_column("#", justify="right", no_wrap=True)
        table.add_column("engine", overflow="fold", max_width=18)
        headings = ["lag-bounded\nevents/s"]
        if limit is not None:
            headings.append(f"{limit.quantile.value} ≤\n{limit.most_ms:,.10g} ms")
        for heading in (*headings, "at once\nevents/s", "p50\nms", "p99\nms", "CPU-s\nper M"):
            table.add_column(heading, justify="right", no_wrap=True)
        for one in found_rates(self.bundle).variants:
            record = one.record
            drain = None if record is None else record.drain_per_s
            figures = [DASH] * 3
            if one.confirmed is not None:
                names = (f"{stem}_p50_ms", f"{stem}_p99_ms", "engine_cpu_s_per_million")
                figures = [labelled(one.confirmed.summary(name)) for name in names]
            rates = [optional(one.rate_per_s)]
            if limit is not None:
                rates.append(DASH if record is None else optional(record.within_limit_per_s))
            shown_drain = DASH if drain is None else number(round(drain, -3))
            table.add_row(one.place or DASH, Text(one.title), *rates, shown_drain, *figures)
        return table
