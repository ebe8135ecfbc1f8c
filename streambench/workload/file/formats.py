"""Formats of times as other programs write them, as strptime has them; and a column of times put right."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

_DIRECTIVES: Final[Mapping[str, str]] = {
    "yyyy": "%Y", "YYYY": "%Y", "yy": "%y", "YY": "%y",
    "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m",
    "dd": "%d", "d": "%d", "DD": "%d", "D": "%d",
    "HH": "%H", "H": "%H", "hh": "%I", "h": "%I",
    "mm": "%M", "m": "%M", "ss": "%S", "s": "%S", "SSS": "%f", "SSSSSS": "%f",
    "a": "%p", "A": "%p", "XXX": "%z", "Z": "%z", "z": "%z", "EEE": "%a", "EEEE": "%A",
}  # fmt: skip
_LETTERS: Final = re.compile(r"'([^']*)'|([A-Za-z])\2*")


def strptime_of(text: str) -> str | None:
    """`%d/%m/%Y` of `dd/MM/yyyy`; None for what is no such format."""
    if "%" in text:
        return None
    unknown = False

    def directive(found: re.Match[str]) -> str:
        nonlocal unknown
        if found[1] is not None:
            return found[1]
        if found[0] == "T":
            return "T"
        unknown |= found[0] not in _DIRECTIVES
        return _DIRECTIVES.get(found[0], "")

    written = _LETTERS.sub(directive, text)
    return None if unknown or "%Y" not in written.replace("%y", "%Y") else written


def mended_time(value: object) -> str | None:
    """A column of times whose format, unit and zone do not fit each other, as it is to be written."""
    if not isinstance(value, Mapping) or not isinstance(value.get("column"), str):
        return None
    parts = {"column": value["column"]}
    format_, unit = value.get("format"), value.get("unit")
    if isinstance(format_, str):
        has_year = re.search(r"%-?[YyGcx]", format_) is not None
        parts["format"] = format_ if has_year else strptime_of(format_) or "%d/%m/%Y"
    elif isinstance(unit, str):
        parts["unit"] = unit
    if isinstance(zone := value.get("zone"), str) and "unit" not in parts:
        parts["zone"] = zone
    listed = ", ".join(
        f"{key} = {json.dumps(text, ensure_ascii=False)}" for key, text in parts.items()
    )
    return f"{{ {listed} }}"
