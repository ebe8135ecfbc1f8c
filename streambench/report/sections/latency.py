"""Latency: percentiles side by side, and delay over time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from streambench.analysis.eligible import delay_stem
from streambench.analysis.metrics import MetricSummary
from streambench.analysis.recoveries import kinds
from streambench.analysis.variants import RIGHT_SO_FAR, Standing, standings
from streambench.model.metrics import BY_NAME
from streambench.model.numbers import number, optional
from streambench.report.document import (
    Block,
    Cell,
    Grid,
    GridColumn,
    GridRow,
    Plot,
    Points,
    Section,
    Text,
)
from streambench.report.plots.columns import bucket_width_s, bucketed, window_curve
from streambench.report.plots.delay import DelayRow, Line, draw_over_time, draw_percentiles
from streambench.report.plots.style import PlotStyle, plot_styles
from streambench.report.words.clocks import CLOCK_WAITS_INTRODUCED, clock_wait_words
from streambench.report.words.figures import figure_cell
from streambench.report.words.trends import trend_blocks
from streambench.results.bundle import Bundle

# Bundles made before these were measured know none of them.
OWN_CLOCK_METRICS = (
    "own_clock_wait_p50_ms",
    "own_clock_wait_p99_ms",
    "engine_part_p50_ms",
    "engine_part_p99_ms",
)
_METRICS = (
    "first_row_p50_ms",
    "first_row_p99_ms",
    "delay_p50_ms",
    "delay_p99_ms",
    "delay_max_ms",
    "visible_p50_ms",
    "visible_p99_ms",
    "visible_max_ms",
    "clock_wait_p50_ms",
    *OWN_CLOCK_METRICS,
    "commit_wait_p50_ms",
    "event_latency_p50_ms",
    "event_latency_p99_ms",
    "submit_to_first_result_s",
)
_TABLE_BUCKETS = 30


def latency_section(bundle: Bundle) -> Section:
    """Percentiles and delay over time of every variant that has any."""
    stands = [stand for stand in standings(bundle) if stand.completed]
    if not stands:
        return Section("latency", "Result delay", (Text("No trial was completed."),))
    stem = delay_stem(bundle)
    seen_by = "as a read_committed reader has it" if stem == "visible" else "as appended to the log"
    axis = "visible delay, ms" if stem == "visible" else "result delay, ms"
    styles = plot_styles(bundle.labels)
    blocks: list[Block] = [
        Text(
            "Result delay counts from the instant at which a window could first lawfully close to its "
            f"last row, {seen_by}. The unit is the window: "
            f"{_window_counts(stands)} were measured{_until(bundle)}."
        ),
        Plot(
            "percentiles",
            "Result delay by percentile",
            "Result delay p50, p99 and maximum of each engine",
            "Further left is faster. The line runs from the median to the slowest window; in a "
            "short line the delays differ little. A percentile that too few windows earned is left out.",
            partial(_draw_percentiles, _percentile_rows(stands, stem, styles), axis),
            _percentile_grid(stands),
        ),
    ]
    waits = tuple(words for stand in stands for words in clock_wait_words(stand))
    if waits:
        blocks += [Text(CLOCK_WAITS_INTRODUCED), Points(waits)]
    lines = _lines(stands, stem, styles)
    if lines:
        blocks.append(
            Plot(
                "delay",
                "Result delay over time",
                "Result delay of each measured window over time",
                "One point a window, by its closing instant. Level: the delay is steady. Rising: it "
                "grows. A single peak: some windows were slow." + _repeats_note(bundle),
                partial(_draw_delay, lines, axis),
                _time_grid(lines),
            )
        )
    blocks += trend_blocks(bundle)
    return Section("latency", "Result delay", tuple(blocks))


def name_in_plots(stand: Standing) -> str:
    """The engine's name; with the result when it was not right while it was measured."""
    return stand.title if stand.status in RIGHT_SO_FAR else f"{stand.title} ({stand.status.value})"


