"""The shape of `workload.toml`, as pydantic models; what they let through still has to fit together."""

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
    Discriminator,
    Field,
    FiniteFloat,
    StringConstraints,
    Tag,
    WithJsonSchema,
    model_validator,
)

from streambench.model.expression import DecimalType, FieldType, ValueType
from streambench.model.workload import EpochUnit
from streambench.model.written import quoted
from streambench.workload.durations import DURATION_PATTERN, parse_duration
from streambench.workload.file.instants import problem_with_format
from streambench.workload.file.types import MOST_TIMES

MAX_RATE_PER_S: Final = 5_000_000
MAX_CHOICES: Final = 1_000_000
MAX_SKEW: Final = 10
MAX_PARTITIONS: Final = 1_000
MAX_SPAN: Final = 2**32
_MAX_MAGNITUDE: Final = 2**62
# What 64 bits hold of any digits.
_FIELD_DIGITS: Final = 18
MOST_SCALE: Final = _FIELD_DIGITS
_DECIMAL: Final = re.compile(r"decimal\(([0-9]{1,3}), ?([0-9]{1,3})\)")
_PLAIN_TYPES: Final = "|".join(each.value for each in FieldType)
TYPES: Final = "string, bigint, boolean, double and decimal(10,2)"
"""The types of a field, in words."""


def _duration(written: object) -> object:
    if not isinstance(written, str):
        raise ValueError('a duration is a text such as "50 ms", "1 s", "15 min" or "1 h"')
    return parse_duration(written)


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


def _time_column(written: object) -> object:
    return written if isinstance(written, Mapping) else {"column": written}


def _tuple(written: object) -> object:
    return tuple(written) if isinstance(written, list) else written


def _type_name(written: str) -> str:
    value_type(written)
    return written


# For editors a duration is what is written, not what becomes of it.
_WRITTEN: Final = WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})
DurationMs: TypeAlias = Annotated[int, BeforeValidator(_duration), _WRITTEN]
PositiveDurationMs: TypeAlias = Annotated[int, BeforeValidator(_duration), Field(gt=0), _WRITTEN]
IsoDate: TypeAlias = Annotated[str, BeforeValidator(_date)]
Rate: TypeAlias = Annotated[int, Field(ge=0, le=MAX_RATE_PER_S)]
PositiveRate: TypeAlias = Annotated[int, Field(gt=0, le=MAX_RATE_PER_S)]
TypeName: TypeAlias = Annotated[
    str,
    AfterValidator(_type_name),
    WithJsonSchema({"type": "string", "pattern": f"^({_PLAIN_TYPES}|{_DECIMAL.pattern})$"}),
]
Text: TypeAlias = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class GeneratedField(_Strict):
    """`{ choice = … }`, `{ int = [low, high] }`, `{ decimal = … }`, `{ double = … }` or `{ bool = share }`.

    `null` is the share of records that have no value in it.
    """

    choice: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | tuple[Text, ...] | None = None
    prefix: str | None = None
    skew: Annotated[float, Field(ge=0, le=MAX_SKEW)] | None = None
    int_: Annotated[tuple[int, int] | None, Field(alias="int")] = None
    decimal: tuple[float, float] | None = None
    scale: Annotated[int, Field(ge=0, le=MOST_SCALE)] | None = None
    double: tuple[FiniteFloat, FiniteFloat] | None = None
    bool_: Annotated[float | None, Field(alias="bool", ge=0, le=1)] = None
    null: Annotated[float | None, Field(gt=0, lt=1)] = None

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, written: object) -> object:
        if not isinstance(written, Mapping):
            raise ValueError(
                "a generated field is { choice = … }, { int = [low, high] }, { decimal = [low, high] },"
                " { double = [low, high] } or { bool = share }"
            )
        return {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in written.items()
        }

    @model_validator(mode="after")
    def _one_source(self) -> GeneratedField:
        sources = (self.choice, self.int_, self.decimal, self.double, self.bool_)
        if sum(source is not None for source in sources) != 1:
            raise ValueError("give one of choice, int, decimal, double and bool")
        if self.choice is None and (self.prefix is not None or self.skew is not None):
            raise ValueError("prefix and skew belong to choice")
        if self.decimal is None and self.scale is not None:
            raise ValueError("scale belongs to decimal")
        for range_ in (self.int_, self.decimal, self.double):
            if range_ is not None and range_[0] > range_[1]:
                raise ValueError(f"the range {quoted(range_)} is empty")
        if self.int_ is not None:
            _check_span(self.int_, self.int_)
        if self.decimal is not None:
            _check_span(self.decimal, self.units)
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
    def digits_behind(self) -> int:
        """The scale of a decimal: as it is given, or as many digits as its range has behind the point."""
        assert self.decimal is not None, "it is a decimal"
        needed = max(_digits_behind(bound) for bound in self.decimal)
        if self.scale is not None and self.scale < needed:
            raise ValueError(f"the range has {needed} digits behind the point, more than its scale")
        return needed if self.scale is None else self.scale


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


