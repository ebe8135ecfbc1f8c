"""Aggregates: what becomes of the records of a group in a window."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from streambench.model.expression import (
    MOST_DIGITS,
    DecimalType,
    Expression,
    FieldType,
    ValueType,
    type_of,
)


class AggregateFunction(enum.Enum):
    """What becomes of the records of a group in a window."""

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    COUNT_DISTINCT = "count distinct"
    STDDEV_POP = "stddev_pop"
    STDDEV_SAMP = "stddev_samp"
    VAR_POP = "var_pop"
    VAR_SAMP = "var_samp"
    FIRST = "first"
    LAST = "last"

    @property
    def counts(self) -> bool:
        """Whether it has a value, 0, of no record at all."""
        return self in (AggregateFunction.COUNT, AggregateFunction.COUNT_DISTINCT)

    @property
    def spreads(self) -> bool:
        """Whether it is a variance, or the root of one."""
        return self.value.endswith(("_pop", "_samp"))

    @property
    def goes_by_time(self) -> bool:
        """Whether event times matter; of records of one time FIRST is the least, LAST the greatest."""
        return self in (AggregateFunction.FIRST, AggregateFunction.LAST)

    @property
    def needs_two(self) -> bool:
        """Whether it has no value of one record, as the variance of a sample has none."""
        return self.value.endswith("_samp")


@dataclass(frozen=True)
class Aggregate:
    """`function(argument) FILTER (WHERE filter) AS alias`; COUNT has no argument and counts rows.

    Of no record that passes the filter only counts have a value; the others are NULL, as in SQL.
    """

    alias: str
    function: AggregateFunction
    argument: Expression | None
    filter: Expression | None = None

    @property
    def type(self) -> ValueType:
        """The type of its value; an average is of real division, always."""
        if self.function is AggregateFunction.AVG or self.function.spreads:
            return FieldType.DOUBLE
        if self.function.counts or self.argument is None:
            return FieldType.BIGINT
        type_ = type_of(self.argument)
        if self.function is AggregateFunction.SUM and isinstance(type_, DecimalType):
            return DecimalType(MOST_DIGITS, type_.scale)
        return type_

    @property
    def may_be_null(self) -> bool:
        """Whether there can be a row in which it has no value."""
        return self.function.needs_two or (self.filter is not None and not self.function.counts)
