"""Sides of a comparison, pair by pair: what differs in truth, and what cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from streambench.analysis.compare.changed import Differing, differing, engine_of
from streambench.analysis.compare.difference import (
    BetweenSessions,
    CompareTerms,
    Difference,
    DifferenceVerdict,
    Sample,
    differences,
)
from streambench.analysis.compare.figures import Figure, SideFigure, measured
from streambench.analysis.compare.rows import RowsCounted, rows_counted
from streambench.analysis.compare.strangers import (
    RunDifference,
    at_any_speed,
    speeds_within,
    strangers,
)
from streambench.analysis.variants import standings, title_of
from streambench.model.trial import Completed
from streambench.results.bundle import Bundle

# A tail that one side did not earn is not compared; the slowest window then is.
_INSTEAD: Final = (("delay_p99_ms", "delay_max_ms"), ("visible_p99_ms", "visible_max_ms"))


@dataclass(frozen=True)
class Side:
    """A variant of a bundle; `letter` is how it was given (A, B, …)."""

    letter: str
    bundle: Bundle
    label: str

    @property
    def title(self) -> str:
        """The engine's name as in the report."""
        return title_of(self.bundle, self.label)

    @property
    def rows(self) -> RowsCounted:
        """Exact counts of its rows, over the completed trials or the drains."""
        return rows_counted(self.bundle, self.label)

    @property
    def trials(self) -> int:
        """How many were completed."""
        outcomes = (trial.record.outcome for trial in self.bundle.of(self.label))
        return sum(isinstance(each, Completed) for each in outcomes)

    @property
    def aside(self) -> int:
        """How many of them are in no figure, as they were made at another speed of the machine."""
        stands = [each for each in standings(self.bundle) if each.label == self.label]
        return sum(len(each.aside) for each in stands)

    @property
    def lost(self) -> bool:
        """Whether a record of its trials is missing or cannot be read."""
        return self.bundle.lost(self.label)


@dataclass(frozen=True)
class Compared:
    """One figure of a pair; without a `difference` it is not comparable, for the reason `why`."""

    figure: Figure
    difference: Difference | None
    why: str | None = None

    @property
    def judged(self) -> DifferenceVerdict:
        """The verdict."""
        return (
            DifferenceVerdict.NOT_COMPARABLE if self.difference is None else self.difference.judged
        )


@dataclass(frozen=True)
class Pair:
    """Two sides: `strange` is what their runs do not have in common, and a user allowed.

    `differing` is what they were run with, where it is not the same.
    """

    first: Side
    second: Side
    strange: tuple[RunDifference, ...]
    rows: tuple[Compared, ...]
    differing: Differing
    own: Mapping[str, SideFigure]  # those of the second side by itself

    @property
    def primary(self) -> tuple[Compared, ...]:
        """The figures that answer the question."""
        return tuple(row for row in self.rows if row.figure.primary)


@dataclass(frozen=True)
class SideBySide:
    """All pairs; `tests` is how many primary figures were tested together."""

    pairs: tuple[Pair, ...]
    tests: int


def compare(
    sides: Sequence[tuple[Side, Side]],
    between: Mapping[tuple[str, str], BetweenSessions] | None = None,
    *,
    any_speed: bool = False,
) -> SideBySide:
    """Compare each pair.

    `between`: by engine and key of a figure, what is added for trials of different runs. With `any_speed`
    trials count at whatever speed of the machine they were made, and that is told.
    """
    compared = [tuple(map(_at_any_speed, pair)) if any_speed else pair for pair in sides]
    prepared = [_figures(first, second, between or {}) for first, second in compared]
    primary = [each for rows in prepared for each in rows if each.figure.primary]
    beside = [each for rows in prepared for each in rows if not each.figure.primary]
    found = {
        **_judged(primary, one_question=True),
        **_judged(beside, one_question=False),
    }
    pairs = tuple(
        Pair(
            first,
            second,
            _strange(first, second, any_speed=any_speed),
            tuple(Compared(row.figure, found.get(id(row)), row.why) for row in rows),
            differing(first.bundle, first.label, second.bundle, second.label),
            measured(compared_second.bundle, second.label),
        )
        for (first, second), (_, compared_second), rows in zip(
            sides, compared, prepared, strict=True
        )
    )
    tested = (row.difference for pair in pairs for row in pair.primary)
    return SideBySide(pairs, sum(each is not None and each.p_value is not None for each in tested))


