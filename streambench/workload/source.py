"""A replayed file seen through DuckDB: its columns, its extent and its keys."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from streambench.model.errors import UsageError
from streambench.model.expression import FieldReference
from streambench.model.workload import (
    Copies,
    Field,
    Replay,
    TimeColumn,
    fields_sent,
    lookups_of,
)
from streambench.workload.bounds import Ranges, exact
from streambench.workload.file.cells import (
    ORDINAL,
    Connection,
    literal,
    named,
    shown,
)
from streambench.workload.file.converted import (
    FITS,
    MISFIT,
    MISSING,
    convert,
    known_conversion,
    parquet_of,
    state_of,
    version_of,
)
from streambench.workload.file.damaged import unreadable
from streambench.workload.file.instants import check_time_column, instant_ms
from streambench.workload.file.misfits import (
    Column,
    check_fit,
    left_out_sql,
    no_column,
)
from streambench.workload.file.tables import Table, open_table
from streambench.workload.file.types import reading_of, value_sql
from streambench.workload.joined import joined_sql, register_lookups
from streambench.workload.keys import KeyValue

# Columns of the view `source` beside the fields and ORDINAL; no field can be called so.
ARRIVAL_MS: Final = "arrival:ms"
EVENT_MS: Final = "event:ms"
COPY: Final = "copy:of_row"

_MOST_GROUPS: Final = 1 << 20


@dataclass(frozen=True)
class Survey:
    """What the selected part of a replayed file holds; instants in ms since the epoch.

    `left_out` rows of the whole file have no value in some column that is read, where there must be one.
    `without_key` rows of the part lack a value of their group. `middle_event_ms` are the
    event times between which nine tenths lie.
    """

    rows: int
    first_arrival_ms: int
    last_arrival_ms: int
    first_event_ms: int
    last_event_ms: int
    bounds: Ranges  # least and greatest value of each number
    groups: tuple[tuple[KeyValue, ...], ...]  # distinct ones, sorted: a million at most
    left_out: int = 0
    without_key: int = 0
    middle_event_ms: tuple[int, int] = (0, 0)

    @property
    def has_far_rows(self) -> bool:
        """Whether some event time may lie far away from all others."""
        low, high = self.middle_event_ms
        far_ms = 3 * max(1, high - low)
        return self.last_event_ms - high > far_ms or low - self.first_event_ms > far_ms


@contextmanager
def opened(replay: Replay, fields: Sequence[Field]) -> Iterator[Connection]:
    """Yield a connection with the view `source`: ARRIVAL_MS, EVENT_MS, ORDINAL and the fields, unsorted.

    What is looked up is joined with them. What a value is follows from the declaration alone. One that does
    not fit is null here; `survey` refuses it. Raises UsageError where the file cannot be read or lacks a column.
    """
    with _reading(replay) as connection:
        sent = fields_sent(fields)
        if (file := known_conversion(replay, sent)) is None:
            table = open_table(connection, replay.path, replay.delimiter)
            columns = columns_of(connection, table, replay, sent)
            file = convert(connection, replay, sent, _selection(table, replay, columns))
        rows = _copied(replay, parquet_of(file))
        if lookups := lookups_of(fields):
            register_lookups(connection, lookups)
            rows = joined_sql(f"({rows})", lookups)
        connection.execute(f"CREATE TEMP VIEW source AS {rows}")
        yield connection


def arrival_order(replay: Replay) -> str:
    """The ORDER BY of records as they arrive; with an arrival time, ties go by event time, then by place."""
    by_event_time = "" if replay.arrival is None else f' "{EVENT_MS}",'
    return f'"{ARRIVAL_MS}",{by_event_time} "{ORDINAL}", "{COPY}"'


def survey(replay: Replay, fields: Sequence[Field], group_by: Sequence[FieldReference]) -> Survey:
    """Scan the selected part of the file; what was found is kept as long as the file does not change.

    Raises UsageError when it is empty, lacks values, or holds some that do not fit their type.
    """
    once = dataclasses.replace(replay, speed_up=1.0, copies=None, may_be_late=True, looped=None)
    found = _survey(once, tuple(fields), tuple(group_by), version_of(replay.path))
    if replay.copies is None:
        return found
    place = [key.name for key in group_by].index(replay.copies.key)
    return _of_copies(found, replay.copies, place)


def groups_of_copies(
    groups: Sequence[tuple[KeyValue, ...]], copies: Copies, place: int
) -> Iterator[tuple[KeyValue, ...]]:
    """The groups of a file and those of its copies, whose key is at `place` of a group."""
    yield from groups
    for number in range(2, copies.count + 1):
        for group in groups:
            yield (*group[:place], f"{group[place]}{copies.mark}{number}", *group[place + 1 :])


def _of_copies(found: Survey, copies: Copies, place: int) -> Survey:
    later_ms = int((copies.count - 1) * copies.apart_ms)
    return dataclasses.replace(
        found,
        rows=found.rows * copies.count,
        without_key=found.without_key * copies.count,
        last_arrival_ms=found.last_arrival_ms + later_ms,
        last_event_ms=found.last_event_ms + later_ms,
        groups=tuple(sorted(groups_of_copies(found.groups, copies, place), key=repr)),
    )


@lru_cache(maxsize=64)
def _survey(
    replay: Replay,
    fields: tuple[Field, ...],
    group_by: tuple[FieldReference, ...],
    version: tuple[int, ...],
) -> Survey:
    numbers = [field.name for field in fields if reading_of(field.type).is_number]
    with opened(replay, fields) as connection:
        table = open_table(connection, replay.path, replay.delimiter)
        left_out = check_fit(
            connection, table, replay, columns_of(connection, table, replay, fields_sent(fields))
        )
        row = connection.execute(
            f'SELECT count(*), min("{ARRIVAL_MS}"), max("{ARRIVAL_MS}"),'
            f' min("{EVENT_MS}"), max("{EVENT_MS}"),'
            f' quantile_disc("{EVENT_MS}", [0.05, 0.95])'
            + "".join(f', min("{name}"), max("{name}")' for name in numbers)
            + " FROM source"
        ).fetchone()
        keys = ", ".join(f'"{key.name}"' for key in group_by)
        has_key = " AND ".join(f'"{key.name}" IS NOT NULL' for key in group_by if key.nullable)
        groups = connection.execute(
            f"SELECT DISTINCT {keys} FROM source WHERE {has_key or 'TRUE'}"
            f" ORDER BY ALL LIMIT {_MOST_GROUPS}"
        ).fetchall()
        without_key = 0
        if has_key:
            (without_key,) = connection.execute(
                f"SELECT count(*) FROM source WHERE NOT ({has_key})"
            ).fetchone()
    if row[0] == 0:
        raise UsageError(_empty(replay), hint="widen `begin` and `end` in workload.toml")
    # A column without any value is of no range, and nothing is computed of it.
    bounds = {
        name: (exact(row[6 + 2 * at] or 0), exact(row[7 + 2 * at] or 0))
        for at, name in enumerate(numbers)
    }
    return Survey(
        rows=int(row[0]),
        first_arrival_ms=int(row[1]),
        last_arrival_ms=int(row[2]),
        first_event_ms=int(row[3]),
        last_event_ms=int(row[4]),
        bounds=bounds,
        groups=tuple(groups),
        left_out=left_out,
        without_key=int(without_key),
        middle_event_ms=(int(row[5][0]), int(row[5][1])),
    )


def parse_instant_ms(text: str) -> int:
    """Return an ISO date or date-time (UTC unless it says otherwise) in ms since the epoch."""
    instant = datetime.datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=datetime.UTC)
    epoch = datetime.datetime.fromtimestamp(0, datetime.UTC)
    return (instant - epoch) // datetime.timedelta(milliseconds=1)


def columns_of(
    connection: Connection, table: Table, replay: Replay, fields: Sequence[Field]
) -> tuple[Column, ...]:
    """The columns that a replay reads: its times, then its fields. Raises UsageError for one that is not there."""

    times = {EVENT_MS: replay.event_time}
    if replay.arrival is not None:
        times[ARRIVAL_MS] = replay.arrival
    names = [*(each.name for each in times.values()), *(field.in_file.name for field in fields)]
    cells = {name: found for name in names if (found := table.cell(name)) is not None}
    if absent := [name for name in dict.fromkeys(names) if name not in cells]:
        raise no_column(replay.path, absent, table)

    def time(as_name: str, column: TimeColumn) -> Column:
        check_time_column(connection, column)
        known_as = named(cells[column.name], as_name)
        return Column(as_name, column, known_as, instant_ms(known_as.cell, column))

    columns = [time(*each) for each in times.items()]
    for field in fields:
        known_as = named(cells[field.in_file.name], field.name)
        value = value_sql(connection, field, known_as.cell)
        column = Column(field.name, field, known_as, value, replay.leave_out)
        if field.nullable:
            column = dataclasses.replace(
                column, value_sql=f"CASE WHEN NOT {column.is_missing} THEN {value} END"
            )
        columns.append(column)
    return tuple(columns)


@contextmanager
def _reading(replay: Replay) -> Iterator[Connection]:
    import duckdb  # a generated load has no file: most commands need none of it

    connection = duckdb.connect()
    try:
        # Where a column mixes times with and without a zone, the latter would be in that of the machine.
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    except duckdb.Error as error:
        if (refused := unreadable(error, replay.path)) is None:
            raise
        raise refused from error
    finally:
        connection.close()


def _selection(table: Table, replay: Replay, columns: Sequence[Column]) -> str:
    """The rows that are played: those between `begin` and `end`, less those that are left out."""
    texts = ", ".join(column.named.select for column in columns)
    cells = f'SELECT row_number() OVER () AS "{ORDINAL}", {texts} FROM {table.relation}'
    if replay.leave_out:
        cells = f"SELECT * FROM ({cells}) WHERE {left_out_sql(replay, columns)} IS NOT TRUE"
    values = ", ".join(
        f'{c.value_sql} AS "{c.name}", {c.is_missing} AS "{c.name}?"' for c in columns
    )
    rows = f'SELECT "{ORDINAL}", {values} FROM ({cells})'
    selecting = EVENT_MS if replay.arrival is None else ARRIVAL_MS
    bounds = [
        f'"{selecting}" {operator} {parse_instant_ms(text)}'
        for operator, text in ((">=", replay.begin), ("<", replay.end))
        if text is not None
    ]
    if bounds:
        rows += f' WHERE "{selecting}" IS NULL OR ({" AND ".join(bounds)})'
    names = ", ".join(f'"{c.name}", {_state(c)} AS "{state_of(c.name)}"' for c in columns)
    if replay.arrival is None:
        # The greatest event time so far: never does a record arrive before one that lies in front of it.
        so_far = f'max("{EVENT_MS}") OVER (ORDER BY "{ORDINAL}" ROWS UNBOUNDED PRECEDING)'
        names += f', {so_far} AS "{ARRIVAL_MS}"'
    return f'SELECT "{ORDINAL}", {names} FROM ({rows})'


def _copied(replay: Replay, rows: str) -> str:
    """The rows, each as often as it is played."""
    copies = replay.copies
    if copies is None:
        return f'SELECT *, 0 AS "{COPY}" FROM {rows}'
    later = f"CAST(floor(copy * {copies.apart_ms!r}) AS BIGINT)"
    key = f"key_of_row || CASE WHEN copy > 0 THEN {literal(copies.mark)} || (copy + 1) ELSE '' END"
    return (
        f'SELECT * EXCLUDE (key_of_row, copy) REPLACE ("{ARRIVAL_MS}" + {later} AS "{ARRIVAL_MS}",'
        f' "{EVENT_MS}" + {later} AS "{EVENT_MS}", {key} AS "{copies.key}"), copy AS "{COPY}"'
        f' FROM (SELECT *, "{copies.key}" AS key_of_row FROM {rows}), range({copies.count}) AS r (copy)'
    )


def _state(column: Column) -> str:
    return (
        f'CASE WHEN "{column.name}?" THEN {MISSING} WHEN "{column.name}" IS NULL THEN {MISFIT}'
        f" ELSE {FITS} END::UTINYINT"
    )


def _empty(replay: Replay) -> str:
    if replay.begin is None and replay.end is None:
        return f"{replay.path} has no row"
    column = replay.event_time if replay.arrival is None else replay.arrival
    bounds = [
        words
        for words, text in (
            (f"{replay.begin} or later", replay.begin),
            (f"before {replay.end}", replay.end),
        )
        if text is not None
    ]
    return f"{replay.path} has no row whose {shown(column.name)} is {' and '.join(bounds)}"
