"""Columns of a chunk of records: distinct values once, and a code per record."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.load.digits import texts
from streambench.load.murmur import partitions_of
from streambench.model.expression import DecimalType, FieldType, ValueType
from streambench.workload.keys import KeyValue
from streambench.workload.partition import partition_of

Bytes: TypeAlias = npt.NDArray[np.uint8]
Integers: TypeAlias = npt.NDArray[np.int64]
Codes: TypeAlias = npt.NDArray[np.integer[Any]]

PADDING: Final = 0xFF
"""Fills a table's short rows; never a byte of UTF-8, so it can be told from text."""

_ARROW_TYPES: Final[Mapping[FieldType, pa.DataType]] = {
    FieldType.STRING: pa.string(),
    FieldType.BIGINT: pa.int64(),
    FieldType.DOUBLE: pa.float64(),
    FieldType.BOOLEAN: pa.bool_(),
    FieldType.TIMESTAMP: pa.int64(),
}

# Made once, as it takes longer to make than to write one value.
_JSON: Final = json.JSONEncoder(ensure_ascii=False)

_NARROW: Final = 1 << 16

# A matrix takes so many bytes a byte of its strings, where it is not small anyway.
_MOST_PADDED: Final = 8
_SMALL_BYTES: Final = 1 << 20
_WIDEST: Final = 1 << 16


@dataclass(frozen=True)
class ByteTable:
    """Byte strings of uneven length: `matrix` (strings, greatest length) padded, `lengths` (strings).

    Strings are padded behind, numbers before, so that only the bytes that are no padding count.

    A few that are much longer than most are in `long`, by their number, and their rows are all padding:
    one line of a megabyte would else make each of the others as wide.
    """

    matrix: Bytes
    lengths: Integers
    long: Mapping[int, bytes] = field(default_factory=dict)

    @staticmethod
    def of(strings: Sequence[bytes]) -> ByteTable:
        """Build from byte strings, none of which holds the byte 0xFF."""
        lengths = np.fromiter(map(len, strings), np.int64, len(strings))
        width = _width(lengths)
        long = {at: strings[at] for at in np.flatnonzero(lengths > width).tolist()}
        padded = b"".join(
            (b"" if at in long else text).ljust(width, b"\xff") for at, text in enumerate(strings)
        )
        matrix = np.frombuffer(padded, np.uint8).reshape(len(strings), width)
        return ByteTable(matrix, lengths, long)

    @staticmethod
    def of_integers(numbers: Integers) -> ByteTable:
        """Build from the decimal text of each number."""
        return ByteTable.of_decimals(numbers, 0)

    @staticmethod
    def of_decimals(units: Integers, scale: int) -> ByteTable:
        """Build from decimals, by their units of the last of `scale` digits behind the point."""
        return ByteTable(*texts(units, scale, PADDING))

    def with_one(self, string: bytes) -> ByteTable:
        """Return the same with one more string behind all others."""
        width = max(len(string), int(self.matrix.shape[1]))
        matrix = np.full((len(self.lengths) + 1, width), PADDING, np.uint8)
        matrix[:-1, : self.matrix.shape[1]] = self.matrix
        matrix[-1, : len(string)] = np.frombuffer(string, np.uint8)
        return ByteTable(matrix, np.append(self.lengths, len(string)), self.long)

    def partitions(self, partitions: int) -> Integers:
        """Return the partition where any Kafka client puts each string as a key."""
        lengths = self.lengths
        if self.long:
            lengths = lengths.copy()
            lengths[list(self.long)] = 0
        found = partitions_of(self.matrix, lengths, partitions)
        for at, text in self.long.items():
            found[at] = partition_of(text, partitions)
        return found


