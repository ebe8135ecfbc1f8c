"""Expressions that the subset takes, of every type, drawn at random with their meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final, TypeVar

from hypothesis import strategies as st

from streambench.model.expression import DecimalType, FieldType, ValueType
from tests.properties import condition_pieces as conditions
from tests.properties import number_pieces as numbers
from tests.properties.fields import MOST_INSTANT_MS
from tests.properties.pieces import Piece, common, either, first_of, scaled, strictly

_WHOLE: Final = (0, 1, -1, 2, 3, 5, -7, 500, 50_000, 3_000_000_000)
_DECIMALS: Final = ("1.5", "0.25", "-0.005", "12.50")
_INSTANTS: Final = (
    ("date '2013-01-01'", 1_356_998_400_000),
    ("timestamp '2013-01-01T01:00:00.001+01:00'", 1_356_998_400_001),
    ("timestamp '1969-12-31 23:59:59.999'", -1),
    ("timestamp '1970-01-01T00:00Z'", 0),
)
_TEXTS: Final = ("view", "", "a", "\U0001d306", "né")
_LISTED: Final = ("a", "b", "", "view", "né", "日本", "\U0001d306")
_PATTERNS: Final = (
    "a%",
    "%b",
    "_",
    "%_",
    "a_b",
    "%é%",
    "",
    "v_ew",
    "x!_%",
    "%!%%",
    "100%",
    "日_",
    "%\U0001f600%",
)

Constant = TypeVar("Constant", int, str)


@dataclass(frozen=True)
class Grammar:
    """Draws expressions over some leaves: fields, and what was given a name.

    `depth` is how many operators may stand within each other.
    """

    draw: st.DrawFn
    leaves: Sequence[Piece]

    def number(self, depth: int) -> Piece:
        """Of any type."""
        return self._one_of(
            lambda: self.whole(depth), lambda: self.decimal(depth), lambda: self.double(depth)
        )

    def anything(self, depth: int) -> Piece:
        """A value or a condition."""
        return self._one_of(
            lambda: self.number(depth),
            lambda: self.text(depth),
            lambda: self.condition(depth),
            lambda: self.instant(depth),
        )

    def instant(self, depth: int) -> Piece:
        """A timestamp."""
        written, at_ms = self.draw(st.sampled_from(_INSTANTS))
        constant = Piece(written, FieldType.TIMESTAMP, lambda row: at_ms, most=MOST_INSTANT_MS)
        leaf = self._leaf(lambda type_: type_ is FieldType.TIMESTAMP, constant)
        if depth == 0:
            return leaf
        inner = partial(self.instant, depth - 1)
        return self._one_of(
            lambda: leaf, lambda: self._case(inner, depth - 1), lambda: _filled(inner(), constant)
        )

    def whole(self, depth: int) -> Piece:
        """A whole number."""
        constant = numbers.whole_constant(self.draw(st.sampled_from(_WHOLE)))
        leaf = self._leaf(lambda type_: type_ is FieldType.BIGINT, constant)
        if depth == 0:
            return leaf
        less = depth - 1
        inner = partial(self.whole, less)
        return self._one_of(
            lambda: leaf,
            lambda: numbers.computed(self._sign(), inner(), inner()),
            lambda: numbers.computed(self._sign(), inner(), constant),
            lambda: numbers.left_over(inner(), self.draw(st.sampled_from((2, 3, 7, -5)))),
            lambda: numbers.absolute(inner()),
            lambda: numbers.length(self.text(less)),
            lambda: numbers.cut_off(self.decimal(less)),
            lambda: numbers.cut_off(self.double(less)),
            lambda: numbers.since_1970(self.instant(less)),
            lambda: self._case(inner, less),
            lambda: _filled(inner(), constant),
        )

    def decimal(self, depth: int) -> Piece:
        """A decimal."""
        constant = numbers.decimal_constant(self.draw(st.sampled_from(_DECIMALS)))
        leaf = self._leaf(lambda type_: isinstance(type_, DecimalType), constant)
        if depth == 0:
            return leaf
        less = depth - 1
        inner = partial(self.decimal, less)
        return self._one_of(
            lambda: leaf,
            lambda: numbers.exact(self._sign(), inner(), inner()),
            lambda: numbers.exact(self._sign(), inner(), constant),
            lambda: numbers.exact(self._sign(), inner(), numbers.as_decimal(self.whole(0))),
            lambda: numbers.absolute(inner()),
            lambda: numbers.rounded(inner(), self.draw(st.integers(0, 3))),
            lambda: numbers.cast_to_decimal(inner(), self.draw(st.integers(0, 4))),
            lambda: self._case(inner, less),
            lambda: _filled(inner(), constant),
        )

    def double(self, depth: int) -> Piece:
        """A double."""
        quotient = self._quotient(self.whole(0))
        leaf = self._leaf(lambda type_: type_ is FieldType.DOUBLE, quotient)
        if depth == 0:
            return leaf
        less = depth - 1
        inner = partial(self.double, less)
        return self._one_of(
            lambda: leaf,
            lambda: numbers.real(self._sign(), inner(), inner()),
            lambda: numbers.real(self._sign(), inner(), self.whole(less)),
            lambda: numbers.real(self._sign(), inner(), self.decimal(less)),
            lambda: self._quotient(self.number(less)),
            lambda: numbers.to_double(self.whole(less)),
            lambda: numbers.nearest_whole(inner()),
            lambda: numbers.absolute(inner()),
            lambda: self._case(inner, less),
            lambda: _filled(inner(), numbers.double_constant(0.5)),
        )

    def text(self, depth: int) -> Piece:
        """A string."""
        value = self.draw(st.sampled_from(_TEXTS))
        constant = Piece(conditions.quoted_text(value), FieldType.STRING, lambda row: value)
        leaf = self._leaf(lambda type_: type_ is FieldType.STRING, constant)
        if depth == 0:
            return leaf
        less = depth - 1
        inner = partial(self.text, less)
        return self._one_of(
            lambda: leaf,
            lambda: self._in_one_case(inner()),
            lambda: self._substring(inner()),
            lambda: self._joined(inner(), inner()),
            lambda: _written(self.whole(less)),
            lambda: _written(self.decimal(less)),
            lambda: self._case(inner, less),
            lambda: _filled(inner(), constant),
        )

    def condition(self, depth: int) -> Piece:
        """What holds, does not, or neither."""
        less = max(0, depth - 1)
        simple = (
            lambda: self._compared(self.number(less), self.number(less)),
            lambda: self._compared(self.text(less), self.text(less)),
            lambda: self._compared(self.instant(less), self.instant(less)),
            self._flag,
        )
        if depth == 0:
            return self._one_of(*simple)
        inner = partial(self.condition, less)
        no = self.draw(st.booleans())
        return self._one_of(
            *simple,
            lambda: conditions.like(self.text(less), self.draw(st.sampled_from(_PATTERNS)), no=no),
            lambda: conditions.listed(self.whole(less), self._several(st.integers(-5, 9)), no=no),
            lambda: conditions.listed(
                self.text(less), self._several(st.sampled_from(_LISTED)), no=no
            ),
            lambda: conditions.between(self.number(less), self.number(0), self.number(less)),
            lambda: conditions.between(self.instant(0), self.instant(0), self.instant(less)),
            lambda: conditions.is_null(self.anything(less), no=no),
            lambda: self._both(inner(), inner()),
            lambda: self._both(inner(), inner()),
            lambda: conditions.negated(inner()),
        )

    def _one_of(self, *ways: Callable[[], Piece | None]) -> Piece:
        """Made in one of several ways; the first one always can."""
        made = ways[self.draw(st.integers(0, len(ways) - 1))]() or ways[0]()
        assert made is not None
        return made

    def _leaf(self, fits: Callable[[ValueType], bool], otherwise: Piece) -> Piece:
        some = [leaf for leaf in self.leaves if fits(leaf.type)]
        return self.draw(st.sampled_from(some)) if some else otherwise

    def _flag(self) -> Piece | None:
        some = [leaf for leaf in self.leaves if leaf.type is FieldType.BOOLEAN]
        return self.draw(st.sampled_from(some)) if some else None

    def _sign(self) -> str:
        return self.draw(st.sampled_from("+-*"))

    def _several(self, values: st.SearchStrategy[Constant]) -> list[Constant]:
        return self.draw(st.lists(values, min_size=2, max_size=6, unique=True))

    def _compared(self, left: Piece, right: Piece) -> Piece:
        operator = self.draw(st.sampled_from(tuple(conditions.COMPARISONS)))
        return conditions.compared(operator, left, right)

    def _both(self, left: Piece, right: Piece) -> Piece:
        return conditions.joined(self.draw(st.sampled_from(("and", "or"))), left, right)

    def _quotient(self, piece: Piece) -> Piece:
        return numbers.quotient(piece, self.draw(st.sampled_from((2, 4, 7, -3))))

    def _case(self, inner: Callable[[], Piece], depth: int) -> Piece:
        condition, then = self.condition(depth), inner()
        otherwise = inner() if self.draw(st.booleans()) else None
        type_ = then.type
        if otherwise is not None and isinstance(type_, DecimalType):
            type_ = common(type_, otherwise.decimal)
            then, otherwise = scaled(then, type_), scaled(otherwise, type_)
        last = "" if otherwise is None else f" else {otherwise.text}"
        return Piece(
            f"case when {condition.text} then {then.text}{last} end",
            type_,
            either(condition, then, otherwise),
            then.nullable or otherwise is None or otherwise.nullable,
            max(then.most, 0 if otherwise is None else otherwise.most),
        )

    def _in_one_case(self, piece: Piece) -> Piece:
        name = self.draw(st.sampled_from(("lower", "upper")))
        of = strictly(lambda text: getattr(text, name)(), piece)
        return Piece(f"{name}({piece.text})", FieldType.STRING, of, piece.nullable)

    def _substring(self, piece: Piece) -> Piece:
        begin, length = self.draw(st.integers(1, 3)), self.draw(st.integers(0, 3))
        of = strictly(lambda text: text[begin - 1 : begin - 1 + length], piece)
        text = f"substring({piece.text}, {begin}, {length})"
        return Piece(text, FieldType.STRING, of, piece.nullable)

    def _joined(self, left: Piece, right: Piece) -> Piece:
        form = self.draw(st.sampled_from(("concat({}, {})", "({} || {})")))
        of = strictly(lambda a, b: a + b, left, right)
        text = form.format(left.text, right.text)
        return Piece(text, FieldType.STRING, of, left.nullable or right.nullable)


def _filled(piece: Piece, otherwise: Piece) -> Piece | None:
    """Coalesce, of what may have no value."""
    if not piece.nullable:
        return None
    type_ = piece.type
    if isinstance(type_, DecimalType):
        type_ = common(type_, otherwise.decimal)
        piece, otherwise = scaled(piece, type_), scaled(otherwise, type_)
    text = f"coalesce({piece.text}, {otherwise.text})"
    most = max(piece.most, otherwise.most)
    return Piece(text, type_, first_of(piece, otherwise), otherwise.nullable, most)


def _written(piece: Piece) -> Piece:
    """A number as a string."""
    of = strictly(lambda value: format(value, "f" if isinstance(value, Decimal) else "d"), piece)
    return Piece(f"cast({piece.text} as string)", FieldType.STRING, of, piece.nullable)
