"""How a value of a file becomes an instant: whole ms since the epoch, in SQL.

What is below a millisecond is cut off, never rounded: a time never moves into the next window.
"""

from __future__ import annotations

from typing import Final, assert_never

from streambench.model.errors import UsageError
from streambench.model.workload import EpochUnit, TimeColumn
from streambench.workload.file.cells import Connection, FileCell, Kind, either, literal
from streambench.workload.file.zones import zone_meant

UTC: Final = "UTC"
_DATE: Final = r"^\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
_CLOCK: Final = r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?"
_ZONE: Final = r" ?(?:[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)"
_LOCAL: Final = rf"{_DATE}(?:{_CLOCK})?\s*$"
_ZONED: Final = rf"{_DATE}{_CLOCK}{_ZONE}\s*$"
ISO: Final = rf"{_DATE}(?:{_CLOCK}(?:{_ZONE})?)?\s*$"
"""Year first, then perhaps a time, and perhaps a zone. 01/02/2013 is not among these: it is two dates."""

# Only behind the point may there be more digits than are read.
_COUNTED: Final = r"^\s*(?:([+-]?\d{1,19}\.\d{0,9})\d*|([+-]?\d{1,19}))\s*$"
_YEARS: Final = ("Y", "y", "G", "c", "x")
# To the end of the year 9999: seconds that are milliseconds in truth lie far beyond.
_LAST_MS: Final = 253_402_300_799_999


def instant_ms(cell: FileCell, column: TimeColumn) -> str:
    """SQL for the instant of a cell; null where it is none as the column is declared."""
    if column.unit is not None:
        return _counted_ms(cell.text, column.unit)
    if column.format is not None:
        return _formatted_ms(cell.text, column.format, column.zone)
    if cell.typed is not None and cell.typed[1].startswith("TIMESTAMP"):
        expression, type_ = cell.typed
        zoned = "TIME ZONE" in type_
        return _in_utc(_since_epoch_ms(expression, type_), UTC if zoned else column.zone)
    return _iso_ms(cell, column.zone)


def problem_with_format(format_: str) -> str | None:
    """Why a format gives no instants, before it is tried; None: it may."""
    if "%" not in format_:
        return (
            f"'{format_}' is no format as for strptime: its directives begin with %, as in %d/%m/%Y"
        )
    letters = {format_[at + 1 :].lstrip("-")[:1] for at, c in enumerate(format_) if c == "%"}
    if not letters & set(_YEARS):
        return f"the format '{format_}' holds no year, such as %Y"
    return None


def check_time_column(connection: Connection, column: TimeColumn) -> None:
    """Raise UsageError for a zone or a format that there is not."""
    import duckdb

    if column.zone is not None:
        names = [
            r[0] for r in connection.execute("SELECT name FROM pg_timezone_names()").fetchall()
        ]
        if column.zone not in names:
            meant = zone_meant(column.zone, names)
            near = "" if meant is None else f"; did you mean '{meant}'?"
            raise UsageError(
                f"there is no time zone '{column.zone}'{near}",
                hint=f'write zone = "{meant or "Europe/Berlin"}", or leave it out for UTC',
            )
    if column.format is not None:
        try:
            connection.execute("SELECT try_strptime('', ?)", [column.format])
        except duckdb.Error as error:
            raise UsageError(
                f"'{column.format}' is no format of times: {str(error).rpartition(': ')[2]}",
                hint='write it as for strptime, such as format = "%d/%m/%Y %H:%M:%S"',
            ) from None


def _iso_ms(cell: FileCell, zone: str | None) -> str:
    # DuckDB rounds what it cannot hold, and wants a point.
    point = f"replace({cell.text}, ',', '.')"
    exact = f"regexp_replace({point}, '(\\.\\d{{6}})\\d+', '\\1')"
    text = f"CASE WHEN length({cell.text}) > 20 THEN {exact} ELSE {cell.text} END"
    local_ms = _since_epoch_ms(f"TRY_CAST({text} AS TIMESTAMP)", "TIMESTAMP")
    zoned = f"replace(replace(replace({text}, 'z', 'Z'), ' +', '+'), ' -', '-')"
    instant_ms_ = _since_epoch_ms(f"TRY_CAST({zoned} AS TIMESTAMPTZ)", "TIMESTAMPTZ")
    return (
        f"CASE WHEN {cell.kind} NOT IN ({Kind.TEXT.sql}, {Kind.INSTANT.sql}) THEN NULL"
        f" WHEN regexp_matches({cell.text}, {literal(_LOCAL)}) THEN {_in_utc(local_ms, zone)}"
        f" WHEN regexp_matches({cell.text}, {literal(_ZONED)}) THEN {instant_ms_} END"
    )


def _formatted_ms(text: str, format_: str, zone: str | None) -> str:
    # These words DuckDB reads as 1900-01-01, by any format (findings).
    word = f"lower(trim({text})) IN ('infinity', '-infinity', 'epoch')"
    parsed = f"CASE WHEN {word} THEN NULL ELSE try_strptime(trim({text}), {literal(format_)}) END"
    zoned = "%z" in format_ or "%Z" in format_
    type_ = "TIMESTAMP_NS" if "%n" in format_ else "TIMESTAMP"
    return _in_utc(_since_epoch_ms(parsed, type_), UTC if zoned else zone)


def _counted_ms(text: str, unit: EpochUnit) -> str:
    number = f"TRY_CAST({either(text, _COUNTED)} AS DECIMAL(28, 9))"
    match unit:
        case EpochUnit.SECONDS:
            ms = f"CAST(floor({number} * 1000::DECIMAL(4, 0)) AS HUGEINT)"
        case EpochUnit.MILLISECONDS:
            ms = f"CAST(floor({number}) AS HUGEINT)"
        case EpochUnit.MICROSECONDS:
            ms = _cut(f"CAST(floor({number}) AS HUGEINT)", 1_000)
        case EpochUnit.NANOSECONDS:
            ms = _cut(f"CAST(floor({number}) AS HUGEINT)", 1_000_000)
        case _:
            assert_never(unit)
    return f"CASE WHEN abs({ms}) <= {_LAST_MS} THEN CAST({ms} AS BIGINT) END"


def _since_epoch_ms(expression: str, type_: str) -> str:
    """Of a timestamp; DuckDB's epoch_ms rounds to the nearest."""
    # Microseconds would round what has nanoseconds, and nanoseconds reach from 1677 to 2262 only.
    unit, in_a_ms = ("epoch_ns", 1_000_000) if "_NS" in type_ else ("epoch_us", 1_000)
    return _cut(f"{unit}({expression})", in_a_ms)


def _cut(number: str, divisor: int) -> str:
    """A whole number divided and rounded down; DuckDB's // rounds to zero."""
    return f"(({number} - ((({number} % {divisor}) + {divisor}) % {divisor})) // {divisor})"


def _in_utc(local_ms: str, zone: str | None) -> str:
    """A clock's reading in a zone as an instant; null where clocks jumped over it.

    Of the two instants at which clocks that go back show the same, it is the later one.
    """
    if zone is None or zone == UTC:
        return local_ms
    reading = f"make_timestamp_ms(CAST({local_ms} AS BIGINT))"
    instant = f"timezone({literal(zone)}, {reading})"
    return (
        f"CASE WHEN timezone({literal(zone)}, {instant}) = {reading} THEN epoch_ms({instant}) END"
    )
