"""Constants as they are written in an expression."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlglot import exp

from streambench.model.expression import MOST_DIGITS, DecimalType, Instant, Literal, type_of
from streambench.model.written import quoted
from streambench.workload.constants import MAX_BIGINT
from streambench.workload.limits import LONGEST_TEXT

# Python reads digits of every script.
_NUMBER: Final = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_INSTANT_TYPES: Final = ("TIMESTAMP", "TIMESTAMPTZ", "DATE")


class LiteralError(ValueError):
    """A constant that engines do not read in one way; the message ends a sentence on what uses it."""


def text_literal(text: str) -> Literal:
    """The constant that is this text. Raises LiteralError."""
    if any(not c.isprintable() or c in "'\\" for c in text) or "${" in text:
        # Engines disagree on how these are escaped in SQL text.
        raise LiteralError("quotes, backslashes, control characters or ${ in a string")
    if len(text) > LONGEST_TEXT:
        raise LiteralError(
            f"a string of {len(text):,} characters; at most {LONGEST_TEXT:,} can be used"
        )
    return Literal(text)


def number_literal(text: str) -> Literal:
    """The constant that is written so: with an exponent a double, with a point a decimal. Raises LiteralError."""
    if not _NUMBER.fullmatch(text):
        raise LiteralError(f"{quoted(text)}, which is no number")
    if "e" in text.lower():
        number = float(text)
        if not math.isfinite(number):
            raise LiteralError(f"the number {quoted(text)}, which is beyond a double")
        return Literal(number)
    if not text.isdigit():
        found = Literal(Decimal(text))
        type_ = type_of(found)
        assert isinstance(type_, DecimalType), "it has a point"
        if type_.precision > MOST_DIGITS:
            raise LiteralError(
                f"the number {quoted(text)}; a decimal has {MOST_DIGITS} digits at most"
            )
        return found
    # Python does not read a number of thousands of digits.
    if len(text.lstrip("0")) > len(str(MAX_BIGINT)) or int(text) > MAX_BIGINT:
        raise LiteralError(f"the number {quoted(text)}; the greatest is {MAX_BIGINT}")
    return Literal(int(text))


def is_instant(node: exp.Expression) -> bool:
    """Whether it is TIMESTAMP '…' or DATE '…', which the parser takes for the cast of a text."""
    match node:
        case exp.Cast(this=exp.Literal(is_string=True)):
            to = node.args["to"]
            return isinstance(to, exp.DataType) and to.this.value in _INSTANT_TYPES
        case _:
            return False


def instant_literal(text: str) -> Literal:
    """The constant of an instant as ISO 8601 writes it; without a zone it is UTC. Raises LiteralError."""
    return Literal(Instant(instant_ms(text)))


def instant_ms(text: str) -> int:
    """The same as ms since 1970."""
    try:
        instant = datetime.fromisoformat(text.strip())
        instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        ms, below = divmod(instant - _EPOCH, _MS)
    except (ValueError, OverflowError):
        raise LiteralError(
            f"{quoted(text)}, which is no instant; write TIMESTAMP '2026-01-31 12:00:00', to the millisecond"
        ) from None
    if below:
        raise LiteralError(f"{quoted(text)}: instants are whole ms here")
    return ms
