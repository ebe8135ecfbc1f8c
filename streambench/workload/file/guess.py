"""What times may be that were seen in a file: every way that reads all of them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from streambench.model.workload import EpochUnit, TimeColumn
from streambench.workload.file.cells import shown
from streambench.workload.file.instants import ISO

# Day and month by name, or by number in both orders; with the year first nothing is to be guessed.
_DATES: Final = (
    "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y",
    "%b %d %Y", "%b %d, %Y", "%B %d %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y",
    "%d-%b-%Y", "%d-%b-%y", "%b-%d-%Y", "%d/%b/%Y", "%a %b %d %Y", "%Y%m%d", "%b %Y", "%B %Y",
    "%Y-%b-%d", "%Y.%m.%d", "%Y %b %d", "%a, %d %b %Y",
)  # fmt: skip
_CLOCKS: Final = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S %z",
    ":%H:%M:%S %z", "T%H:%M:%S", "T%H:%M:%S%z", "T%H%M%S", " %H.%M", ", %H:%M", ", %I:%M %p", "%H%M%S",
)  # fmt: skip
_WHOLE: Final = (
    "%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y", "%Y-%m", "%Y/%m", "%m/%Y", "%Y",
    "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M %p", "%Y-%m-%d-%H.%M.%S",
)  # fmt: skip
_NUMBER: Final = re.compile(r"\s*[+-]?\d+(?:\.\d*)?\s*")
_ISO: Final = re.compile(ISO)
_YEARS: Final = (1970, 2100)
_IN_A_SECOND: Final = {
    EpochUnit.SECONDS: 1,
    EpochUnit.MILLISECONDS: 10**3,
    EpochUnit.MICROSECONDS: 10**6,
    EpochUnit.NANOSECONDS: 10**9,
}
# Numbers of seconds below it are more often just numbers.
_LEAST_S: Final = 100_000_000


@dataclass(frozen=True)
class TimeGuess:
    """One way to read times: as ISO 8601, by a format, or as numbers of a unit."""

    format: str | None = None
    unit: EpochUnit | None = None

    @property
    def toml(self) -> str:
        """What is to be added to a column in workload.toml; nothing for ISO 8601."""
        if self.format is not None:
            return f'format = "{self.format}"'
        return "" if self.unit is None else f'unit = "{self.unit.value}"'

    @property
    def option(self) -> str:
        """The same as an option of a command."""
        if self.format is not None:
            return f"--format '{self.format}'"
        return "" if self.unit is None else f"--unit {self.unit.value}"

    def reads(self, text: str) -> bool:
        """Whether one text is a time in this way; of numbers any is."""
        if self.format is not None:
            return _parsed(self.format, text.strip()) is not None
        return bool(_NUMBER.fullmatch(text)) if self.unit is not None else _is_iso(text.strip())

    def instant(self, text: str) -> datetime.datetime | None:
        """What one time would be; None for ISO 8601 and what cannot be read."""
        if self.format is not None:
            return _parsed(self.format, text.strip())
        if self.unit is None:
            return None
        seconds = float(text) / _IN_A_SECOND[self.unit]
        try:
            return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
        except (OverflowError, ValueError, OSError):  # beyond the years of a calendar
            return None

    def shown(self, text: str) -> str:
        """What one time would be, as `1 February 2013`."""
        instant = self.instant(text)
        return text if instant is None else f"{instant.day} {instant:%B %Y}"


def guesses(seen: Sequence[str]) -> tuple[TimeGuess, ...]:
    """Every way to read all of `seen` as times, the likeliest first; () where there is none.

    Of ways that read each of them alike there is one.
    """
    texts = [text.strip() for text in seen]
    if not texts:
        return ()
    if all(_is_iso(text) for text in texts):
        return (TimeGuess(),)
    found = list(_units(texts)) if all(_NUMBER.fullmatch(text) for text in texts) else []
    found += [TimeGuess(format=each) for each in _formats() if _reads(each, texts)]
    alike: dict[tuple[datetime.datetime | None, ...], TimeGuess] = {}
    for way in found:
        alike.setdefault(tuple(way.instant(text) for text in texts), way)
    return tuple(alike.values())


def time_hint(column: TimeColumn, seen: Sequence[str], typed: str = "") -> str:
    """What to write so that `seen` are read; a way to find out where nothing is known.

    `typed` goes before it in the table.
    """
    name = shown(column.name)
    ways = guesses(seen)
    tables = [f'{{ column = "{name}", {typed}{way.toml} }}' for way in ways if way.toml][:4]
    if tables:
        return f"say how to read it: {' or '.join(tables)}"
    return f'say how to read it: {{ column = "{name}", {typed}format = "%d/%m/%Y %H:%M" }}, as for strptime'


def _is_iso(text: str) -> bool:
    matched = _ISO.fullmatch(text)
    if matched is None:
        return False
    try:
        datetime.date(int(matched[1]), int(matched[2]), int(matched[3]))
    except ValueError:
        return False
    return True


def _units(texts: Sequence[str]) -> Iterator[TimeGuess]:
    numbers = [abs(float(text)) for text in texts]
    middle = sorted(numbers)[len(numbers) // 2]
    for unit, in_a_second in _IN_A_SECOND.items():
        seconds = middle / in_a_second
        if _LEAST_S <= seconds < (_YEARS[1] - 1970) * 366 * 86_400:
            yield TimeGuess(unit=unit)


def _formats() -> Iterator[str]:
    yield from (date + clock for date in _DATES for clock in _CLOCKS)
    yield from _WHOLE


def _reads(format_: str, texts: Sequence[str]) -> bool:
    return all(_parsed(format_, text) is not None for text in texts)


def _parsed(format_: str, text: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.strptime(text, format_)
    except ValueError:
        return None
