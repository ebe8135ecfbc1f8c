"""Patterns of LIKE: read once, then written for whoever matches them."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from streambench.model.expression import (
    Comparison,
    ComparisonOperator,
    Expression,
    Like,
    Literal,
    Wildcard,
)

Pattern: TypeAlias = tuple[str | Wildcard, ...]

_ESCAPE: Final = "!"
_WILD: Final = {wildcard.value: wildcard for wildcard in Wildcard}


class PatternError(ValueError):
    """What is wrong with a pattern, as the end of a sentence that says where it is used."""


def like(operand: Expression, text: str, escape: str | None) -> Expression:
    """The condition `operand LIKE text ESCAPE escape`; without wildcards it is that they are equal.

    Raises PatternError.
    """
    pattern = parse_pattern(text, escape)
    if all(part is Wildcard.ANY for part in pattern) and pattern:
        raise PatternError("a pattern that takes every string; leave it out")
    if any(isinstance(part, Wildcard) for part in pattern):
        return Like(operand, pattern)
    return Comparison(ComparisonOperator.EQ, operand, Literal("".join(map(str, pattern))))


def parse_pattern(text: str, escape: str | None) -> Pattern:
    """The pieces of a pattern; raises PatternError for an escape of nothing."""
    if escape is not None and (len(escape) != 1 or escape in _WILD):
        raise PatternError(f"the escape '{escape}'; it is one character, as in ESCAPE '!'")
    found: list[str | Wildcard] = []
    literal = ""
    characters = iter(text)
    for character in characters:
        if character == escape:
            following = next(characters, "")
            if following not in (*_WILD, escape) or not following:
                raise PatternError(
                    f"an escape before '{following}'; it stands before %, _ or itself"
                )
            literal += following
        elif character in _WILD:
            found += [literal] if literal else []
            literal = ""
            wildcard = _WILD[character]
            # Several % in a row are one.
            if wildcard is not Wildcard.ANY or found[-1:] != [wildcard]:
                found.append(wildcard)
        else:
            literal += character
    return (*found, literal) if literal else tuple(found)


def to_sql_pattern(pattern: Pattern) -> tuple[str, str]:
    """The text of a pattern and of its escape, without the quotes around them."""
    special = (*_WILD, _ESCAPE)
    written = ""
    for part in pattern:
        if isinstance(part, Wildcard):
            written += part.value
        else:
            written += "".join(f"{_ESCAPE}{c}" if c in special else c for c in part)
    return written, _ESCAPE


def to_regex(pattern: Pattern) -> str:
    """The whole string as a regular expression of Python or Java in which . takes every character."""
    return "".join(_regex(part) for part in pattern)


def _regex(part: str | Wildcard) -> str:
    match part:
        case Wildcard.ANY:
            return ".*"
        case Wildcard.ONE:
            return "."
        case str():
            # Both let any of these be escaped, whether it needs to be or not.
            return re.sub(r"[!-/:-@\[-`{-~]", r"\\\g<0>", part)
