"""Constants as they are written in an expression."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

from streambench.model.expression import MOST_DIGITS, DecimalType, Literal, type_of
from streambench.model.written import quoted
from streambench.workload.constants import MAX_BIGINT
from streambench.workload.limits import LONGEST_TEXT

# Python reads digits of every script.
_NUMBER: Final = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


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
