"""The time line of a run for the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from streambench.analysis.timing import Timing, VariantTiming
from streambench.model.numbers import DASH


def render_timing(timing: Timing) -> RenderableType:
    """A line for each phase, a column for each variant: seconds, medians over its trials."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("phase, s", no_wrap=True)
    for variant in timing.variants:
        table.add_column(escape(variant.label), justify="right", overflow="fold")
    for phase in timing.phases:
        table.add_row(phase, *(_seconds(variant, phase) for variant in timing.variants))
    table.add_section()
    table.add_row("all of a trial", *(f"{v.total_s:.1f}" for v in timing.variants))
    table.add_row("trials", *(str(v.trials) for v in timing.variants))
    whole = f"The phases of all trials took {timing.trials_s / 60:.1f} min together."
    return Group(table, Text(""), Text(whole))


def _seconds(variant: VariantTiming, phase: str) -> str:
    took_s = variant.phases_s.get(phase)
    return DASH if took_s is None else f"{took_s:.1f}"
