"""Drains: how fast each engine works off what is there at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from streambench.analysis.drains import DrainedVariant, DrainRanking, rank_drains
from streambench.analysis.variants import title_of
from streambench.model.numbers import DASH, optional, three_digits
from streambench.report.document import Cell, Grid, GridColumn, GridRow, Plot, Section, Text, Tone
from streambench.report.plots.drain import DrainLane, draw_drains
from streambench.report.plots.style import plot_styles
from streambench.report.words.ranks import rank_basis
from streambench.results.bundle import Bundle

_ABOUT = (
    "Cold: the records are in the topic before the job is launched. Warm: the same job is given as many "
    "again, until it works them off no faster, five times at most; the last time counts. Rates are records "
    "divided by the time until the last window was out; the peak is the busiest second. Every row of a "
    "finished drain was compared with what must come out. A drain says nothing of delay: nobody waits for a "
    "result, and an engine may work in larger batches than under a steady load."
)


def drain_sections(bundle: Bundle) -> tuple[Section, ...]:
    """Table and picture."""
    found = rank_drains(bundle)
    figure = Plot(
        "drain",
        "Records a second, cold and warm",
        "How many records a second each engine worked off, cold and warm",
        "Ring: cold, from the launch on. Disc: warm. Stroke: the busiest second of the warm drain; an "
        "engine that works in batches completes many windows at once, so that its stroke may tell the "
        "size of a batch.",
        partial(_draw, _lanes(bundle, found)),
        _grid(bundle, found),
        open_table=True,
    )
    about = f"{_ABOUT} Ranked by the warm rate. {rank_basis(found.basis, '1 event/s')}".strip()
    return (Section("drain", "Drain", (figure, Text(about, Tone.QUIET))),)


def drain_clause(bundle: Bundle) -> str:
    """How fast each engine is when warm, by rank, in a sentence's words."""
    every = rank_drains(bundle).variants
    found = [
        (title_of(bundle, one.label), rate) for one in every if (rate := one.warm_per_s) is not None
    ]
    if not found:
        return "No drain was finished"
    parts = [f"{title} {three_digits(rate)} events/s" for title, rate in found]
    wrong = sum(one.wrong for one in every)
    doubt = f"; {wrong} of the drains came out wrong" if wrong else ""
    median = ", medians over rounds" if max(len(one.rounds) for one in every) > 1 else ""
    ranks = [one.place.rank for one in every if one.place.rank is not None]
    alike = " (not told apart)" if len(ranks) > 1 and set(ranks) == {1} else ""
    return f"Worked off, warm{median}: {', '.join(parts)}{alike}{doubt}"


def drain_cells(one: DrainedVariant) -> tuple[str, ...]:
    """Launch → first window (s), cold rate, warm rate, peak rate, CPU-s per million; dashes unknown."""
    rates = (one.cold_per_s, one.warm_per_s, one.peak_per_s)
    return (
        optional(one.first_s, 1),
        *(DASH if rate is None else three_digits(rate) for rate in rates),
        optional(one.cpu_s_per_million, 2),
    )


def _grid(bundle: Bundle, found: DrainRanking) -> Grid:
    columns = (
        GridColumn("rank", numeric=True),
        GridColumn("engine"),
        GridColumn("result"),
        GridColumn("cold: launch → first window, s", numeric=True),
        GridColumn("cold, events/s", numeric=True),
        GridColumn("warm, events/s", numeric=True),
        GridColumn("warm peak, events/s", numeric=True),
        GridColumn("warm, CPU-s per million", numeric=True),
    )
    return Grid(columns, tuple(_row(bundle, one) for one in found.variants))


def _row(bundle: Bundle, one: DrainedVariant) -> GridRow:
    head = (
        Cell(one.place.text or DASH, tone=Tone.STRONG if one.place.rank else Tone.QUIET),
        Cell(title_of(bundle, one.label), tone=Tone.STRONG),
    )
    if not one.drains:
        return GridRow(head, aside=one.ended or "not reached", quiet=True)
    result = Cell("✗ wrong", one.ended, Tone.BAD)
    if not one.wrong:
        result = Cell("✓ right", one.ended, Tone.GOOD)
    return GridRow((*head, result, *(Cell(text) for text in drain_cells(one))))


def _lanes(bundle: Bundle, found: DrainRanking) -> list[DrainLane]:
    styles = plot_styles(bundle.labels)
    by_label = {one.label: one for one in found.variants}
    return [
        DrainLane(
            title_of(bundle, label),
            styles[label],
            tuple(drain.per_s for r in one.rounds if (drain := r.cold) is not None),
            tuple(drain.per_s for r in one.rounds if (drain := r.warm) is not None),
            tuple(drain.peak_per_s for r in one.rounds if (drain := r.warm) is not None),
            one.warm_per_s,
        )
        for label in bundle.labels
        if (one := by_label[label]).rounds
    ]


def _draw(lanes: Sequence[DrainLane], narrow: bool) -> Any:
    return draw_drains(lanes, narrow=narrow)