class FileField(_Strict):
    """`"string"`, `"decimal(10,2)"`, or `{ column = "User ID", type = "string" }`: a column of a file.

    `times` makes whole numbers of decimals: 100 makes cents of euros.
    """

    type: TypeName
    column: ColumnNameSpec | None = None
    times: Annotated[int, Field(ge=1, le=MOST_TIMES)] | None = None

    @model_validator(mode="after")
    def _times_a_number(self) -> Self:
        if value_type(self.type) is not FieldType.BIGINT and self.times is not None:
            raise ValueError(f"times belongs to numbers of type bigint, and this is a {self.type}")
        return self


class ReplayedField(FileField):
    """The same of a file that is replayed; `null`: a row may have no value in it."""

    null: bool = False


class TimeColumnSpec(_Strict):
    """`"departed"`, or `{ column = "When", format = "%d.%m.%Y", zone = "Europe/Berlin" }`.

    Numbers have a `unit` in place of a format.
    """

    column: ColumnNameSpec
    format: Text | None = None
    unit: Annotated[EpochUnit, Field(strict=False)] | None = None
    zone: Text | None = None

    @model_validator(mode="after")
    def _one_way(self) -> TimeColumnSpec:
        if self.unit is not None and self.format is not None:
            raise ValueError("give either format or unit")
        if self.unit is not None and self.zone is not None:
            raise ValueError("numbers count from 1970 in UTC: they have no zone")
        if self.format is not None and (problem := problem_with_format(self.format)) is not None:
            raise ValueError(problem)
        return self


DeclaredType: TypeAlias = Annotated[
    ReplayedField,
    BeforeValidator(_declared_type, json_schema_input_type=TypeName | ReplayedField),
]
LookedUpType: TypeAlias = Annotated[
    FileField,
    BeforeValidator(_declared_type, json_schema_input_type=TypeName | FileField),
]
TimeColumnOf: TypeAlias = Annotated[
    TimeColumnSpec, BeforeValidator(_time_column, json_schema_input_type=str | TimeColumnSpec)
]


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


class TimeSpec(_Strict):
    """`[input.time]`."""

    disorder: DurationMs = 0


class SineSpec(_Strict):
    """`{ mean = …, swing = …, period = "60 s" }`."""

    mean: PositiveRate
    swing: Rate
    period: PositiveDurationMs


class BurstsSpec(_Strict):
    """`{ base = …, peak = …, every = "10 s", lasts = "1 s" }`."""

    base: Rate
    peak: PositiveRate
    every: PositiveDurationMs
    lasts: PositiveDurationMs


class ShapeSpec(_Strict):
    """`[input] shape`: a rate that is not constant."""

    ramp: tuple[Rate, Rate] | None = None
    steps: tuple[Rate, ...] | None = None
    sine: SineSpec | None = None
    bursts: BurstsSpec | None = None

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, written: object) -> object:
        if not isinstance(written, Mapping):
            raise ValueError(
                "a shape is { ramp = … }, { steps = … }, { sine = … } or { bursts = … }"
            )
        return {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in written.items()
        }

    @model_validator(mode="after")
    def _one(self) -> ShapeSpec:
        if sum(one is not None for one in (self.ramp, self.steps, self.sine, self.bursts)) != 1:
            raise ValueError("give one of ramp, steps, sine and bursts")
        return self


