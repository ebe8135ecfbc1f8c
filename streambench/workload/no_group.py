"""Whether any group can pass `having`, by the ranges of what it is made of."""

from __future__ import annotations

import math
from typing import Final, assert_never

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.workload import Query
from streambench.workload.bounds import Range, Ranges, narrowed, range_of
from streambench.workload.passing import Decider

_INFINITE: Final = math.inf


def no_group_passes(query: Query, ranges: Ranges) -> bool:
    """Whether `having` cannot hold for any group of records whose numbers lie in `ranges`."""
    if query.having is None:
        return False
    if query.where is not None:
        ranges = narrowed(ranges, query.where)
    found = {each.alias: _range(each, ranges) for each in query.aggregates}
    return Decider({}, {}).truth(query.having, found) is False


def _range(aggregate: Aggregate, ranges: Ranges) -> Range:
    """That of an aggregate of any number of records, but for those that have no value."""
    match aggregate.function:
        case AggregateFunction.COUNT:
            return (0 if aggregate.passing is not None else 1, _INFINITE)
        case AggregateFunction.COUNT_DISTINCT:
            return (0 if aggregate.passing is not None else 1, _INFINITE)
        case (
            AggregateFunction.VAR_POP
            | AggregateFunction.VAR_SAMP
            | AggregateFunction.STDDEV_POP
            | AggregateFunction.STDDEV_SAMP
        ):
            return (0, _INFINITE)
        case AggregateFunction.SUM:
            low, high = _of_argument(aggregate, ranges)
            return (low if low >= 0 else -_INFINITE, high if high <= 0 else _INFINITE)
        case (
            AggregateFunction.AVG
            | AggregateFunction.MIN
            | AggregateFunction.MAX
            | AggregateFunction.FIRST
            | AggregateFunction.LAST
        ):
            return _of_argument(aggregate, ranges)
        case _:
            assert_never(aggregate.function)


def _of_argument(aggregate: Aggregate, ranges: Ranges) -> Range:
    assert aggregate.argument is not None, "it is of something"
    return range_of(aggregate.argument, ranges)
