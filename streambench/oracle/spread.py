"""SQL for the bounds and the tolerance of variances and of their roots.

What a number is off the mean, squared and added up over a set, never falls when the set gets a number more.
"""

from __future__ import annotations

from typing import Final

from streambench.model.aggregate import AggregateFunction

# Made of the sum of n squares, a variance is off by 4 n units of 2^-53 of the greatest of them: half of what is
# left for it here, as the divisor of a sample can be half of the number of numbers.
_UNIT: Final = 1e-15


def is_root(function: AggregateFunction) -> bool:
    """Whether it is the root of a variance."""
    return function in (AggregateFunction.STDDEV_POP, AggregateFunction.STDDEV_SAMP)


def of_all_sql(function: AggregateFunction, x: str, where: str) -> str:
    """The aggregate over the numbers `x` of which `where`, a FILTER, holds."""
    return f"{function.value}(CAST({x} AS DOUBLE)) {where}"


def bounds_sql(function: AggregateFunction, x: str, *, must: str, possible: str) -> tuple[str, str]:
    """The least and the greatest value over any numbers among which are those of `must` and no others than
    those of `possible`; both are FILTERs.
    """
    few, many = f"count(*) {must}", f"count(*) {possible}"
    least = f"coalesce(var_pop(CAST({x} AS DOUBLE)) {must} * {few}, 0)"
    greatest = f"var_pop(CAST({x} AS DOUBLE)) {possible} * {many}"
    number = f"CAST({x} AS DOUBLE)"
    # Numbers of which half lie at one end and half at the other have the greatest variance of all.
    widest = f"(max({number}) {possible} - min({number}) {possible}) ^ 2 / 4"
    if function.needs_two:
        fewest = f"greatest({few}, 2)"
        low = f"{least} / nullif({many} - 1, 0)"
        high = f"least({greatest} / ({fewest} - 1), {widest} * {fewest} / ({fewest} - 1))"
    else:
        low = f"{least} / nullif({many}, 0)"
        high = f"least({greatest} / nullif({few}, 0), {widest})"
    # Where all must count both are the value itself, to the last digit.
    variance = "var_samp" if function.needs_two else "var_pop"
    exact = f"{variance}({number}) {possible}"
    bounds = tuple(
        f"CASE WHEN {few} = {many} THEN {exact} ELSE {bound} END" for bound in (low, high)
    )
    if is_root(function):
        bounds = tuple(f"sqrt({bound})" for bound in bounds)
    return bounds[0], bounds[1]


def tolerance_sql(function: AggregateFunction, x: str, low: str, where: str) -> str:
    """By how much a value may lie outside its bounds, of which `low` is the lower one.

    It follows from the form that loses the most digits: the sum of the squares less the square of the sum.
    """
    of_variance = f"{_UNIT} * (count(*) {where} + 4) * max(CAST({x} AS DOUBLE) ^ 2) {where}"
    if not is_root(function):
        return of_variance
    # A root is off by the more, the smaller it is.
    below = f"{low} - sqrt(greatest(({low}) ^ 2 - {of_variance}, 0))"
    above = f"sqrt(({low}) ^ 2 + {of_variance}) - {low}"
    return f"greatest({below}, {above})"
