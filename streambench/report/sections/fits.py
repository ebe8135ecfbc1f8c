"""Which one fits: each requirement of a user against each engine, and the cheapest that meets all."""

from __future__ import annotations

from streambench.analysis.requirements import (
    Cheapest,
    Fit,
    Fitted,
    Fitting,
    Requirements,
    requirements_of,
)
from streambench.model.numbers import listing, mib, number
from streambench.report.document import Cell, Grid, GridColumn, GridRow, Section, Text, Tone
from streambench.results.bundle import Bundle

_TONES = {Fit.MET: Tone.GOOD, Fit.NOT_MET: Tone.BAD, Fit.NOT_KNOWN: Tone.CAUTION}
MARKS = {Fit.MET: "✓", Fit.NOT_MET: "✗", Fit.NOT_KNOWN: "?"}


def fits_section(bundle: Bundle) -> Section | None:
    """The table and what follows from it; None where nothing was required."""
    if not bundle.run.requirements:
        return None
    found = requirements_of(bundle, bundle.run.requirements)
    columns = (
        GridColumn("required", code=True),
        *(GridColumn(each.title) for each in found.variants),
    )
    rows = tuple(
        GridRow(
            (
                Cell(asked.text),
                *(_cell(each.fitted[at]) for each in found.variants),
            )
        )
        for at, asked in enumerate(found.conditions)
    )
    return Section(
        "fits",
        "Which one fits?",
        (Text(fits_words(found), Tone.STRONG), Grid(columns, rows, named=True)),
    )


def fits_words(found: Requirements) -> str:
    """Who meets all, and who of them is the cheapest."""
    return " ".join((_who(found), *_cheapest(found), *_wrong(found)))


def _who(found: Requirements) -> str:
    meeting = found.meeting
    if meeting:
        names = listing([each.title for each in meeting])
        return f"{names} {'meets' if len(meeting) == 1 else 'meet'} all that is required."
    open_ones = [
        each.title
        for each in found.variants
        if all(one.fit is not Fit.NOT_MET for one in each.fitted) and not _meets_wrongly(each)
    ]
    if open_ones:
        return f"None is shown to meet all. It is not excluded for {listing(open_ones)}."
    return "None meets all that is required."


def _meets_wrongly(each: Fitting) -> bool:
    return not each.right and all(one.fit is Fit.MET for one in each.fitted)


def _wrong(found: Requirements) -> list[str]:
    """Those that would meet all, were their results right."""
    titles = [each.title for each in found.variants if _meets_wrongly(each)]
    if not titles:
        return []
    return [
        f"Not every result of {listing(titles)} was right, so meeting the rest counts for nothing."
    ]


def _cheapest(found: Requirements) -> list[str]:
    said = []
    if (cpu := found.least_cpu) is not None:
        took = f"{number(cpu.value, 2)} CPU-s per million events"
        said.append(f"Of them {cpu.title} took the least CPU, {took}{_alike(cpu)}.")
    if (memory := found.least_memory) is not None:
        took = f"{mib(memory.value)} MiB at the peak of a trial, as a mean"
        said.append(f"{memory.title} took the least memory, {took}{_alike(memory)}.")
    return said


def _alike(found: Cheapest) -> str:
    return f", and is not told apart from {listing(list(found.alike))}" if found.alike else ""


def fit_words(each: Fitted) -> str:
    """One cell in words."""
    hint = "" if each.hint is None else f"; it would tell: {each.hint}"
    return f"{each.why}{hint}"


def _cell(each: Fitted) -> Cell:
    return Cell(each.fit.value, fit_words(each), _TONES[each.fit])
