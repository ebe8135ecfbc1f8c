"""What a workload reads of a file, in plain Python: it shares nothing with how streambench reads it."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from streambench.model.expression import DecimalType, FieldType
from streambench.model.workload import ColumnName, EpochUnit, Field, Replay, TimeColumn
from tests.fuzz.tables import EPOCH

UNKNOWN: Final = object()
"""What this reading does not know; it equals nothing, and nothing is compared with it."""
_A_SECOND: Final = {EpochUnit.SECONDS: 1, EpochUnit.MILLISECONDS: 10**3, EpochUnit.MICROSECONDS: 10**6, EpochUnit.NANOSECONDS: 10**9}  # fmt: skip
_ISO: Final = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
    r"(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?"
    r"(?: ?(?:([Zz]|UTC|GMT)|([+-])(\d{2})(?::?(\d{2}))?))?)?"
)


class JsonNumber(str):
    """A number as it stands in JSON."""


class Nanoseconds(int):
    """An instant, or the reading of a clock, of a Parquet file, since 1970."""


class ReadRow:
    """A row by its columns; `at` finds a cell as a workload names it."""

    def __init__(self, cells: Mapping[str, Any]) -> None:
        self.cells = cells

    def at(self, name: ColumnName) -> Any:
        """The cell; None where there is none."""
        if isinstance(name, str) and name in self.cells:
            return self.cells[name]
        found: Any = self.cells
        for step in name.split(".") if isinstance(name, str) else name:
            if not isinstance(found, Mapping):
                return None
            found = found.get(step)
        return found


def rows_of(path: Path, delimiter: str | None) -> Iterator[ReadRow]:
    """All rows of a file, in its order."""
    name = path.name.lower()
    data = path.read_bytes()
    if name.endswith(".gz"):
        data = gzip.decompress(data)
        name = name.removesuffix(".gz")
    if name.endswith(".parquet"):
        return _of_parquet(pq.read_table(io.BytesIO(data)))
    # Of columns that are read all text is UTF-8; others are nobody's business.
    text = data.decode("utf-8-sig", "replace")
    if name.endswith((".csv", ".tsv")):
        return _of_csv(text, delimiter)
    return _of_json(text)


def _of_csv(text: str, delimiter: str | None) -> Iterator[ReadRow]:
    first = text.partition("\n")[0] + "\n"
    split = delimiter or max(
        ",;\t|", key=lambda each: len(next(csv.reader([first], delimiter=each)))
    )
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=split)
    header = next(rows)
    for row in rows:
        if row or len(header) == 1:
            cells = row or [""]
            yield ReadRow({name: cell or None for name, cell in zip(header, cells, strict=True)})


def _of_json(text: str) -> Iterator[ReadRow]:
    def read(part: str) -> Any:
        return json.loads(part, parse_int=JsonNumber, parse_float=JsonNumber)

    objects = read(text) if text.lstrip().startswith("[") else map(read, text.strip().split("\n"))
    for each in objects:
        yield ReadRow(each if isinstance(each, Mapping) else {})


def _of_parquet(table: pa.Table) -> Iterator[ReadRow]:
    columns = {
        name: _cells(column) for name, column in zip(table.column_names, table.columns, strict=True)
    }
    for row in range(table.num_rows):
        yield ReadRow({name: cells[row] for name, cells in columns.items()})


def _cells(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    type_ = column.type
    if isinstance(column, pa.ChunkedArray):
        return [cell for chunk in column.chunks for cell in _cells(chunk)]
    if pa.types.is_struct(type_):
        parts = {type_.field(at).name: _cells(column.field(at)) for at in range(type_.num_fields)}
        known = column.is_valid().to_pylist()
        return [
            {name: cells[row] for name, cells in parts.items()} if known[row] else None
            for row in range(len(column))
        ]
    if pa.types.is_timestamp(type_):
        scale = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[type_.unit]
        zoned = "Z" if type_.tz is not None else ""
        numbers = column.cast(pa.int64()).to_pylist()
        return [None if each is None else (Nanoseconds(each * scale), zoned) for each in numbers]
    if pa.types.is_float16(type_) or pa.types.is_float32(type_):
        # Which digits a short number is written with is a library's own affair.
        return [None if each is None else UNKNOWN for each in column.to_pylist()]
    return column.to_pylist()  # type: ignore[no-any-return]


def text_in(cell: Any) -> Any:
    """A cell's text, which a string is read from; None where there is no value."""
    match cell:
        case None | str():
            return None if cell is None else str(cell)
        case bool():
            return str(cell).lower()
        case int() | Decimal():
            return format(cell, "f") if isinstance(cell, Decimal) else str(cell)
        case float():
            return str(cell)
        case dt.date() if not isinstance(cell, dt.datetime):
            return cell.isoformat() if 1 <= cell.year <= 9999 else UNKNOWN
        case _:
            return UNKNOWN


