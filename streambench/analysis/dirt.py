"""What dirt did, as the runs of a bundle show it: one cell for each kind and contender."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streambench.model.dirt import (
    RIGHT_RESULTS,
    CameBack,
    DirtEffect,
    DirtKind,
    NotTold,
    OthersLost,
    PassedOver,
    RightResult,
    ShareTold,
    StoppedForGood,
    TakenIn,
)
from streambench.model.numbers import number, plural
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class DirtMatrix:
    """`cells` by the contender's label and the kind; a kind that is missing was not reached."""

    kinds: tuple[DirtKind, ...]
    labels: tuple[str, ...]
    cells: Mapping[tuple[str, DirtKind], DirtEffect]

    def of(self, label: str) -> tuple[DirtEffect, ...]:
        """What is known of one contender, in the order of the kinds."""
        found = (self.cells.get((label, kind)) for kind in self.kinds)
        return tuple(each for each in found if each is not None)


def dirt_matrix(bundle: Bundle) -> DirtMatrix:
    """Of several trials of a kind the last one counts."""
    cells = {
        (trial.record.variant.label, effect.dirt): effect
        for trial in bundle.trials
        for effect in trial.record.dirt
    }
    run = bundle.run
    asked = dict.fromkeys(each.kind for each in run.dirt or run.dirt_shares)
    labels = tuple(bundle.run.planned)
    return DirtMatrix(tuple(asked), labels, cells)


def stops_for_good(matrix: DirtMatrix, label: str) -> int:
    """How many kinds stop it for good."""
    return sum(isinstance(each.outcome, StoppedForGood) for each in matrix.of(label))


def short_words(effect: DirtEffect | None) -> str:
    """A cell of the matrix, in a few words."""
    if effect is None:
        return "not reached"
    match effect.outcome:
        case PassedOver(said=said):
            left = "left out" if _is_to_be_left_out(effect) else "not counted"
            return f"{left}, {'said so' if said else 'silently'}"
        case TakenIn(rightly=True):
            return "counted"
        case TakenIn():
            return "counted wrongly"
        case OthersLost(records=records, rows=rows):
            lost = plural(rows, "row") if records is None else plural(records, "other")
            return f"{lost} lost"
        case CameBack(late_ms=late_ms, then=then):
            fate = "left out" if isinstance(then, PassedOver) else "counted"
            return f"late for {late_ms / 1000:.1f} s, {fate}"
        case StoppedForGood():
            return "stopped for good"
        case ShareTold(wrong_rows=wrong, lost_rows=lost):
            return f"{number(wrong)} rows wrong, {number(lost)} lost"
        case NotTold():
            return "not known"


def exact_words(effect: DirtEffect) -> str:
    """The same in full, with the row that differs and by how much."""
    match effect.outcome:
        case PassedOver(said=said):
            left = "left out" if _is_to_be_left_out(effect) else "not counted, though it should be"
            return f"{left}; {said or 'nothing tells of it'}"
        case TakenIn() as taken:
            return _taken_words(effect, taken)
        case OthersLost(rows=rows, records=records):
            of = "" if records is None else f", {plural(records, 'good record')}"
            return f"{plural(rows, 'row')} of others were lost or miss records{of}"
        case CameBack(late_ms=late_ms, ended=ended, then=then):
            fate = "left out" if isinstance(then, PassedOver) else _taken_words(effect, then)
            ends = f", {plural(ended, 'process')} ended" if ended == 1 else ""
            ends = f", its processes ended {ended} times" if ended > 1 else ends
            return f"results of {late_ms / 1000:.1f} s came late{ends}; the record was {fate}"
        case StoppedForGood(why=why, after_ms=after_ms):
            return f"stopped for good: {why}, told after {after_ms / 1000:.1f} s"
        case ShareTold(records=records, wrong_rows=wrong, lost_rows=lost):
            of = f"{plural(records, 'bad record')} of this kind"
            said = effect.said or "nothing tells of them"
            return f"{of}; of all rows {number(wrong)} were wrong and {number(lost)} lost; {said}"
        case NotTold(why=why):
            return f"not known: {why}"


def right_words(kind: DirtKind) -> str:
    """What is right with a kind."""
    return RIGHT_RESULTS[kind].value


def _is_to_be_left_out(effect: DirtEffect) -> bool:
    return RIGHT_RESULTS[effect.dirt] is RightResult.LEFT_OUT


def _taken_words(effect: DirtEffect, taken: TakenIn) -> str:
    how = "counted" if taken.rightly else "counted, which is wrong"
    if not taken.rightly and not _is_to_be_left_out(effect):
        how = "counted, with wrong values"
    rows = []
    for row in taken.rows:
        values = ", ".join(
            f"{each.alias} {each.clean or 'no row'} → {each.got or 'no row'}" for each in row.values
        )
        rows.append(f"{row.key}: {values}")
    return f"{how}: {'; '.join(rows)}"


def damage_share(matrix: DirtMatrix, label: str) -> str:
    """How many kinds came out right, in words."""
    found = matrix.of(label)
    right = sum(each.right is True for each in found)
    return f"{number(right)} of {number(len(matrix.kinds))}"
