"""Columns that hold times in many rows: the way in which these are read, and what is no time in the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from streambench.model.workload import ColumnName, TimeColumn
from streambench.workload.file.cells import Connection, FileCell
from streambench.workload.file.guess import TimeGuess, guesses
from streambench.workload.file.instants import instant_ms

_TRIED: Final = 24
_MANY: Final = 0.3
UNREAD_SHOWN: Final = 3
_FIRST: Final = 3
_LIKE_A_DATE: Final = re.compile(r"(?=.{4,40}$)(?:.*\d){3}")
_OF_A_DAY: Final = re.compile(r"\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s*[AaPp]\.?[Mm]\.?)?\s*")


@dataclass(frozen=True)
class NearlyTimes:
    """Many values of a column are times in this way, as `read` is; `unread` are the first of those that are not.

    `rows` have such a value.
    """

    way: TimeGuess
    read: str
    unread: tuple[str, ...]
    rows: int


def nearly_times(
    connection: Connection, relation: str, cell: FileCell, sample: Sequence[str], name: ColumnName
) -> NearlyTimes | None:
    """Look for a way that reads much of a sample, and for all values that it does not read."""
    tried = [text for text in dict.fromkeys(sample) if _LIKE_A_DATE.match(text)][:_TRIED]
    found = _likeliest(tried)
    if found is None:
        return None
    way, read = found
    instant = instant_ms(cell, TimeColumn(name, way.format, way.unit))
    rows, values = connection.execute(
        f"SELECT count(*) FILTER ({cell.text} IS NOT NULL AND {instant} IS NULL), count({cell.text})"
        f" FROM {relation}"
    ).fetchone()
    if not 0 < rows <= (1 - _MANY) * values:
        return None
    unread = connection.execute(
        f"SELECT DISTINCT {cell.text} AS it FROM {relation} WHERE {cell.text} IS NOT NULL"
        f" AND {instant} IS NULL ORDER BY it LIMIT {UNREAD_SHOWN + 1}"
    ).fetchall()
    return NearlyTimes(way, read, tuple(str(each[0]) for each in unread), int(rows))


def _likeliest(texts: Sequence[str]) -> tuple[TimeGuess, str] | None:
    """The way of some text that reads many of the others, too; numbers aside, which are read by chance."""
    best: tuple[int, TimeGuess, str] | None = None
    for text in texts[:_FIRST]:
        for way in guesses([text]):
            read = sum(way.reads(each) for each in texts)
            if way.unit is None and (best is None or read > best[0]):
                best = (read, way, text)
    if best is None or best[0] < _MANY * len(texts):
        return None
    return best[1], best[2]


def holds_times_of_day(examples: Sequence[str]) -> bool:
    """Whether all of these are hours and minutes without a date."""
    return bool(examples) and all(_OF_A_DAY.fullmatch(each) for each in examples)
