"""The groups that the records of a workload can belong to."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias, assert_never

from streambench.model.field_source import (
    Choice,
    Coin,
    DecimalRange,
    DoubleRange,
    FieldSource,
    Growing,
    InstantRange,
    IntRange,
)
from streambench.model.lookup import LookedUp, Lookup
from streambench.model.workload import Replay, Workload
from streambench.workload.keys import KeyValue
from streambench.workload.source import survey

Group: TypeAlias = tuple[KeyValue, ...]
"""A value for each field by which the query groups, in its order."""

_AT_MOST: Final = 1 << 20
_SEED: Final = 0


def groups_of(workload: Workload) -> Iterator[Group]:
    """All groups, or a million draws of them where there are more.

    A replayed file is scanned; UsageError when it cannot be read.
    """
    if isinstance(workload.input, Replay):
        yield from survey(workload.input, workload.fields, workload.query.group_by).groups
        return
    parts = list(_parts(workload))
    places = {name: at for at, name in enumerate(name for part in parts for name in part.names)}
    order = [places[key.name] for key in workload.query.group_by]
    count = math.prod(part.size for part in parts)
    chance = random.Random(_SEED)
    for number in range(min(count, _AT_MOST)):
        rest = number if count <= _AT_MOST else chance.randrange(count)
        values: list[KeyValue] = []
        for part in reversed(parts):
            rest, place = divmod(rest, part.size)
            values[:0] = part.at(place)
        yield tuple(values[place] for place in order)


@dataclass(frozen=True)
class _Part:
    """Fields of a group whose values do not depend on those of others; `at` gives the values at a place."""

    names: tuple[str, ...]
    size: int
    at: Callable[[int], Group]


def _parts(workload: Workload) -> Iterator[_Part]:
    """What is looked up in one row goes together, and the key of the row with it."""
    keys = [key.name for key in workload.query.group_by]
    taken: set[str] = set()
    for lookup in workload.lookups:
        if columns := [column.name for column in lookup.columns if column.name in keys]:
            on = [lookup.on] if lookup.on in keys and lookup.on not in taken else []
            taken.update([*on, *columns])
            rows = list(_distinct(lookup, columns, with_key=bool(on)))
            yield _Part((*on, *columns), len(rows), rows.__getitem__)
    for name in keys:
        if name not in taken:
            yield _of_field(workload, name)


def _of_field(workload: Workload, name: str) -> _Part:
    source = workload.field(name).source
    assert source is not None, "a generated field has a source"
    return _Part((name,), _size(source), lambda place: (_value(source, place),))


def _distinct(lookup: Lookup, columns: list[str], *, with_key: bool) -> Iterator[Group]:
    places = [at for at, column in enumerate(lookup.columns) if column.name in columns]
    rows = (
        (*([row.key] if with_key else []), *(row.values[at] for at in places))
        for row in lookup.rows
    )
    for row in dict.fromkeys(rows):
        known = tuple(value for value in row if value is not None)
        if len(known) == len(row):
            yield known


def _size(source: FieldSource) -> int:
    match source:
        case Choice(values=values):
            return len(values)
        case IntRange(low=low, high=high) | DecimalRange(low=low, high=high):
            return high - low + 1
        case InstantRange(low_s=first, high_s=last):
            return last - first + 1
        case Growing(span=(low, high)):
            return high - low + 1
        case Coin(share=share):
            return 2 if 0 < share < 1 else 1
        case LookedUp():
            raise ValueError("what is looked up goes by its row")
        case DoubleRange():
            raise ValueError("no query groups by a double")
        case _:
            assert_never(source)


def _value(source: FieldSource, place: int) -> KeyValue:
    match source:
        case Choice(values=values):
            return values[place]
        case IntRange(low=low):
            return low + place
        case InstantRange(low_s=first):
            return (first + place) * 1_000
        case Growing(first=low):
            return low + place
        case DecimalRange(low=low, scale=scale):
            return Decimal(low + place).scaleb(-scale)
        case Coin(share=share):
            return place == 1 or share == 1
        case LookedUp():
            raise ValueError("what is looked up goes by its row")
        case DoubleRange():
            raise ValueError("no query groups by a double")
        case _:
            assert_never(source)