def _at_any_speed(side: Side) -> Side:
    return replace(side, bundle=at_any_speed(side.bundle))


def _strange(first: Side, second: Side, *, any_speed: bool) -> tuple[RunDifference, ...]:
    found = strangers(first.bundle, second.bundle)
    if not any_speed:
        return found
    bundles = {side.bundle.folder: side.bundle for side in (first, second)}
    within = (speeds_within(bundle) for bundle in bundles.values())
    return (*found, *(each for each in within if each is not None))


@dataclass(frozen=True, eq=False)
class _Row:
    """A figure that both sides have, or why they are not compared in it."""

    figure: Figure
    samples: tuple[Sample, Sample] | None
    why: str | None = None


def _judged(rows: Sequence[_Row], *, one_question: bool) -> dict[int, Difference]:
    able = [(row, *row.samples) for row in rows if row.samples is not None]
    pairs: list[tuple[Sample, Sample, CompareTerms]] = [
        (first, second, row.figure.terms) for row, first, second in able
    ]
    judged = differences(pairs, one_question=one_question)
    return {id(row): each for (row, *_), each in zip(able, judged, strict=True)}


def _figures(
    first: Side, second: Side, between: Mapping[tuple[str, str], BetweenSessions]
) -> tuple[_Row, ...]:
    ours, theirs = (measured(side.bundle, side.label) for side in (first, second))
    rows = []
    for key in dict.fromkeys((*ours, *theirs)):
        one, other = ours.get(key), theirs.get(key)
        if _stands_in(key, ours, theirs):
            continue
        row = _row(one, other, first, second)
        spread = _between(first, second, key.partition(" at ")[0], between)
        terms = replace(row.figure.terms, between=spread)
        rows.append(replace(row, figure=replace(row.figure, terms=terms)))
    return tuple(rows)


def _between(
    first: Side, second: Side, key: str, between: Mapping[tuple[str, str], BetweenSessions]
) -> BetweenSessions | None:
    """The greater of what is known of both engines; None where one of them was not measured."""
    ours, theirs = (between.get((engine_of(side.label), key)) for side in (first, second))
    if ours is None or theirs is None:
        return None
    return max(ours, theirs, key=lambda each: each.sd)


def _row(one: SideFigure | None, other: SideFigure | None, first: Side, second: Side) -> _Row:
    if one is None or other is None:
        there, missing = (one, second) if other is None else (other, first)
        assert there is not None
        return _Row(there.figure, None, f"{missing.letter} has no such figure")
    if one.sample is not None and other.sample is not None:
        return _Row(one.figure, (one.sample, other.sample))
    whys = [
        f"{side.letter}: {each.why}"
        for side, each in ((first, one), (second, other))
        if each.sample is None
    ]
    return _Row(one.figure, None, "; ".join(whys))


def _stands_in(key: str, ours: Mapping[str, SideFigure], theirs: Mapping[str, SideFigure]) -> bool:
    """Whether another figure is compared in this one's place: the slowest window, where a side had too few."""
    name, at, where = key.partition(" at ")
    for tail, slowest in _INSTEAD:
        if name not in (tail, slowest):
            continue
        too_few = any(
            not _known(each, tail + at + where) and _known(each, slowest + at + where)
            for each in (ours, theirs)
        )
        return name == (tail if too_few else slowest)
    return False


def _known(figures: Mapping[str, SideFigure], key: str) -> bool:
    return key in figures and figures[key].sample is not None