class SyntheticSpec(_Strict):
    """`[input]` of generated load."""

    rate: PositiveRate | None = None
    shape: ShapeSpec | None = None
    partitions: Annotated[int, Field(ge=1, le=MAX_PARTITIONS)] = 4
    quantum: PositiveDurationMs = 5
    fields: dict[str, GeneratedField]
    time: TimeSpec = TimeSpec()

    @model_validator(mode="after")
    def _rate_or_shape(self) -> SyntheticSpec:
        if (self.rate is None) == (self.shape is None):
            raise ValueError("give either rate or shape")
        return self


class ReplaySpec(_Strict):
    """`[input]` that plays a file."""

    replay: Text
    arrival: TimeColumnOf | None = None
    event_time: TimeColumnOf
    speed_up: Annotated[float, Field(gt=0)] = 1.0
    begin: IsoDate | None = None
    end: IsoDate | None = None
    origin: Text | None = None
    leave_out: Annotated[
        tuple[str, ...], BeforeValidator(_tuple, json_schema_input_type=list[str])
    ] = ()
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    partitions: Annotated[int, Field(ge=1, le=MAX_PARTITIONS)] = 4
    quantum: PositiveDurationMs = 5
    fields: dict[str, DeclaredType]


class WindowSpec(_Strict):
    """`{ tumbling = "500 ms" }`, `{ hopping = "10 s", every = "2 s" }`, both with an `offset` or without, or
    `{ session = "30 min" }`, where this is the gap.
    """

    tumbling: PositiveDurationMs | None = None
    hopping: PositiveDurationMs | None = None
    session: PositiveDurationMs | None = None
    every: PositiveDurationMs | None = None
    offset: DurationMs = 0

    @model_validator(mode="after")
    def _one_kind(self) -> WindowSpec:
        kinds = (self.tumbling, self.hopping, self.session)
        if sum(each is not None for each in kinds) != 1:
            raise ValueError("give one of tumbling, hopping and session")
        if self.session is not None and (self.offset or self.every is not None):
            raise ValueError('a session has its gap alone: { session = "30 min" }')
        if (self.hopping is None) != (self.every is None):
            raise ValueError(
                'hopping windows have a length and begin every so often: { hopping = "10 s", every = "2 s" }'
            )
        if self.hopping is not None and self.every is not None and self.every > self.hopping:
            raise ValueError(
                "events between two windows would be in none: every is longer than hopping"
            )
        return self


class LookupSpec(_Strict):
    """`[query.lookup.NAME]`: a small table, and what is taken of the row that belongs to a record."""

    file: Text
    on: Annotated[dict[str, ColumnNameSpec], Field(min_length=1)]
    columns: Annotated[dict[str, LookedUpType], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_pair(self) -> LookupSpec:
        if len(self.on) > 1:
            raise ValueError(
                f"a table is joined by one field, and `on` names {len(self.on)}: {', '.join(self.on)}"
            )
        return self


class QuerySpec(_Strict):
    """`[query]`."""

    lookup: dict[str, LookupSpec] = {}
    let: dict[str, Text] = {}
    where: Text | None = None
    group_by: Annotated[list[str], Field(min_length=1)]
    window: WindowSpec
    grace: DurationMs = 0
    select: Annotated[dict[str, Text], Field(min_length=1)]
    having: Text | None = None


def input_kind(written: object) -> str:
    """Return "replay" or "synthetic": which form of `[input]` the user wrote."""
    return "replay" if isinstance(written, Mapping) and "replay" in written else "synthetic"


class WorkloadSpec(_Strict):
    """The whole file."""

    title: Text
    input: Annotated[
        Annotated[SyntheticSpec, Tag("synthetic")] | Annotated[ReplaySpec, Tag("replay")],
        Discriminator(input_kind),
    ]
    query: QuerySpec
