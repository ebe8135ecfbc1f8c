"""Numbers that are made of other expressions, each with its meaning; None where that is beyond the subset."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from streambench.model.expression import DecimalType, FieldType
from tests.properties.pieces import Piece, common, strictly, to_decimal
from tests.workload.meaning_tables import exactly, half_up, nearest, remainder

MOST_WHOLE: Final = 2**50
"""Of a whole number that is computed; fields can be greater."""
MOST_DIGITS: Final = 34
_MOST_DOUBLE: Final = 1e60
_MOST_WHOLE_DIGITS: Final = 15
_AS_DECIMAL: Final = DecimalType(19, 0)
_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


def whole_constant(value: int) -> Piece:
    """A whole number as it is written."""
    return Piece(str(value), FieldType.BIGINT, lambda row: value, most=abs(value))


def decimal_constant(text: str) -> Piece:
    """A decimal as it is written."""
    value = Decimal(text)
    digits, scale = len(value.as_tuple().digits), len(text.partition(".")[2])
    return Piece(text, DecimalType(max(digits, scale), scale), lambda row: value)


def double_constant(value: float) -> Piece:
    """A double as it is written."""
    return Piece(f"{value!r}e0", FieldType.DOUBLE, lambda row: value, most=abs(value))


def computed(sign: str, left: Piece, right: Piece) -> Piece | None:
    """Arithmetic on whole numbers."""
    most = left.most * right.most if sign == "*" else left.most + right.most
    if most > MOST_WHOLE:
        return None
    of = strictly(_ARITHMETIC[sign], left, right)
    text = f"({left.text} {sign} {right.text})"
    return Piece(text, FieldType.BIGINT, of, left.nullable or right.nullable, most)


def left_over(piece: Piece, divisor: int) -> Piece:
    """What is left of a division, with the sign of what is divided."""
    of = strictly(lambda value: remainder(value, divisor), piece)
    text = f"(({piece.text}) % {divisor})"
    return Piece(text, FieldType.BIGINT, of, piece.nullable, abs(divisor))


def absolute(piece: Piece) -> Piece | None:
    """Of any type; the least bigint has none."""
    if piece.most >= 2**63:
        return None
    text = f"abs({piece.text})"
    return Piece(text, piece.type, strictly(abs, piece), piece.nullable, piece.most)


def length(piece: Piece) -> Piece:
    """In code points."""
    text = f"length({piece.text})"
    return Piece(text, FieldType.BIGINT, strictly(len, piece), piece.nullable, 1_000)


def since_1970(piece: Piece) -> Piece:
    """A timestamp as the milliseconds since 1970."""
    text = f"cast({piece.text} as bigint)"
    return Piece(text, FieldType.BIGINT, piece.of, piece.nullable, piece.most)


def cut_off(piece: Piece) -> Piece | None:
    """A decimal or a double as a whole number."""
    most = greatest(piece)
    if most > 10**_MOST_WHOLE_DIGITS:
        return None
    text = f"cast({piece.text} as bigint)"
    return Piece(text, FieldType.BIGINT, strictly(int, piece), piece.nullable, most)


def as_decimal(piece: Piece) -> Piece:
    """A whole number where it meets a decimal."""
    return Piece(piece.text, _AS_DECIMAL, strictly(to_decimal, piece), piece.nullable)


def exact(sign: str, left: Piece, right: Piece) -> Piece | None:
    """Arithmetic on decimals."""
    a, b = left.decimal, right.decimal
    both = common(a, b)
    precision, scale = both.precision + 1, both.scale
    if sign == "*":
        precision, scale = a.precision + b.precision + 1, a.scale + b.scale
    if precision > MOST_DIGITS:
        return None

    def compute(x: Decimal, y: Decimal) -> Decimal:
        return half_up(exactly(lambda: _ARITHMETIC[sign](x, y)), scale)

    text, nullable = f"({left.text} {sign} {right.text})", left.nullable or right.nullable
    return Piece(text, DecimalType(precision, scale), strictly(compute, left, right), nullable)


def rounded(piece: Piece, digits: int) -> Piece | None:
    """A decimal with fewer digits; what is rounded up can have one more before the point."""
    before = piece.decimal
    if digits >= before.scale:
        return None
    of = strictly(lambda value: half_up(value, digits), piece)
    type_ = DecimalType(before.whole_digits + 1 + digits, digits)
    return Piece(f"round({piece.text}, {digits})", type_, of, piece.nullable)


def cast_to_decimal(piece: Piece, scale: int) -> Piece | None:
    """A decimal as one with other digits behind the point."""
    type_ = DecimalType(piece.decimal.whole_digits + 1 + scale, scale)
    if type_.precision > MOST_DIGITS:
        return None
    of = strictly(lambda value: half_up(value, scale), piece)
    text = f"cast({piece.text} as decimal({type_.precision},{scale}))"
    return Piece(text, type_, of, piece.nullable)


def quotient(piece: Piece, divisor: int) -> Piece:
    """Real division."""
    of = strictly(lambda value: float(value) / float(divisor), piece)
    text = f"({piece.text} / {divisor})"
    return Piece(text, FieldType.DOUBLE, of, piece.nullable, greatest(piece) / 2)


def real(sign: str, left: Piece, right: Piece) -> Piece | None:
    """Arithmetic on a double and another number."""
    a, b = greatest(left), greatest(right)
    most = a * b if sign == "*" else a + b
    if most > _MOST_DOUBLE:
        return None
    of = strictly(lambda x, y: _ARITHMETIC[sign](float(x), float(y)), left, right)
    text = f"({left.text} {sign} {right.text})"
    return Piece(text, FieldType.DOUBLE, of, left.nullable or right.nullable, most)


def to_double(piece: Piece) -> Piece:
    """A whole number as a double."""
    text = f"cast({piece.text} as double)"
    return Piece(text, FieldType.DOUBLE, strictly(float, piece), piece.nullable, piece.most)


def nearest_whole(piece: Piece) -> Piece | None:
    """A double rounded, halves away from 0."""
    if piece.most > 10**_MOST_WHOLE_DIGITS:
        return None
    of, most = strictly(nearest, piece), piece.most + 1
    return Piece(f"round({piece.text})", FieldType.DOUBLE, of, piece.nullable, most)


def greatest(piece: Piece) -> float:
    """The greatest magnitude of a number of any type."""
    if isinstance(piece.type, DecimalType):
        return float(10**piece.type.whole_digits)
    return piece.most