@dataclass(frozen=True)
class ByteColumn:
    """One byte string per record: row `codes[i]` of `table`."""

    table: ByteTable
    codes: Codes

    @property
    def width(self) -> int:
        """Greatest length of a string, in bytes."""
        return int(self.table.matrix.shape[1])

    def padded(self) -> Bytes:
        """Return the strings, padded: (records, width)."""
        return self.table.matrix.take(self.codes, axis=0)

    def lengths(self) -> Integers:
        """Return each string's length."""
        return self.table.lengths.take(self.codes)

    def long(self) -> npt.NDArray[np.bool_]:
        """Return which strings are all padding here, as they are kept beside the matrix."""
        if not self.table.long:
            return np.zeros(len(self.codes), np.bool_)
        return np.isin(self.codes, np.fromiter(self.table.long, np.int64, len(self.table.long)))

    def one(self, record: int) -> bytes:
        """Return the string of one record."""
        code = int(self.codes[record])
        if (found := self.table.long.get(code)) is not None:
            return found
        row: Bytes = self.table.matrix[code]
        return bytes(row[row != PADDING])

    def take(self, records: Integers | slice) -> ByteColumn:
        """Return the strings of these records."""
        return ByteColumn(self.table, self.codes[records])


class StringTable:
    """The distinct values of a string field, in the forms that keys, JSON and Parquet want."""

    def __init__(self, values: Sequence[str]) -> None:
        self.values = values
        self.arrow = pa.array(values, pa.string())
        self._partitions: dict[int, Integers] = {}

    @cached_property
    def raw(self) -> ByteTable:
        """UTF-8, as in a record's key."""
        return ByteTable.of([value.encode() for value in self.values])

    @cached_property
    def json(self) -> ByteTable:
        """JSON text, quotes included."""
        return ByteTable.of([json_text(value) for value in self.values])

    def partitions(self, partitions: int) -> Integers:
        """Return the partition of each value as a key."""
        if partitions not in self._partitions:
            self._partitions[partitions] = self.raw.partitions(partitions)
        return self._partitions[partitions]


@dataclass(frozen=True)
class Strings:
    """A string field of a chunk: row `codes[i]` of `table`."""

    table: StringTable
    codes: Codes

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, order: Integers) -> Strings:
        """Return the records at `order`."""
        return Strings(self.table, self.codes[order])

    def keys(self) -> ByteColumn:
        """Return the field as record keys."""
        return ByteColumn(self.table.raw, self.codes)

    def json(self) -> ByteColumn:
        """Return the field as JSON text."""
        return ByteColumn(self.table.json, self.codes)

    def arrow(self) -> pa.Array:
        """Return the field for Parquet."""
        return pa.DictionaryArray.from_arrays(
            pa.array(self.codes.astype(np.int32)), self.table.arrow
        )


@dataclass(frozen=True)
class Numbers:
    """A BIGINT field of a chunk."""

    values: Integers

    def __len__(self) -> int:
        return len(self.values)

    def take(self, order: Integers) -> Numbers:
        """Return the records at `order`."""
        return Numbers(self.values[order])

    def json(self) -> ByteColumn:
        """Return the field as JSON text."""
        return _decimals_json(self.values, 0)

    def arrow(self) -> pa.Array:
        """Return the field for Parquet."""
        return pa.array(self.values)


@dataclass(frozen=True)
class Decimals:
    """A decimal field of a chunk: `units` of its last digit, of which `type.scale` stand behind the point."""

    units: Integers
    type: DecimalType

    def __len__(self) -> int:
        return len(self.units)

    def take(self, order: Integers) -> Decimals:
        """Return the records at `order`."""
        return Decimals(self.units[order], self.type)

    def json(self) -> ByteColumn:
        """Return the field as JSON text, all digits behind the point included."""
        return _decimals_json(self.units, self.type.scale)

    def arrow(self) -> pa.Array:
        """Return the field for Parquet."""
        # Sixteen bytes each, the least first: the units, and their sign again.
        both = np.stack([self.units, self.units >> 63], axis=1).astype("<i8")
        kind = pa.decimal128(self.type.precision, self.type.scale)
        return pa.Array.from_buffers(kind, len(self.units), [None, pa.py_buffer(both.tobytes())])


