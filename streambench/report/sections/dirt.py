"""What one bad record of each kind did: the matrix, and the exact effects."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from streambench.analysis.dirt import (
    DirtMatrix,
    dirt_matrix,
    exact_words,
    right_words,
    short_words,
    stops_for_good,
)
from streambench.analysis.variants import title_of
from streambench.model.dirt import (
    CameBack,
    DirtEffect,
    NotTold,
    OthersLost,
    PassedOver,
    ShareTold,
    StoppedForGood,
    TakenIn,
)
from streambench.model.numbers import listing, plural
from streambench.report.document import Cell, Grid, GridColumn, GridRow, Plot, Section, Text, Tone
from streambench.report.plots.dirt import (
    GOOD,
    LATE,
    LOST,
    SILENT,
    STOPPED,
    UNKNOWN,
    WRONG,
    CellLook,
    DirtColumn,
    draw_dirt,
)
from streambench.results.bundle import Bundle

_READING: Final = (
    "A row is one record that is not as it should be, put between good ones while the job ran. "
    "A cell says what became of it. What is right for each kind, and why, is in docs/method.md, “Dirt”. "
    "Silently: no counter and no log line of the engine tells of the record."
)
_SHIPPED: Final = "as shipped"


def dirt_sections(bundle: Bundle) -> tuple[Section, ...]:
    """Picture and table; none where no record was dirty."""
    matrix = dirt_matrix(bundle)
    if not matrix.kinds:
        return ()
    figure = Plot(
        "dirt",
        "What one bad record does",
        "For each kind of bad record and each engine, whether it was left out, counted, or stopped the job",
        _READING,
        partial(_draw, bundle, matrix),
        _grid(bundle, matrix),
        open_table=True,
    )
    return (Section("dirt", "Dirt", (figure, Text(_about(bundle), Tone.QUIET))),)


def dirt_clause(bundle: Bundle) -> str:
    """Whom how many kinds stop for good, in a sentence's words."""
    matrix = dirt_matrix(bundle)
    kinds = plural(len(matrix.kinds), "kind")
    stops = {
        title_of(bundle, label): stops_for_good(matrix, label)
        for label in matrix.labels
        if matrix.of(label)
    }
    parts = [f"{title} by {count}" for title, count in stops.items()]
    if stops and not any(stops.values()):
        return f"None of {kinds} of bad records stopped {listing(list(stops))} for good"
    if not parts:
        return f"Of {kinds} of bad records nothing is known yet"
    return f"Stopped for good by one bad record, of {kinds}: {', '.join(parts)}"


def look_of(effect: DirtEffect | None) -> CellLook:
    """How the cell of an effect looks."""
    if effect is None:
        return UNKNOWN
    match effect.outcome:
        case PassedOver(said=said):
            if effect.right is False:
                return WRONG
            return GOOD if said else SILENT
        case TakenIn(rightly=rightly):
            return GOOD if rightly else WRONG
        case OthersLost():
            return LOST
        case CameBack():
            return LATE
        case StoppedForGood():
            return STOPPED
        case ShareTold(wrong_rows=wrong, lost_rows=lost):
            if wrong + lost:
                return LOST if lost else WRONG
            return GOOD if effect.said else SILENT
        case NotTold():
            return UNKNOWN


def _draw(bundle: Bundle, matrix: DirtMatrix, narrow: bool) -> Any:
    columns = []
    for label in matrix.labels:
        title = title_of(bundle, label)
        engine, _, form = title.partition(", ")
        cells = tuple(
            (look_of(effect), short_words(effect))
            for effect in (matrix.cells.get((label, kind)) for kind in matrix.kinds)
        )
        columns.append(DirtColumn(engine.partition(" (")[0], form or _SHIPPED, cells))
    return draw_dirt([kind.value for kind in matrix.kinds], columns, narrow)


def _grid(bundle: Bundle, matrix: DirtMatrix) -> Grid:
    rows = []
    for kind in matrix.kinds:
        for label in matrix.labels:
            effect = matrix.cells.get((label, kind))
            effect_words = "" if effect is None else _in_full(effect)
            rows.append(
                GridRow(
                    (
                        Cell(kind.value, note=f"right: {right_words(kind)}"),
                        Cell(title_of(bundle, label)),
                        Cell(short_words(effect), tone=_tone(effect)),
                    ),
                    aside=effect_words,
                )
            )
    names = ("kind", "engine", "what it did", "in full")
    columns = tuple(GridColumn(name) for name in names)
    return Grid(columns, tuple(rows), cards=True)


def _in_full(effect: DirtEffect) -> str:
    """What it did, and what the engine said where that is not told yet."""
    words = exact_words(effect)
    told = isinstance(effect.outcome, PassedOver | ShareTold) or effect.said is None
    return words if told else f"{words}; {effect.said}"


def _tone(effect: DirtEffect | None) -> Tone:
    if effect is None or effect.right is None:
        return Tone.QUIET
    return Tone.GOOD if effect.right else Tone.BAD


def _about(bundle: Bundle) -> str:
    if not bundle.run.dirt:
        shares = [f"{each.share:g} {each.kind.value}" for each in bundle.run.dirt_shares]
        return (
            f"So many bad records come with a good one: {listing(shares)}. Rows are compared "
            "with those of the same load without dirt."
        )
    at = listing([str(each) for each in bundle.run.dirt])
    return (
        f"Instants of the measured part: {at}. A job that a record stopped for good was ended, and another "
        "one had the kinds behind it. Rows are compared with those of the same load without dirt."
    )
