"""The shape of `workload.toml`, as pydantic models; what they let through still has to fit together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
    model_validator,
)

from streambench.model.dirt import DirtKind
from streambench.model.workload import EpochUnit
from streambench.workload.durations import DURATION_PATTERN, EXAMPLES, parse_duration
from streambench.workload.field_schema import (
    ColumnNameSpec,
    DeclaredType,
    GeneratedField,
    GivenType,
    IsoDate,
    LookedUpType,
    Strict,
    Text,
    check_one_way,
)

MAX_RATE_PER_S: Final = 5_000_000
MAX_PARTITIONS: Final = 1_000
MAX_EXPONENT: Final = 10


def _duration(written: object) -> object:
    if not isinstance(written, str):
        raise ValueError(f"a duration is a text such as {EXAMPLES}")
    return parse_duration(written)


def _time_column(written: object) -> object:
    return written if isinstance(written, Mapping) else {"column": written}


def _tuple(written: object) -> object:
    return tuple(written) if isinstance(written, list) else written


def _key(written: object) -> object:
    if written is False:
        return ()
    if isinstance(written, str):
        return (written,)
    if isinstance(written, list) and written:
        return tuple(written)
    raise ValueError('a key is a field, as in key = "user", or false where records have none')


def _one_pair(on: dict[str, object]) -> dict[str, object]:
    if len(on) > 1:
        raise ValueError(
            f"a table is joined by one field, and this names {len(on)}: {', '.join(on)}"
        )
    return on


# For editors a duration is what is written, not what becomes of it.
_WRITTEN: Final = WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})
DurationMs: TypeAlias = Annotated[int, BeforeValidator(_duration), _WRITTEN]
PositiveDurationMs: TypeAlias = Annotated[int, BeforeValidator(_duration), Field(gt=0), _WRITTEN]
Rate: TypeAlias = Annotated[int, Field(ge=0, le=MAX_RATE_PER_S)]
PositiveRate: TypeAlias = Annotated[int, Field(gt=0, le=MAX_RATE_PER_S)]


DirtShareOf: TypeAlias = Annotated[float, Field(gt=0, le=0.5)] | None


class TimeColumnSpec(Strict):
    """`"departed"`, or `{ column = "When", format = "%d.%m.%Y", zone = "Europe/Berlin" }`.

    Numbers have a `unit` in place of a format.
    """

    column: ColumnNameSpec
    format: Text | None = None
    unit: Annotated[EpochUnit, Field(strict=False)] | None = None
    zone: Text | None = None

    @model_validator(mode="after")
    def _one_way(self) -> TimeColumnSpec:
        check_one_way(self.format, self.unit, self.zone)
        return self


TimeColumnOf: TypeAlias = Annotated[
    TimeColumnSpec, BeforeValidator(_time_column, json_schema_input_type=str | TimeColumnSpec)
]


class TailSpec(Strict):
    """`{ share = 0.01, to = "10 s", pareto = 1.2 }`."""

    share: Annotated[float, Field(gt=0, le=1)]
    to: PositiveDurationMs
    pareto: Annotated[float, Field(gt=0, le=MAX_EXPONENT)] | None = None


class TimeSpec(Strict):
    """`[input.time]`."""

    disorder: DurationMs = 0
    tail: TailSpec | None = None

    @model_validator(mode="after")
    def _tail_begins(self) -> TimeSpec:
        if self.tail is None:
            return self
        if self.tail.to <= self.disorder:
            raise ValueError("the tail goes on from the disorder: its `to` is longer than that")
        if self.tail.pareto is not None and not self.disorder:
            raise ValueError("a Pareto tail begins at the disorder, and there is none")
        return self


class DirtSpec(Strict):
    """`[input.dirt]`: shares of a load by kind, and how far apart a run has one record of each kind."""

    each: PositiveDurationMs | None = None
    not_json: DirtShareOf = Field(None, alias="not-json")
    cut_off: DirtShareOf = Field(None, alias="cut-off")
    tombstone: DirtShareOf = None
    null_key: DirtShareOf = Field(None, alias="null-key")
    missing_field: DirtShareOf = Field(None, alias="missing-field")
    null_number: DirtShareOf = Field(None, alias="null-number")
    text_number: DirtShareOf = Field(None, alias="text-number")
    fraction_in_whole: DirtShareOf = Field(None, alias="fraction-in-whole")
    unknown_field: DirtShareOf = Field(None, alias="unknown-field")
    huge_record: DirtShareOf = Field(None, alias="huge-record")
    far_behind: DirtShareOf = Field(None, alias="far-behind")
    far_ahead: DirtShareOf = Field(None, alias="far-ahead")

    @property
    def shares(self) -> dict[DirtKind, float]:
        """Those that are there, by kind."""
        found = {kind: getattr(self, kind.value.replace("-", "_")) for kind in DirtKind}
        return {kind: share for kind, share in found.items() if share is not None}


class SineSpec(Strict):
    """`{ mean = …, swing = …, period = "60 s" }`."""

    mean: PositiveRate
    swing: Rate
    period: PositiveDurationMs


class BurstsSpec(Strict):
    """`{ base = …, peak = …, every = "10 s", lasts = "1 s" }`."""

    base: Rate
    peak: PositiveRate
    every: PositiveDurationMs
    lasts: PositiveDurationMs


class ShapeSpec(Strict):
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


_KEY_SCHEMA: Final = WithJsonSchema(
    {
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}, "minItems": 1},
            {"enum": [False]},
        ]
    }
)
KeySpec: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_key), _KEY_SCHEMA]
"""Fields; none where records have no key."""


class SyntheticSpec(Strict):
    """`[input]` of generated load."""

    rate: PositiveRate | None = None
    shape: ShapeSpec | None = None
    key: KeySpec | None = None
    partitions: Annotated[int, Field(ge=1, le=MAX_PARTITIONS)] = 4
    quantum: PositiveDurationMs = 5
    fields: dict[str, GeneratedField]
    time: TimeSpec = TimeSpec()
    dirt: DirtSpec | None = None

    @model_validator(mode="after")
    def _rate_or_shape(self) -> SyntheticSpec:
        if (self.rate is None) == (self.shape is None):
            raise ValueError("give either rate or shape")
        return self


class ReplaySpec(Strict):
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
    key: KeySpec | None = None
    partitions: Annotated[int, Field(ge=1, le=MAX_PARTITIONS)] = 4
    quantum: PositiveDurationMs = 5
    fields: dict[str, DeclaredType]
    dirt: DirtSpec | None = None


class WindowSpec(Strict):
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
            raise ValueError("a session has its gap alone, without offset and every")
        if (self.hopping is None) != (self.every is None):
            raise ValueError(
                "hopping windows have a length and begin every so often: hopping and every"
            )
        if self.hopping is not None and self.every is not None and self.every > self.hopping:
            raise ValueError(
                "events between two windows would be in none: every is longer than hopping"
            )
        return self


class LookupSpec(Strict):
    """`[query.lookup.NAME]`: a small table, and what is taken of the row that belongs to a record."""

    file: Text
    on: Annotated[dict[str, ColumnNameSpec], Field(min_length=1), AfterValidator(_one_pair)]
    columns: Annotated[dict[str, LookedUpType], Field(min_length=1)]


STANDS_IN: Final[Mapping[str, str]] = {"by_hand": "count(*)"}
"""`select` where there is none, as `columns` say that rows are made by hand."""


class QuerySpec(Strict):
    """`[query]`; it has `select`, or `columns` where its author writes it by hand."""

    lookup: dict[str, LookupSpec] = Field(default_factory=dict)
    let: dict[str, Text] = Field(default_factory=dict)
    where: Text | None = None
    group_by: Annotated[list[str], Field(min_length=1)]
    window: WindowSpec
    grace: DurationMs = 0
    select: Annotated[dict[str, Text], Field(min_length=1)]
    having: Text | None = None
    columns: Annotated[dict[str, GivenType], Field(min_length=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _either(cls, written: object) -> object:
        if isinstance(written, Mapping) and "columns" in written and "select" not in written:
            return {**written, "select": dict(STANDS_IN)}
        return written


def input_kind(written: object) -> str:
    """Return "replay" or "synthetic": which form of `[input]` the user wrote."""
    return "replay" if isinstance(written, Mapping) and "replay" in written else "synthetic"


class FormSpec(Strict):
    """`[forms.NAME]`: what is otherwise in this form; what is left out is as in the declaration itself."""

    title: Text | None = None
    input: dict[str, Any] = Field(default_factory=dict)
    query: dict[str, Any] = Field(default_factory=dict)


class WorkloadSpec(Strict):
    """The whole file."""

    title: Text
    source: Text | None = None
    form: Text | None = None
    forms: dict[str, FormSpec] = Field(default_factory=dict)
    input: Annotated[
        Annotated[SyntheticSpec, Tag("synthetic")] | Annotated[ReplaySpec, Tag("replay")],
        Discriminator(input_kind),
    ]
    query: QuerySpec
