"""Durations as a user writes them: "50 ms", "1 s", "15 min", "1 h", "1 d"."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, assert_never

from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.written import DECIMAL, quoted

_DURATION: Final = re.compile(rf"\s*({DECIMAL})\s*([a-z]+)\s*")
_UNIT_MS: Final = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}

EXAMPLES: Final = '"50 ms", "1 s", "15 min", "1 h" or "1 d"'
"""A duration of each unit."""
DURATION_PATTERN: Final = rf"^\s*[0-9]+(\.[0-9]+)?\s*({'|'.join(_UNIT_MS)})\s*$"
"""What a duration looks like, for tools that check texts."""
LONGEST_MS: Final = 999 * 86_400_000
"""No length of time that can be asked for is greater: of more days Flink makes no interval in a watermark."""


def parse_duration(text: str) -> int:
    """Return a duration in whole milliseconds; ValueError says how to write it."""
    matched = _DURATION.fullmatch(text)
    if matched is None or matched[2] not in _UNIT_MS:
        raise ValueError(f"{quoted(text)} is not a duration; write {EXAMPLES}")
    duration_ms = Decimal(matched[1]) * _UNIT_MS[matched[2]]
    if duration_ms != int(duration_ms):
        raise ValueError(f"{quoted(text)} is not a whole number of milliseconds")
    if duration_ms > LONGEST_MS:
        raise ValueError(f"{quoted(text)} is longer than {show_duration(LONGEST_MS)}")
    return int(duration_ms)


def show_duration(duration_ms: int) -> str:
    """Return the shortest text that `parse_duration` reads back as `duration_ms`."""
    for unit in ("d", "h", "min", "s"):
        if duration_ms and duration_ms % _UNIT_MS[unit] == 0:
            return f"{duration_ms // _UNIT_MS[unit]} {unit}"
    return f"{duration_ms} ms"


def show_window(window: Window) -> str:
    """`500 ms`, `10 s every 2 s`, or `gaps of 30 min` between sessions."""
    match window:
        case Tumbling(size_ms=size_ms):
            return show_duration(size_ms)
        case Hopping(size_ms=size_ms, every_ms=every_ms):
            return f"{show_duration(size_ms)} every {show_duration(every_ms)}"
        case Sessions(gap_ms=gap_ms):
            return f"gaps of {show_duration(gap_ms)}"
        case _:
            assert_never(window)


def windows_words(window: Window) -> str:
    """`windows of 500 ms`, or `sessions with gaps of 30 min`."""
    if isinstance(window, Sessions):
        return f"sessions with {show_window(window)}"
    return f"windows of {show_window(window)}"


def about(seconds: float) -> str:
    """`2 min`, or `3.5 h` and `2.1 days` where that is easier to grasp; never less than a minute."""
    minutes = seconds / 60
    if minutes < 120:
        return f"{max(1, round(minutes))} min"
    hours = minutes / 60
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
