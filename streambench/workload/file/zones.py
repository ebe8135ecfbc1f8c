"""Which time zone was meant by an abbreviation or an offset, which name none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from streambench.workload.names import nearest

_MEANT: Final[Mapping[str, str]] = {
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "BST": "Europe/London",
    "CEST": "Europe/Berlin",
    "MEZ": "Europe/Berlin",
    "MESZ": "Europe/Berlin",
    "EEST": "Europe/Athens",
    "MSK": "Europe/Moscow",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
}
_OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)


def zone_of_abbreviation(text: str) -> str | None:
    """The zone that an abbreviation stands for in most places; None for one that is not known."""
    return {"EST": "America/New_York", "MST": "America/Denver", "CET": "Europe/Berlin"}.get(
        text, _MEANT.get(text)
    )


def zone_meant(text: str, names: Sequence[str]) -> str | None:
    """The name of the zone, of those that there are; None where none is near.

    Names such as Etc/GMT-2 count the other way: they are two hours ahead.
    """
    written = text.strip()
    if (meant := _MEANT.get(written.upper())) in names:
        return meant
    if (offset := _OFFSET.fullmatch(written)) is not None and not int(offset[3] or 0):
        sign = "-" if offset[1] == "+" else "+"
        name = f"Etc/GMT{sign}{int(offset[2])}" if int(offset[2]) else "UTC"
        return name if name in names else None
    plain = written.replace(" ", "_").lower()
    same = [each for each in names if each.lower() in (plain, f"etc/{plain}")]
    cities = [each for each in names if each.rpartition("/")[2].lower() == plain]
    near = nearest(written, names) if len(written) > 4 else None
    return next(iter([*same, *cities]), near)
