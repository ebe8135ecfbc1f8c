"""SQL for what each aggregate must be: of all records of a group in a window, and its bounds.

It reads the relation `judged`: a record and window a row, with `standing` and the columns of
`arguments_sql`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

import pyarrow as pa
import pyarrow.compute as pc

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.columns import bound_columns, null_column, tolerance_column
from streambench.model.expression import Expression, FieldType, divides, parts, type_of
from streambench.model.workload import Query
from streambench.oracle import spread
from streambench.oracle.columns import OF_TRACE, passes_sql, quoted
from streambench.oracle.standings import LATE, MAY, MUST
from streambench.workload.sql import sql_type, to_sql

TOLERANCE: Final = 1e-9
"""A double may be off by this part of the magnitudes that it is made of: of a sum all, else the greatest."""


def arguments_sql(query: Query) -> str:
    """SQL for what the aggregates read of a record of the relation TRACE."""
    columns = []
    for at, aggregate in enumerate(query.aggregates):
        if aggregate.argument is not None:
            columns.append(f"{_argument_sql(aggregate.argument, query)} AS argument_{at}")
        if aggregate.passing is not None:
            columns.append(f"{to_sql(aggregate.passing, OF_TRACE)} AS passes_{at}")
    return "".join(f", {column}" for column in columns)


def _argument_sql(argument: Expression, query: Query) -> str:
    """It is computed of records that pass `where` alone where others could make it fail."""
    text = to_sql(argument, OF_TRACE)
    if (type_ := type_of(argument)) not in (FieldType.STRING, FieldType.BOOLEAN):
        text = f"CAST({text} AS {sql_type(type_)})"
    if query.where is not None and any(divides(part) for part in parts(argument)):
        text = f"CASE WHEN {passes_sql(query)} THEN {text} END"
    return text


def values_of(query: Query) -> tuple[str, ...]:
    """The columns that say what the aggregates must be."""
    return tuple(name for aggregate in query.judged for name in _names(aggregate))


def _names(aggregate: Aggregate) -> Iterator[str]:
    yield from bound_columns(aggregate.alias)
    if aggregate.may_be_null:
        yield null_column(aggregate.alias)
    if aggregate.type is FieldType.DOUBLE:
        yield tolerance_column(aggregate.alias)


def all_sql(query: Query) -> str:
    """SQL for what is counted where no record is late: full values alone, in a third of the memory."""
    columns = ["max(quantum) AS newest_quantum"]
    for at, aggregate in enumerate(query.aggregates):
        of = _Records(at, aggregate)
        columns.append(of.typed(of.full(), bound_columns(aggregate.alias)[2]))
        columns += of.tolerance(of.full(), of.where())
    return ", ".join(columns)


def signed_sql(query: Query) -> dict[str, str]:
    """Per sum, by alias, SQL for whether some number of the records that it adds up is negative."""
    return {
        aggregate.alias: f"coalesce(min({of.x}) {of.where()} < 0, FALSE)"
        for at, aggregate in enumerate(query.aggregates)
        if aggregate.function is AggregateFunction.SUM
        for of in (_Records(at, aggregate),)
    }


def with_bounds(counted: pa.Table, query: Query) -> pa.Table:
    """Where no record is late every bound is the full value; the columns share their memory."""
    names = {"must_records": "records", "possible_records": "records"}
    for aggregate in query.judged:
        low, high, full = bound_columns(aggregate.alias)
        names |= {low: full, high: full}
        if aggregate.may_be_null:
            no_value = pc.is_null(counted.column(full))
            counted = counted.append_column(null_column(aggregate.alias), no_value)
    for name, same in names.items():
        counted = counted.append_column(name, counted.column(same))
    return counted


def bounded_sql(query: Query) -> str:
    """SQL for what is counted where records may be late."""
    return ", ".join(
        (
            f"coalesce(max(quantum) FILTER (standing <> {LATE}), max(quantum)) AS newest_quantum",
            f"count(*) FILTER (standing = {MUST}) AS must_records",
            f"count(*) FILTER (standing <> {LATE}) AS possible_records",
            *(
                column
                for at, aggregate in enumerate(query.aggregates)
                for column in _bounds_sql(_Records(at, aggregate))
            ),
        )
    )


class _Records:
    """The records of a group in a window, as one aggregate sees them: those that pass its filter."""

    def __init__(self, at: int, aggregate: Aggregate) -> None:
        self.aggregate = aggregate
        self.x = f"argument_{at}"
        self.needed = 2 if aggregate.function.needs_two else 1
        self._passes = () if aggregate.passing is None else (f"passes_{at}",)

    def where(self, *conditions: str) -> str:
        """A FILTER of those that pass, and of which the conditions hold."""
        every = (*self._passes, *conditions)
        return f"FILTER (WHERE {' AND '.join(every)})" if every else ""

    def full(self) -> str:
        """The aggregate over all of them."""
        function, where = self.aggregate.function, self.where()
        match function:
            case AggregateFunction.COUNT:
                return f"count(*) {where}"
            case AggregateFunction.COUNT_DISTINCT:
                return f"count(DISTINCT {self.x}) {where}"
            case AggregateFunction.AVG:
                return _quotient(f"sum({self.x}) {where}", f"count(*) {where}")
            case (
                AggregateFunction.STDDEV_POP
                | AggregateFunction.STDDEV_SAMP
                | AggregateFunction.VAR_POP
                | AggregateFunction.VAR_SAMP
            ):
                return spread.of_all_sql(function, self.x, where)
            case AggregateFunction.FIRST | AggregateFunction.LAST:
                return self.by_time(where)
            case AggregateFunction.SUM | AggregateFunction.MIN | AggregateFunction.MAX:
                return f"{function.value}({self.x}) {where}"
            case _:
                assert_never(function)

    def by_time(self, where: str) -> str:
        """The value at the least or the greatest event time."""
        extreme = "min" if self.aggregate.function is AggregateFunction.FIRST else "max"
        return f"({extreme}({{'at': event_ms, 'value': {self.x}}}) {where}).value"

    def typed(self, value: str, name: str) -> str:
        """The value, as a column of the aggregate's type."""
        return f"CAST({value} AS {sql_type(self.aggregate.type)}) AS {quoted(name)}"

    def tolerance(self, low: str, where: str) -> Iterator[str]:
        """The column of the tolerance, if it has one; `low` is the least lawful value."""
        if self.aggregate.type is FieldType.DOUBLE:
            name = quoted(tolerance_column(self.aggregate.alias))
            if self.aggregate.function.spreads:
                tolerance = spread.tolerance_sql(self.aggregate.function, self.x, low, where)
                yield f"{tolerance} AS {name}"
                return
            greatest = "sum" if self.aggregate.function is AggregateFunction.SUM else "max"
            yield f"{TOLERANCE} * {greatest}(abs(CAST({self.x} AS DOUBLE))) {where} AS {name}"


