"""Expressions that the subset takes, of every type, each with its meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from streambench.model.expression import DecimalType, FieldType, ValueType
from tests.properties.pieces import (
    Piece,
    all_of,
    any_of,
    common,
    either,
    first_of,
    scaled,
    strictly,
    to_decimal,
)
from tests.workload.meaning_tables import exactly, half_up, nearest, remainder

MOST_WHOLE: Final = 2**50
"""Of a whole number that is computed; fields can be greater."""
MOST_DIGITS: Final = 34
_MOST_DOUBLE: Final = 1e60
_WHOLE: Final = (0, 1, -1, 2, 3, 5, -7, 500)
_AS_DECIMAL: Final = DecimalType(19, 0)
_PATTERNS: Final = ("a%", "%b", "_", "%_", "a_b", "%é%", "", "v_ew", "x!_%", "%!%%", "100%", "日_", "%\U0001f600%")
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}  # fmt: skip


def quoted_text(text: str) -> str:
    """A string constant of SQL."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Grammar:
    """Draws expressions over some leaves: fields, and what was given a name."""

    draw: st.DrawFn
    leaves: Sequence[Piece]

    def _chosen(self, *ways: Callable[[], Piece | None]) -> Piece:
        """One of several ways to make a piece; the first one always can."""
        way = self.draw(st.integers(0, len(ways) - 1))
        return ways[way]() or ways[0]() or _never()

    def _leaf(self, fits: Callable[[ValueType], bool], otherwise: Piece) -> Piece:
        some = [leaf for leaf in self.leaves if fits(leaf.type)]
        return self.draw(st.sampled_from(some)) if some else otherwise

    def _nullable(self, piece: Piece) -> bool:
        return piece.nullable

    def number(self, depth: int) -> Piece:
        """Of any type."""
        return self._chosen(
            lambda: self.whole(depth), lambda: self.decimal(depth), lambda: self.double(depth)
        )

    def anything(self, depth: int) -> Piece:
        """A value or a condition."""
        return self._chosen(
            lambda: self.number(depth), lambda: self.text(depth), lambda: self.condition(depth)
        )

    def whole(self, depth: int) -> Piece:
        """A whole number."""
        constant = self.draw(st.sampled_from(_WHOLE))
        leaf = self._leaf(
            lambda type_: type_ is FieldType.BIGINT,
            Piece(str(constant), FieldType.BIGINT, lambda row: constant, most=abs(constant)),
        )
        if depth == 0:
            return leaf
        inner = lambda: self.whole(depth - 1)  # noqa: E731
        return self._chosen(
            lambda: leaf,
            lambda: self._computed(inner(), inner()),
            lambda: self._computed(inner(), _constant(constant)),
            lambda: self._remainder(inner()),
            lambda: self._absolute(inner()),
            lambda: self._length(self.text(depth - 1)),
            lambda: self._cut_off(self.decimal(depth - 1)),
            lambda: self._cut_off_double(self.double(depth - 1)),
            lambda: self._case(inner, depth),
            lambda: self._filled(inner(), _constant(constant)),
        )

    def _computed(self, left: Piece, right: Piece) -> Piece | None:
        sign = self.draw(st.sampled_from("+-*"))
        most = left.most * right.most if sign == "*" else left.most + right.most
        if most > MOST_WHOLE:
            return None
        return Piece(
            f"({left.text} {sign} {right.text})",
            FieldType.BIGINT,
            strictly(_ARITHMETIC[sign], left, right),
            left.nullable or right.nullable,
            most,
        )

    def _remainder(self, piece: Piece) -> Piece:
        divisor = self.draw(st.sampled_from((2, 3, 7, -5)))
        of = strictly(lambda value: remainder(value, divisor), piece)
        text = f"(({piece.text}) % {divisor})"
        return Piece(text, FieldType.BIGINT, of, piece.nullable, abs(divisor))

    def _absolute(self, piece: Piece) -> Piece | None:
        if piece.most >= 2**63:
            return None
        text = f"abs({piece.text})"
        return Piece(text, piece.type, strictly(abs, piece), piece.nullable, piece.most)

    def _length(self, piece: Piece) -> Piece:
        of = strictly(len, piece)
        return Piece(f"length({piece.text})", FieldType.BIGINT, of, piece.nullable, 1_000)

    def _cut_off(self, piece: Piece) -> Piece | None:
        if piece.decimal.whole_digits > 15:
            return None
        most = 10**piece.decimal.whole_digits
        text = f"cast({piece.text} as bigint)"
        return Piece(text, FieldType.BIGINT, strictly(int, piece), piece.nullable, most)

    def _cut_off_double(self, piece: Piece) -> Piece | None:
        if piece.most > 1e15:
            return None
        text = f"cast({piece.text} as bigint)"
        return Piece(text, FieldType.BIGINT, strictly(int, piece), piece.nullable, piece.most)

    def _case(self, inner: Callable[[], Piece], depth: int) -> Piece:
        condition, then = self.condition(depth - 1), inner()
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

    def _filled(self, piece: Piece, otherwise: Piece) -> Piece | None:
        if not self._nullable(piece):
            return None
        type_ = piece.type
        if isinstance(type_, DecimalType):
            type_ = common(type_, otherwise.decimal)
            piece, otherwise = scaled(piece, type_), scaled(otherwise, type_)
        text = f"coalesce({piece.text}, {otherwise.text})"
        most = max(piece.most, otherwise.most)
        return Piece(text, type_, first_of(piece, otherwise), otherwise.nullable, most)

    def decimal(self, depth: int) -> Piece:
        """A decimal; of a case without one a whole number becomes one."""
        constant = self.draw(st.sampled_from(("1.5", "0.25", "-0.005", "12.50")))
        literal = _decimal_constant(constant)
        leaf = self._leaf(lambda type_: isinstance(type_, DecimalType), literal)
        if depth == 0:
            return leaf
        inner = lambda: self.decimal(depth - 1)  # noqa: E731
        return self._chosen(
            lambda: leaf,
            lambda: self._exact(inner(), inner()),
            lambda: self._exact(inner(), literal),
            lambda: self._exact(inner(), self._as_decimal(self.whole(0))),
            lambda: self._absolute(inner()),
            lambda: self._rounded(inner()),
            lambda: self._cast_to_decimal(inner()),
            lambda: self._case(inner, depth),
            lambda: self._filled(inner(), literal),
        )

    def _as_decimal(self, piece: Piece) -> Piece:
        """A whole number where a decimal is met."""
        return Piece(piece.text, _AS_DECIMAL, strictly(to_decimal, piece), piece.nullable)

    def _exact(self, left: Piece, right: Piece) -> Piece | None:
        sign = self.draw(st.sampled_from("+-*"))
        a, b = left.decimal, right.decimal
        if sign == "*":
            type_digits = (a.precision + b.precision + 1, a.scale + b.scale)
        else:
            both = common(a, b)
            type_digits = (both.precision + 1, both.scale)
        if type_digits[0] > MOST_DIGITS:
            return None
        type_ = DecimalType(*type_digits)
        compute = _ARITHMETIC[sign]

        def exact(x: Decimal, y: Decimal) -> Decimal:
            return half_up(exactly(lambda: compute(x, y)), type_.scale)

        text = f"({left.text} {sign} {right.text})"
        return Piece(text, type_, strictly(exact, left, right), left.nullable or right.nullable)

    def _rounded(self, piece: Piece) -> Piece | None:
        digits = self.draw(st.integers(0, 3))
        before = piece.decimal
        if digits >= before.scale:
            return None
        type_ = DecimalType(before.whole_digits + 1 + digits, digits)
        of = strictly(lambda value: half_up(value, digits), piece)
        return Piece(f"round({piece.text}, {digits})", type_, of, piece.nullable)

    def _cast_to_decimal(self, piece: Piece) -> Piece | None:
        before = piece.decimal
        scale = self.draw(st.integers(0, 4))
        type_ = DecimalType(before.whole_digits + 1 + scale, scale)
        if type_.precision > MOST_DIGITS:
            return None
        of = strictly(lambda value: half_up(value, scale), piece)
        text = f"cast({piece.text} as decimal({type_.precision},{type_.scale}))"
        return Piece(text, type_, of, piece.nullable)

    def double(self, depth: int) -> Piece:
        """A double."""
        quotient = self._quotient(self.whole(0))
        leaf = self._leaf(lambda type_: type_ is FieldType.DOUBLE, quotient)
        if depth == 0:
            return leaf
        inner = lambda: self.double(depth - 1)  # noqa: E731
        return self._chosen(
            lambda: leaf,
            lambda: self._real(inner(), inner()),
            lambda: self._real(inner(), self.whole(depth - 1)),
            lambda: self._quotient(self.number(depth - 1)),
            lambda: self._to_double(self.whole(depth - 1)),
            lambda: self._nearest(inner()),
            lambda: self._absolute(inner()),
            lambda: self._case(inner, depth),
            lambda: self._filled(inner(), _double_constant(0.5)),
        )

    def _quotient(self, piece: Piece) -> Piece:
        divisor = self.draw(st.sampled_from((2, 4, 7, -3)))
        of = strictly(lambda value: float(value) / float(divisor), piece)
        most = _most_of(piece) / 2
        return Piece(f"({piece.text} / {divisor})", FieldType.DOUBLE, of, piece.nullable, most)

    def _real(self, left: Piece, right: Piece) -> Piece | None:
        sign = self.draw(st.sampled_from("+-*"))
        a, b = _most_of(left), _most_of(right)
        most = a * b if sign == "*" else a + b
        if most > _MOST_DOUBLE:
            return None
        of = strictly(lambda x, y: _ARITHMETIC[sign](float(x), float(y)), left, right)
        text = f"({left.text} {sign} {right.text})"
        return Piece(text, FieldType.DOUBLE, of, left.nullable or right.nullable, most)

    def _to_double(self, piece: Piece) -> Piece:
        text = f"cast({piece.text} as double)"
        return Piece(text, FieldType.DOUBLE, strictly(float, piece), piece.nullable, piece.most)

    def _nearest(self, piece: Piece) -> Piece | None:
        if piece.most > 1e15:
            return None
        text = f"round({piece.text})"
        most = piece.most + 1
        return Piece(text, FieldType.DOUBLE, strictly(nearest, piece), piece.nullable, most)

    def text(self, depth: int) -> Piece:
        """A string."""
        constant = self.draw(st.sampled_from(("view", "", "a", "\U0001d306", "né")))
        literal = Piece(quoted_text(constant), FieldType.STRING, lambda row: constant)
        leaf = self._leaf(lambda type_: type_ is FieldType.STRING, literal)
        if depth == 0:
            return leaf
        inner = lambda: self.text(depth - 1)  # noqa: E731
        return self._chosen(
            lambda: leaf,
            lambda: self._cased(inner()),
            lambda: self._substring(inner()),
            lambda: self._joined(inner(), inner()),
            lambda: self._written(self.whole(depth - 1)),
            lambda: self._written(self.decimal(depth - 1)),
            lambda: self._case(inner, depth),
            lambda: self._filled(inner(), literal),
        )

    def _cased(self, piece: Piece) -> Piece:
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

    def _written(self, piece: Piece) -> Piece:
        of = strictly(lambda value: format(value, "f" if isinstance(value, Decimal) else "d"), piece)
        return Piece(f"cast({piece.text} as string)", FieldType.STRING, of, piece.nullable)

    def condition(self, depth: int) -> Piece:
        """What holds, does not, or neither."""
        if depth == 0:
            return self._chosen(lambda: self._numbers(0), lambda: self._texts(0), self._flag)
        inner = lambda: self.condition(depth - 1)  # noqa: E731
        return self._chosen(
            lambda: self._numbers(depth - 1),
            lambda: self._texts(depth - 1),
            self._flag,
            lambda: self._like(self.text(depth - 1)),
            lambda: self._listed(self.whole(depth - 1)),
            lambda: self._between(self.number(depth - 1), depth),
            lambda: self._is_null(self.anything(depth - 1)),
            lambda: self._both(inner(), inner()),
            lambda: self._both(inner(), inner()),
            lambda: self._not(inner()),
        )

    def _numbers(self, depth: int) -> Piece:
        return self._compared(self.number(depth), self.number(depth))

    def _texts(self, depth: int) -> Piece:
        return self._compared(self.text(depth), self.text(depth))

    def _compared(self, left: Piece, right: Piece) -> Piece:
        operator = self.draw(st.sampled_from(tuple(_COMPARISONS)))
        compare = _COMPARISONS[operator]
        of = strictly(lambda a, b: compare(*_alike(a, b)), left, right)
        nullable = left.nullable or right.nullable
        return Piece(f"({left.text} {operator} {right.text})", FieldType.BOOLEAN, of, nullable)

    def _flag(self) -> Piece | None:
        some = [leaf for leaf in self.leaves if leaf.type is FieldType.BOOLEAN]
        return self.draw(st.sampled_from(some)) if some else None

    def _like(self, piece: Piece) -> Piece:
        pattern = self.draw(st.sampled_from(_PATTERNS))
        regex = re.compile(_regex(pattern), re.DOTALL)
        of = strictly(lambda text: regex.fullmatch(text) is not None, piece)
        no = self.draw(st.sampled_from(("", "not ")))
        text = f"({piece.text} {no}like {quoted_text(pattern)} escape '!')"
        found = Piece(text, FieldType.BOOLEAN, of, piece.nullable)
        return found if not no else Piece(text, FieldType.BOOLEAN, _opposite(found), piece.nullable)

    def _listed(self, piece: Piece) -> Piece:
        values = self.draw(st.lists(st.integers(-5, 9), min_size=2, max_size=6, unique=True))
        no = self.draw(st.sampled_from(("", "not ")))
        within = Piece("", FieldType.BOOLEAN, strictly(lambda value: value in values, piece))
        text = f"({piece.text} {no}in ({', '.join(map(str, values))}))"
        of = _opposite(within) if no else within.of
        return Piece(text, FieldType.BOOLEAN, of, piece.nullable)

    def _between(self, piece: Piece, depth: int) -> Piece:
        low, high = self.number(0), self.number(depth - 1)

        def of(row: Any) -> bool | None:
            value, least, most = piece.of(row), low.of(row), high.of(row)
            above = None if None in (value, least) else bool(_ge(value, least))
            below = None if None in (value, most) else bool(_ge(most, value))
            return all_of(above, below)

        nullable = piece.nullable or low.nullable or high.nullable
        text = f"({piece.text} between {low.text} and {high.text})"
        return Piece(text, FieldType.BOOLEAN, of, nullable)

    def _is_null(self, piece: Piece) -> Piece | None:
        if not piece.nullable:
            return None
        no = self.draw(st.booleans())
        text = f"({piece.text} is {'not ' if no else ''}null)"
        return Piece(text, FieldType.BOOLEAN, lambda row: (piece.of(row) is None) is not no)

    def _both(self, left: Piece, right: Piece) -> Piece:
        word, combine = self.draw(st.sampled_from((("and", all_of), ("or", any_of))))
        return Piece(
            f"({left.text} {word} {right.text})",
            FieldType.BOOLEAN,
            lambda row: combine(left.of(row), right.of(row)),
            left.nullable or right.nullable,
        )

    def _not(self, piece: Piece) -> Piece:
        return Piece(f"(not {piece.text})", FieldType.BOOLEAN, _opposite(piece), piece.nullable)


