"""A search's own sections: what each engine bears, and every probe with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from streambench.analysis.eligible import delay_stem
from streambench.analysis.searches import FoundRate, bracket, found_rates, pace_in_words, tries
from streambench.model.metrics import BY_NAME
from streambench.model.numbers import DASH, listing, number, optional, three_digits
from streambench.model.pace import Limit, Pace
from streambench.model.search import (
    Confirmation,
    RampRecord,
    SearchRecord,
    SearchTerms,
    last_of_each_rate,
)
from streambench.report.document import (
    Block,
    Cell,
    Fold,
    Grid,
    GridColumn,
    GridRow,
    Plot,
    Points,
    Section,
    Text,
    Tone,
)
from streambench.report.plots.search import SearchLane, draw_search
from streambench.report.plots.style import plot_styles
from streambench.report.plots.sweep import CurvePoint, SweepLine, SweepPanel, draw_sweep
from streambench.report.words.figures import figure_cell
from streambench.report.words.ranks import rank_basis, unranked_words
from streambench.report.words.trends import trend_blocks
from streambench.results.bundle import Bundle

_TONES = {
    Pace.KEPT_UP: Tone.GOOD,
    Pace.FELL_BEHIND: Tone.BAD,
    Pace.UNDECIDED: Tone.CAUTION,
    None: Tone.CAUTION,
}
_ABOUT = (
    "Rates are tried in one warm job, each for some seconds. One is confirmed by a longer trial {by}, in "
    "which every row was right and the engine kept up. How near a rate comes to the edge is the search's "
    "precision; it does not say how far another search would end from it."
)
_BY_FRESH = "of a fresh job that was warmed alike"
_BY_SAME = "of the same job"


def search_sections(bundle: Bundle, terms: SearchTerms) -> tuple[Section, ...]:
    """What was found and how."""
    ranked = found_rates(bundle)
    found = ranked.variants
    basis = rank_basis(ranked.basis, "1 event/s")
    blocks: list[Block] = [_grid(bundle, found, terms.limit)]
    blocks += [Points(reasons)] if (reasons := unranked_rates(found)) else []
    about = _ABOUT.format(by=_by(bundle, terms))
    blocks += [*trend_blocks(bundle), Text(f"{about} {basis}".strip(), Tone.QUIET)]
    searches = bundle.run.searches
    if any(search.probes for search in searches):
        blocks += [_tries(bundle, found), _curve(bundle)]
        blocks.append(Fold("Every probe", tuple(_probes(bundle, search) for search in searches)))
    return (Section("rates", "Sustainable rate", tuple(blocks)),)


def _by(bundle: Bundle, terms: SearchTerms) -> str:
    """Which jobs confirmed."""
    fresh = {each.fresh for search in bundle.run.searches for each in search.confirmations}
    if fresh == {True, False}:
        return f"{_BY_SAME} or {_BY_FRESH}"
    return _BY_FRESH if fresh == {True} or (not fresh and terms.cold) else _BY_SAME


def search_clause(bundle: Bundle, terms: SearchTerms) -> str:
    """What each engine bears, in a sentence's words."""
    found = found_rates(bundle).variants
    known = [one for one in found if one.rate_per_s is not None]
    rest = [one.title for one in found if one.rate_per_s is None]
    parts = [
        f"{one.title} {number(one.rate_per_s or 0)} events/s"
        + (f" (not ranked: {one.unranked})" if one.unranked else "")
        for one in known
    ]
    said = f"Sustainable, confirmed: {', '.join(parts)}" if parts else "No rate was confirmed"
    within = [
        f"{one.title} {number(one.record.within_limit_per_s)}"
        for one in found
        if one.record is not None and one.record.within_limit_per_s is not None
    ]
    if terms.limit is not None:
        unknown = any(search.limit_unknown for search in bundle.run.searches)
        nothing = "not known, as clocks are" if unknown else "none"
        said += f"; with {terms.limit}: {', '.join(within) or nothing}"
    return f"{said}; none for {listing(rest)}" if parts and rest else said


def unranked_rates(found: Sequence[FoundRate]) -> tuple[str, ...]:
    """Why rates that were found are not ranked."""
    return unranked_words([(one.title, one.unranked) for one in found if one.unranked])


