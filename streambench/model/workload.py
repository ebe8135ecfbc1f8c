"""A workload: what the records look like, how they arrive, and what is asked of them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.by_hand import ByHand
from streambench.model.dirt import Dirt
from streambench.model.expression import Expression, FieldReference, ValueType
from streambench.model.field_source import FieldSource
from streambench.model.lookup import LookedUp, Lookup
from streambench.model.record_key import RecordKey
from streambench.model.shape import Shape, mean_per_s
from streambench.model.windows import Sessions, Window, played

ColumnName: TypeAlias = str | tuple[str, ...]
"""A column as its user names it: a name, or a path of names with dots between them. A tuple is such a
path whose names may have dots themselves."""


@dataclass(frozen=True)
class FileColumn:
    """The column of a replayed file that a field is read from; its numbers are multiplied by `times`.

    `instants` is how a timestamp is written there.
    """

    name: ColumnName
    times: int = 1
    instants: TimeColumn | None = None


@dataclass(frozen=True)
class Field:
    """A named field of a record; `source` is None when it is replayed from a file.

    What is looked up is no part of the record's JSON value: whoever reads it joins it with the table.

    `column` is where in the file it is found; None: in the column of its name. `nullable`: a record may have
    no value in it, of generated ones the share `null_share`.
    """

    name: str
    type: ValueType
    source: FieldSource | None
    column: FileColumn | None = None
    nullable: bool = False
    null_share: float = 0.0

    @property
    def in_file(self) -> FileColumn:
        """Where a replayed field is found."""
        return FileColumn(self.name) if self.column is None else self.column


def fields_sent(fields: Sequence[Field]) -> tuple[Field, ...]:
    """Those that are part of a record."""
    return tuple(field for field in fields if not isinstance(field.source, LookedUp))


def lookups_of(fields: Sequence[Field]) -> tuple[Lookup, ...]:
    """The tables in which some of the fields are looked up, in their order."""
    found = (field.source.lookup for field in fields if isinstance(field.source, LookedUp))
    return tuple({lookup.name: lookup for lookup in found}.values())


SESSION_LENGTH: Final = Aggregate("window_length", AggregateFunction.MAX, None)
"""How long a session is, in ms: the more records it has, the longer it is."""


@dataclass(frozen=True)
class Query:
    """`SELECT group_by, window_start, aggregates … WHERE where GROUP BY group_by, window HAVING having`.

    Records that lack a value of `group_by` are left out: `where` says so, before all else. Rows are final
    ones only. `having` compares aggregates, by their aliases, with constants and with each
    other.

    A row of output is a JSON object: the fields of the group, `window_start` (ms since the epoch), for a
    session `window_end` as well, then the aggregates by alias, in this order. The Kafka key of the output
    is the group's text (`workload.keys`).

    With `by_hand` there are no aggregates: programs of its author make the rows, of columns and a group that
    this says. `group_by` are then the fields by which records are keyed.
    """

    where: Expression | None
    group_by: tuple[FieldReference, ...]
    window: Window
    grace_ms: int
    aggregates: tuple[Aggregate, ...]
    having: Expression | None = None
    by_hand: ByHand | None = None

    @property
    def row_keys(self) -> tuple[FieldReference, ...]:
        """The fields of a row's group."""
        return self.group_by if self.by_hand is None else self.by_hand.keys

    @property
    def conditions(self) -> tuple[Expression, ...]:
        """All that is asked of a record: `where`, and the filters of aggregates."""
        asked = (self.where, *(aggregate.passing for aggregate in self.aggregates))
        return tuple(condition for condition in asked if condition is not None)

    @property
    def nullable_keys(self) -> tuple[FieldReference, ...]:
        """The group-by fields in which a record may have no value."""
        return tuple(key for key in self.group_by if key.nullable)

    @property
    def reads_time(self) -> bool:
        """Whether aggregates depend on the records' event times, beyond the window they are in."""
        return any(aggregate.function.goes_by_time for aggregate in self.aggregates)

    @property
    def judged(self) -> tuple[Aggregate, ...]:
        """What the judge compares of a row: the aggregates, and how long a session is."""
        if isinstance(self.window, Sessions):
            return (*self.aggregates, SESSION_LENGTH)
        return self.aggregates


