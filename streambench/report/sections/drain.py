"""Drains: how fast each engine works off what is there at once."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from streambench.analysis import ranking
from streambench.analysis.drains import rank_drains
from streambench.analysis.ranking import Place
from streambench.model.drain import Drain, DrainRecord
from streambench.report.document import Cell, Column, Figure, Grid, Row, Section, Text, Tone
from streambench.report.looks import looks
from streambench.report.numbers import DASH, number, three_digits
from streambench.report.plot_drain import DrainLane, draw_drains
from streambench.report.rank_words import rank_basis
from streambench.report.standing import title_of
from streambench.results.bundle import Bundle

_ABOUT = (
    "Cold: the records are in the topic before the job is launched. Warm: the same job is given as many "
    "again, until it works them off no faster, five times at most; the last time counts. Rates are records "
    "divided by the time until the last window was out; the peak is the busiest second. Every row of a "
    "finished drain was compared with what must come out. A drain says nothing of delay: nobody waits for a "
    "result, and an engine may work in larger batches than under a steady load."
)


def drain_sections(bundle: Bundle) -> tuple[Section, ...]:
    """Table and picture; nothing for a run without drains."""
    if bundle.run.drain_records is None:
        return ()
    lanes = _lanes(bundle)
    figure = Figure(
        "drain",
        "Records a second, cold and warm",
        "How many records a second each engine worked off, cold and warm",
        "Ring: cold, from the launch on. Disc: warm. Stroke: the busiest second of the warm drain; an "
        "engine that works in batches completes many windows at once, so that its stroke may tell the "
        "size of a batch.",
        partial(_draw, lanes),
        _grid(bundle),
        open_table=True,
    )
    basis = rank_basis(rank_drains(bundle).candidates, "1 event/s", ranking.DRAIN_FACTOR)
    about = f"{_ABOUT} Ranked by the warm rate. {basis}".strip()
    return (Section("drain", "Drain", (figure, Text(about, Tone.QUIET))),)


def drain_clause(bundle: Bundle) -> str:
    """How fast each engine is when warm, by rank, in a sentence's words."""
    ordered = [place.label for place in rank_drains(bundle).places]
    found = [
        (title_of(bundle, label), rate)
        for label in ordered
        if (rate := _median(drains_of(bundle, label), lambda r: r.warm, _per_s)) is not None
    ]
    if not found:
        return "No drain was finished"
    parts = [f"{title} {three_digits(rate)} events/s" for title, rate in found]
    wrong = sum(not drain.right for record in bundle.run.drains for drain in record.drains)
    doubt = f"; {wrong} of the drains came out wrong" if wrong else ""
    rounds = max(len(drains_of(bundle, label)) for label in ordered)
    median = ", medians over rounds" if rounds > 1 else ""
    ranks = [place.rank for place in rank_drains(bundle).places if place.rank is not None]
    alike = " (not told apart)" if len(ranks) > 1 and set(ranks) == {1} else ""
    return f"Worked off, warm{median}: {', '.join(parts)}{alike}{doubt}"


def drains_of(bundle: Bundle, label: str) -> tuple[DrainRecord, ...]:
    """One variant's rounds."""
    return tuple(record for record in bundle.run.drains if record.label == label)


def drain_places(bundle: Bundle) -> dict[str, str]:
    """The place of each variant as it is printed, by label; a dash where it has none."""
    return {place.label: place.text or DASH for place in rank_drains(bundle).places}


def drain_cells(bundle: Bundle, label: str) -> tuple[str, ...]:
    """Launch → first window (s), cold rate, warm rate, peak rate, CPU-s per million; dashes unknown."""
    records = drains_of(bundle, label)
    first = _median(records, lambda r: r.cold, lambda d: d.first_s)
    cold = _median(records, lambda r: r.cold, _per_s)
    warm = _median(records, lambda r: r.warm, _per_s)
    peak = _median(records, lambda r: r.warm, lambda d: d.peak_per_s)
    cost = _median(records, lambda r: r.warm, lambda d: d.cpu_s / d.records * 1e6)
    return (
        DASH if first is None else number(first, 1),
        *(DASH if rate is None else three_digits(rate) for rate in (cold, warm, peak)),
        DASH if cost is None else number(cost, 2),
    )


def _grid(bundle: Bundle) -> Grid:
    columns = (
        Column("rank", numeric=True),
        Column("engine"),
        Column("result"),
        Column("cold: launch → first window, s", numeric=True),
        Column("cold, events/s", numeric=True),
        Column("warm, events/s", numeric=True),
        Column("warm peak, events/s", numeric=True),
        Column("warm, CPU-s per million", numeric=True),
    )
    places = rank_drains(bundle).places
    return Grid(columns, tuple(_row(bundle, place) for place in places))


def _row(bundle: Bundle, place: Place) -> Row:
    label = place.label
    records = drains_of(bundle, label)
    head = (
        Cell(place.text or DASH, tone=Tone.STRONG if place.rank else Tone.QUIET),
        Cell(title_of(bundle, label), tone=Tone.STRONG),
    )
    ended = next((record.ended for record in records if record.ended is not None), None)
    if not any(record.drains for record in records):
        return Row(head, aside=ended or "not reached", quiet=True)
    right = all(drain.right for record in records for drain in record.drains)
    result = Cell("✓ right", ended, Tone.GOOD) if right else Cell("✗ wrong", ended, Tone.BAD)
    return Row((*head, result, *(Cell(text) for text in drain_cells(bundle, label))))


def _lanes(bundle: Bundle) -> list[DrainLane]:
    look = looks(bundle.labels)
    return [
        DrainLane(
            title_of(bundle, label),
            look[label],
            tuple(drain.per_s for r in records if (drain := r.cold) is not None),
            tuple(drain.per_s for r in records if (drain := r.warm) is not None),
            tuple(drain.peak_per_s for r in records if (drain := r.warm) is not None),
        )
        for label in bundle.labels
        if (records := drains_of(bundle, label))
    ]


def _draw(lanes: Sequence[DrainLane], narrow: bool) -> Any:
    return draw_drains(lanes, narrow=narrow)


def _per_s(drain: Drain) -> float:
    return drain.per_s


def _median(
    records: Sequence[DrainRecord],
    which: Callable[[DrainRecord], Drain | None],
    value: Callable[[Drain], float],
) -> float | None:
    known = [value(drain) for record in records if (drain := which(record)) is not None]
    return statistics.median(known) if known else None
