"""A workload: what the records look like, how they arrive, and what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from streambench.model.expression import (
    Aggregate,
    AggregateFunction,
    Expression,
    FieldReference,
    FieldType,
)
from streambench.model.shape import Shape, mean_per_s
from streambench.model.windows import Sessions, Window


@dataclass(frozen=True)
class Choice:
    """One of `values`, drawn with Zipf exponent `skew` (0 is uniform; the first value is the hottest)."""

    values: tuple[str, ...]
    skew: float


@dataclass(frozen=True)
class IntRange:
    """A whole number in [low, high], uniform."""

    low: int
    high: int


FieldSource: TypeAlias = Choice | IntRange


@dataclass(frozen=True)
class Field:
    """A named field of the record's JSON value; `source` is None when it is replayed from a file."""

    name: str
    type: FieldType
    source: FieldSource | None


SESSION_LENGTH: Final = Aggregate("window_length", AggregateFunction.MAX, None)
"""How long a session is, in ms: the more records it has, the longer it is."""


@dataclass(frozen=True)
class Query:
    """`SELECT group_by, window_start, aggregates … WHERE where GROUP BY group_by, window`, final rows only.

    A row of output is a JSON object: the fields of the group, `window_start` (ms since the epoch), for a
    session `window_end` as well, then the aggregates by alias, in this order. The Kafka key of the input is the group's text
    (`workload.keys`).
    """

    where: Expression | None
    group_by: tuple[FieldReference, ...]
    window: Window
    grace_ms: int
    aggregates: tuple[Aggregate, ...]

    @property
    def judged(self) -> tuple[Aggregate, ...]:
        """What the judge compares of a row: the aggregates, and how long a session is."""
        if isinstance(self.window, Sessions):
            return (*self.aggregates, SESSION_LENGTH)
        return self.aggregates


@dataclass(frozen=True)
class Synthetic:
    """Generated load, each event up to `disorder_ms` behind its due instant.

    `rate_per_s` is constant, or the mean of a `shape` (of a rise: what it comes to).
    """

    rate_per_s: int
    disorder_ms: int
    shape: Shape | None = None

    def shaped(self, shape: Shape) -> Synthetic:
        """The same load with another course of its rate."""
        return replace(self, rate_per_s=mean_per_s(shape), shape=shape)


@dataclass(frozen=True)
class Replay:
    """A file with its own arrival order.

    `arrival` and `event_time` name its two timestamp columns (UTC); `speed_up` divides the gaps
    between arrivals (event times keep their scale); `begin`/`end` select by arrival (ISO dates).
    """

    path: Path
    arrival: str
    event_time: str
    speed_up: float
    begin: str | None
    end: str | None
    origin: str  # where the data come from, and their licence: shown in the report


Input: TypeAlias = Synthetic | Replay


def exact_from_grace_ms(disorder_ms: int, quantum_ms: int) -> int:
    """The least grace at which no record of generated load can be late, by any clock.

    When quantum q (of length Q, disorder D) is read, no clock is ahead of (q + 1)·Q − 1. The oldest
    record in it has an event time of q·Q − D or more, and its window ends 1 ms later or more. It is in
    time while the clock is below that end plus the grace: from a grace of D + Q − 1 on.
    """
    return max(0, disorder_ms + quantum_ms - 1)


@dataclass(frozen=True)
class Workload:
    """One folder `workloads/<name>/`, parsed and checked."""

    name: str
    title: str
    folder: Path
    fields: tuple[Field, ...]
    input: Input
    query: Query
    partitions: int
    quantum_ms: int

    def field(self, name: str) -> Field:
        """The field called `name` (KeyError when there is none)."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def late_records_possible(self) -> bool:
        """Whether some record may reach the log after its window's closing instant (docs/method.md)."""
        if isinstance(self.query.window, Sessions):
            return False  # else nothing is run (workload.session_grace)
        match self.input:
            case Replay():
                return True
            case Synthetic(disorder_ms=disorder_ms):
                return self.query.grace_ms < exact_from_grace_ms(disorder_ms, self.quantum_ms)
