"""The time lines of a run for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from streambench.analysis.timing import Timing, VariantTiming
from streambench.model.numbers import DASH
from streambench.report.fitting import FittingTable


def render_timings(timings: Sequence[Timing]) -> RenderableType:
    """A table for each kind: a line for each phase, a column for each variant, in s, medians."""
    parts: list[RenderableType] = []
    for timing in timings:
        whole = f"The phases of all {timing.of} took {timing.all_s / 60:.1f} min together."
        parts += [_table(timing), Text(""), Text(whole), Text("")]
    return Group(*parts[:-1])


def _table(timing: Timing) -> FittingTable:
    table = FittingTable(gap=2)
    table.add_column(f"{timing.of}: phase, s", no_wrap=True)
    for variant in timing.variants:
        table.add_column(Text(variant.label), justify="right", overflow="fold")
    for phase in timing.phases:
        table.add_row(phase, *(_seconds(variant, phase) for variant in timing.variants))
    table.add_section()
    table.add_row("all of one", *(f"{v.total_s:.1f}" for v in timing.variants))
    table.add_row(timing.of, *(str(v.count) for v in timing.variants))
    return table


def _seconds(variant: VariantTiming, phase: str) -> str:
    took_s = variant.phases_s.get(phase)
    return DASH if took_s is None else f"{took_s:.1f}"
