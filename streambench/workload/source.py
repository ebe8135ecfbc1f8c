"""A replayed file seen through DuckDB: its columns, its extent and its keys."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.workload import Field, Replay
from streambench.workload.names import did_you_mean

# A folder called `price=1` on the way to the file would else replace its column `price`.
_NO_FOLDERS: Final = "hive_partitioning = false"
_READERS: Final[Mapping[str, str]] = {
    ".parquet": f"read_parquet({{}}, {_NO_FOLDERS})",
    ".csv": f"read_csv({{}}, {_NO_FOLDERS})",
    ".jsonl": f"read_json({{}}, format = 'newline_delimited', {_NO_FOLDERS})",
    ".ndjson": f"read_json({{}}, format = 'newline_delimited', {_NO_FOLDERS})",
}
_INTEGERS: Final = frozenset(
    ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"]
)

# Columns of the view `source` beside the fields; no field can be called so.
ARRIVAL_MS: Final = "arrival:ms"
EVENT_MS: Final = "event:ms"
ORDINAL: Final = "place:in_file"

Connection: TypeAlias = Any
"""A DuckDB connection; the package carries no types."""


@dataclass(frozen=True)
class Survey:
    """What the selected part of a replayed file holds; instants in ms since the epoch."""

    rows: int
    first_arrival_ms: int
    last_arrival_ms: int
    bounds: Mapping[str, tuple[int, int]]  # least and greatest value of each BIGINT field
    keys: tuple[str, ...]  # distinct values of the group-by field, sorted


@contextmanager
def opened(replay: Replay, fields: Sequence[Field]) -> Iterator[Connection]:
    """Yield a connection with the view `source`: ARRIVAL_MS, EVENT_MS, ORDINAL and the fields, unsorted.

    A time without a zone is UTC, and what is below a millisecond is cut off: a time never moves into the
    next window. Raises UsageError where the file cannot be read, lacks a column or has one of another type.
    """
    import duckdb  # a generated load has no file: most commands need none of it

    connection = duckdb.connect()
    try:
        # Where a column mixes times with and without a zone, the latter would be in that of the machine.
        connection.execute("SET TimeZone = 'UTC'")
        reader = _reader(replay.path)
        connection.execute(f"CREATE VIEW file AS SELECT * FROM {reader}")
        columns = {
            str(row[0]): str(row[1]) for row in connection.execute("DESCRIBE file").fetchall()
        }
        _check_columns(replay, fields, columns)
        connection.execute(f"CREATE VIEW source AS {_selection(replay, fields, columns)}")
        yield connection
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.ConversionException) as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(
            f"{replay.path} cannot be read: {reason}",
            hint="check `replay` in workload.toml; Parquet, CSV and JSON lines can be played",
        ) from error
    finally:
        connection.close()


def survey(replay: Replay, fields: Sequence[Field], group_by: str) -> Survey:
    """Scan the selected part of the file once; UsageError when it is empty or holds nulls."""
    numbers = [field.name for field in fields if field.type is FieldType.BIGINT]
    names = [ARRIVAL_MS, EVENT_MS, *(field.name for field in fields)]
    with opened(replay, fields) as connection:
        row = connection.execute(
            f'SELECT count(*), min("{ARRIVAL_MS}"), max("{ARRIVAL_MS}")'
            + "".join(f', min("{name}"), max("{name}")' for name in numbers)
            + "".join(f', count(*) - count("{name}")' for name in names)
            + " FROM source"
        ).fetchone()
        keys = connection.execute(f'SELECT DISTINCT "{group_by}" FROM source ORDER BY 1').fetchall()
    if row[0] == 0:
        raise UsageError(
            f"{replay.path} has no row whose {replay.arrival} is between {replay.begin} and {replay.end}",
            hint="widen `begin` and `end` in workload.toml",
        )
    for name, nulls in zip(names, row[3 + 2 * len(numbers) :], strict=True):
        if nulls:
            shown = {ARRIVAL_MS: replay.arrival, EVENT_MS: replay.event_time}.get(name, name)
            raise UsageError(
                f"{replay.path} has no value for {shown} in {nulls:,} of {row[0]:,} rows",
                hint="leave these rows out of the file: every record carries every field",
            )
    bounds = {name: (int(row[3 + 2 * i]), int(row[4 + 2 * i])) for i, name in enumerate(numbers)}
    return Survey(int(row[0]), int(row[1]), int(row[2]), bounds, tuple(str(key[0]) for key in keys))


def parse_instant_ms(text: str) -> int:
    """Return an ISO date or date-time (UTC unless it says otherwise) in ms since the epoch."""
    instant = datetime.datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=datetime.UTC)
    epoch = datetime.datetime.fromtimestamp(0, datetime.UTC)
    return (instant - epoch) // datetime.timedelta(milliseconds=1)


def _reader(path: Path) -> str:
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(
            f"{path} cannot be replayed: the file's kind is told by its ending",
            hint=f"use one of {', '.join(_READERS)}",
        )
    if not path.is_file():
        raise UsageError(f"{path} does not exist", hint="check `replay` in workload.toml")
    return reader.format("'" + str(path).replace("'", "''") + "'")


def _check_columns(replay: Replay, fields: Sequence[Field], columns: Mapping[str, str]) -> None:
    wanted: list[tuple[str, str]] = [(replay.arrival, "time"), (replay.event_time, "time")]
    wanted += [(field.name, field.type.value) for field in fields]
    for name, kind in wanted:
        if name not in columns:
            raise UsageError(
                f"{replay.path.name} has no column '{name}'{did_you_mean(name, columns)}",
                hint="name the file's columns in [input] and [input.fields] of workload.toml",
            )
        found = columns[name]
        fits = (
            found.startswith("TIMESTAMP")
            if kind == "time"
            else found == "VARCHAR" or found.startswith("ENUM")
            if kind == FieldType.STRING.value
            else found in _INTEGERS
        )
        if not fits:
            raise UsageError(
                f"column '{name}' of {replay.path.name} is {found}, not a {kind}",
                hint="a field is a string or a whole number, a time is a timestamp",
            )


def _selection(replay: Replay, fields: Sequence[Field], kinds: Mapping[str, str]) -> str:
    """The view's SQL: instants in ms, fields in the two types that a workload knows."""
    types = {FieldType.STRING: "VARCHAR", FieldType.BIGINT: "BIGINT"}
    columns = "".join(
        f', "{field.name}"::{types[field.type]} AS "{field.name}"' for field in fields
    )
    bounds = [
        f'("{ARRIVAL_MS}" {operator} {parse_instant_ms(text)})'
        for operator, text in ((">=", replay.begin), ("<", replay.end))
        if text is not None
    ]
    return (
        f'SELECT * FROM (SELECT {_instant_ms_sql(replay.arrival, kinds)} AS "{ARRIVAL_MS}",'
        f' {_instant_ms_sql(replay.event_time, kinds)} AS "{EVENT_MS}",'
        f' row_number() OVER () AS "{ORDINAL}"{columns} FROM file)'
        + (f' WHERE "{ARRIVAL_MS}" IS NULL OR ({" AND ".join(bounds)})' if bounds else "")
    )


def _instant_ms_sql(name: str, kinds: Mapping[str, str]) -> str:
    """A time as whole ms since the epoch, rounded down; DuckDB's epoch_ms rounds to the nearest."""
    # Microseconds would round what has nanoseconds, and nanoseconds reach from 1677 to 2262 only.
    nanoseconds = "_NS" in kinds[name]
    unit, in_a_ms = ("epoch_ns", 1_000_000) if nanoseconds else ("epoch_us", 1_000)
    since = f'{unit}("{name}")'
    return f"(({since} - ((({since} % {in_a_ms}) + {in_a_ms}) % {in_a_ms})) // {in_a_ms})"
