"""The text of an expression: parsed as SQL, or refused with the position of what is wrong with it."""

from __future__ import annotations

import logging
import re
from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError, TokenError

from streambench.model.errors import UsageError
from streambench.model.written import printable, shortened
from streambench.workload.limits import LONGEST_EXPRESSION, MOST_NESTED

SUBSET: Final = (
    "columns, whole numbers, 'strings', + - *, = <> < <= > >=, AND, OR, NOT, IN (…), BETWEEN"
)
"""What an expression can be made of, in words."""

# What the parser says of texts that it reads as another statement goes nowhere: they are refused here.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())

_AROUND: Final = 40
_FROM: Final = re.compile(r"from (\d+):(\d+)")
_BRACKET_OR_TEXT: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[()\[\]{}]")


class ExpressionError(UsageError):
    """A text that is not in the subset; `position` is the character that is meant, from 1 on."""

    def __init__(self, message: str, position: int, hint: str = "") -> None:
        super().__init__(message, hint=hint or f"what can be used: {SUBSET}")
        self.position = position


def parsed_sql(text: str) -> exp.Expression:
    """Return what sqlglot reads in `text`; raises ExpressionError for what is not one expression of SQL."""
    if len(text) > LONGEST_EXPRESSION:
        raise ExpressionError(
            f"{excerpt(text, 1)} has {len(text):,} characters; the last that can be used is at position "
            f"{LONGEST_EXPRESSION:,}",
            LONGEST_EXPRESSION,
        )
    nested, innermost = _deepest(text)
    if nested > MOST_NESTED:
        raise too_deep(text, innermost, f"{nested} brackets")
    try:
        nodes = sqlglot.parse(text)
    except RecursionError:
        raise too_deep(text, innermost, "too many operators") from None
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        at = (
            f" near '{shortened(printable(first['highlight']), 40)}'"
            if first.get("highlight")
            else ""
        )
        position = _position_of(text, first.get("line"), first.get("col"))
        what = str(first.get("description") or "")
        if not what or "<class" in what:  # names of the parser's own
            what = "something is missing here"
        raise _no_sql(text, position, f"{at}: {what[:1].lower()}{what[1:].rstrip('.')}") from None
    except TokenError as error:
        found = _FROM.search(str(error))
        position = _position_of(text, *(map(int, found.groups()) if found else (None, None)))
        raise _no_sql(text, position, ": a quotation is not closed") from None
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, SqlglotError):
        # Of texts that are nothing like SQL: the parser does not know all of them.
        raise _no_sql(text, 1, "") from None
    node = nodes[0] if nodes else None
    if len(nodes) != 1 or not isinstance(node, exp.Expression):
        raise ExpressionError(
            f"{excerpt(text, 1)} is, from position 1 on, not one SQL expression", 1
        )
    return node


def _no_sql(text: str, position: int, why: str) -> ExpressionError:
    return ExpressionError(
        f"{excerpt(text, position)} is not SQL at position {position}{why}", position
    )


def _position_of(text: str, line: int | None, column: int | None) -> int:
    """From a line and a column, as the parser counts them, to a position within the text."""
    if not line or not column:
        return max(1, len(text))
    before = sum(len(each) + 1 for each in text.split("\n")[: line - 1])
    return max(1, min(before + column, len(text)))


def _deepest(text: str) -> tuple[int, int]:
    """How many brackets are open at once, at most, and the position of the innermost; not those in texts."""
    open_now, most, position = 0, 0, 1
    for found in _BRACKET_OR_TEXT.finditer(text):
        if found[0] in "([{":
            open_now += 1
            if open_now > most:
                most, position = open_now, found.start() + 1
        elif found[0] in ")]}":
            open_now -= 1
    return most, position


def excerpt(text: str, position: int) -> str:
    """The text as a message quotes it: of a long one, what is around the position."""
    if len(text) <= 2 * _AROUND:
        return repr(text)
    begin, end = max(0, position - 1 - _AROUND), position - 1 + _AROUND
    cut = f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"
    return repr(cut)


def too_deep(text: str, position: int, what: str) -> ExpressionError:
    """The refusal of an expression in which so many stand within each other."""
    return ExpressionError(
        f"{excerpt(text, position)} has, at position {position}, {what} within each other; at most "
        f"{MOST_NESTED} can be",
        position,
        "leave out parentheses where the same operator goes on: a AND b AND c needs none",
    )
