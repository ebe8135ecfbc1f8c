"""Conditions that are made of other expressions, each with its meaning in three-valued logic."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from streambench.model.expression import FieldType
from tests.properties.pieces import Piece, Row, all_of, any_of, strictly

COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda a, b: bool(a == b),
    "<>": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
}
JOINS: Final = {"and": all_of, "or": any_of}


def quoted_text(text: str) -> str:
    """A string constant of SQL."""
    return "'" + text.replace("'", "''") + "'"


def compared(operator: str, left: Piece, right: Piece) -> Piece:
    """Two strings, or two numbers."""
    compare = COMPARISONS[operator]
    of = strictly(lambda a, b: compare(*_alike(a, b)), left, right)
    nullable = left.nullable or right.nullable
    return Piece(f"({left.text} {operator} {right.text})", FieldType.BOOLEAN, of, nullable)


def like(piece: Piece, pattern: str, *, no: bool) -> Piece:
    """LIKE with the escape `!`, or NOT LIKE."""
    regex = re.compile(_regex(pattern), re.DOTALL)
    of = strictly(lambda text: (regex.fullmatch(text) is not None) is not no, piece)
    text = f"({piece.text} {_not(no)}like {quoted_text(pattern)} escape '!')"
    return Piece(text, FieldType.BOOLEAN, of, piece.nullable)


def listed(piece: Piece, values: Sequence[int] | Sequence[str], *, no: bool) -> Piece:
    """IN a list of whole numbers or of strings, or NOT IN."""
    of = strictly(lambda value: (value in values) is not no, piece)
    written = (quoted_text(each) if isinstance(each, str) else str(each) for each in values)
    text = f"({piece.text} {_not(no)}in ({', '.join(written)}))"
    return Piece(text, FieldType.BOOLEAN, of, piece.nullable)


def between(piece: Piece, low: Piece, high: Piece) -> Piece:
    """Both comparisons together."""
    above, below = compared(">=", piece, low), compared("<=", piece, high)
    nullable = above.nullable or below.nullable
    text = f"({piece.text} between {low.text} and {high.text})"
    of = lambda row: all_of(above.of(row), below.of(row))  # noqa: E731
    return Piece(text, FieldType.BOOLEAN, of, nullable)


def is_null(piece: Piece, *, no: bool) -> Piece | None:
    """Of what may have no value."""
    if not piece.nullable:
        return None
    text = f"({piece.text} is {_not(no)}null)"
    return Piece(text, FieldType.BOOLEAN, lambda row: (piece.of(row) is None) is not no)


def joined(word: str, left: Piece, right: Piece) -> Piece:
    """AND, OR."""
    join, nullable = JOINS[word], left.nullable or right.nullable
    of = lambda row: join(left.of(row), right.of(row))  # noqa: E731
    return Piece(f"({left.text} {word} {right.text})", FieldType.BOOLEAN, of, nullable)


def negated(piece: Piece) -> Piece:
    """NOT."""

    def of(row: Row) -> bool | None:
        value = piece.of(row)
        return None if value is None else not value

    return Piece(f"(not {piece.text})", FieldType.BOOLEAN, of, piece.nullable)


def _not(no: bool) -> str:
    return "not " if no else ""


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Numbers are compared as numbers; beside a double the other is one, too."""
    if isinstance(left, float) or isinstance(right, float):
        return float(left), float(right)
    return left, right


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
