"""The fields of `workload.toml`, as pydantic models, and their types."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from streambench.model.expression import DecimalType, FieldType, ValueType
from streambench.model.workload import EpochUnit
from streambench.model.written import quoted
from streambench.workload.file.instants import problem_with_format
from streambench.workload.file.types import MOST_TIMES
from streambench.workload.literals import LiteralError, instant_ms

MAX_CHOICES: Final = 1_000_000
MAX_SKEW: Final = 10
MAX_SPAN: Final = 2**32
_MAX_MAGNITUDE: Final = 2**62
MOST_IDS: Final = 1_000_000
# What 64 bits hold of any digits.
_FIELD_DIGITS: Final = 18
MOST_SCALE: Final = _FIELD_DIGITS
_DECIMAL: Final = re.compile(r"decimal\(([0-9]{1,3}), ?([0-9]{1,3})\)")
_PLAIN_TYPES: Final = "|".join(each.value for each in FieldType)
TYPES: Final = "string, bigint, boolean, double, timestamp and decimal(10,2)"
"""The types of a field, in words."""


def value_type(written: str) -> ValueType:
    """The type that is called so; ValueError for another name."""
    if (found := _DECIMAL.fullmatch(written)) is not None:
        precision, scale = int(found[1]), int(found[2])
        if not scale <= precision <= _FIELD_DIGITS or precision == 0:
            raise ValueError(
                f"{quoted(written)} cannot be: a field has up to {_FIELD_DIGITS} digits, and no more behind the"
                " point than at all"
            )
        return DecimalType(precision, scale)
    try:
        return FieldType(written)
    except ValueError:
        raise ValueError(f"{quoted(written)} is no type; there are {TYPES}") from None


def _date(written: object) -> object:
    # TOML has dates and times of its own; both spellings mean UTC.
    return written.isoformat() if isinstance(written, datetime.date) else written


def _declared_type(written: object) -> object:
    return {"type": written} if isinstance(written, str) else written


def _column_name(written: object) -> object:
    if isinstance(written, str) and written:
        return written
    names = written if isinstance(written, list | tuple) else ()
    if names and all(isinstance(name, str) and name for name in names):
        return tuple(names)
    raise ValueError(
        'a column is a name, as "user.id", or a list of names that may have dots, as ["user", "e.mail"]'
    )


def _type_name(written: str) -> str:
    value_type(written)
    return written


TypeName: TypeAlias = Annotated[
    str,
    AfterValidator(_type_name),
    WithJsonSchema({"type": "string", "pattern": f"^({_PLAIN_TYPES}|{_DECIMAL.pattern})$"}),
]
IsoDate: TypeAlias = Annotated[str, BeforeValidator(_date)]
Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Strict(BaseModel):
    """A table of the file: no key but those that it has, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class GrowingSpec(Strict):
    """`{ new = 1, per = 46, among = 1_000, … }`: ids that come new with the load."""

    first: Annotated[int, Field(ge=0, le=_MAX_MAGNITUDE // 2)] = 0
    new: Annotated[int, Field(ge=1, le=MOST_IDS)]
    per: Annotated[int, Field(ge=1, le=MAX_SPAN)]
    among: Annotated[int, Field(ge=1, le=MOST_IDS)]
    ahead: Annotated[int, Field(ge=0, le=MOST_IDS)] = 0
    hot: Annotated[float, Field(ge=0, le=1)] = 0.0
    hot_every: Annotated[int, Field(ge=1, le=MOST_IDS)] = 1
    hot_at: Annotated[int, Field(ge=0, le=MOST_IDS)] = 0


class GeneratedField(Strict):
    """`{ choice = … }`, `{ int = [low, high] }`, `{ decimal = … }`, `{ bool = share }` and the like.

    `null` is the share of records that have no value in it.
    """

    choice: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | tuple[Text, ...] | None = None
    prefix: str | None = None
    skew: Annotated[float, Field(ge=0, le=MAX_SKEW)] | None = None
    int_: Annotated[tuple[int, int] | None, Field(alias="int")] = None
    by_magnitude: bool = False
    growing: GrowingSpec | None = None
    decimal: tuple[float, float] | None = None
    scale: Annotated[int, Field(ge=0, le=MOST_SCALE)] | None = None
    double: tuple[FiniteFloat, FiniteFloat] | None = None
    timestamp: tuple[IsoDate, IsoDate] | None = None
    bool_: Annotated[float | None, Field(alias="bool", ge=0, le=1)] = None
    null: Annotated[float | None, Field(gt=0, lt=1)] = None

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, written: object) -> object:
        if not isinstance(written, Mapping):
            raise ValueError(
                "a generated field is { choice = … }, { int = [low, high] }, { decimal = [low, high] },"
                " { double = [low, high] }, { timestamp = [first, last] }, { bool = share } or { growing = … }"
            )
        return {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in written.items()
        }

    @model_validator(mode="after")
    def _one_source(self) -> GeneratedField:
        ranges = (self.int_, self.decimal, self.double, self.timestamp)
        sources = (self.choice, self.bool_, self.growing, *ranges)
        if sum(source is not None for source in sources) != 1:
            raise ValueError(
                "give one of choice, int, growing, decimal, double, timestamp and bool"
            )
        if self.choice is None and (self.prefix is not None or self.skew is not None):
            raise ValueError("prefix and skew belong to choice")
        if self.decimal is None and self.scale is not None:
            raise ValueError("scale belongs to decimal")
        for range_ in (self.int_, self.decimal, self.double):
            if range_ is not None and range_[0] > range_[1]:
                raise ValueError(f"the range {quoted(range_)} is empty")
        if self.int_ is not None:
            _check_span(self.int_, self.int_)
        if self.by_magnitude and (self.int_ is None or self.int_[0] < 1):
            raise ValueError("by_magnitude belongs to int, of numbers of at least 1")
        if self.decimal is not None:
            _check_span(self.decimal, self.units)
        if self.timestamp is not None and self.seconds[0] > self.seconds[1]:
            raise ValueError(f"the range {quoted(self.timestamp)} is empty")
        if isinstance(self.choice, tuple):
            if self.prefix is not None:
                raise ValueError("prefix belongs to a number of choices, not to a list")
            if not self.choice or len(set(self.choice)) != len(self.choice):
                raise ValueError("a list of choices holds one value or more, each once")
        return self

    @property
    def units(self) -> tuple[int, int]:
        """The range of a decimal in units of its last digit."""
        assert self.decimal is not None, "it is a decimal"
        low, high = (Decimal(repr(bound)).scaleb(self.digits_behind) for bound in self.decimal)
        return int(low), int(high)

    @property
    def seconds(self) -> tuple[int, int]:
        """The first and the last instant of a timestamp, in whole seconds since 1970 in UTC."""
        assert self.timestamp is not None, "it is a timestamp"
        first, last = (_second(written) for written in self.timestamp)
        return first, last

    @property
    def digits_behind(self) -> int:
        """The scale of a decimal: as it is given, or as many digits as its range has behind the point."""
        assert self.decimal is not None, "it is a decimal"
        needed = max(_digits_behind(bound) for bound in self.decimal)
        if self.scale is not None and self.scale < needed:
            raise ValueError(f"the range has {needed} digits behind the point, more than its scale")
        return needed if self.scale is None else self.scale


def _second(written: str) -> int:
    try:
        ms = instant_ms(written)
    except LiteralError as error:
        raise ValueError(str(error)) from None
    if ms % 1_000:
        raise ValueError(f"{quoted(written)}: generated timestamps are whole seconds")
    return ms // 1_000


def _digits_behind(number: float) -> int:
    exponent = Decimal(repr(number)).normalize().as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MOST_SCALE:
        raise ValueError(
            f"{quoted(number)} is no decimal of at most {MOST_SCALE} digits behind the point"
        )
    return max(0, -exponent)


def _check_span(shown: tuple[float, float], units: tuple[int, int]) -> None:
    low, high = units
    if high - low >= MAX_SPAN or max(abs(low), abs(high)) > _MAX_MAGNITUDE:
        raise ValueError(f"the range {quoted(shown)} is too wide; at most 2^32 values")


ColumnNameSpec: TypeAlias = Annotated[
    str | tuple[str, ...],
    BeforeValidator(_column_name, json_schema_input_type=str | tuple[str, ...]),
]


def check_one_way(format_: str | None, unit: EpochUnit | None, zone: str | None) -> None:
    """Raise ValueError where instants are to be read in two ways."""
    if unit is not None and format_ is not None:
        raise ValueError("give either format or unit")
    if unit is not None and zone is not None:
        raise ValueError("numbers count from 1970 in UTC: they have no zone")
    if format_ is not None and (problem := problem_with_format(format_)) is not None:
        raise ValueError(problem)


class FileField(Strict):
    """`"string"`, `"decimal(10,2)"`, or `{ column = "User ID", type = "string" }`: a column of a file.

    `times` makes whole numbers of decimals: 100 makes cents of euros. `format`, `unit` and `zone` say how a
    timestamp is written, as in `event_time`.
    """

    type: TypeName
    column: ColumnNameSpec | None = None
    times: Annotated[int, Field(ge=1, le=MOST_TIMES)] | None = None
    format: Text | None = None
    unit: Annotated[EpochUnit, Field(strict=False)] | None = None
    zone: Text | None = None

    @model_validator(mode="after")
    def _of_its_type(self) -> Self:
        if value_type(self.type) is FieldType.TIMESTAMP:
            check_one_way(self.format, self.unit, self.zone)
        elif self.format is not None or self.unit is not None or self.zone is not None:
            raise ValueError(
                f"format, unit and zone belong to a timestamp, and this is a {self.type}"
            )
        if value_type(self.type) is not FieldType.BIGINT and self.times is not None:
            raise ValueError(f"times belongs to numbers of type bigint, and this is a {self.type}")
        return self


class ReplayedField(FileField):
    """The same of a file that is replayed; `null`: a row may have no value in it."""

    null: bool = False


DeclaredType: TypeAlias = Annotated[
    ReplayedField,
    BeforeValidator(_declared_type, json_schema_input_type=TypeName | ReplayedField),
]
LookedUpType: TypeAlias = Annotated[
    FileField,
    BeforeValidator(_declared_type, json_schema_input_type=TypeName | FileField),
]


class GivenField(Strict):
    """`"bigint"`, or `{ type = "double", null = true }`: a column of rows that are made by hand.

    A double may lie `within` so much of the right value.
    """

    type: TypeName
    null: bool = False
    within: Annotated[FiniteFloat, Field(ge=0)] | None = None


GivenType: TypeAlias = Annotated[
    GivenField,
    BeforeValidator(_declared_type, json_schema_input_type=TypeName | GivenField),
]
