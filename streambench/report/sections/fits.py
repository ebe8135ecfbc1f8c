"""Which one fits: each requirement of a user against each engine, and the cheapest that meets all."""

from __future__ import annotations

from streambench.analysis.requirements import Fit, Fitted, Requirements, requirements_of
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
    meeting = found.meeting
    if not meeting:
        open_ones = [
            each.title
            for each in found.variants
            if all(one.fit is not Fit.NOT_MET for one in each.fitted)
        ]
        if open_ones:
            return f"None is shown to meet all. It is not excluded for {listing(open_ones)}."
        return "None meets all that is required."
    names = listing([each.title for each in meeting])
    said = f"{names} {'meets' if len(meeting) == 1 else 'meet'} all that is required."
    if len(meeting) == 1:
        return said
    return " ".join((said, *_cheapest(found)))


def _cheapest(found: Requirements) -> list[str]:
    said = []
    cpu, memory = found.least_cpu, found.least_memory
    if cpu is not None and cpu.costs.cpu_s_per_million is not None:
        took = number(cpu.costs.cpu_s_per_million, 2)
        said.append(f"Of them {cpu.title} took the least CPU: {took} CPU-s per million events.")
    if memory is not None and memory.costs.memory_bytes is not None:
        took = mib(memory.costs.memory_bytes)
        said.append(f"{memory.title} took the least memory: {took} MiB at worst.")
    return said


def fit_words(each: Fitted) -> str:
    """One cell in words."""
    hint = "" if each.hint is None else f"; it would tell: {each.hint}"
    return f"{each.why}{hint}"


def _cell(each: Fitted) -> Cell:
    return Cell(each.fit.value, fit_words(each), _TONES[each.fit])
