"""Which variants of which bundles are compared, from what a user names."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase

from streambench.analysis.compare.comparison import Side
from streambench.analysis.compare.figures import measured, run_of
from streambench.analysis.compare.strangers import RunDifference, Term, strangers, with_implied
from streambench.model.errors import UsageError
from streambench.model.numbers import listing
from streambench.results.anonymous.bundles import anonymous
from streambench.results.bundle import Bundle, read_bundle

SIDES_AT_MOST = len(ascii_uppercase)


@dataclass(frozen=True)
class NamedSide:
    """A side as a user named it: `label` is None for all variants of the bundle."""

    letter: str
    bundle: Bundle
    label: str | None = None


def read_sides(texts: Sequence[str]) -> tuple[NamedSide, ...]:
    """Read `FOLDER` or `FOLDER:VARIANT` each, the first one being what others are compared with.

    Raises UsageError for what is no bundle, or a variant that it has not.
    """
    if len(texts) < 2:
        raise UsageError(
            "a comparison needs two sides",
            hint="streambench compare FOLDER FOLDER, or FOLDER:flink FOLDER:kafka-streams",
        )
    if len(texts) > SIDES_AT_MOST:
        raise UsageError(
            f"{len(texts)} sides were given; {SIDES_AT_MOST} can be compared at once",
            hint="compare some of them, and then the others with the same first side",
        )
    bundles: dict[Path, Bundle] = {}
    given = []
    for letter, text in zip(ascii_uppercase, texts, strict=False):
        folder, label = _split(text)
        there = folder.resolve()  # one folder by two paths is one bundle
        if there not in bundles:
            bundles[there] = read_bundle(folder)
        bundle = bundles[there]
        if label is not None and label not in bundle.labels:
            raise _unknown(label, bundle)
        given.append(NamedSide(letter, bundle, label))
    return tuple(given)


def pairs_of(given: Sequence[NamedSide]) -> tuple[tuple[Side, Side], ...]:
    """The first against each other. Raises UsageError where two have no variant in common."""
    return tuple(pair for other in given[1:] for pair in _paired(given[0], other))


def anonymous_pairs(pairs: Sequence[tuple[Side, Side]]) -> tuple[tuple[Side, Side], ...]:
    """The same pairs, of bundles without what tells whose they are."""
    bundles = {id(side.bundle): side.bundle for pair in pairs for side in pair}
    found = {key: anonymous(bundle) for key, bundle in bundles.items()}

    def masked(side: Side) -> Side:
        made = found[id(side.bundle)]
        return Side(side.letter, made.bundle, made.labels.get(side.label, side.label))

    return tuple((masked(first), masked(second)) for first, second in pairs)


def refuse_strangers(pairs: Sequence[tuple[Side, Side]], allowed: frozenset[Term]) -> None:
    """Raise UsageError where two runs differ in what decides their figures, and nobody allowed it."""
    implied = with_implied(allowed)
    for first, second in pairs:
        _refuse_kinds(first, second)
        refused = [
            each for each in strangers(first.bundle, second.bundle) if each.term not in implied
        ]
        if refused:
            raise _refusal(refused, first, second)


def _split(text: str) -> tuple[Path, str | None]:
    """The shortest part before a colon that is a folder: labels hold colons, too."""
    parts = text.split(":")
    for end in range(1, len(parts) + 1):
        folder = Path(":".join(parts[:end]))
        if folder.is_dir():
            return folder, ":".join(parts[end:]) or None
    return Path(text), None


def _paired(one: NamedSide, other: NamedSide) -> list[tuple[Side, Side]]:
    ours, theirs = (
        [each.label] if each.label is not None else list(each.bundle.labels)
        for each in (one, other)
    )
    if one.label is not None and other.label is not None:
        common = [(one.label, other.label)]
    elif len(ours) == len(theirs) == 1:
        common = [(ours[0], theirs[0])]
    else:
        common = [(label, label) for label in ours if label in theirs]
    if not common:
        raise UsageError(
            f"{one.letter} has {listing(ours)}, and {other.letter} has {listing(theirs)}: "
            "no variant is in both",
            hint=f"name one of each: streambench compare {one.bundle.folder}:{ours[0]} "
            f"{other.bundle.folder}:{theirs[0]}",
        )
    pairs = [
        (Side(one.letter, one.bundle, ours_), Side(other.letter, other.bundle, theirs_))
        for ours_, theirs_ in common
    ]
    for first, second in pairs:
        if run_of(first.bundle) == run_of(second.bundle) and first.label == second.label:
            raise UsageError(
                f"{first.letter} and {second.letter} are the same run: {first.bundle.folder}",
                hint=_other_sides(first),
            )
    return pairs


def _other_sides(side: Side) -> str:
    """A comparison of the same run with itself that tells something, of two of its variants."""
    others = [each for each in side.bundle.labels if each != side.label]
    folder = side.bundle.folder
    if not others:
        return f"name another run: streambench compare {folder} FOLDER"
    return f"streambench compare {folder}:{side.label} {folder}:{others[0]}"


def _unknown(label: str, bundle: Bundle) -> UsageError:
    near = difflib.get_close_matches(label, bundle.labels, 1)
    meant = near[0] if near else next(iter(bundle.labels), "")
    return UsageError(
        f"{bundle.folder} has no variant {label}: it has {listing(list(bundle.labels))}",
        hint=f"streambench compare {bundle.folder}:{meant} …",
    )


def _refuse_kinds(first: Side, second: Side) -> None:
    kinds = [type(side.bundle.run.experiment).__name__ for side in (first, second)]
    figures = [measured(side.bundle, side.label).keys() for side in (first, second)]
    if kinds[0] != kinds[1] or not figures[0] & figures[1]:
        raise UsageError(
            f"{first.letter} and {second.letter} have no figure in common: "
            f"{_made_by(first)} and {_made_by(second)}",
            hint=f"see what each is: streambench report {first.bundle.folder}",
        )


def _made_by(side: Side) -> str:
    return f"{side.letter} was made by `{side.bundle.run.command}`"


def _refusal(refused: Sequence[RunDifference], first: Side, second: Side) -> UsageError:
    told = "; ".join(
        each.said or f"{each.what}: {each.first} and {each.second}" for each in refused[:6]
    )
    more = f"; and {len(refused) - 6} more" if len(refused) > 6 else ""
    terms = ",".join(dict.fromkeys(each.term.value for each in refused))
    return UsageError(
        f"{first.letter} and {second.letter} cannot be compared, as their runs differ: {told}{more}",
        hint=f"if that is what you want to see, add --allow {terms}",
    )
