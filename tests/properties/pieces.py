"""A part of an expression: as a user writes it, and what it means of a record, in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from streambench.model.expression import DecimalType, ValueType
from tests.workload.meaning_tables import exactly, half_up

Row = Mapping[str, Any]
"""The values of a record by field; None where one has none."""


@dataclass(frozen=True)
class Piece:
    """An expression of a type; `most` is the greatest magnitude of a number, of decimals their digits say it.

    `nullable`: of some record it may have no value, as the declaration goes.
    """

    text: str
    type: ValueType
    of: Callable[[Row], Any]
    nullable: bool = False
    most: float = 0

    @property
    def decimal(self) -> DecimalType:
        """Its digits."""
        assert isinstance(self.type, DecimalType), self.text
        return self.type

    def named(self, name: str) -> Piece:
        """The same under a name that the query gives it."""
        return replace(self, text=name)


def strictly(compute: Callable[..., Any], *operands: Piece) -> Callable[[Row], Any]:
    """What is computed of no value is none."""

    def of(row: Row) -> Any:
        values = [operand.of(row) for operand in operands]
        return None if None in values else compute(*values)

    return of


def all_of(left: bool | None, right: bool | None) -> bool | None:
    """AND of three values."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def any_of(left: bool | None, right: bool | None) -> bool | None:
    """OR of three values."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def either(condition: Piece, then: Piece, otherwise: Piece | None) -> Callable[[Row], Any]:
    """CASE; a condition without a value does not hold."""

    def of(row: Row) -> Any:
        if condition.of(row) is True:
            return then.of(row)
        return None if otherwise is None else otherwise.of(row)

    return of


def first_of(piece: Piece, otherwise: Piece) -> Callable[[Row], Any]:
    """Coalesce of two."""

    def of(row: Row) -> Any:
        value = piece.of(row)
        return otherwise.of(row) if value is None else value

    return of


def common(left: DecimalType, right: DecimalType) -> DecimalType:
    """The least decimal that holds both."""
    scale = max(left.scale, right.scale)
    return DecimalType(max(left.whole_digits, right.whole_digits) + scale, scale)


def scaled(piece: Piece, type_: DecimalType) -> Piece:
    """The same number with the digits behind the point of another decimal."""
    return replace(piece, of=strictly(lambda value: half_up(value, type_.scale), piece))


def to_decimal(value: Decimal | int) -> Decimal:
    """The same number as a decimal."""
    return exactly(lambda: Decimal(value))