def _grid(bundle: Bundle, found: Sequence[FoundRate], limit: Limit | None) -> Grid:
    stem = delay_stem(bundle)
    names = (
        f"{stem}_p50_ms",
        f"{stem}_p99_ms",
        "engine_cpu_s_per_million",
        "engine_memory_peak_bytes",
    )
    columns = (
        GridColumn("rank", numeric=True),
        GridColumn("engine"),
        GridColumn("lag-bounded, events/s", "lag_slope_ms_per_s", numeric=True),
        *((GridColumn(f"{limit}, events/s", numeric=True),) if limit is not None else ()),
        GridColumn("at once, events/s", numeric=True),
        *(
            GridColumn(f"{BY_NAME[name].label} there, {BY_NAME[name].unit}", name, numeric=True)
            for name in names
        ),
    )
    limited = limit is not None
    return Grid(columns, tuple(_row(bundle, one, names, limited) for one in found), cards=True)


def _row(bundle: Bundle, one: FoundRate, names: Sequence[str], limited: bool) -> GridRow:
    head = (
        Cell(one.place or DASH, tone=Tone.STRONG if one.rank else Tone.QUIET),
        Cell(one.title, tone=Tone.STRONG),
    )
    record = one.record
    if record is None:
        reason = next((getattr(t.record.outcome, "reason", "") for t in bundle.of(one.label)), "")
        return GridRow(head, aside=reason or "not reached", quiet=True)
    drain = record.drain_per_s
    cells = [
        *head,
        Cell(optional(record.lag_bounded_per_s), _confirmed_words(record), Tone.STRONG),
        *((Cell(optional(record.within_limit_per_s)),) if limited else ()),
        Cell(DASH if drain is None else number(round(drain, -3)), _per_window_words(record)),
    ]
    if one.confirmed is None:
        return GridRow(tuple(cells), aside=_not_confirmed_words(record))
    return GridRow((*cells, *(figure_cell(one.confirmed.summary(name)) for name in names)))


def _per_window_words(record: SearchRecord) -> str | None:
    """How full the windows were: an at-once rate says little without it."""
    each = record.drain_records_per_window
    return None if each is None else f"{three_digits(each)} records a window"


def _not_confirmed_words(record: SearchRecord) -> str:
    """How far it came all the same."""
    best = max((probe.rate_per_s for probe in record.probes if probe.passed), default=None)
    if best is None:
        return record.ended
    tried = listing([number(c.rate_per_s) for c in record.confirmations if not c.limited])
    warm = f"{number(best)} events/s passed in the warm job"
    return f"{warm}, but no longer trial showed that it bears {tried}" if tried else warm


def _confirmed_words(record: SearchRecord) -> str:
    tried = [c for c in record.confirmations if not c.limited]
    if record.lag_bounded_per_s is None:
        return tried[-1].why if tried else record.ended
    found = bracket(record)
    beyond = found.passed is not None and found.passed > record.lag_bounded_per_s
    unbounded = found.failed is None and found.undecided is None
    fallen = listing([number(rate) for rate in found.not_held])
    parts = (
        f"not held: {fallen}" if fallen else None,
        f"passed for some seconds: {optional(found.passed)}" if beyond else None,
        None if found.undecided is None else f"not decided: {number(found.undecided)}",
        None if found.failed is None else f"failed: {number(found.failed)}",
        "no higher rate failed" if unbounded else None,
    )
    return "; ".join(filter(None, parts))


def _tries(bundle: Bundle, found: Sequence[FoundRate]) -> Plot:
    styles = plot_styles(bundle.labels)
    lanes = [
        SearchLane(
            one.title,
            styles[one.record.label],
            tried.passed,
            tried.failed,
            tried.undecided,
            one.record.drain_per_s,
            one.record.lag_bounded_per_s,
            one.record.within_limit_per_s,
        )
        for one in found
        if one.record is not None and (tried := tries(one.record))
    ]
    columns = (
        GridColumn("engine"),
        *(
            GridColumn(word, numeric=True)
            for word in ("confirmed", "highest that passed", "lowest that failed", "at once")
        ),
    )
    rows = tuple(
        GridRow(
            (
                Cell(lane.name),
                Cell(optional(lane.confirmed)),
                Cell(optional(max(lane.passed, default=None))),
                Cell(optional(min(lane.failed, default=None))),
                Cell(optional(lane.drain)),
            )
        )
        for lane in lanes
    )
    return Plot(
        "search",
        "Rates that were tried",
        "The rates tried on each engine, which of them passed, and the confirmed one",
        "At once: how fast a warm job worked off records that were all there. "
        f"{_begins_words(bundle)} It says nothing of delay, and it is no bound. Grey rings: not decided.",
        partial(_draw_search, lanes),
        Grid(columns, rows),
    )


