"""What Prometheus says that brokers and workers used: its word, beside what streambench measured."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.analysis.variants import Standing
from streambench.model.numbers import DASH, mib, number
from streambench.model.observed import ByMonitoring, ObservedUsage
from streambench.report.document import Block, Cell, Fold, Grid, GridColumn, GridRow, Text, Tone
from streambench.report.sections.latency import name_in_plots

_SAID = (
    "Said by Prometheus, not measured by streambench. It is of the measured part of each variant's first "
    "trial, between the first and the last sample in it."
)
_WHO = (
    "Each line is a process or a container that is known by the names of its metrics. Others that are "
    "watched there, too, may work for somebody else."
)
_NOBODY = "It watches no broker, worker or coordinator by a name that is known."


def monitored_blocks(stands: Sequence[Standing]) -> tuple[Block, ...]:
    """A table of all that is told, or why nothing is; none where Prometheus was not asked."""
    told = [
        (stand, monitored)
        for stand in stands
        if stand.completed and (monitored := stand.completed[0].record.monitored) is not None
    ]
    if not told:
        return ()
    return (Fold("Brokers and workers by Prometheus", (Text(f"{_SAID} {_WHO}"), _grid(told))),)


def _grid(told: Sequence[tuple[Standing, ByMonitoring]]) -> Grid:
    columns = (
        GridColumn("engine"),
        GridColumn("role"),
        GridColumn("process", code=True),
        GridColumn("seen for, s", numeric=True),
        GridColumn("CPU, s", numeric=True),
        GridColumn("cores, mean", numeric=True),
        GridColumn("memory mean, MiB", numeric=True),
        GridColumn("memory peak, MiB", numeric=True),
        GridColumn("received, MiB", numeric=True),
        GridColumn("sent, MiB", numeric=True),
    )
    rows = tuple(row for stand, monitored in told for row in _rows(stand, monitored))
    return Grid(columns, rows)


def _rows(stand: Standing, monitored: ByMonitoring) -> tuple[GridRow, ...]:
    who = Cell(name_in_plots(stand))
    if monitored.why is not None:
        return (GridRow((who,), aside=f"Not known: {monitored.why}.", quiet=True),)
    if not monitored.usage:
        return (GridRow((who,), aside=_NOBODY, quiet=True),)
    return tuple(_row(who, each) for each in monitored.usage)


def _row(who: Cell, each: ObservedUsage) -> GridRow:
    return GridRow(
        (
            who,
            Cell(each.role or "not known"),
            Cell(each.target, _scraped(each)),
            Cell(number(each.seen_s, 1)),
            _known(each.cpu_s, 2),
            _known(each.cores_mean, 3),
            _bytes(each.memory_mean_bytes, each.memory_is),
            _bytes(each.memory_peak_bytes),
            _bytes(each.received_bytes),
            _bytes(each.sent_bytes),
        )
    )


def _scraped(each: ObservedUsage) -> str | None:
    return f"scraped {each.scraped} times, one is taken" if each.scraped > 1 else None


def _known(value: float | None, digits: int) -> Cell:
    return Cell(DASH, "not told", Tone.QUIET) if value is None else Cell(number(value, digits))


def _bytes(value: float | None, note: str | None = None) -> Cell:
    return Cell(DASH, "not told", Tone.QUIET) if value is None else Cell(mib(value), note)
