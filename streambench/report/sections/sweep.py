"""A sweep's own sections: the curves first, then every point."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from streambench.analysis.eligible import delay_stem
from streambench.analysis.sweeps import Swept, knees, of, swept
from streambench.model.metrics import BY_NAME
from streambench.model.numbers import DASH, in_unit, listing
from streambench.model.pace import Pace
from streambench.model.sweep import AXIS_LABELS, Point, value_words
from streambench.report.document import (
    Block,
    Cell,
    Grid,
    GridColumn,
    GridRow,
    Plot,
    Section,
    Text,
    Tone,
)
from streambench.report.plots.style import plot_styles
from streambench.report.plots.sweep import CurvePoint, SweepLine, SweepPanel, draw_sweep
from streambench.report.sections.verdict import MARKS
from streambench.report.words.figures import figure_cell
from streambench.report.words.processed import processed_cell
from streambench.report.words.sweeps import left_out_words, unmoved_words
from streambench.report.words.trends import trend_blocks
from streambench.results.bundle import Bundle

_COSTS = ("engine_cpu_s_per_million", "engine_memory_peak_bytes")
_TONES = {Pace.KEPT_UP: Tone.GOOD, Pace.FELL_BEHIND: Tone.BAD, Pace.UNDECIDED: Tone.CAUTION}


def sweep_sections(bundle: Bundle) -> tuple[Section, ...]:
    """Curves and table of a sweep."""
    every = swept(bundle)
    first = bundle.run.axes[0].name
    stem = delay_stem(bundle)
    said = (left_out_words(bundle), unmoved_words(bundle))
    blocks: list[Block] = [Text(words) for words in said if words is not None]
    for metric, name, title in (
        (f"{stem}_p50_ms", "sweep-median", "Median delay"),
        (f"{stem}_p99_ms", "sweep-tail", "Tail delay"),
        ("engine_cpu_s_per_million", "sweep-cost", "CPU time per million events"),
        ("engine_memory_peak_bytes", "sweep-memory", "Memory"),
    ):
        blocks.append(_figure(bundle, every, metric, name, f"{title} against {first.value}"))
    points = Section(
        "points",
        "Every point",
        (_grid(bundle, every), *trend_blocks(bundle), Text(_ABOUT_PACE, Tone.QUIET)),
    )
    return (Section("sweep", f"By {_axes_words(bundle)}", tuple(blocks)), points)


_ABOUT_PACE = (
    "Kept up: the excess lag is shown to grow by 10 ms/s at most (docs/method.md, sustainable). Not "
    "decided: too short, or too noisy for so short a time; measure longer to know. Catching up: it kept "
    "up and worked off a backlog of before, so the delays are those of the backlog. Grows slowly: it kept "
    "up within the limit of 10 ms/s, and its lag surely grew."
)


def _metrics(bundle: Bundle) -> tuple[str, ...]:
    stem = delay_stem(bundle)
    return (f"{stem}_p50_ms", f"{stem}_p99_ms", "processed_per_s", *_COSTS)


def _axes_words(bundle: Bundle) -> str:
    return listing([AXIS_LABELS[axis.name] for axis in bundle.run.axes])


def _figure(bundle: Bundle, every: Sequence[Swept], metric: str, name: str, title: str) -> Plot:
    axis = bundle.run.axes[0]
    label = f"{BY_NAME[metric].label}, {BY_NAME[metric].unit}"
    if any(one.standing.summary(metric).instead for one in every if one.counts):
        label += " (the maximum where too few windows earn it)"
    panels = _panels(bundle, every, metric)
    strokes = ""
    if any(knee.seen and knee.rate_per_s is not None for knee in knees(bundle, every).values()):
        strokes = " Strokes: the knees, the last rate kept up with before one that was not borne."
    return Plot(
        name,
        title,
        f"{label} of each engine against {AXIS_LABELS[axis.name]}",
        f"Filled: it is shown that the engine kept up. Hollow: it fell behind, or that was not decided."
        f"{strokes} Points that were not right are left out.",
        partial(_draw, panels, AXIS_LABELS[axis.name], label),
        _curve_grid(bundle, every, metric),
    )


def _draw(panels: Sequence[SweepPanel], xlabel: str, ylabel: str, narrow: bool) -> Any:
    return draw_sweep(panels, xlabel=xlabel, ylabel=ylabel, narrow=narrow)


def _panels(bundle: Bundle, every: Sequence[Swept], metric: str) -> list[SweepPanel]:
    styles, tops = plot_styles(bundle.labels), knees(bundle, every)
    panels = []
    for second in dict.fromkeys(one.point[1:] for one in every):
        lines = []
        for label in bundle.labels:
            mine = [one for one in of(every, label) if one.point[1:] == second and one.counts]
            marks = tuple(mark for one in mine if (mark := _mark(one, metric)) is not None)
            if marks:
                title = mine[0].standing.title
                top = tops.get(label)
                knee = top.rate_per_s if top is not None and top.seen else None
                lines.append(SweepLine(title, styles[label], marks, knee))
        panels.append(SweepPanel(_second_words(second), tuple(lines)))
    return panels


def _mark(one: Swept, metric: str) -> CurvePoint | None:
    found = one.standing.summary(metric)
    if found.value is None:
        return None
    low = found.value if found.low is None else found.low
    high = found.value if found.high is None else found.high
    unit = found.metric.unit
    value, low, high = (in_unit(each, unit) for each in (found.value, low, high))
    return CurvePoint(one.point[0][1], value, low, high, one.kept_up)


def _second_words(second: Point) -> str:
    return ", ".join(f"{name.value} = {value_words(name, value)}" for name, value in second)


def _curve_grid(bundle: Bundle, every: Sequence[Swept], metric: str) -> Grid:
    """A row a point, a column a variant."""
    titles = {one.standing.label: one.standing.title for one in every}
    columns = (
        *(GridColumn(axis.name.value, numeric=True) for axis in bundle.run.axes),
        *(GridColumn(titles.get(label, label), numeric=True) for label in bundle.labels),
    )
    rows = []
    for point in dict.fromkeys(one.point for one in every):
        cells = [Cell(value_words(name, value)) for name, value in point]
        for label in bundle.labels:
            here = next((one for one in of(every, label) if one.point == point), None)
            if here is None or not here.counts:
                cells.append(Cell(DASH, None if here is None else here.standing.words))
            else:
                cells.append(figure_cell(here.standing.summary(metric)))
        rows.append(GridRow(tuple(cells)))
    return Grid(columns, tuple(rows))


def _grid(bundle: Bundle, every: Sequence[Swept]) -> Grid:
    names = _metrics(bundle)
    columns = (
        *(GridColumn(axis.name.value, numeric=True) for axis in bundle.run.axes),
        GridColumn("engine"),
        GridColumn("result"),
        GridColumn("pace", "lag_slope_ms_per_s"),
        *(
            GridColumn(f"{BY_NAME[name].label}, {BY_NAME[name].unit}", name, numeric=True)
            for name in names
        ),
    )
    return Grid(columns, tuple(_row(one, names) for one in every))


def _row(one: Swept, names: Sequence[str]) -> GridRow:
    stand = one.standing
    mark, tone = MARKS[stand.status]
    head = (
        *(Cell(value_words(name, value)) for name, value in one.point),
        Cell(stand.title),
        Cell(f"{mark} {stand.words}", stand.unranked if one.counts else None, tone),
    )
    if one.pace is None:
        return GridRow(head, aside=stand.reason or stand.words, quiet=True)
    pace = Cell(one.pace.words, one.pace.why, _TONES[one.pace.pace])
    figures = (
        processed_cell(stand.records)
        if name == "processed_per_s"
        else figure_cell(stand.summary(name))
        for name in names
    )
    return GridRow((*head, pace, *figures))
