"""Conditions on aggregates, and what each may mean where doubles are right within a tolerance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from hypothesis import strategies as st

from tests.properties.condition_pieces import COMPARISONS, JOINS
from tests.properties.folds import Fold, Found

Answers: TypeAlias = frozenset[bool | None]
"""All that a condition may be, when a double may be anything within its tolerance."""
_UNKNOWN: Final[Answers] = frozenset((None,))


@dataclass(frozen=True)
class Having:
    """A condition as it is written, and what it may be of aggregates by their aliases."""

    text: str
    of: Callable[[Mapping[str, Found]], Answers]

    def held(self, found: Mapping[str, Found]) -> bool | None:
        """Whether a group has a row; None where that hangs on the last digits of doubles."""
        answers = self.of(found)
        if answers == {True}:
            return True
        return None if True in answers else False


def drawn_having(draw: st.DrawFn, folds: Sequence[Fold], depth: int) -> Having:
    """A condition that the subset takes."""
    if depth and draw(st.booleans()):
        left, right = (drawn_having(draw, folds, depth - 1) for _ in range(2))
        word = draw(st.sampled_from(("and", "or")))
        combine = JOINS[word]

        def both(found: Mapping[str, Found]) -> Answers:
            return frozenset(combine(a, b) for a in left.of(found) for b in right.of(found))

        return Having(f"({left.text} {word} {right.text})", both)
    if depth and draw(st.integers(0, 3)) == 0:
        inner = drawn_having(draw, folds, depth - 1)
        return Having(f"(not {inner.text})", lambda found: frozenset(map(_not, inner.of(found))))
    fold = draw(st.sampled_from(list(folds)))
    if fold.nullable and draw(st.integers(0, 2)) == 0:
        return Having(
            f"({fold.alias} is null)", lambda found: frozenset((found[fold.alias].value is None,))
        )
    operator = draw(st.sampled_from(tuple(COMPARISONS)))
    if fold.is_instant:
        other = draw(st.sampled_from([each for each in folds if each.is_instant]))
        return Having(
            f"({fold.alias} {operator} {other.alias})",
            lambda found: _compared(operator, found[fold.alias], found[other.alias]),
        )
    if draw(st.integers(0, 2)) == 0:
        other = draw(st.sampled_from([each for each in folds if not each.is_instant]))
        return Having(
            f"({fold.alias} {operator} {other.alias})",
            lambda found: _compared(operator, found[fold.alias], found[other.alias]),
        )
    constant = draw(st.sampled_from(("1", "2", "3", "0", "-1", "12.5", "0.25", "100", "1e2")))
    value = Found(float(constant) if "e" in constant else Decimal(constant))
    return Having(
        f"({fold.alias} {operator} {constant})",
        lambda found: _compared(operator, found[fold.alias], value),
    )


def _compared(operator: str, left: Found, right: Found) -> Answers:
    if left.value is None or right.value is None:
        return _UNKNOWN
    a, b = left.value, right.value
    if isinstance(a, float) or isinstance(b, float):
        a, b = float(a), float(b)
        low, high = a - left.tolerance, a + left.tolerance
        least, most = b - right.tolerance, b + right.tolerance
    else:
        low = high = a
        least = most = b
    # Some value of the left is below, equal to or above some value of the right.
    orders = [
        order
        for order, may in (
            ("<", low < most),
            ("=", low <= most and least <= high),
            (">", high > least),
        )
        if may
    ]
    return frozenset(_holds(operator, order) for order in orders)


def _holds(operator: str, order: str) -> bool:
    return order != "=" if operator == "<>" else order in operator


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value
