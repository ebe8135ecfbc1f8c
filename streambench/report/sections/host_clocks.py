"""How far the clocks of hosts and brokers were from each other, where a run was timed by several."""

from __future__ import annotations

from streambench.analysis.host_clocks import compared_clocks
from streambench.model.numbers import number
from streambench.report.document import Block, Cell, Fold, Grid, GridColumn, GridRow, Text
from streambench.results.bundle import Bundle


def clock_blocks(bundle: Bundle) -> tuple[Block, ...]:
    """A line for each host beside each broker; nothing where all had one clock."""
    compared = compared_clocks(bundle)
    if not compared:
        return ()
    columns = (
        GridColumn("clock of"),
        GridColumn("on host"),
        GridColumn("beside"),
        GridColumn("from, ms", numeric=True),
        GridColumn("to, ms", numeric=True),
        GridColumn("loads", numeric=True),
    )
    rows = tuple(
        GridRow(
            (
                Cell(each.bound.who),
                Cell(each.bound.host),
                Cell("the broker" if each.bound.broker is None else f"broker {each.bound.broker}"),
                Cell(f"{each.bound.low_ms:+,.3f}"),
                Cell(f"{each.bound.high_ms:+,.3f}"),
                Cell(number(each.loads)),
            )
        )
        for each in compared
    )
    said = Text(
        "A clock minus the broker's, by records that the broker stamps when it appends them. It lay between "
        "these bounds before and after each load, or when it was compared at all. Nothing is subtracted."
    )
    return (Fold("The clocks beside the brokers'", (said, Grid(columns, rows))),)