_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


def _never() -> Piece:
    raise AssertionError("the first way always can")


def _constant(value: int) -> Piece:
    return Piece(str(value), FieldType.BIGINT, lambda row: value, most=abs(value))


def _decimal_constant(text: str) -> Piece:
    value = Decimal(text)
    digits = len(value.as_tuple().digits)
    scale = len(text.partition(".")[2])
    return Piece(text, DecimalType(max(digits, scale), scale), lambda row: value)


def _double_constant(value: float) -> Piece:
    return Piece(f"{value!r}e0", FieldType.DOUBLE, lambda row: value, most=abs(value))


def _most_of(piece: Piece) -> float:
    if isinstance(piece.type, DecimalType):
        return float(10**piece.type.whole_digits)
    return piece.most


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Numbers are compared as numbers; beside a double the other is one, too."""
    if isinstance(left, float) or isinstance(right, float):
        return float(left), float(right)
    return left, right


def _ge(left: Any, right: Any) -> bool:
    a, b = _alike(left, right)
    return bool(a >= b)


def _opposite(piece: Piece) -> Callable[[Any], bool | None]:
    def of(row: Any) -> bool | None:
        value = piece.of(row)
        return None if value is None else not value

    return of


def _regex(pattern: str) -> str:
    """Of a LIKE whose escape is `!`."""
    found, at = "", 0
    while at < len(pattern):
        if pattern[at] == "!":
            at += 1
            found += re.escape(pattern[at])
        else:
            found += {"%": ".*", "_": "."}.get(pattern[at], re.escape(pattern[at]))
        at += 1
    return found
