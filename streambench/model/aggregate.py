"""What is made of the records of a group in a window: functions of expressions over them."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from streambench.model.expression import (
    MOST_DIGITS,
    And,
    DecimalType,
    Expression,
    FieldType,
    IsNull,
    Not,
    ValueType,
    may_be_null,
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
    """`function(argument) FILTER (WHERE filter) AS alias`; COUNT without an argument counts rows.

    Records of which the argument is NULL are left out. Of no record that is left only counts have a value;
    the others are NULL, as in SQL. COUNT has an argument only where that can be NULL.
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
    def passing(self) -> Expression | None:
        """What has to hold for a record to count: its filter, and that the argument has a value."""
        if self.argument is None or not may_be_null(self.argument):
            return self.filter
        has_value = Not(IsNull(self.argument))
        return has_value if self.filter is None else And((self.filter, has_value))

    @property
    def may_be_null(self) -> bool:
        """Whether there can be a row in which it has no value."""
        of_none = self.passing is not None and not self.function.counts
        return of_none or self.function.needs_two
