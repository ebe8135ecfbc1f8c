"""Aggregates, as a user writes them, and what each means of the records of a group in a window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from streambench.model.expression import DecimalType, FieldType
from tests.properties.fields import MOST_RECORDS
from tests.properties.grammar import Grammar
from tests.properties.pieces import Piece, Row
from tests.workload.meaning_tables import exactly

Timed: TypeAlias = tuple[int, Row]
"""An event time in ms, and the record."""
ROW_TOLERANCE: Final = 1e-9
_SQUARES: Final = 1e-15
_MOST_SUMMED_DIGITS: Final = 28
_MOST_FIRST_DIGITS: Final = 36
_MOST_SQUARED: Final = 1e100


@dataclass(frozen=True)
class Found:
    """The value of an aggregate, None where it has none; a double may be off by `tolerance`."""

    value: Any
    tolerance: float = 0.0


@dataclass(frozen=True)
class Fold:
    """`function(argument) filter (where …)` under an alias."""

    alias: str
    function: str
    argument: Piece | None
    filter: Piece | None = None

    @property
    def text(self) -> str:
        """As it is written."""
        argument = "*" if self.argument is None else self.argument.text
        call = f"{self.function}({argument})"
        if self.function == "count distinct":
            call = f"count(distinct {argument})"
        return call if self.filter is None else f"{call} filter (where {self.filter.text})"

    @property
    def is_double(self) -> bool:
        """Whether its value is one."""
        if self.function in ("avg", *_SPREADS):
            return True
        return (
            not self.counts and self.argument is not None and self.argument.type is FieldType.DOUBLE
        )

    @property
    def is_instant(self) -> bool:
        """Whether its value is a timestamp."""
        of_instants = self.argument is not None and self.argument.type is FieldType.TIMESTAMP
        return of_instants and not self.counts

    @property
    def counts(self) -> bool:
        """Whether it is 0 of nothing."""
        return self.function.startswith("count")

    @property
    def nullable(self) -> bool:
        """Whether a group may lack its value."""
        lacking = self.filter is not None or (self.argument is not None and self.argument.nullable)
        return self.function.endswith("_samp") or (lacking and not self.counts)

    def over(self, records: Sequence[Timed]) -> Found:
        """Its value over the records of a group."""
        passing = [
            each for each in records if self.filter is None or self.filter.of(each[1]) is True
        ]
        argument = self.argument
        if argument is None:
            return Found(len(passing))
        timed = [
            (at_ms, value) for at_ms, row in passing if (value := argument.of(row)) is not None
        ]
        values = [value for _, value in timed]
        if self.function == "count":
            return Found(len(values))
        if self.function == "count distinct":
            return Found(len(set(values)))
        if not values:
            return Found(None)
        if self.function in _SPREADS:
            return _spread(self.function, [float(value) for value in values])
        if self.function == "avg":
            total = sum(map(Fraction, values))
            return Found(float(total / len(values)), ROW_TOLERANCE * _greatest(values))
        if self.function == "sum":
            if self.is_double:
                return Found(math.fsum(values), ROW_TOLERANCE * math.fsum(map(abs, values)))
            return Found(
                exactly(lambda: sum(values, Decimal(0))) if _decimal(argument) else sum(values)
            )
        found = {"min": min, "max": max}.get(self.function)
        if found is not None:
            value = found(values)
        else:
            value = (min if self.function == "first" else max)(timed)[1]
        return Found(value, ROW_TOLERANCE * _greatest(values) if self.is_double else 0.0)


_SPREADS: Final = ("var_pop", "var_samp", "stddev_pop", "stddev_samp")


def _decimal(piece: Piece) -> bool:
    return isinstance(piece.type, DecimalType)


def _greatest(values: Sequence[Any]) -> float:
    return max(abs(float(value)) for value in values)


def _spread(function: str, values: Sequence[float]) -> Found:
    divisor = len(values) - (1 if function.endswith("_samp") else 0)
    if divisor < 1:
        return Found(None)
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    variance = float(sum((value - mean) ** 2 for value in exact) / divisor)
    off = _SQUARES * (len(values) + 4) * max(value * value for value in values)
    if function.startswith("var"):
        return Found(variance, off)
    root = math.sqrt(variance)
    least = math.sqrt(max(variance - off, 0.0))
    return Found(root, max(root - least, math.sqrt(variance + off) - root))


def drawn_fold(draw: st.DrawFn, grammar: Grammar, alias: str) -> Fold:
    """An aggregate that the subset takes, whose sums are within their types."""
    depth = draw(st.integers(0, 2))
    filtered = draw(st.integers(0, 2)) == 0
    condition = grammar.condition(draw(st.integers(0, 2))) if filtered else None
    way = draw(st.sampled_from(("count", "count x", "count distinct", *_NUMERIC)))
    if way == "count":
        return Fold(alias, "count", None, condition)
    if way == "count x":
        return Fold(alias, "count", grammar.anything(depth), condition)
    if way == "count distinct":
        piece = grammar.anything(depth)
        if piece.type is FieldType.DOUBLE:
            piece = grammar.text(depth)
        return Fold(alias, way, piece, condition)
    if way in _OF_INSTANTS and draw(st.integers(0, 3)) == 0:
        return Fold(alias, way, grammar.instant(depth), condition)
    piece = grammar.number(depth)
    return Fold(alias, way if _can(way, piece) else "min", piece, condition)


_NUMERIC: Final = ("sum", "sum", "min", "max", "avg", "first", "first", "last", "last", *_SPREADS)

_OF_INSTANTS: Final = ("min", "max", "first", "last")


def _can(function: str, piece: Piece) -> bool:
    match piece.type:
        case DecimalType(precision=precision):
            if function == "sum":
                return precision <= _MOST_SUMMED_DIGITS
            return function not in ("first", "last") or precision <= _MOST_FIRST_DIGITS
        case FieldType.BIGINT:
            added = function in ("sum", "avg")
            return not added or piece.most * MOST_RECORDS < 2**63
        case _:
            return function not in _SPREADS or piece.most**2 < _MOST_SQUARED
