"""Cost: what each role used in the measured part."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from streambench.analysis.metrics import cores_by_role
from streambench.analysis.variants import Standing, standings
from streambench.model.metrics import BY_NAME
from streambench.model.numbers import listing, mib, number
from streambench.model.plan import Role
from streambench.report.document import Block, Cell, Grid, GridColumn, GridRow, Plot, Section, Text
from streambench.report.plots.cost import CostRow, draw_cost
from streambench.report.plots.style import ROLE_STYLES
from streambench.report.sections.latency import name_in_plots
from streambench.report.sections.monitored import monitored_blocks
from streambench.report.words.figures import figure_cell
from streambench.results.bundle import Bundle

_METRICS = (
    "engine_cpu_s_per_million",
    "broker_cpu_s_per_million",
    "broker_alone_cpu_s_per_million",
    "engine_and_broker_cpu_s_per_million",
    "engine_memory_mean_bytes",
    "engine_memory_peak_bytes",
    "broker_bytes_per_event",
    "checkpoint_bytes_per_event",
    "engine_idle_cores",
    "gc_pause_ms",
)
_ELSEWHERE = (
    "What runs on a cluster elsewhere is not seen by streambench, and the part that runs here alone would "
    "look cheap."
)
TOOL_ROLES = (Role.PLAYER.value, Role.READER.value, Role.TOOL.value)


def cost_section(bundle: Bundle) -> Section:
    """Cores by role, then cost per event and memory."""
    stands = [stand for stand in standings(bundle) if stand.completed]
    if not stands:
        return Section("cost", "Cost", (Text("No trial was completed."),))
    blocks: list[Block] = [_metric_grid(stands)]
    seen = [stand for stand in stands if all(record.engine_seen for record in stand.records)]
    rows = [CostRow(name_in_plots(stand), cores) for stand in seen if (cores := _cores(stand))]
    if rows:
        blocks.append(
            Plot(
                "cost",
                "Cores by role",
                "Mean cores used by each engine, by role",
                "Shorter is cheaper. The broker is not the engine, but works for it: what an engine "
                "writes to its own topics shows there. Children's time is included.",
                partial(_draw, rows),
                usage_grid(seen, tool=False),
            )
        )
    if away := [name_in_plots(stand) for stand in stands if stand not in seen]:
        blocks.append(Text(f"No cores are shown of {listing(away)}. {_ELSEWHERE}"))
    blocks += monitored_blocks(stands)
    return Section("cost", "Cost", tuple(blocks))


def usage_grid(stands: Sequence[Standing], *, tool: bool) -> Grid:
    """Every role of each variant's first completed trial: engine and broker, or streambench itself."""
    columns = (
        GridColumn("engine"),
        GridColumn("role"),
        GridColumn("processes", numeric=True),
        GridColumn("CPU, s", numeric=True),
        GridColumn("cores, mean", numeric=True),
        GridColumn("memory mean, MiB", numeric=True),
        GridColumn("memory peak, MiB", numeric=True),
    )
    rows = tuple(
        GridRow(
            (
                Cell(name_in_plots(stand)),
                Cell(usage.role),
                Cell(number(usage.processes)),
                Cell(number(usage.cpu_s, 2)),
                Cell(number(usage.cores_mean, 3)),
                Cell(mib(usage.memory_mean_bytes)),
                Cell(mib(usage.memory_peak_bytes)),
            )
        )
        for stand in stands
        if stand.completed
        for usage in stand.completed[0].record.usage
        if (usage.role in TOOL_ROLES) == tool
    )
    return Grid(columns, rows)


def _metric_grid(stands: Sequence[Standing]) -> Grid:
    columns = (
        GridColumn("engine"),
        *(
            GridColumn(f"{BY_NAME[name].label}, {BY_NAME[name].unit}", name, numeric=True)
            for name in _METRICS
        ),
    )
    rows = tuple(
        GridRow(
            (Cell(name_in_plots(stand)), *(figure_cell(stand.summary(name)) for name in _METRICS))
        )
        for stand in stands
    )
    return Grid(columns, rows)


def _cores(stand: Standing) -> dict[str, float]:
    """Those of the roles that are drawn."""
    drawn = {role for role, _, _ in ROLE_STYLES}
    every = cores_by_role(stand.records)
    return {role: cores for role, cores in every.items() if role in drawn}


def _draw(rows: list[CostRow], narrow: bool) -> object:
    return draw_cost(rows, narrow=narrow)
