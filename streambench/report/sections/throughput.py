"""Throughput and excess lag over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from streambench.analysis.hits import apart_ms
from streambench.analysis.recoveries import kinds
from streambench.analysis.variants import Standing, standings
from streambench.model.metrics import BY_NAME
from streambench.model.numbers import number, optional
from streambench.report.document import Block, Cell, Grid, GridColumn, GridRow, Plot, Section, Text
from streambench.report.plots.columns import bucket_width_s, bucketed, series_curve
from streambench.report.plots.delay import Line, draw_over_time
from streambench.report.plots.rate import RatePanel, draw_rates
from streambench.report.plots.style import plot_styles
from streambench.report.sections.latency import lines_of, name_in_plots, time_grid
from streambench.report.words.figures import figure_cell
from streambench.results.bundle import Bundle

_METRICS = (
    "offered_per_s",
    "written_per_s",
    "acknowledged_per_s",
    "processed_per_s",
    "excess_lag_max_ms",
    "excess_lag_end_ms",
)
_PLOT_BUCKETS, _TABLE_BUCKETS = 80, 30


def throughput_section(bundle: Bundle) -> Section:
    """Rates, then how far behind each variant was."""
    stands = [stand for stand in standings(bundle) if stand.completed]
    if not stands:
        return Section("throughput", "Throughput and lag", (Text("No trial was completed."),))
    blocks: list[Block] = [_rates_grid(stands)]
    styles = plot_styles(bundle.labels)
    panels, width_s = _panels(stands, bundle, _PLOT_BUCKETS)
    if panels:
        table, table_width_s = _panels(stands, bundle, _TABLE_BUCKETS)
        blocks.append(
            Plot(
                "rates",
                "Events per second, offered and processed",
                "Events per second of each engine over time, offered and processed",
                "Grey area: offered. Line: records of the windows that came out right, counted when "
                f"they came, mean of {number(width_s)} s. Dashed stroke: the end of the warm-up. "
                + ("Full stroke: a fault. " if any(panel.faults_s for panel in panels) else "")
                + "Where the line is the area's edge, as much was processed as was offered.",
                partial(_draw_rates, panels, bundle.run.warm_up_s, width_s),
                _panel_grid(table, table_width_s),
            )
        )
    lags = lines_of(stands, styles, "excess_lag_ms", series_curve)
    if lags:
        blocks.append(
            Plot(
                "lag",
                "Excess lag over time",
                "Excess lag of each engine over time",
                "How far the newest complete window is behind the newest due one. Level: the delay is "
                "steady, however high. Rising: the engine falls further behind."
                + (" The peaks after a fault are told under Recovery." if kinds(bundle) else ""),
                partial(_draw_lag, lags),
                time_grid(lags, reduce="max"),
            )
        )
    return Section("throughput", "Throughput and lag", tuple(blocks))


def _rates_grid(stands: Sequence[Standing]) -> Grid:
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


def _panels(stands: Sequence[Standing], bundle: Bundle, most: int) -> tuple[list[RatePanel], float]:
    """A panel per variant from its first trial; buckets hold two windows, else windows look like gaps."""
    styles = plot_styles(bundle.labels)
    found = []
    apart, ends = [], []
    for stand in stands:
        trial = stand.completed[0]
        offered, processed = series_curve(trial, "offered"), series_curve(trial, "processed")
        if offered is not None and processed is not None:
            found.append((stand, offered, processed))
            apart.append((apart_ms(trial) or 0.0) / 1000)
            ends.append(float(offered.t_s[-1]))
    if not found:
        return [], 1.0
    width_s = bucket_width_s(max(ends), at_most=most, least_s=math.ceil(2 * max(apart)))
    panels = [
        RatePanel(
            name_in_plots(stand),
            styles[stand.label],
            bucketed(offered, width_s, "mean"),
            bucketed(processed, width_s, "mean"),
            tuple(r.hit.at_ms / 1000 for r in stand.completed[0].record.recoveries),
        )
        for stand, offered, processed in found
    ]
    return panels, width_s


def _panel_grid(panels: Sequence[RatePanel], width_s: float) -> Grid:
    starts = sorted({s for panel in panels for s in (*panel.offered, *panel.processed)})
    columns = (
        GridColumn(f"from second (mean of {number(width_s)} s)", numeric=True),
        GridColumn("offered", numeric=True),
        *(GridColumn(panel.name, numeric=True) for panel in panels),
    )
    rows = tuple(
        GridRow(
            (
                Cell(number(start)),
                Cell(optional(panels[0].offered.get(start))),
                *(Cell(optional(panel.processed.get(start))) for panel in panels),
            )
        )
        for start in starts
    )
    return Grid(columns, rows)


def _draw_rates(panels: list[RatePanel], warm_up_s: float, width_s: float, narrow: bool) -> object:
    return draw_rates(panels, warm_up_s=warm_up_s, width_s=width_s, narrow=narrow)


def _draw_lag(lines: list[Line], narrow: bool) -> object:
    return draw_over_time(lines, ylabel="excess lag, ms", narrow=narrow, log=False)
