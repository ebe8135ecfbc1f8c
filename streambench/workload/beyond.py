"""Whether what a query computes can be beyond its type, or has no value: engines differ on what happens then."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final, TypeAlias

from streambench.model.expression import (
    BIGINT_AS_DECIMAL,
    Arithmetic,
    Convert,
    DecimalType,
    Division,
    Expression,
    FieldType,
    divides,
    type_of,
)
from streambench.model.workload import Replay, Workload
from streambench.workload.bounds import (
    Number,
    Ranges,
    magnitude,
    narrowed,
    range_of,
    size,
    steps_of,
)
from streambench.workload.constants import MAX_BIGINT
from streambench.workload.durations import show_window
from streambench.workload.finding import Finding
from streambench.workload.letters import uneven_letter
from streambench.workload.sums import greatest_generated, greatest_replayed, summed

KeyPath: TypeAlias = tuple[str, ...]

# Sums of some of them are still finite.
_MAX_DOUBLE: Final = 1e290
# So is the square of a sum of many.
_MAX_SQUARED: Final = 1e140
_WHY: Final = "engines differ on what happens then"


def single_values(workload: Workload, ranges: Ranges) -> Iterator[Finding]:
    """What one record can bring about: overflow, and division by 0."""
    beyond = [
        found
        for path, whole, known in _computed(workload, ranges)
        for found in _steps(path, whole, known)
    ]
    # Of what has no value there is no square.
    yield from beyond or _squares(workload, ranges)


def _squares(workload: Workload, ranges: Ranges) -> Iterator[Finding]:
    """What a variance is made of."""
    query = workload.query
    passing = ranges if query.where is None else narrowed(ranges, query.where)
    for aggregate in query.aggregates:
        if not aggregate.function.spreads or aggregate.argument is None:
            continue
        greatest = max(map(size, range_of(aggregate.argument, passing)))
        if greatest > _MAX_SQUARED:
            yield Finding(
                f"'{aggregate.alias}' squares numbers of up to {magnitude(greatest)}, which is beyond a double",
                f"use smaller numbers: {_WHY}",
                fatal=True,
                path=("query", "select", aggregate.alias),
            )


def _computed(workload: Workload, ranges: Ranges) -> Iterator[tuple[KeyPath, Expression, Ranges]]:
    """All that is computed of a record; what is aggregated only of those that pass `where`."""
    query = workload.query
    passing = ranges
    if query.where is not None:
        yield ("query", "where"), query.where, ranges
        passing = narrowed(ranges, query.where)
    for aggregate in query.aggregates:
        path = ("query", "select", aggregate.alias)
        # An engine may look at a filter before it knows that the record passes `where`.
        if aggregate.filter is not None:
            yield path, aggregate.filter, ranges
        if aggregate.argument is not None:
            yield path, aggregate.argument, passing


def _steps(path: KeyPath, whole: Expression, ranges: Ranges) -> Iterator[Finding]:
    for part, known in steps_of(whole, ranges):
        limit: Number
        if type_of(part) is FieldType.BIGINT:
            limit, kind = MAX_BIGINT, "bigint"
        elif type_of(part) is FieldType.DOUBLE:
            limit, kind = _MAX_DOUBLE, "double"
        elif (limit_of := _limit_of_cast(part)) is not None:
            limit, kind = limit_of, type_of(part).value
        else:
            continue
        if isinstance(part, Division | Arithmetic) and divides(part):
            low, high = range_of(part.right, known)
            if low <= 0 <= high:
                yield Finding(
                    "an expression divides by what can be 0",
                    "write CASE WHEN n > 0 THEN x / n ELSE 0 END, or leave such records out by `where`: "
                    + _WHY,
                    fatal=True,
                    path=path,
                )
                return
        beyond = next((bound for bound in range_of(part, known) if size(bound) > limit), None)
        if beyond is not None:
            yield Finding(
                f"an expression can reach {magnitude(beyond)}, beyond a {kind}",
                f"use smaller numbers: {_WHY}",
                fatal=True,
                path=path,
            )
            return


def _limit_of_cast(part: Expression) -> Fraction | None:
    """The greatest number of a decimal that something else became, where it may not fit."""
    match part:
        case Convert(type=DecimalType() as type_) if type_ != BIGINT_AS_DECIMAL:
            return Fraction(10**type_.precision - 1, 10**type_.scale)
        case _:
            return None


def generated_sums(workload: Workload, ranges: Ranges, records: int) -> Iterator[Finding]:
    """What a window of generated load can add up to, where it holds so many records."""
    for aggregate in summed(workload.query):
        greatest = greatest_generated(aggregate, ranges, records=records)
        if greatest > MAX_BIGINT:
            yield _sum_beyond(
                aggregate.alias,
                f"the sum '{aggregate.alias}' can reach {magnitude(greatest)}, beyond a bigint: a window of"
                f" {show_window(workload.query.window)} can hold {records:,} records",
                "use smaller numbers, a lower --rate or shorter windows",
            )


def replayed_sums(workload: Workload, replay: Replay) -> Iterator[Finding]:
    """What a window of the file adds up to. Raises UsageError where it cannot be read."""
    for alias, greatest in greatest_replayed(workload, replay).items():
        if greatest > MAX_BIGINT:
            yield _sum_beyond(
                alias,
                f"the sum '{alias}' can reach {greatest:,} in a window of {replay.path.name}, beyond a"
                " bigint",
                "use smaller numbers or shorter windows",
            )


def _sum_beyond(alias: str, message: str, hint: str) -> Finding:
    return Finding(message, f"{hint}: {_WHY}", fatal=True, path=("query", "select", alias))


def letters(workload: Workload) -> Iterator[Finding]:
    """Equal terms need one upper and one lower case."""
    letter = uneven_letter(workload)
    if letter is not None:
        yield Finding(
            f"lower or upper is asked of a string with the letter '{letter}', whose other case differs"
            " between engines, or is more than one letter",
            "leave lower and upper out, or such letters out of the field",
            fatal=True,
            path=("query",),
        )
