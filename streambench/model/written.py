"""Numbers as users write them, and how what they wrote is quoted.

Python reads digits of every script, numbers beyond any measure, and refuses very long ones with errors of
its own. So numbers are found by these patterns alone.
"""

from __future__ import annotations

import re
from typing import Final

MOST_DIGITS: Final = 18
"""So many digits fit into 64 bits whatever they are."""
WHOLE: Final = rf"[0-9]{{1,{MOST_DIGITS}}}"
"""A whole number, as a part of a pattern."""
DECIMAL: Final = rf"{WHOLE}(?:\.{WHOLE})?"
"""A number that may have decimals, as a part of a pattern."""

_WHOLE: Final = re.compile(WHOLE)
_MOST_SHOWN: Final = 60
_MOST_ITEMS: Final = 4
_MOST_OF_A_WORD: Final = 160
_LONG_WORD: Final = re.compile(rf"\S{{{_MOST_OF_A_WORD + 1},}}")


def read_whole(text: str) -> int | None:
    """The whole number that `text` is, in plain digits without a sign; None where it is none."""
    found = _WHOLE.fullmatch(text.strip())
    return int(found[0]) if found else None


def quoted(value: object) -> str:
    """What a user wrote, as a message quotes it: in one line, and short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _digits(value)
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return f"'{shortened(printable(value), _MOST_SHOWN)}'"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        some = ", ".join(quoted(each) for each in value[:_MOST_ITEMS])
        return f"[{shortened(some, _MOST_SHOWN)}{', …' if len(value) > _MOST_ITEMS else ''}]"
    return shortened(printable(str(value)), _MOST_SHOWN)


def shortened(text: str, most: int) -> str:
    """`text`, without its middle where it is longer."""
    if len(text) <= most:
        return text
    half = (most - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def printable(text: str) -> str:
    """`text` with an escape in place of what no terminal shows as it is, line breaks included."""
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def readable(message: str) -> str:
    """A message in which nothing moves the cursor, and no word fills a screen; its lines stay."""
    lines = (printable(line) for line in message.split("\n"))
    return "\n".join(
        _LONG_WORD.sub(lambda word: shortened(word[0], _MOST_OF_A_WORD), line) for line in lines
    )


def _digits(value: int) -> str:
    # Python refuses to write down what has thousands of digits.
    if value.bit_length() > 200:
        return f"a number of {value.bit_length() * 30103 // 100000 + 1:,} digits"
    return f"{value}"


def _escaped(character: str) -> str:
    if character in "\u00a0\u200d":
        return character
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
