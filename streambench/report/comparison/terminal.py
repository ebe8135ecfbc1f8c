"""A comparison on a terminal: within 80 columns, and its words need no colour."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from streambench.analysis.compare.comparison import Compared, Pair, SideBySide
from streambench.analysis.compare.difference import DifferenceVerdict
from streambench.analysis.compare.gates import GateResult, GateState
from streambench.model.numbers import number
from streambench.report.comparison.document import compose_comparison
from streambench.report.comparison.words import (
    answer,
    bounds_words,
    counts_words,
    pair_title,
    reach_words,
    sides_words,
    value_words,
)
from streambench.report.fitting import FittingTable
from streambench.report.words.changes import changes_titled, told

_MARKS = {
    DifferenceVerdict.BETTER: ("✓ better", "green"),
    DifferenceVerdict.WORSE: ("✗ worse", "red"),
    DifferenceVerdict.ALIKE: ("= not distinguishable", ""),
    DifferenceVerdict.NOT_COMPARABLE: ("○ not comparable", "dim"),
}
_GATES = {
    GateState.BROKEN: ("✗", "bold red"),
    GateState.HELD: ("✓", "green"),
    GateState.NOT_SHOWN: ("=", "yellow"),
    GateState.UNKNOWN: ("?", "yellow"),
}

# More than these push the verdicts off the screen.
_CHANGES_AT_MOST = 12
_BESIDE = "The figures below the gap describe. Each is tested by itself."


def render_comparison(comparison: SideBySide) -> RenderableType:
    """The answer, what must not be overlooked, then a table for each pair."""
    document = compose_comparison(comparison)
    parts: list[RenderableType] = [Text(answer(comparison), style="bold"), Text("")]
    parts += [Text(banner, style="yellow") for banner in document.banners]
    parts += [Text(f"{letter}  {words}") for letter, words in document.facts]
    for pair in comparison.pairs:
        parts += [Text(""), *_pair(pair)]
    return Group(*parts)


def render_gates(results: Sequence[GateResult]) -> RenderableType:
    """A line for each gate and pair."""
    lines = []
    for result in results:
        mark, style = _GATES[result.state]
        side = result.pair.second
        words = (
            f"{result.state.value}: {result.gate.text}, {side.letter}:{side.label}: {result.why}"
        )
        lines.append(Text(f"{mark} {words}", style=style))
    return Group(*lines)


def _pair(pair: Pair) -> list[RenderableType]:
    table = FittingTable()
    table.add_column("figure", overflow="fold", ratio=3)
    table.add_column(pair.first.letter, justify="right", no_wrap=True)
    table.add_column(pair.second.letter, justify="right", no_wrap=True)
    ratio = f"{pair.second.letter} ÷ {pair.first.letter}"
    table.add_column(ratio, justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold", ratio=4)
    primary = [row for row in pair.rows if row.figure.primary]
    beside = [row for row in pair.rows if not row.figure.primary and row.difference is not None]
    for row in primary:
        _add(table, row)
    if beside:
        table.add_section()
    for row in beside:
        _add(table, row)
    said = [
        Text(f"{side.letter}  {counts_words(side)}")
        for side in (pair.first, pair.second)
        if side.rows.of
    ]
    said += [Text(words) for words in sides_words(pair)]
    if beside:
        said.insert(0, Text(_BESIDE, style="dim"))
    return [Text(pair_title(pair), style="bold"), table, Text(""), *said, *_changes(pair)]


def _changes(pair: Pair) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for title, changes in changes_titled(pair.differing):
        if changes == pair.differing.added:
            lines += [Text(""), Text(f"{title}: on the page")]
            continue
        lines += [Text(""), Text(f"{title}:")]
        lines += [
            Text(f"  {each.name}: {told(each.first)} → {told(each.second)}")
            for each in changes[:_CHANGES_AT_MOST]
        ]
        if len(changes) > _CHANGES_AT_MOST:
            lines.append(Text(f"  and {len(changes) - _CHANGES_AT_MOST} more, on the page"))
    return lines


def _add(table: FittingTable, row: Compared) -> None:
    name = f"{row.figure.label}, {row.figure.unit}"
    mark, style = _MARKS[row.judged]
    found = row.difference
    if found is None:
        table.add_row(name, "", "", "", Text(f"{mark}: {row.why}", style=style))
        return
    bounds = bounds_words(found.ratio)
    told = (
        reach_words(found)
        if found.judged is DifferenceVerdict.ALIKE and row.figure.primary
        else None
    )
    table.add_row(
        name,
        value_words(found.first, row.figure),
        value_words(found.second, row.figure),
        number(found.ratio.value, 2) + ("" if bounds is None else f"\n({bounds})"),
        Text(mark if told is None else f"{mark}: {told}", style=style),
    )
