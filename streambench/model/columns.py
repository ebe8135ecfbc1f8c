"""Names of columns that carry what a user has named.

A field or alias is lower-case letters, digits and underscores. With a colon in it, no name of theirs
can be one of ours, such as `offset` or `key`, nor an aggregate's bound be another aggregate.
"""

from __future__ import annotations

from dataclasses import dataclass

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.by_hand import GivenColumn
from streambench.model.expression import FieldType, ValueType


def value_column(alias: str) -> str:
    """The aggregate's value in a table of result rows."""
    return f"value:{alias}"


def bound_columns(alias: str) -> tuple[str, str, str]:
    """Its least and greatest lawful value in a table of what must come out, and that of all records."""
    return f"low:{alias}", f"high:{alias}", f"full:{alias}"


def null_column(alias: str) -> str:
    """Whether it may lawfully have no value; only of aggregates that can have none."""
    return f"null:{alias}"


def tolerance_column(alias: str) -> str:
    """By how much its value may lie outside its bounds, as doubles depend on order; only of doubles."""
    return f"tolerance:{alias}"


@dataclass(frozen=True)
class ResultColumn:
    """What is kept of an aggregate to judge rows by: how it moves with more records, and its values' type.

    `function` None: the column of a query by hand, of which nobody knows how it moves. It may be `nullable`.
    """

    alias: str
    function: AggregateFunction | None
    type: ValueType = FieldType.BIGINT
    filtered: bool = False
    nullable: bool = False

    @classmethod
    def of(cls, aggregate: Aggregate) -> ResultColumn:
        """That of a query's aggregate."""
        filtered = aggregate.passing is not None
        return cls(aggregate.alias, aggregate.function, aggregate.type, filtered)

    @classmethod
    def given(cls, column: GivenColumn) -> ResultColumn:
        """That of a query by hand."""
        return cls(column.name, None, column.type, nullable=column.nullable)

    @property
    def may_be_null(self) -> bool:
        """Whether there can be a row in which it has no value."""
        if self.function is None:
            return self.nullable
        return self.function.needs_two or (self.filtered and not self.function.counts)

    @property
    def counts_records(self) -> bool:
        """Whether it is the number of records of its group and window."""
        return self.function is AggregateFunction.COUNT and not self.filtered
