"""Hints that name a length of time: the user's own, as it is to be written; else none but its form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from streambench.model.written import DECIMAL
from streambench.workload.durations import EXAMPLES, LONGEST_MS, parse_duration, show_duration
from streambench.workload.toml_places import KeyPath

_DAY_MS: Final = 86_400_000
_NAMES: Final[Mapping[int, tuple[str, ...]]] = {
    1: ("ms", "msec", "msecs", "millis", "millisecond", "milliseconds"),
    1_000: ("s", "sec", "secs", "second", "seconds"),
    60_000: ("m", "min", "mins", "minute", "minutes"),
    3_600_000: ("h", "hr", "hrs", "hour", "hours"),
    _DAY_MS: ("d", "day", "days"),
    7 * _DAY_MS: ("w", "week", "weeks"),
    30 * _DAY_MS: ("month", "months"),  # about: no window follows a calendar
    365 * _DAY_MS: ("y", "year", "years"),
}
_UNIT_MS: Final = {name: unit_ms for unit_ms, names in _NAMES.items() for name in names}
_PART: Final = re.compile(rf"({DECIMAL})\s*([a-z]+)(?:\s*,|\s+and\b)?\s*")
_ISO: Final = re.compile(r"p(?=t|\d+d)|(?<=\d[a-z])t|t")
_MAY_BE_NONE: Final = ("grace", "offset", "disorder")
_KINDS: Final = ("tumbling", "hopping", "session")
_FORM: Final = f"where LENGTH is such as {EXAMPLES}"


def meant_by_length(written: object) -> str | None:
    """A length that was written otherwise, as it is to be written: `"1 d"` of `1 day`; None where none is seen."""
    if not isinstance(written, str):
        return None
    text = written.strip().lower()
    if text.startswith("p"):
        text = _ISO.sub("", text)
    if not text or _PART.sub("", text) != "":
        return None
    length_ms = 0.0
    for number, unit in _PART.findall(text):
        if unit not in _UNIT_MS:
            return None
        length_ms += float(number) * _UNIT_MS[unit]
    if length_ms != int(length_ms) or not 0 < length_ms <= LONGEST_MS:
        return None
    return show_duration(int(length_ms))


def length_hint(path: KeyPath, value: object) -> str | None:
    """What to write for the length at `path` of workload.toml; None where the value tells nothing of it."""
    key = path[-1]
    if (meant := meant_by_length(value)) is not None:
        return f'write {key} = "{meant}"'
    if value == 0 and not isinstance(value, bool) and key in _MAY_BE_NONE:
        return f'write {key} = "0 s"'
    if _is_number(value):
        return f"write its unit, too: {key} = {_with_units(value)}"
    return f'write {key} = "LENGTH", {_FORM}' if path[0] == "query" else None


def window_hint(value: object, *, add: bool = False) -> str:
    """What to write for `window`, of what was written there."""
    if (meant := meant_by_length(value)) is not None:
        return f'write window = {{ tumbling = "{meant}" }}'
    if _is_number(value):
        return f"write window = {{ tumbling = LENGTH }}, where LENGTH is {_with_units(value)}"
    own = _of_a_window(value) if isinstance(value, dict) else None
    if own is not None:
        return f"write window = {{ {own} }}"
    verb, where = ("add", " to [query]") if add else ("write", "")
    return f'{verb} window = {{ tumbling = "LENGTH" }}{where}, {_FORM}'


def _of_a_window(table: Mapping[str, object]) -> str | None:
    """The window that was meant by a table with too much in it, or too little; by its own lengths."""
    lengths = {
        key: length_ms for key, text in table.items() if (length_ms := _length_ms(text)) is not None
    }
    every_ms = lengths.get("every")
    hopping_ms = lengths.get("hopping")
    if hopping_ms is not None or every_ms is not None:
        long_ms = max(hopping_ms or 0, every_ms or 0)
        short_ms = min(hopping_ms or long_ms, every_ms or long_ms)
        if hopping_ms is None:
            long_ms = 4 * short_ms
        elif every_ms is None:
            short_ms = next((long_ms // n for n in (4, 5, 3, 2) if long_ms % n == 0), long_ms)
        return f'hopping = "{show_duration(long_ms)}", every = "{show_duration(short_ms)}"'
    for kind in _KINDS:
        if kind in lengths:
            return f'{kind} = "{show_duration(lengths[kind])}"'
    return None


def _length_ms(text: object) -> int | None:
    try:
        length_ms = parse_duration(text) if isinstance(text, str) else 0
    except ValueError:
        return None
    return length_ms or None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**9


def _with_units(value: object) -> str:
    written = f"{value:g}" if isinstance(value, float) else str(value)
    *others, last = (f'"{written} {unit}"' for unit in ("ms", "s", "min", "h", "d"))
    return f"{', '.join(others)} or {last}"