@dataclass(frozen=True)
class Doubles:
    """A DOUBLE field of a chunk; all are finite."""

    values: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, order: Integers) -> Doubles:
        """Return the records at `order`."""
        return Doubles(self.values[order])

    def json(self) -> ByteColumn:
        """Return the field as JSON text, with as many digits as tell it from all others."""
        texts = [repr(value).encode() for value in self.values.tolist()]
        return ByteColumn(ByteTable.of(texts), np.arange(len(texts)))

    def arrow(self) -> pa.Array:
        """Return the field for Parquet."""
        return pa.array(self.values)


@dataclass(frozen=True)
class Flags:
    """A BOOLEAN field of a chunk."""

    values: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, order: Integers) -> Flags:
        """Return the records at `order`."""
        return Flags(self.values[order])

    def json(self) -> ByteColumn:
        """Return the field as JSON text."""
        return ByteColumn(ByteTable.of([b"false", b"true"]), self.values.astype(np.int64))

    def arrow(self) -> pa.Array:
        """Return the field for Parquet."""
        return pa.array(self.values)


Present: TypeAlias = Strings | Numbers | Decimals | Doubles | Flags
"""A field that has a value in every record."""


@dataclass(frozen=True)
class Nullable:
    """A field of a chunk that is null in the records `missing`, whatever `values` holds there."""

    values: Present
    missing: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.missing)

    def take(self, order: Integers) -> Nullable:
        """Return the records at `order`."""
        return Nullable(self.values.take(order), self.missing[order])

    def json(self) -> ByteColumn:
        """Return the field as JSON text."""
        known = self.values.json()
        table = known.table.with_one(b"null")
        return ByteColumn(table, np.where(self.missing, len(known.table.lengths), known.codes))

    def arrow(self) -> pa.Array:
        """Return the field for Parquet."""
        return self.values.arrow().take(pa.array(np.arange(len(self)), mask=self.missing))


ChunkField: TypeAlias = Present | Nullable


@dataclass(frozen=True)
class Chunk:
    """Consecutive records in order of arrival; no quantum lies in two chunks.

    `quantum` (records) never falls; `event_ms` (records) is relative to the trace's origin; `fields`
    follow the workload's.
    """

    quantum: Integers
    event_ms: Integers
    fields: tuple[ChunkField, ...]


def _decimals_json(units: Integers, scale: int) -> ByteColumn:
    """Their JSON text; a narrow range is turned to text once per number."""
    if len(units):
        low, high = int(units.min()), int(units.max())
        if high - low < _NARROW:
            every = np.arange(low, high + 1, dtype=np.int64)
            return ByteColumn(ByteTable.of_decimals(every, scale), units - low)
    return ByteColumn(ByteTable.of_decimals(units, scale), np.arange(len(units)))


def _width(lengths: Integers) -> int:
    """The greatest length that a matrix of these strings should have room for."""
    widest = min(int(lengths.max(initial=0)), _WIDEST)
    if len(lengths) * widest <= _SMALL_BYTES:
        return widest
    return min(widest, _MOST_PADDED * -(-int(lengths.sum()) // len(lengths)))


def decimal_text(units: int, scale: int) -> str:
    """A decimal with all its digits, from its units of the last one."""
    if scale == 0:
        return str(units)
    whole, behind = divmod(abs(units), 10**scale)
    return f"{'-' if units < 0 else ''}{whole}.{behind:0{scale}}"


def arrow_type(type_: ValueType) -> pa.DataType:
    """The type of such values in a column."""
    if isinstance(type_, DecimalType):
        return pa.decimal128(type_.precision, type_.scale)
    return _ARROW_TYPES[type_]


def json_text(value: KeyValue | None) -> bytes:
    """Return a field's value as JSON, UTF-8; a decimal with the digits that it has, None as null."""
    text = format(value, "f") if isinstance(value, Decimal) else _JSON.encode(value)
    return text.encode()