def _bounds_sql(of: _Records) -> Iterator[str]:
    """SQL for the columns `_names` over the records of one group and window.

    Any set of records between "those that must" and "those that may" gives a value within the bounds:
    a COUNT of 0 is among them, though a row needs one record.
    """
    must, may = of.where(f"standing = {MUST}"), of.where(f"standing = {MAY}")
    possible = of.where(f"standing <> {LATE}")
    low, high = _low_and_high(of, must, may, possible)
    lawful = f"count(*) FILTER (standing <> {LATE}) > 0"
    if not of.aggregate.function.counts:
        lawful = f"count(*) {possible} > {of.needed - 1}"
    low_name, high_name, full_name = bound_columns(of.aggregate.alias)
    yield of.typed(f"CASE WHEN {lawful} THEN {low} END", low_name)
    yield of.typed(f"CASE WHEN {lawful} THEN {high} END", high_name)
    yield of.typed(of.full(), full_name)
    if of.aggregate.may_be_null:
        yield f"count(*) {must} < {of.needed} AS {quoted(null_column(of.aggregate.alias))}"
    yield from of.tolerance(low, possible)


def _low_and_high(of: _Records, must: str, may: str, possible: str) -> tuple[str, str]:
    x = of.x
    # A negative value that may count lowers the lower bound, a positive one raises the upper.
    surely = f"coalesce(sum({x}) {must}, 0)"
    least_sum = f"({surely} + coalesce(sum(least({x}, 0)) {may}, 0))"
    greatest_sum = f"({surely} + coalesce(sum(greatest({x}, 0)) {may}, 0))"
    match of.aggregate.function:
        case AggregateFunction.COUNT:
            return f"count(*) {must}", f"count(*) {possible}"
        case AggregateFunction.COUNT_DISTINCT:
            return f"count(DISTINCT {x}) {must}", f"count(DISTINCT {x}) {possible}"
        case AggregateFunction.SUM:
            return least_sum, greatest_sum
        case AggregateFunction.MAX:
            # Of records of which none must count it lies between the least and the greatest of them.
            return f"coalesce(max({x}) {must}, min({x}) {may})", f"max({x}) {possible}"
        case AggregateFunction.MIN:
            return f"min({x}) {possible}", f"coalesce(min({x}) {must}, max({x}) {may})"
        case AggregateFunction.AVG:
            # It lies between the least and the greatest value. A bound of the sum by a count is another:
            # by the greatest count where that brings it nearer to 0 and must not, else by the least.
            few, many = f"count(*) {must}", f"count(*) {possible}"
            low = _quotient(least_sum, f"CASE WHEN {least_sum} < 0 THEN {few} ELSE {many} END")
            high = _quotient(
                greatest_sum, f"CASE WHEN {greatest_sum} > 0 THEN {few} ELSE {many} END"
            )
            some = f"{few} > 0"
            return (
                f"greatest(min({x}) {possible}, CASE WHEN {some} THEN {low} END)",
                f"least(max({x}) {possible}, CASE WHEN {some} THEN {high} END)",
            )
        case (
            AggregateFunction.STDDEV_POP
            | AggregateFunction.STDDEV_SAMP
            | AggregateFunction.VAR_POP
            | AggregateFunction.VAR_SAMP
        ):
            return spread.bounds_sql(of.aggregate.function, x, must=must, possible=possible)
        case AggregateFunction.FIRST | AggregateFunction.LAST:
            # It is known where nothing that may count comes before it, or at its time.
            extreme, sign = (
                ("min", "<") if of.aggregate.function is AggregateFunction.FIRST else ("max", ">")
            )
            known = (
                f"coalesce({extreme}(event_ms) {must} {sign} {extreme}(event_ms) {may},"
                f" count(*) {must} = count(*) {possible})"
            )
            value = of.by_time(must)
            return (
                f"CASE WHEN {known} THEN {value} ELSE min({x}) {possible} END",
                f"CASE WHEN {known} THEN {value} ELSE max({x}) {possible} END",
            )
        case _:
            assert_never(of.aggregate.function)


def _quotient(dividend: str, divisor: str) -> str:
    return f"(CAST({dividend} AS DOUBLE) / nullif({divisor}, 0))"
