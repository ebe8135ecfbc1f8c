"""Late records: what each engine silently dropped, beside what its documented clock predicts."""

from __future__ import annotations

from functools import partial

from streambench.analysis.variants import Standing, standings
from streambench.model.numbers import DASH, number, optional, percent, plural
from streambench.model.trial import LateRecords
from streambench.report.document import (
    Block,
    Cell,
    Fold,
    Grid,
    GridColumn,
    GridRow,
    Plot,
    Section,
    Text,
)
from streambench.report.plots.late import LateRow, draw_late
from streambench.results.bundle import Bundle
from streambench.results.schema import LateModel, LatePrediction

_READING = (
    "Bar: share of records that an engine left out without a word. Upright stroke: what its documented "
    "clock predicts for the same log; a horizontal bracket bounds what cannot be replayed exactly. "
    "Hollow diamond: the same model over all of the data at real time."
)
_COUNTERS = "The engines' own counters are not comparable: each counts something else, as the last column says. Where windows overlap, a record counts once for each window that it is in."


def late_section(bundle: Bundle) -> Section | None:
    """The late picture; None when no record could be late."""
    model = bundle.run.late_model
    pairs = [(stand, _late(stand)) for stand in standings(bundle)]
    if model is None and all(late is None for _, late in pairs):
        return None
    rows = [_plot_row(stand, late, model) for stand, late in pairs if late is not None]
    blocks: list[Block] = []
    if model is not None:
        blocks.append(Text(caption(model)))
    if rows:
        blocks.append(
            Plot(
                "late",
                "Records silently dropped",
                "Share of records dropped by each engine, measured and predicted",
                _READING,
                partial(_draw, rows),
                _late_grid(bundle, pairs),
                open_table=True,
            )
        )
        blocks.append(Text(_COUNTERS))
    if model is not None and model.predictions:
        title = f"What the model says for {model.whole}"
        blocks.append(Fold(title, (_whole_grid(bundle, model),)))
    if model is not None:
        blocks.append(Text(f"Data: {model.source}"))
    return Section("late", "Late records, silently dropped", tuple(blocks))


def caption(model: LateModel) -> str:
    """The terms without which no figure of lost late records means anything."""
    batch = "" if model.batch_ms is None else f", micro-batches of {number(model.batch_ms)} ms"
    played = f"Played: {model.played}, "
    if model.speed_up != 1:
        played += f"at {number(model.speed_up, 1).removesuffix('.0')} times real time, "
    played += (
        f"over {plural(model.partitions, 'partition')}, grace {_minutes(model.grace_ms)}{batch}."
    )
    if model.speed_up > 1:
        played += " Compressed time acts as extra grace: at real time the same log may lose more."
    return played


def _late_grid(bundle: Bundle, pairs: list[tuple[Standing, LateRecords | None]]) -> Grid:
    columns = (
        GridColumn("engine"),
        GridColumn("records", numeric=True),
        GridColumn("dropped, measured", numeric=True),
        GridColumn("share", numeric=True),
        GridColumn("predicted by its clock", numeric=True),
        GridColumn("bounds", numeric=True),
        GridColumn("model: all data, real time", numeric=True),
        GridColumn("its own counter", numeric=True),
        GridColumn("which counts"),
    )
    return Grid(columns, tuple(_grid_row(bundle, stand, late) for stand, late in pairs))


def _grid_row(bundle: Bundle, stand: Standing, late: LateRecords | None) -> GridRow:
    if late is None:
        return GridRow(
            (Cell(stand.title),), aside=f"{stand.words}: {stand.reason or 'no figure'}", quiet=True
        )
    whole = _at_played_grace(stand.label, bundle.run.late_model)
    return GridRow(
        (
            Cell(stand.title, which_trial(stand)),
            Cell(number(late.records)),
            Cell(optional(late.dropped)),
            Cell(DASH if late.dropped is None else percent(late.dropped, late.records)),
            Cell(optional(late.predicted)),
            Cell(_bounds(late.predicted_low, late.predicted_high)),
            Cell(DASH if whole is None else _whole_words(whole)[1]),
            Cell(optional(late.own_counter)),
            Cell(late.own_counter_unit or DASH),
        )
    )


def _whole_grid(bundle: Bundle, model: LateModel) -> Grid:
    columns = (
        GridColumn("engine"),
        GridColumn("clock"),
        GridColumn("grace", numeric=True),
        GridColumn("records", numeric=True),
        GridColumn("dropped", numeric=True),
        GridColumn("share", numeric=True),
    )
    return Grid(columns, tuple(_whole_row(bundle, p) for p in model.predictions))


def _whole_row(bundle: Bundle, prediction: LatePrediction) -> GridRow:
    dropped, share = _whole_words(prediction)
    return GridRow(
        (
            Cell(bundle.run.titles.get(prediction.label, prediction.label)),
            Cell(prediction.clock),
            Cell(_minutes(prediction.grace_ms)),
            Cell(number(prediction.records)),
            Cell(dropped),
            Cell(share),
        )
    )


def _whole_words(prediction: LatePrediction) -> tuple[str, str]:
    """Records dropped and their share: a figure, or bounds where only these are known."""
    whole = prediction.records
    if prediction.dropped is not None:
        return number(prediction.dropped), percent(prediction.dropped, whole)
    if prediction.low is None or prediction.high is None:
        return DASH, DASH
    low, high = prediction.low, prediction.high
    return _bounds(low, high), f"{percent(low, whole)} to {percent(high, whole)}"


def which_trial(stand: Standing) -> str | None:
    """That the figures are of one trial of several; None where there is one."""
    count = len(stand.records)
    return f"the first of {count} trials" if count > 1 else None


def _late(stand: Standing) -> LateRecords | None:
    return next((r.late for r in stand.records if r.late is not None), None)


def _plot_row(stand: Standing, late: LateRecords, model: LateModel | None) -> LateRow:
    whole = _at_played_grace(stand.label, model)
    return LateRow(
        stand.title,
        _share(late.dropped, late.records),
        _share(late.predicted, late.records),
        _share(late.predicted_low, late.records),
        _share(late.predicted_high, late.records),
        None if whole is None else _share(whole.dropped, whole.records),
    )


def _at_played_grace(label: str, model: LateModel | None) -> LatePrediction | None:
    """The model's word on all data at the grace that was played."""
    if model is None:
        return None
    return next(
        (p for p in model.predictions if p.label == label and p.grace_ms == model.grace_ms), None
    )


def _share(part: int | None, whole: int) -> float | None:
    return None if part is None or whole == 0 else part / whole


def _bounds(low: int | None, high: int | None) -> str:
    if low is None or high is None:
        return DASH
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def _minutes(ms: int) -> str:
    return f"{ms // 60_000} min" if ms % 60_000 == 0 else f"{number(ms)} ms"


def _draw(rows: list[LateRow], narrow: bool) -> object:
    return draw_late(rows, narrow=narrow)
