"""What the machine did while each trial was measured, and who else used it."""

from __future__ import annotations

from streambench.analysis.eligible import trials_at_another_speed
from streambench.analysis.variants import title_of
from streambench.model.machine import STRICT, MachineUsage
from streambench.model.numbers import DASH, number
from streambench.report.document import Block, Cell, Grid, GridColumn, GridRow, Text
from streambench.results.bundle import Bundle
from streambench.results.speed import GAUGE


def machine_blocks(bundle: Bundle) -> tuple[Block, ...]:
    """A row for each trial; nothing where the trials do not know (older bundles)."""
    known = [record.machine for trial in bundle.trials if (record := trial.record).machine]
    quota = any(machine.throttled_share is not None for machine in known)
    columns = (
        GridColumn("trial"),
        GridColumn("idle, %", numeric=True),
        GridColumn("something else, %", numeric=True),
        GridColumn("kernel, %", numeric=True),
        GridColumn("taken by the host, %", numeric=True),
        GridColumn("some thread waited for a core, % of the time", numeric=True),
        GridColumn("all waited for memory, % of the time", numeric=True),
        GridColumn("all waited for a disk, % of the time", numeric=True),
        *((GridColumn("a quota was used up, % of its periods", numeric=True),) * quota),
        GridColumn("player per request, µs", GAUGE, numeric=True),
    )
    rows = tuple(
        GridRow(
            (
                Cell(f"{record.number} {title_of(bundle, record.variant.label)}"),
                *_cells(machine, quota),
                Cell(
                    DASH if (gauge_us := record.measures.get(GAUGE)) is None else number(gauge_us)
                ),
            )
        )
        for record in (trial.record for trial in bundle.trials)
        if (machine := record.machine) is not None
    )
    if not rows:
        return ()
    said = (
        "What the whole machine did in each measured part. Something else is what neither engine, broker nor "
        f"streambench used. A trial is marked above {STRICT.foreign_marked_share:.0%} and invalid above "
        f"{STRICT.foreign_invalid_share:.0%}. The player's time per request is the same work in every trial of a "
        "load, done again without the engine: a trial where it differs by more than 15 % is marked."
    )
    odd = trials_at_another_speed(bundle)
    marks = tuple(Text(f"Trial {trial}: {why}.") for trial, why in sorted(odd.items()))
    return (Text(said), Grid(columns, rows), *marks)


def _cells(machine: MachineUsage, quota: bool) -> tuple[Cell, ...]:
    names = ", ".join(f"{each.name} {_percent(each.share)}" for each in machine.strangers)
    return (
        Cell(_percent(machine.idle_share)),
        Cell(_percent(machine.foreign_share), names or None),
        *(
            Cell(_percent(share))
            for share in (
                machine.kernel_share,
                machine.steal_share,
                machine.cpu_some_share,
                machine.memory_full_share,
                machine.io_full_share,
                *((machine.throttled_share,) * quota),
            )
        ),
    )


def _percent(share: float | None) -> str:
    return DASH if share is None else number(100 * share, 1)
