"""The chapter of a sweep: one line a point and engine on a terminal, within 80 columns."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import RenderableType
from rich.text import Text

from streambench.analysis.eligible import delay_stem
from streambench.analysis.sweeps import swept
from streambench.model.numbers import DASH, number, seconds
from streambench.model.pace import Pace
from streambench.model.sweep import Axis, AxisName, grid, value_words
from streambench.report.chapters.chapter import Chapter, below
from streambench.report.document import Section
from streambench.report.fitting import FittingTable
from streambench.report.sections.sweep import sweep_sections
from streambench.report.sections.verdict import MARKS
from streambench.report.words.figures import labelled
from streambench.report.words.sweeps import sweep_clause
from streambench.report.words.trends import trend_lines

_PACES = {Pace.KEPT_UP: "green", Pace.FELL_BEHIND: "red", Pace.UNDECIDED: "yellow"}


@dataclass(frozen=True)
class SweepChapter(Chapter):
    """Every point of a grid, and what changes along it."""

    axes: tuple[Axis, ...]
    loads_by = "point"

    def answer(self) -> str:
        """Up to which rate each engine kept up; else how its cost went along the first axis."""
        return f"{sweep_clause(self.bundle)}."

    def sections(self) -> tuple[Section | None, ...]:
        """Curves, then every point."""
        return sweep_sections(self.bundle)

    def summary(self) -> list[RenderableType]:
        """Points in the grid's order, and the trends that remained."""
        return [self._table(), *below(trend_lines(self.bundle))]

    def load(self) -> str:
        """Varied, where the rate is."""
        varied = any(axis.name is AxisName.RATE for axis in self.axes)
        return "varied" if varied else super().load()

    def varied(self) -> str | None:
        """Each axis with its values."""
        return "; ".join(
            f"{axis.name.value} {', '.join(value_words(axis.name, value) for value in axis.values)}"
            for axis in self.axes
        )

    def measured(self) -> str | None:
        """How long each load was measured, and whether rates are loads of one job."""
        run = self.bundle.run
        if not run.one_job:
            return super().measured()
        at_once = ""
        if run.warming_records:
            at_once = (
                f", after {number(run.warming_records)} records at once, again until they were not "
                "worked off faster"
            )
        return (
            f"{seconds(run.measured_s)} at each rate, after {seconds(run.warm_up_s)} of it; rates are "
            f"loads of one job, from the lowest on{at_once}"
        )

    def trials(self) -> str | None:
        """How often each point was tried."""
        return f"{super().trials()} and point"

    def trials_wanted(self) -> int | None:
        """All trials of all points."""
        return (super().trials_wanted() or 0) * len(grid(self.axes))

    def _table(self) -> FittingTable:
        stem = delay_stem(self.bundle)
        delay = "visible" if stem == "visible" else "delay"
        axes = len(self.axes)
        table = FittingTable(named=axes, carried=axes)
        for axis in self.axes:
            table.add_column(axis.name.value, justify="right", no_wrap=True)
        table.add_column("engine", overflow="fold", max_width=16)
        table.add_column("result", overflow="fold", max_width=12)
        table.add_column("pace", no_wrap=True)
        for heading in (f"{delay}\np50 ms", f"{delay}\np99 ms", "CPU-s\nper M"):
            table.add_column(heading, justify="right", no_wrap=True)
        before = None
        for one in swept(self.bundle):
            if before not in (None, one.point):
                table.add_section()
            values = [value_words(name, value) for name, value in one.point]
            shown = values if one.point != before else [""] * len(values)
            before = one.point
            stand = one.standing
            mark, _ = MARKS[stand.status]
            pace = Text(DASH)
            if one.pace is not None:
                pace = Text(one.pace.words, style=_PACES[one.pace.pace])
            metrics = (f"{stem}_p50_ms", f"{stem}_p99_ms", "engine_cpu_s_per_million")
            figures = (labelled(stand.summary(name)) for name in metrics)
            title, result = Text(stand.title), Text(f"{mark} {stand.words}")
            table.add_row(*shown, title, result, pace, *figures)
        return table