@dataclass(frozen=True)
class Tail:
    """What comes far behind its event time: a `share` of records, by `from_ms` to `to_ms`.

    `pareto` is the exponent of a Pareto distribution that is cut off at `to_ms`; None: uniform.
    """

    share: float
    from_ms: int
    to_ms: int
    pareto: float | None = None


@dataclass(frozen=True)
class Synthetic:
    """Generated load, each event up to `disorder_ms` behind its due instant, uniform, but for those of the `tail`.

    `rate_per_s` is constant, or the mean of a `shape` (of a rise: what it comes to).
    """

    rate_per_s: int
    disorder_ms: int
    shape: Shape | None = None
    tail: Tail | None = None

    @property
    def longest_delay_ms(self) -> int:
        """How far behind its due instant an event can be at most."""
        return self.disorder_ms if self.tail is None else max(self.disorder_ms, self.tail.to_ms)


class EpochUnit(enum.Enum):
    """What a number counts that stands for an instant, from 1970-01-01 UTC on."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    MICROSECONDS = "us"
    NANOSECONDS = "ns"


@dataclass(frozen=True)
class TimeColumn:
    """A column of instants: ISO 8601, or as `format` (of strptime) says, or numbers that count a `unit`.

    A time that names no zone is in `zone` (of the IANA's list; None: UTC).
    """

    name: ColumnName
    format: str | None = None
    unit: EpochUnit | None = None
    zone: str | None = None


@dataclass(frozen=True)
class Copies:
    """Each record comes `count` times: a file at a higher rate than its own.

    The copies have keys of their own, made of the key in the field `key`, `mark` and their number from 2
    on. Each comes `apart_ms` after the one before it, in arrival and in event time.
    """

    count: int
    key: str
    mark: str
    apart_ms: float


@dataclass(frozen=True)
class Looped:
    """A file as load of any length and rate: played again and again, its records copied or thinned out.

    `rate_per_s` holds in every stretch of a load, or is the mean of its `shape`. The file's own is
    `own_per_s`; at this each record comes once. Else so many of each come as the stretch's own rate
    goes into the rate; what is left of that comes by chance. Copies come with their record, under keys of
    their own: the key in the field `key` (None: no record can have copies), `mark` and their number from 2
    on. Each pass begins `pass_ms` of event time behind the last.
    """

    rate_per_s: int
    own_per_s: float
    pass_ms: int
    key: str | None
    mark: str
    shape: Shape | None = None

    @property
    def own_rounded_per_s(self) -> int:
        """The file's own rate as one asks for it: a whole number, at least 1."""
        return max(1, round(self.own_per_s))

    @property
    def as_it_lies(self) -> bool:
        """Whether each record comes once."""
        return self.shape is None and self.rate_per_s == self.own_rounded_per_s


RECORDS_IN_A_STRETCH: Final = 20
LEAST_STRETCH_MS: Final = 1_000.0


@dataclass(frozen=True)
class Replay:
    """A file with its own arrival order.

    `arrival` None: records arrive as they lie in the file, each at the greatest event time up to it.
    `speed_up` divides the gaps between arrivals (event times keep their scale). `begin` and `end` (ISO
    dates) select by arrival, and by event time where `arrival` is None. Rows in which a column that is
    read has no value, or one of the texts in `leave_out`, are left out; with no such text they are
    refused. `delimiter` is a CSV file's; None: the one that splits its first line into most names.
    `may_be_late`: some record may reach the log after its window's closing instant; only the file can tell.
    `looped` None: the file is played once, as it is.
    """

    path: Path
    arrival: TimeColumn | None
    event_time: TimeColumn
    speed_up: float
    begin: str | None
    end: str | None
    origin: str  # where the data come from, and their licence: shown in the report
    leave_out: tuple[str, ...] = ()
    delimiter: str | None = None
    copies: Copies | None = None
    may_be_late: bool = True
    looped: Looped | None = None


Input: TypeAlias = Synthetic | Replay


def shaped(load: Input, shape: Shape) -> Input:
    """The same load with another course of its rate; it has a rate of its own (ValueError where not)."""
    match load:
        case Synthetic():
            return replace(load, rate_per_s=mean_per_s(shape), shape=shape)
        case Replay(looped=Looped() as looped):
            return replace(load, looped=replace(looped, rate_per_s=mean_per_s(shape), shape=shape))
        case Replay():
            raise ValueError("a file that is played once has its own arrivals")


def exact_from_grace_ms(disorder_ms: int, quantum_ms: int) -> int:
    """The least grace at which no record of generated load can be late, by any clock.

    When quantum q (of length Q, disorder D) is read, no clock is ahead of (q + 1)·Q − 1. The oldest
    record in it has an event time of q·Q − D or more, and its window ends 1 ms later or more. It is in
    time while the clock is below that end plus the grace: from a grace of D + Q − 1 on.
    """
    return max(0, disorder_ms + quantum_ms - 1)


def sessions_exact_from_ms(disorder_ms: int, quantum_ms: int) -> int:
    """The same for sessions: a record is in time while the clock is less than the grace ahead of it.

    It may extend a session whose last event lies a whole gap before it. That session closes its grace after
    the record's own time.
    """
    return disorder_ms + quantum_ms


@dataclass(frozen=True)
class Workload:
    """One folder `workloads/<name>/`, parsed and checked.

    `key` None: records are keyed by the group of the query. Else an engine has to move them, so that those of
    one group come together.
    `dirt` are records between the good ones, which alone are what fields and input declare.
    """

    name: str
    title: str
    folder: Path
    fields: tuple[Field, ...]
    input: Input
    query: Query
    partitions: int
    quantum_ms: int
    key: RecordKey | None = None
    dirt: Dirt | None = None

    @property
    def rekeyed(self) -> bool:
        """Whether records of one group lie on several partitions of the input."""
        return self.key is not None and self.query.by_hand is None

    @property
    def sent(self) -> tuple[Field, ...]:
        """The fields of a record's JSON value: all but those that are looked up."""
        return fields_sent(self.fields)

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        """The tables that records are joined with."""
        return lookups_of(self.fields)

    def field(self, name: str) -> Field:
        """The field called `name` (KeyError when there is none)."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    @property
    def pace(self) -> Synthetic | Looped | None:
        """What says at which rate, and for how long, this is played; None: a file that is played once."""
        return self.input.looped if isinstance(self.input, Replay) else self.input

    @property
    def speed(self) -> float:
        """How much event time goes by in a ms of the load, in ms."""
        return self.input.speed_up if isinstance(self.input, Replay) else 1.0

    @property
    def played_window(self) -> Window:
        """The windows as they follow each other on the load's clock."""
        return played(self.query.window, self.speed)

    @property
    def stretch_ms(self) -> float:
        """Of a looped file, over how much of the load its own rate is a mean: a window, 20 records and a second."""
        records_ms = LEAST_STRETCH_MS
        if isinstance(self.pace, Looped):
            records_ms = RECORDS_IN_A_STRETCH * 1_000 / self.pace.own_per_s
        return max(float(self.played_window.advance_ms), records_ms, LEAST_STRETCH_MS)

    @property
    def late_records_possible(self) -> bool:
        """Whether some record may reach the log after its window's closing instant (docs/method.md)."""
        match self.input:
            case Replay(may_be_late=may_be_late):
                return may_be_late
            case Synthetic(longest_delay_ms=delay_ms) if isinstance(self.query.window, Sessions):
                return self.query.grace_ms < sessions_exact_from_ms(delay_ms, self.quantum_ms)
            case Synthetic(longest_delay_ms=delay_ms):
                return self.query.grace_ms < exact_from_grace_ms(delay_ms, self.quantum_ms)
