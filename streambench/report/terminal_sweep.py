"""A sweep on a terminal: one line a point and engine, within 80 columns."""

from __future__ import annotations

from rich import box
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from streambench.model.pace import Pace
from streambench.model.sweep import value_words
from streambench.report.numbers import DASH
from streambench.report.sections.verdict import MARKS
from streambench.report.standing import delay_stem
from streambench.report.swept import swept
from streambench.results.bundle import Bundle

_PACES = {Pace.KEPT_UP: "green", Pace.FELL_BEHIND: "red", Pace.UNDECIDED: "yellow"}


def sweep_table(bundle: Bundle) -> Table:
    """Points in the grid's order, a rule between them."""
    stem = delay_stem(bundle)
    delay = "visible" if stem == "visible" else "delay"
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for axis in bundle.run.axes:
        table.add_column(axis.name.value, justify="right", no_wrap=True)
    table.add_column("engine", overflow="fold", max_width=16)
    table.add_column("result", overflow="fold", max_width=12)
    table.add_column("pace", no_wrap=True)
    for heading in (f"{delay}\np50 ms", f"{delay}\np99 ms", "CPU-s\nper M"):
        table.add_column(heading, justify="right", no_wrap=True)
    before = None
    for one in swept(bundle):
        if before not in (None, one.point):
            table.add_section()
        values = [value_words(name, value) for name, value in one.point]
        shown = values if one.point != before else [""] * len(values)
        before = one.point
        stand = one.standing
        mark, _ = MARKS[stand.status]
        pace = Text(DASH) if one.pace is None else Text(one.pace.words, style=_PACES[one.pace.pace])
        metrics = (f"{stem}_p50_ms", f"{stem}_p99_ms", "engine_cpu_s_per_million")
        figures = (stand.shown(name).labelled for name in metrics)
        table.add_row(*shown, escape(stand.title), Text(f"{mark} {stand.words}"), pace, *figures)
    return table
