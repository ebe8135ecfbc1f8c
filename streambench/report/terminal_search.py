"""A search on a terminal: one line an engine, within 80 columns."""

from __future__ import annotations

from rich import box
from rich.markup import escape
from rich.table import Table

from streambench.report.found import found_rates
from streambench.report.numbers import DASH, number, optional
from streambench.report.standing import delay_stem
from streambench.results.bundle import Bundle


def search_table(bundle: Bundle) -> Table:
    """What each engine bears, and what it costs there."""
    stem = delay_stem(bundle)
    limit = None if bundle.run.search is None else bundle.run.search.limit
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("engine", overflow="fold", max_width=18)
    headings = ["lag-bounded\nevents/s"]
    if limit is not None:
        headings.append(f"{limit.quantile.value} ≤\n{limit.most_ms:,.10g} ms")
    for heading in (*headings, "at once\nevents/s", "p50\nms", "p99\nms", "CPU-s\nper M"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in found_rates(bundle):
        record = one.record
        drain = None if record is None else record.drain_per_s
        figures = [DASH] * 3
        if one.confirmed is not None:
            names = (f"{stem}_p50_ms", f"{stem}_p99_ms", "engine_cpu_s_per_million")
            figures = [one.confirmed.shown(name).labelled for name in names]
        rates = [optional(one.rate_per_s)]
        if limit is not None:
            rates.append(DASH if record is None else optional(record.within_limit_per_s))
        shown_drain = DASH if drain is None else number(round(drain, -3))
        table.add_row(one.place or DASH, escape(one.title), *rates, shown_drain, *figures)
    return table
