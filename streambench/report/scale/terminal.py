"""A plan on a terminal: numbers first, then how each came about and what it assumes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from streambench.analysis.scale.lines import Assumption, ScaleLine
from streambench.analysis.scale.plan import EnginePlan, ScalePlan, lines_by_item
from streambench.analysis.scale.values import ScaleFigure
from streambench.model.numbers import sentence
from streambench.report.fitting import FittingTable
from streambench.report.scale.words import (
    amount_words,
    basis_words,
    beyond_words,
    figure_words,
    formula_words,
    item_words,
    left_out_words,
    lowest_words,
    measured_words,
    rate_words,
    source_words,
    trials_words,
    usual_words,
)

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def render_plan(plan: ScalePlan, *, numbers_alone: bool = False) -> RenderableType:
    """A table for each engine; unless `numbers_alone`, formulas and assumptions below it."""
    parts: list[RenderableType] = [Text(line) for line in basis_words(plan)]
    letters = dict(zip(_assumed(plan), _LETTERS, strict=False))
    for engine in plan.engines:
        parts += [Text(""), *_engine(engine)]
        if not numbers_alone:
            parts += [Text(""), *_how(engine, letters)]
    for each in plan.unknown:
        parts += [Text(""), Text(f"{each.title}: unknown. {sentence(each.why)}.")]
        parts.append(Text(f"measure it: {each.command}"))
    if not numbers_alone:
        parts += [Text(""), *map(Text, source_words(plan)), *_assumptions(letters)]
    return Group(*parts)


def _engine(engine: EnginePlan) -> Iterator[RenderableType]:
    basis = engine.basis
    yield Text(f"{basis.title} {basis.version}", style="bold")
    yield Text(sentence(measured_words(basis)))
    table = FittingTable(gap=2)
    table.add_column("needed", no_wrap=True)
    for rate in engine.rates:
        table.add_column(rate_words(rate.rate_per_s), justify="right", no_wrap=True)
    times = (figure_words(rate.times_measured) for rate in engine.rates)
    table.add_row("times the rate it goes by", *times)
    table.add_section()
    for lines in lines_by_item(engine.rates):
        table.add_row(item_words(lines[0].item), *map(amount_words, lines))
    yield table
    cost = basis.figures.get(ScaleFigure.ENGINE_COST)
    lowest = lowest_words(basis, None if cost is None else cost.amount)
    yield from (Text(said) for said in (beyond_words(engine.rates), lowest) if said is not None)


def _how(engine: EnginePlan, letters: Mapping[Assumption, str]) -> Iterator[RenderableType]:
    """For the first rate; another one differs by the rate alone."""
    rate = engine.rates[0]
    usual = usual_words(rate.lines)
    yield Text(f"How it came about, for {rate_words(rate.rate_per_s)}:", style="bold")
    if usual:
        yield Text(f"Measured {usual}, where nothing else is said.")
    table = FittingTable(gap=2, plain=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for line in rate.lines:
        table.add_row(line.item.value, _reckoned(line, rate.rate_per_s, letters, usual))
    table.show_header = False
    yield table
    if (left_out := left_out_words(engine.basis)) is not None:
        yield Text(left_out)


def _reckoned(
    line: ScaleLine, rate_per_s: float, letters: Mapping[Assumption, str], usual: str
) -> str:
    if line.unknown is not None:
        measure = "" if line.unknown.command is None else f"; measure it: {line.unknown.command}"
        return f"{amount_words(line)}: {line.unknown.why}{measure}"
    assumed = " ".join(letters[each] for each in line.assumptions)
    by = trials_words(line)
    by = "" if by == usual else by
    return f"{formula_words(line, rate_per_s)}{f' ({by})' if by else ''} [{assumed}]"


def _assumptions(letters: Mapping[Assumption, str]) -> Iterator[RenderableType]:
    yield Text("Assumed:", style="bold")
    table = FittingTable(gap=2, plain=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for each, letter in letters.items():
        table.add_row(letter, each.value)
    table.show_header = False
    yield table


def _assumed(plan: ScalePlan) -> tuple[Assumption, ...]:
    """All that some line assumes, in the order in which they are met."""
    return tuple(
        dict.fromkeys(
            each
            for engine in plan.engines
            for rate in engine.rates
            for line in rate.lines
            for each in line.assumptions
        )
    )
