"""A comparison as a document: the verdicts first, then pictures, then what the sides do not share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from streambench.analysis.compare.comparison import Compared, Pair, Side, SideBySide
from streambench.analysis.compare.difference import ASKED_FACTOR, DifferenceVerdict
from streambench.analysis.compare.gates import GateResult, GateState
from streambench.analysis.ranking import TEST_LEVEL
from streambench.model.numbers import number, plural, sentence
from streambench.report.comparison.curves import curve_plots
from streambench.report.comparison.words import (
    answer,
    bounds_words,
    counts_words,
    drift_notes,
    interval_words,
    pair_title,
    ratio_words,
    reach_words,
    sides_words,
    value_words,
)
from streambench.report.document import (
    Block,
    Cell,
    Document,
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
from streambench.report.plots.forest import ForestRow, draw_forest
from streambench.report.words.changes import changes_titled, told
from streambench.results.bundle import Bundle

_TONES = {
    DifferenceVerdict.BETTER: Tone.GOOD,
    DifferenceVerdict.WORSE: Tone.BAD,
    DifferenceVerdict.ALIKE: Tone.PLAIN,
    DifferenceVerdict.NOT_COMPARABLE: Tone.QUIET,
}

_GATE_TONES = {
    GateState.BROKEN: Tone.BAD,
    GateState.HELD: Tone.GOOD,
    GateState.NOT_SHOWN: Tone.PLAIN,
    GateState.UNKNOWN: Tone.CAUTION,
}


def compose_comparison(comparison: SideBySide) -> Document:
    """The whole page."""
    bundles = _bundles(comparison)
    sections = [
        section
        for number_, pair in enumerate(comparison.pairs, 1)
        for section in _pair_sections(pair, number_, alone=len(comparison.pairs) == 1)
    ]
    return Document(
        next(iter(bundles.values())).run.title,
        "comparison of " + " and ".join(bundles),
        answer(comparison),
        tuple((letter, _bundle_words(bundle)) for letter, bundle in bundles.items()),
        tuple(_banners(comparison)),
        (*sections, _reading(comparison)),
    )


def _bundles(comparison: SideBySide) -> dict[str, Bundle]:
    sides = [side for pair in comparison.pairs for side in (pair.first, pair.second)]
    return {side.letter: side.bundle for side in sides}


def _bundle_words(bundle: Bundle) -> str:
    began = bundle.run.started_at[:16].replace("T", " ")
    return f"{bundle.name}, {bundle.run.workload}, {began} UTC"


def _banners(comparison: SideBySide) -> list[str]:
    """What the runs do not share, though it decides figures, as a user allowed it; and what drifted."""
    said = dict.fromkeys(
        stranger.said
        or f"{pair.first.letter} and {pair.second.letter} differ in {stranger.what}: "
        f"{stranger.first} and {stranger.second}"
        for pair in comparison.pairs
        for stranger in pair.strange
    )
    return [*(f"{sentence(each)}." for each in said), *drift_notes(comparison)]


def _pair_sections(pair: Pair, position: int, *, alone: bool) -> list[Section]:
    title = pair_title(pair)
    blocks: list[Block] = [verdict_grid(pair)]
    forest = _forest(pair, position)
    if forest is not None:
        blocks.append(forest)
    blocks += curve_plots(pair, position)
    counted = [side for side in (pair.first, pair.second) if side.rows.of]
    if counted:
        blocks.append(Points(tuple(f"{side.letter}: {counts_words(side)}" for side in counted)))
    if named := sides_words(pair):
        blocks.append(Points(named))
    blocks += _changes(pair)
    return [Section(f"pair-{position}", "Verdict" if alone else title, tuple(blocks))]


def gates_section(gates: Sequence[GateResult]) -> Section:
    """A row for each gate and pair."""
    columns = (
        GridColumn("gate", code=True),
        GridColumn("of"),
        GridColumn("state"),
        GridColumn("why"),
    )
    rows = tuple(
        GridRow(
            (
                Cell(each.gate.text),
                Cell(f"{each.pair.second.letter}: {each.pair.second.label}"),
                Cell(each.state.value, tone=_GATE_TONES[each.state]),
                Cell(each.why),
            )
        )
        for each in gates
    )
    return Section("gates", "Gates", (Grid(columns, rows, named=True),))


def verdict_grid(pair: Pair) -> Grid:
    """A row for each figure, the primary ones first."""
    columns = (
        GridColumn("figure"),
        GridColumn(_heading(pair.first), numeric=True),
        GridColumn(_heading(pair.second), numeric=True),
        GridColumn(f"{pair.second.letter} ÷ {pair.first.letter}", numeric=True),
        GridColumn("verdict"),
    )
    ordered = sorted(pair.rows, key=lambda row: not row.figure.primary)
    return Grid(columns, tuple(_row(row) for row in ordered), named=True)


def _heading(side: Side) -> str:
    return f"{side.letter}: {side.label}"


def _row(row: Compared) -> GridRow:
    name = f"{row.figure.label}, {row.figure.unit}"
    label = Cell(name, None if row.figure.primary else "descriptive")
    found = row.difference
    if found is None:
        return GridRow(
            (label,), aside=f"{DifferenceVerdict.NOT_COMPARABLE.value}: {row.why}", quiet=True
        )
    return GridRow(
        (
            label,
            Cell(value_words(found.first, row.figure), interval_words(found.first, row.figure)),
            Cell(value_words(found.second, row.figure), interval_words(found.second, row.figure)),
            Cell(f"× {number(found.ratio.value, 2)}", bounds_words(found.ratio)),
            Cell(
                found.judged.value,
                reach_words(found) if found.judged is DifferenceVerdict.ALIKE else None,
                _TONES[found.judged],
            ),
        )
    )


def _forest(pair: Pair, position: int) -> Plot | None:
    rows = [
        ForestRow(
            row.figure.label,
            found.ratio.value,
            found.ratio.low,
            found.ratio.high,
            found.judged.value,
            row.figure.terms.lower_is_better,
            row.figure.primary,
        )
        for row in sorted(pair.rows, key=lambda row: not row.figure.primary)
        if (found := row.difference) is not None
    ]
    if not rows:
        return None
    columns = (GridColumn("figure"), GridColumn("ratio", numeric=True), GridColumn("verdict"))
    table = Grid(
        columns,
        tuple(
            GridRow(
                (Cell(row.figure.label), Cell(ratio_words(found.ratio)), Cell(found.judged.value))
            )
            for row in pair.rows
            if (found := row.difference) is not None
        ),
    )
    letters = f"{pair.second.letter} ÷ {pair.first.letter}"
    return Plot(
        f"forest-{position}",
        f"Ratios with their intervals, {letters}",
        f"The ratio {letters} of each figure with the interval in which it lies",
        f"A line that crosses 1 shows no difference. Filled: better or worse for sure. The line is where "
        f"the true ratio lies, but for {number(100 * TEST_LEVEL)} % of such tests.",
        partial(_draw, rows),
        table,
    )


def _draw(rows: list[ForestRow], narrow: bool) -> object:
    return draw_forest(rows, narrow=narrow)


def _changes(pair: Pair) -> list[Block]:
    """The settings in effect that the two do not share, and the defaults that their versions do not."""
    columns = (
        GridColumn("setting", code=True),
        GridColumn(pair.first.letter, code=True),
        GridColumn(pair.second.letter, code=True),
    )
    folds: list[Block] = []
    for title, changes in changes_titled(pair.differing):
        rows = tuple(
            GridRow((Cell(each.name), Cell(told(each.first)), Cell(told(each.second))))
            for each in changes
        )
        folds.append(Fold(title, (Grid(columns, rows),)))
    return folds


def _reading(comparison: SideBySide) -> Section:
    tests = comparison.tests
    together: tuple[str, ...] = ()
    if tests > 1:
        together = (
            f"{plural(tests, 'primary figure')} tested together: the chance that any of them is called "
            "different by accident stays as low as for one.",
        )
    asked = number(100 * (ASKED_FACTOR - 1))
    return Section(
        "reading",
        "How to read this",
        (
            Points(
                (
                    "A value is the geometric mean over the trials. The true one lies in the interval "
                    f"beside it, but for {number(100 * TEST_LEVEL)} % of such intervals.",
                    "The unit is the trial. Two trials of one engine differ, so one trial a side tells "
                    "little.",
                    *together,
                    "Descriptive figures are tested one by one. Of many, one or another may differ by "
                    "accident.",
                    "Where nothing is told apart, the table says what would have been seen in 8 of 10 "
                    f"tries. It also says how many repeats would see {asked} %.",
                )
            ),
            Text("The method is in docs/method.md, comparing.", Tone.QUIET),
        ),
    )