def _begins_words(bundle: Bundle) -> str:
    if any(search.ramp is not None for search in bundle.run.searches):
        return "Around it a load rises first, for a guess of where to begin."
    return "The search begins near it."


def _draw_search(lanes: Sequence[SearchLane], narrow: bool) -> Any:
    return draw_search(lanes, narrow=narrow)


def _curve(bundle: Bundle) -> Plot:
    """Delay against rate, from the probes: the slowest window of each."""
    stem = f"{delay_stem(bundle)}_p50_ms"
    styles = plot_styles(bundle.labels)
    titles = bundle.run.titles
    lines = []
    for search in bundle.run.searches:
        marks = tuple(
            CurvePoint(probe.rate_per_s, value, value, value, probe.passed)
            for probe in sorted(
                last_of_each_rate(search.probes), key=lambda probe: probe.rate_per_s
            )
            if (value := probe.measures.get(stem)) is not None and probe.right
        )
        if marks:
            name = titles.get(search.label, search.label)
            lines.append(SweepLine(name, styles[search.label], marks, search.lag_bounded_per_s))
    columns = (
        GridColumn("engine"),
        GridColumn("events/s", numeric=True),
        GridColumn("median delay, ms", numeric=True),
    )
    rows = tuple(
        GridRow((Cell(line.name), Cell(number(mark.at)), Cell(number(mark.value))))
        for line in lines
        for mark in line.marks
    )
    return Plot(
        "search-delay",
        "Delay at the rates that were tried",
        "Median result delay of each probe against its rate",
        "Filled: it is shown that the engine kept up. Hollow: not. Strokes: the confirmed rates.",
        partial(_draw_curve, (SweepPanel("", tuple(lines)),), BY_NAME[stem].label),
        Grid(columns, rows),
    )


def _draw_curve(panels: Sequence[SweepPanel], label: str, narrow: bool) -> Any:
    return draw_sweep(panels, xlabel="events per second", ylabel=f"{label}, ms", narrow=narrow)


def _ramp(ramp: RampRecord) -> GridRow:
    grew = (
        "it is not known that the lag grew"
        if ramp.onset_per_s is None
        else f"the lag began to grow at about {number(ramp.onset_per_s)} events/s"
    )
    rose = f"a load rose from {number(ramp.first_per_s)} to {number(ramp.last_per_s)} events/s"
    return GridRow((Cell("at first"),), aside=f"{rose}: {grew}")


def _confirmed(each: Confirmation) -> Cell:
    if each.spoilt:
        return Cell("not certified", tone=Tone.CAUTION)
    if each.held:
        return Cell("confirmed", tone=Tone.GOOD)
    return Cell("not confirmed", tone=Tone.BAD)


def _probes(bundle: Bundle, search: SearchRecord) -> Grid:
    stem = delay_stem(bundle)
    columns = (
        GridColumn(bundle.run.titles.get(search.label, search.label), numeric=True),
        GridColumn("measured, s", numeric=True),
        GridColumn("verdict"),
        GridColumn("why"),
        GridColumn("delay p50, ms", f"{stem}_p50_ms", numeric=True),
        GridColumn("delay max, ms", f"{stem}_max_ms", numeric=True),
        GridColumn("send lag p99.9, ms", "send_lag_p999_ms", numeric=True),
        GridColumn("machine idle, %", numeric=True),
    )
    rows = [_ramp(each) for each in search.ramps]
    rows += [
        GridRow(
            (
                Cell(f"{number(probe.rate_per_s)}/s"),
                Cell(number(probe.measured_s)),
                Cell(pace_in_words(probe), tone=_TONES[probe.pace]),
                Cell(probe.why, probe.trend),
                Cell(optional(probe.measures.get(f"{stem}_p50_ms"))),
                Cell(optional(probe.measures.get(f"{stem}_max_ms"))),
                Cell(optional(probe.send_lag_p999_ms, 1)),
                Cell(DASH if probe.idle_share is None else number(100 * probe.idle_share)),
            )
        )
        for probe in search.probes
    ]
    rows += [
        GridRow(
            (
                Cell(f"{number(each.rate_per_s)}/s"),
                Cell(f"trial {each.trial}"),
                _confirmed(each),
            ),
            aside=each.why,
        )
        for each in search.confirmations
    ]
    rows.append(GridRow((Cell("end"),), aside=search.ended))
    return Grid(columns, tuple(rows))