def lines_of(
    stands: Sequence[Standing], styles: dict[str, PlotStyle], column: str, source: object
) -> list[Line]:
    """One line per variant with a curve per completed trial, from `source(trial, column)`."""
    assert callable(source)
    lines = []
    for stand in stands:
        curves = tuple(c for trial in stand.completed if (c := source(trial, column)) is not None)
        if curves:
            lines.append(Line(name_in_plots(stand), styles[stand.label], curves))
    return lines


def time_grid(lines: Sequence[Line], *, reduce: str, digits: int = 0) -> Grid:
    """The curves of each variant's first trial, by buckets of time."""
    end_s = max((float(line.curves[0].t_s[-1]) for line in lines), default=0.0)
    start_s = min((float(line.curves[0].t_s[0]) for line in lines), default=0.0)
    width_s = bucket_width_s(end_s - start_s, at_most=_TABLE_BUCKETS)
    values = [bucketed(line.curves[0], width_s, reduce) for line in lines]
    starts = sorted({start for value in values for start in value})
    columns = (
        GridColumn(f"from second ({reduce} of {number(width_s)} s)", numeric=True),
        *(GridColumn(line.name, numeric=True) for line in lines),
    )
    rows = tuple(
        GridRow(
            (Cell(number(start)), *(Cell(optional(value.get(start), digits)) for value in values))
        )
        for start in starts
    )
    return Grid(columns, rows)


def _repeats_note(bundle: Bundle) -> str:
    return " Further trials are drawn faintly." if bundle.run.repeats > 1 else ""


def _until(bundle: Bundle) -> str:
    return ", all of them before the first fault" if kinds(bundle) else ""


def _window_counts(stands: Sequence[Standing]) -> str:
    counts = sorted({record.measured_windows for stand in stands for record in stand.records})
    low, high = counts[0], counts[-1]
    return f"{number(low)} in each trial" if low == high else f"{number(low)} to {number(high)}"


def _percentile_rows(
    stands: Sequence[Standing], stem: str, styles: dict[str, PlotStyle]
) -> list[DelayRow]:
    return [
        DelayRow(
            name_in_plots(stand),
            styles[stand.label],
            _earned(stand.summary(f"{stem}_p50_ms")),
            _earned(stand.summary(f"{stem}_p99_ms")),
            stand.summary(f"{stem}_max_ms").value,
        )
        for stand in stands
    ]


def _earned(shown: MetricSummary) -> float | None:
    return None if shown.instead else shown.value


def _percentile_grid(stands: Sequence[Standing]) -> Grid:
    metrics = [
        name
        for name in _METRICS
        if name not in OWN_CLOCK_METRICS
        or any(name in record.measures for stand in stands for record in stand.records)
    ]
    columns = (
        GridColumn("engine"),
        *(
            GridColumn(f"{BY_NAME[name].label}, {BY_NAME[name].unit}", name, numeric=True)
            for name in metrics
        ),
        GridColumn("windows", numeric=True),
    )
    rows = tuple(
        GridRow(
            (
                Cell(name_in_plots(stand)),
                *(figure_cell(stand.summary(name)) for name in metrics),
                Cell(number(min(record.measured_windows for record in stand.records))),
            )
        )
        for stand in stands
    )
    return Grid(columns, rows)


def _lines(stands: Sequence[Standing], stem: str, styles: dict[str, PlotStyle]) -> list[Line]:
    column = "visible_complete_ms" if stem == "visible" else "complete_ms"
    return lines_of(stands, styles, column, window_curve)


def _time_grid(lines: Sequence[Line]) -> Grid:
    return time_grid(lines, reduce="max")


def _draw_percentiles(rows: list[DelayRow], axis: str, narrow: bool) -> object:
    return draw_percentiles(rows, xlabel=axis, narrow=narrow)


def _draw_delay(lines: list[Line], axis: str, narrow: bool) -> object:
    return draw_over_time(lines, ylabel=axis, narrow=narrow)
