"""Decoding the result rows of any engine into columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from streambench.kafka.block_file import RawRow
from streambench.model.columns import value_column
from streambench.model.workload import Query

__all__ = ["DecodedRows", "MalformedRow", "RawRow", "decode"]

_EXAMPLES: Final = 10
_WINDOW_START: Final = "window_start"
_INT64_LIMIT: Final = 1 << 63


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

    Columns: partition int32, offset int64, appended_ms int64, visible_ns int64, key string,
    window_start_ms int64 (since the epoch), and one int64 per aggregate (`value_column`).
    """

    table: pa.Table
    malformed_count: int
    malformed: tuple[MalformedRow, ...]


class _Malformed(Exception):
    """Why a row cannot be read."""


def decode(rows: Iterable[RawRow], query: Query) -> DecodedRows:
    """Read each row's JSON as the query's result row."""
    aliases = tuple(aggregate.alias for aggregate in query.aggregates)
    numbers = (_WINDOW_START, *aliases)
    good: list[RawRow] = []
    keys: list[str] = []
    values: list[list[int]] = [[] for _ in numbers]
    malformed_count = 0
    examples: list[MalformedRow] = []
    for row in rows:
        try:
            key, found = _fields(row.value, query.group_by, numbers)
        except _Malformed as reason:
            malformed_count += 1
            if len(examples) < _EXAMPLES:
                shown = (row.value or b"").decode("utf-8", errors="replace")
                examples.append(MalformedRow(row.partition, row.offset, str(reason), shown))
            continue
        good.append(row)
        keys.append(key)
        for column, number in zip(values, found, strict=True):
            column.append(number)
    columns = {
        "partition": pa.array([row.partition for row in good], pa.int32()),
        "offset": pa.array([row.offset for row in good], pa.int64()),
        "appended_ms": pa.array([row.appended_ms for row in good], pa.int64()),
        "visible_ns": pa.array([row.visible_ns for row in good], pa.int64()),
        "key": pa.array(keys, pa.string()),
        "window_start_ms": pa.array(values[0], pa.int64()),
    }
    for alias, column in zip(aliases, values[1:], strict=True):
        columns[value_column(alias)] = pa.array(column, pa.int64())
    return DecodedRows(pa.table(columns), malformed_count, tuple(examples))


def _fields(value: bytes | None, key: str, numbers: Sequence[str]) -> tuple[str, list[int]]:
    """Return the key and the whole numbers of one row."""
    if value is None:
        raise _Malformed("no value")
    try:
        row: Any = json.loads(value)
    except ValueError as error:
        raise _Malformed(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise _Malformed("not a JSON object")
    found: list[int] = []
    for name in numbers:
        number = row.get(name)
        if type(number) is not int:  # bool is an int, too
            raise _Malformed(f"{name} is {number!r}, not a whole number")
        if not -_INT64_LIMIT <= number < _INT64_LIMIT:
            raise _Malformed(f"{name} is {number}, beyond 64 bits")
        found.append(number)
    text = row.get(key)
    if not isinstance(text, str):
        raise _Malformed(f"{key} is {text!r}, not a string")
    return text, found