def instant_in(cell: Any, column: TimeColumn) -> Any:
    """The instant in ms since the epoch; None where there is none."""
    if isinstance(cell, tuple):
        nanoseconds, zoned = cell
        if column.unit is not None or column.format is not None:
            return UNKNOWN
        return _in_zone(int(nanoseconds) // 10**6, None if zoned else column.zone)
    text = text_in(cell)
    if text is None or text is UNKNOWN:
        return text
    if column.unit is not None:
        number = Decimal(text.strip())
        return int((number * 1_000 / _A_SECOND[column.unit]).to_integral_value("ROUND_FLOOR"))
    if column.format is not None:
        try:
            read = dt.datetime.strptime(text.strip(), column.format)
        except ValueError:
            return UNKNOWN
        if read.tzinfo is not None:
            return _since_ms(read.astimezone(dt.UTC).replace(tzinfo=None))
        return _in_zone(_since_ms(read), column.zone)
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return UNKNOWN
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    fraction = (found[7] or "").ljust(6, "0")[:6]
    local = dt.datetime(year, month, day, hour, minute, second, int(fraction))
    if found[8]:
        return _since_ms(local)
    if found[9]:
        ahead_min = int(found[10]) * 60 + int(found[11] or 0)
        return _since_ms(local) - (ahead_min if found[9] == "+" else -ahead_min) * 60_000
    return _in_zone(_since_ms(local), column.zone)


def _since_ms(local: dt.datetime) -> int:
    return (local - EPOCH) // dt.timedelta(milliseconds=1)


def _in_zone(local_ms: int, zone: str | None) -> Any:
    if zone is None or zone == "UTC":
        return local_ms
    try:
        local = EPOCH + dt.timedelta(milliseconds=local_ms)
        ahead = local.replace(tzinfo=ZoneInfo(zone), fold=1).utcoffset()
    except OverflowError:
        return UNKNOWN
    # Before zones were agreed on, clocks were apart by seconds, and libraries are.
    if local.year < 1950 or local.year > 2037 or ahead is None:
        return UNKNOWN
    return local_ms - ahead // dt.timedelta(milliseconds=1)


def value_in(cell: Any, field: Field) -> Any:
    """What a field is of a cell that has a value."""
    if field.in_file.instants is not None:
        return instant_in(cell, field.in_file.instants)
    text = text_in(cell)
    if text is None or text is UNKNOWN:
        return text
    try:
        match field.type:
            case FieldType.STRING:
                return text
            case FieldType.BIGINT:
                return int(Decimal(text.strip()) * field.in_file.times)
            case FieldType.DOUBLE:
                return float(text)
            case FieldType.BOOLEAN:
                return {"true": True, "false": False}.get(text.strip().lower(), UNKNOWN)
            case DecimalType():
                return Decimal(text.strip())
            case _:
                return UNKNOWN
    except (InvalidOperation, ValueError):
        return UNKNOWN


def expected(
    path: Path, replay: Replay, fields: tuple[Field, ...]
) -> list[tuple[Any, dict[str, Any]]]:
    """The event time and the fields of each record that is played, in the file's order."""
    found = []
    nothing = (None, *replay.leave_out)
    for row in rows_of(path, replay.delimiter):
        cells = {field.name: row.at(field.in_file.name) for field in fields}
        times = [row.at(replay.event_time.name)]
        if replay.arrival is not None:
            times.append(row.at(replay.arrival.name))
        asked = [*times, *(cells[field.name] for field in fields if not field.nullable)]
        if replay.leave_out and any(text_in(cell) in nothing for cell in asked):
            continue
        event_ms = instant_in(times[0], replay.event_time)
        selecting = event_ms if replay.arrival is None else instant_in(times[1], replay.arrival)
        if selecting is not UNKNOWN:
            if replay.begin is not None and selecting < _bound_ms(replay.begin):
                continue
            if replay.end is not None and selecting >= _bound_ms(replay.end):
                continue
        values = {}
        for field in fields:
            lacks = field.nullable and text_in(cells[field.name]) in nothing
            values[field.name] = None if lacks else value_in(cells[field.name], field)
        found.append((event_ms, values))
    return found


def _bound_ms(text: str) -> int:
    read = dt.datetime.fromisoformat(text)
    return _since_ms(read if read.tzinfo is None else read.astimezone(dt.UTC).replace(tzinfo=None))
