"""The groups that the records of a workload can belong to."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, TypeAlias, assert_never

from streambench.model.workload import (
    Choice,
    Coin,
    DecimalRange,
    DoubleRange,
    FieldSource,
    InstantRange,
    IntRange,
    Replay,
    Workload,
)
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
    sources = [_source(workload, key.name) for key in workload.query.group_by]
    sizes = [_size(source) for source in sources]
    count = math.prod(sizes)
    chance = random.Random(_SEED)
    for number in range(min(count, _AT_MOST)):
        rest = number if count <= _AT_MOST else chance.randrange(count)
        values: list[KeyValue] = []
        for source, size in zip(reversed(sources), reversed(sizes), strict=True):
            rest, place = divmod(rest, size)
            values.append(_value(source, place))
        yield tuple(reversed(values))


def _source(workload: Workload, name: str) -> FieldSource:
    source = workload.field(name).source
    assert source is not None, "a generated field has a source"
    return source


def _size(source: FieldSource) -> int:
    match source:
        case Choice(values=values):
            return len(values)
        case IntRange(low=low, high=high) | DecimalRange(low=low, high=high):
            return high - low + 1
        case InstantRange(low_s=first, high_s=last):
            return last - first + 1
        case Coin(share=share):
            return 2 if 0 < share < 1 else 1
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
        case DecimalRange(low=low, scale=scale):
            return Decimal(low + place).scaleb(-scale)
        case Coin(share=share):
            return place == 1 or share == 1
        case DoubleRange():
            raise ValueError("no query groups by a double")
        case _:
            assert_never(source)
