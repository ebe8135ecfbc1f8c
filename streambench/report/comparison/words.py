"""What is said of a comparison: values with their units, verdicts, and the sentence that comes first."""

from __future__ import annotations

from collections import Counter

from streambench.analysis.compare.comparison import Compared, Pair, Side, SideBySide
from streambench.analysis.compare.difference import Difference, DifferenceVerdict, Range
from streambench.analysis.compare.figures import Figure, run_of
from streambench.analysis.drift import run_drifts
from streambench.model.numbers import in_unit, listing, number, plural
from streambench.report.words.drift import moved_words
from streambench.report.words.variants import variant_words
from streambench.results.bundle import Bundle

_REAL = (DifferenceVerdict.BETTER, DifferenceVerdict.WORSE)
# Two trials a side tell so little that the factor has no meaning.
_OUT_OF_REACH = 100.0
_ONE_PERCENT = 1.01
NOTHING = "No figure of the two can be compared."


def value_words(found: Range, figure: Figure) -> str:
    """A value in its figure's unit."""
    return _amount(found.value, figure)


def interval_words(found: Range, figure: Figure) -> str | None:
    """The bounds of a value; None where too few trials tell them."""
    if found.low is None or found.high is None:
        return None
    return f"{_amount(found.low, figure)} to {_amount(found.high, figure)}"


def ratio_words(found: Range) -> str:
    """A ratio with its bounds: `× 1.31 (1.18 to 1.45)`."""
    bounds = bounds_words(found)
    return f"× {number(found.value, 2)}" + ("" if bounds is None else f" ({bounds})")


def bounds_words(found: Range) -> str | None:
    """The bounds of a ratio; None where too few trials tell them."""
    if found.low is None or found.high is None:
        return None
    return f"{number(found.low, 2)} to {number(found.high, 2)}"


def reach_words(found: Difference) -> str | None:
    """What these trials could have seen, and how many would see 10 %; None where nothing is known."""
    if found.why is not None and found.seen_factor is None:
        return found.why
    if found.seen_factor is None:
        return None
    seen = f"a difference of {percent_words(found.seen_factor)} would have been seen"
    if found.repeats is not None:
        return f"{seen}; {found.repeats} repeats a side would see 10 %"
    if found.why is not None:
        return f"{seen}: {found.why}"
    return f"{seen}; 200 repeats a side would not see 10 %"


def percent_words(factor: float) -> str:
    """A factor as a change: 1.31 is 31 %, 3.16 is a factor of 3.16."""
    if factor >= _OUT_OF_REACH:
        return f"a factor of more than {number(_OUT_OF_REACH)}"
    if factor < _ONE_PERCENT:  # 0 % would be said of the least difference that can be seen
        return "less than 1 %"
    return f"a factor of {number(factor, 2)}" if factor >= 2 else f"{number(100 * (factor - 1))} %"


def side_words(side: Side) -> str:
    """A side with its letter: `A, Kafka Streams`."""
    return f"{side.letter}, {side.title}"


def pair_title(pair: Pair) -> str:
    """`Kafka Streams, B against A`, or both names where they differ."""
    first, second = pair.first, pair.second
    if first.title == second.title and first.label == second.label:
        return f"{first.title}: {second.letter} against {first.letter}"
    return f"{side_words(second)} against {side_words(first)}"


def answer(comparison: SideBySide) -> str:
    """The first sentences: what a reader who stops there should know."""
    said = []
    for pair in comparison.pairs:
        told = [_told(row, pair) for row in pair.primary if row.judged in _REAL]
        if told:
            said.append(f"{pair_title(pair)}: {listing(told)}.")
    for judged, words in (
        (DifferenceVerdict.ALIKE, "No difference is shown in {}"),
        (DifferenceVerdict.NOT_COMPARABLE, "Not comparable: {}"),
    ):
        for labels, titles in _by_labels(comparison, judged):
            of_whom = "" if len(comparison.pairs) == 1 and said else f" ({titles})"
            said.append(f"{words.format(labels)}{of_whom}.")
    return " ".join(said) or NOTHING


def _by_labels(comparison: SideBySide, judged: DifferenceVerdict) -> list[tuple[str, str]]:
    """(primary figures of this verdict, the pairs that have just these), as words."""
    found: dict[str, list[str]] = {}
    for pair in comparison.pairs:
        labels = [row.figure.label for row in pair.primary if row.judged is judged]
        if labels:
            found.setdefault(listing(_without_points(labels)), []).append(pair_title(pair))
    return [(labels, listing(titles)) for labels, titles in found.items()]


def _without_points(labels: list[str]) -> list[str]:
    """A figure that is meant at several points of a curve is named once."""
    points = Counter(label.partition(" at ")[0] for label in labels if " at " in label)
    named = [label for label in labels if points[label.partition(" at ")[0]] < 2]
    return [*named, *(f"{name} at {count} points" for name, count in points.items() if count > 1)]


def _told(row: Compared, pair: Pair) -> str:
    assert row.difference is not None
    ratio = row.difference.ratio
    return f"{row.figure.label} is {row.judged.value} in {pair.second.letter}, {ratio_words(ratio)}"


def counts_words(side: Side) -> str:
    """How its rows came out, over the completed trials or the drains."""
    rows = side.rows
    if not rows.of:
        return f"no completed {rows.what}"
    damage, aside = rows.damage, side.aside
    left = (
        "" if not aside else f" ({number(aside)} at another speed of the machine and in no figure)"
    )
    if side.lost:
        left += " (a record of others is missing)"
    found = [
        f"{number(count)} {name}"
        for name, count in (
            ("lost", damage.lost),
            ("wrong", damage.wrong),
            ("early", damage.early),
            ("duplicates", damage.duplicates),
        )
        if count
    ]
    told = ", ".join(found) or "every row right"
    if rows.what == "drain" and rows.why is not None:
        told = rows.why
    return f"{plural(rows.of, rows.what)}{left}: {told}"


def sides_words(pair: Pair) -> tuple[str, ...]:
    """What the named variants among the two are: `A, Apache Flink, spare worker: …`."""
    return tuple(
        f"{side_words(side)}: {words}"
        for side in (pair.first, pair.second)
        if (words := variant_words(side.bundle, side.label)) is not None
    )


def drift_notes(comparison: SideBySide) -> tuple[str, ...]:
    """For each figure that drifted over a side's run, of which run and by how much."""
    letters: dict[str, dict[str, Bundle]] = {}
    for pair in comparison.pairs:
        for side in (pair.first, pair.second):
            letters.setdefault(run_of(side.bundle), {})[side.letter] = side.bundle
    return tuple(
        f"{listing(list(of_run))}: over the run the {drift.metric.label} {moved_words(drift)}."
        for of_run in letters.values()
        for drift in run_drifts(next(iter(of_run.values())))
        if drift.seen
    )


def _amount(value: float, figure: Figure) -> str:
    """Three digits at least: a value of 1.2 s is not rounded to 1."""
    shown = in_unit(value, figure.unit)
    digits = figure.digits if shown >= 100 else max(figure.digits, 1 if shown >= 10 else 2)
    whole = figure.unit in ("ms", "events/s", "records/s", "MiB")
    return number(shown, 0 if whole and shown >= 10 else digits)
