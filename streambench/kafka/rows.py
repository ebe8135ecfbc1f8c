"""Decoding the result rows of any engine into columns.

1. pyarrow reads the JSON of many rows at once, into the columns that the query's rows have.
2. Where it refuses, or a row lacks a column, the rows are halved until those are found.
3. These are read one by one, which tells what is wrong with them, or that pyarrow was too strict.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Final, TypeAlias, assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pa_json

from streambench.kafka.raw_rows import RawRow, RawRows
from streambench.kafka.records import Int64s
from streambench.model.columns import value_column
from streambench.model.expression import DecimalType, FieldType, ValueType
from streambench.model.windows import Sessions
from streambench.model.workload import SESSION_LENGTH, Query
from streambench.workload.keys import key_texts

__all__ = ["DecodedRows", "MalformedRow", "RawRow", "RawRows", "decode"]

_EXAMPLES: Final = 10
_WINDOW_START: Final = "window_start"
_WINDOW_END: Final = "window_end"
_ARROW_TYPES: Final[Mapping[ValueType, Any]] = {
    FieldType.STRING: pa.string(),
    FieldType.BIGINT: pa.int64(),
    FieldType.DOUBLE: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.TIMESTAMP: pa.int64(),
}


@dataclass(frozen=True)
class _RowField:
    """A field of each row; one that may be null may be left out, too."""

    name: str
    type: ValueType
    may_be_null: bool = False

    @property
    def arrow_type(self) -> Any:
        """The type of its column."""
        if isinstance(self.type, DecimalType):
            return pa.decimal128(self.type.precision, self.type.scale)
        return _ARROW_TYPES[self.type]


_RowFields: TypeAlias = Sequence[_RowField]
_INT64_LIMIT: Final = 1 << 63
# So many rows are read at once: it bounds memory, and what a refusal costs.
_AT_ONCE: Final = 20_000
# So few are read one by one.
_FEW: Final = 8
_OPEN, _CLOSE, _NEWLINE = b"{}\n"


@dataclass(frozen=True)
class MalformedRow:
    """A row that is not what the query asks for, and why."""

    partition: int
    offset: int
    reason: str
    value: str


@dataclass(frozen=True)
class DecodedRows:
    """The rows as a table; those that could not be read are counted, the first ones kept.

    Columns: partition int32, offset int64, appended_ms int64, visible_ns int64, key string (the text
    of the group, `workload.keys`), window_start_ms int64 (since the epoch), and one per aggregate
    (`value_column`), int64 or float64, null where it has no value.
    """

    table: pa.Table
    malformed_count: int
    malformed: tuple[MalformedRow, ...]


class _Malformed(Exception):
    """Why a row cannot be read."""


def decode(rows: RawRows, query: Query) -> DecodedRows:
    """Read each row's JSON as the query's result row."""
    sessions = isinstance(query.window, Sessions)
    of_query = [_RowField(each.alias, each.type, each.may_be_null) for each in query.aggregates]
    if query.by_hand is not None:
        given = query.by_hand.columns
        of_query = [_RowField(each.name, each.type, each.nullable) for each in given]
    aliases = tuple(each.name for each in of_query)
    aliases += (_WINDOW_END,) if sessions else ()
    keys = [_RowField(key.name, key.type) for key in query.row_keys]
    start = _RowField(_WINDOW_START, FieldType.BIGINT)
    ends = [_RowField(_WINDOW_END, FieldType.BIGINT)] if sessions else []
    reading = _Reading(rows, [*keys, start, *of_query, *ends])
    good, values = reading.all()
    names = ("window_start_ms", *(value_column(alias) for alias in aliases))
    columns = {
        "partition": pa.array(rows.partition[good], pa.int32()),
        "offset": pa.array(rows.offset[good]),
        "appended_ms": pa.array(rows.appended_ms[good]),
        "visible_ns": pa.array(rows.visible_ns[good]),
        "key": key_texts(values.columns[: len(keys)]),
    } | dict(zip(names, values.columns[len(keys) :], strict=True))
    if sessions:
        end_ms = columns.pop(value_column(_WINDOW_END))
        length_ms = pc.subtract(end_ms, columns["window_start_ms"])
        columns[value_column(SESSION_LENGTH.alias)] = length_ms
    malformed = sorted(reading.malformed)
    examples = tuple(
        MalformedRow(row.partition, row.offset, reason, _shown(row.value))
        for row, reason in ((rows[index], reason) for index, reason in malformed[:_EXAMPLES])
    )
    return DecodedRows(pa.table(columns), len(malformed), examples)


class _Reading:
    """Reads the values of rows; `malformed` holds (index, why) of those that cannot be read."""

    def __init__(self, rows: RawRows, fields: _RowFields) -> None:
        self._rows = rows
        self._bytes = np.frombuffer(rows.data, np.uint8)
        self._fields = fields
        self._schema = pa.schema([(field.name, field.arrow_type) for field in fields])
        self._found: list[tuple[Int64s, pa.Table]] = []
        self.malformed: list[tuple[int, str]] = []

    def all(self) -> tuple[Int64s, pa.Table]:
        """The indices of the rows that can be read, rising, and their values."""
        rows = self._rows
        objects = np.flatnonzero(rows.value_end - rows.value_begin >= 2)  # "{}"
        first, last = rows.value_begin[objects], rows.value_end[objects] - 1
        braced = (self._bytes[first] == _OPEN) & (self._bytes[last] == _CLOSE)
        objects = objects[braced]
        for begin in range(0, len(objects), _AT_ONCE):
            self._many(objects[begin : begin + _AT_ONCE])
        others = np.ones(len(rows), dtype=np.bool_)
        others[objects] = False
        self._each(np.flatnonzero(others))
        if not self._found:
            return np.empty(0, dtype=np.int64), self._schema.empty_table()
        indices = np.concatenate([some for some, _ in self._found])
        table = pa.concat_tables([table for _, table in self._found]).combine_chunks()
        if np.all(indices[1:] > indices[:-1]):
            return indices, table
        order = np.argsort(indices)
        return indices[order], table.take(order)

    def _many(self, indices: Int64s) -> None:
        if len(indices) <= _FEW:
            self._each(indices)
            return
        table = self._at_once(indices)
        if table is not None:
            self._found.append((indices, table))
            return
        half = len(indices) // 2
        self._many(indices[:half])
        self._many(indices[half:])

    def _at_once(self, indices: Int64s) -> pa.Table | None:
        """Their values by pyarrow; None where it refuses, or a row is not whole.

        Each value is braced, so it holds one object at least: as many objects as values are one in each.
        """
        begins, ends = self._rows.value_begin[indices], self._rows.value_end[indices]
        start, end = int(begins.min()), int(ends.max())
        inside = np.zeros(end - start + 1, dtype=np.int8)
        inside[begins - start] = 1
        inside[ends - start] -= 1
        text = np.where(
            np.cumsum(inside[:-1], dtype=np.int8).view(np.bool_),
            self._bytes[start:end],
            np.uint8(_NEWLINE),
        )
        try:
            table = pa_json.read_json(
                pa.BufferReader(pa.py_buffer(text)),
                read_options=pa_json.ReadOptions(use_threads=False, block_size=16 << 20),
                parse_options=pa_json.ParseOptions(
                    explicit_schema=self._schema, unexpected_field_behavior="ignore"
                ),
            )
            table.validate(full=True)  # UTF-8
        except pa.ArrowInvalid:
            return None
        table = table.select(self._schema.names)
        whole = table.num_rows == len(indices) and all(
            _is_whole(column, field)
            for column, field in zip(table.columns, self._fields, strict=True)
        )
        return table if whole else None

    def _each(self, indices: Int64s) -> None:
        good: list[int] = []
        values: list[list[Any]] = []
        for index in indices.tolist():
            try:
                values.append(_values(self._rows[index].value, self._fields))
            except _Malformed as reason:
                self.malformed.append((index, str(reason)))
            else:
                good.append(index)
        if good:
            columns = [
                pa.array(column, field.type)
                for column, field in zip(zip(*values, strict=True), self._schema, strict=True)
            ]
            table = pa.Table.from_arrays(columns, schema=self._schema)
            self._found.append((np.array(good, dtype=np.int64), table))


def _is_whole(column: pa.ChunkedArray, field: _RowField) -> bool:
    if column.null_count and not field.may_be_null:
        return False
    # pyarrow reads a bare NaN, which is no JSON.
    return field.type is not FieldType.DOUBLE or bool(
        pc.all(pc.is_finite(column), skip_nulls=True, min_count=0).as_py()
    )


def _values(value: bytes | None, fields: _RowFields) -> list[Any]:
    """The values of one row's fields."""
    if value is None:
        raise _Malformed("no value")
    try:
        row: Any = json.loads(value, parse_float=Decimal)
    except ValueError as error:
        raise _Malformed(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise _Malformed("not a JSON object")
    for field in fields:
        name, found = field.name, row.get(field.name)
        if found is None and field.may_be_null:
            continue
        match field.type:
            case FieldType.STRING:
                _check_text(name, found)
            case FieldType.BIGINT | FieldType.TIMESTAMP:
                _check_number(name, found)
            case FieldType.DOUBLE:
                row[name] = _double(name, found)
            case FieldType.BOOLEAN:
                if not isinstance(found, bool):
                    raise _Malformed(f"{name} is {found!r}, neither true nor false")
            case DecimalType():
                row[name] = _decimal(name, found, field.type)
            case _:
                assert_never(field.type)
    return [row.get(field.name) for field in fields]


def _check_text(name: str, text: Any) -> None:
    if not isinstance(text, str):
        raise _Malformed(f"{name} is {text!r}, not a string")
    if not text.isprintable() and any("\ud800" <= sign <= "\udfff" for sign in text):
        raise _Malformed(f"{name} is {text!r}, which no UTF-8 can hold")


def _check_number(name: str, number: Any) -> None:
    if type(number) is not int:  # bool is an int, too
        raise _Malformed(f"{name} is {_written(number)}, not a whole number")
    if not -_INT64_LIMIT <= number < _INT64_LIMIT:
        raise _Malformed(f"{name} is {number}, beyond 64 bits")


def _double(name: str, number: Any) -> float:
    if type(number) not in (int, Decimal) or not abs(number) <= sys.float_info.max:
        raise _Malformed(f"{name} is {_written(number)}, not a finite number")
    return float(number)


def _decimal(name: str, number: Any, type_: DecimalType) -> Decimal:
    """The number with all digits of its type."""
    if type(number) not in (int, Decimal):
        raise _Malformed(f"{name} is {number!r}, not a number")
    try:
        with localcontext(prec=type_.precision):
            found = Decimal(number).quantize(Decimal(1).scaleb(-type_.scale))
    except InvalidOperation:  # too many digits before the point
        found = None
    if found is None or found != number:
        raise _Malformed(f"{name} is {number}, no {type_.value}")
    return found


def _written(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else repr(value)


def _shown(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", errors="replace")
