"""Rows as files of every kind that is read, and what becomes of files on their way."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.fuzz.tables import MadeRows, made_rows

_CSV: Final = (".csv", ".csv", ".tsv", ".csv.gz", ".CSV")
_JSON: Final = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz")
_ENDINGS: Final = (".csv", ".json", ".jsonl", ".parquet", ".csv.gz", ".gz", ".txt", "", ".xlsx")

_TINY: Final = (
    *(b"", b"\n", b" ", b"\xef\xbb\xbf", b"[]", b"{}", b"[", b"null", b"\x00", b"PAR1", b"PAR1PAR1", b"\x1f\x8b"),
    *(b"at,k\n", b",,\n,,\n", b'"', b"[[1]]", b"[5]", b'"x"', b"{}\n[]\n", b"at\n", b"at,k\n2013-06-01,a", b"5\n"),
)  # fmt: skip
_LINE_ENDS: Final = (b",x", b"x", b'"', b"", b"\n", b"\r", b"\x00", b"{", b"]", b"\xff")

Paths: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class MadeFile:
    """A file's name, its bytes, and the paths of the columns of `rows`; it holds them where it is sound."""

    name: str
    data: bytes
    columns: Paths
    rows: MadeRows
    sound: bool

    def __repr__(self) -> str:
        """As a failure shows it: the beginning of a long one."""
        shown = self.data if len(self.data) < 3_000 else self.data[:3_000] + b"..."
        return f"MadeFile({self.name!r}, {shown!r}, sound={self.sound})"


@st.composite
def sound_files(draw: st.DrawFn) -> MadeFile:
    """A file of one of the kinds that are read."""
    rows = draw(made_rows())
    kind = draw(st.integers(0, 2))
    columns: Paths = tuple((column.name,) for column in rows.columns)
    if kind == 0:
        ending = draw(st.sampled_from(_CSV))
        data = draw(_as_csv(rows))
    elif kind == 1:
        ending = draw(st.sampled_from(_JSON))
        data, columns = draw(_as_json(rows))
    else:
        ending = ".parquet"
        data, columns = draw(_as_parquet(rows))
    if ending.endswith(".gz"):
        data = gzip.compress(data, 1)
    return MadeFile(f"data{ending}", data, columns, rows, True)


@st.composite
def damaged_files(draw: st.DrawFn) -> MadeFile:
    """A file to which something happened."""
    made = draw(sound_files())
    name, data = made.name, made.data
    at = draw(st.integers(0, len(data)))
    match draw(st.integers(0, 9)):
        case 0:
            data = data[:at]
        case 1:
            data = data[at:]
        case 2:
            name = f"data{draw(st.sampled_from(_ENDINGS))}"
        case 3:
            data = data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at + 1 :]
        case 4:
            data = draw(st.sampled_from(_TINY))
        case 5:
            data = _lines(data, at, draw(st.sampled_from(_LINE_ENDS)))
        case 6:
            data = data.decode("utf-8", "replace").encode(draw(st.sampled_from(("utf-16", "utf-32", "latin-1", "cp500"))), "replace")  # fmt: skip
        case 7:
            data = gzip.compress(data, 1)
        case 8:
            data += data
        case _:
            name, data = f"{name}.gz", gzip.compress(data, 1)[: -draw(st.integers(1, 9))]
    return MadeFile(name, data, made.columns, made.rows, False)


def _lines(data: bytes, at: int, added: bytes) -> bytes:
    """The same with something at the end of a line."""
    end = data.find(b"\n", at)
    return data[:end] + added + data[end:] if end >= 0 else data + added


def text_of(cell: Any) -> str:
    """A cell as programs write it into a line of text."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case dict() | list():
            return json.dumps(cell)
        case bytes():
            return cell.hex()
        case Decimal():
            return format(cell, "f")
        case _:
            return str(cell)


@st.composite
def _as_csv(draw: st.DrawFn, rows: MadeRows) -> bytes:
    text = io.StringIO()
    end = draw(st.sampled_from(("\n", "\n", "\r\n")))
    quoting: Any = draw(st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
    delimiter = draw(st.sampled_from((",", ",", ";", "\t", "|")))
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow([column.name for column in rows.columns])
    for row in range(rows.count):
        writer.writerow([text_of(column.cells[row]) for column in rows.columns])
    written = text.getvalue()
    if draw(st.integers(0, 4)) == 0:
        written = written.removesuffix(end)
    mark = "\ufeff" if draw(st.integers(0, 4)) == 0 else ""
    return (mark + written).encode("utf-8", "replace")


def _as_json_value(cell: Any, *, ascii_only: bool) -> str:
    """A cell as JSON; decimals with all their digits, and NaN as careless programs write it."""
    match cell:
        case Decimal():
            return format(cell, "f")
        case dict():
            members = (
                f"{json.dumps(name, ensure_ascii=ascii_only)}: {_as_json_value(value, ascii_only=ascii_only)}"
                for name, value in cell.items()
            )
            return f"{{{', '.join(members)}}}"
        case None | bool() | int() | float() | str() | list():
            return json.dumps(cell, ensure_ascii=ascii_only)
        case _:
            return json.dumps(text_of(cell), ensure_ascii=ascii_only)


@st.composite
def _as_json(draw: st.DrawFn, rows: MadeRows) -> tuple[bytes, Paths]:
    nested = draw(st.integers(0, 3)) == 0
    paths: list[tuple[str, ...]] = [(column.name,) for column in rows.columns]
    if nested:
        inside = [("in", *path) for path in paths if path != ("at",)]
        paths = [("at",), *inside, ("n", "a", "b")]
    leaves_out = draw(st.booleans())
    ascii_only = draw(st.booleans())
    objects = []
    for row in range(rows.count):
        made = {column.name: column.cells[row] for column in rows.columns}
        if leaves_out:
            made = {name: value for name, value in made.items() if value is not None}
        if nested:
            made = {"at": made.pop("at", None), "in": made, "n": {"a": {"b": row % 3}}}
        objects.append(_as_json_value(made, ascii_only=ascii_only))
    match draw(st.integers(0, 3)):
        case 0:
            text = "[\n  " + ",\n  ".join(objects) + "\n]\n"
        case 1:
            text = f"[{', '.join(objects)}]"
        case _:
            text = "".join(f"{each}\n" for each in objects)
    return text.encode("utf-8", "replace"), tuple(paths)


_INTEGERS: Final = (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(), pa.decimal128(38, 0))  # fmt: skip
_STAMPS: Final = tuple(
    pa.timestamp(unit, zone)
    for unit in ("s", "ms", "us", "ns")
    for zone in (None, "UTC", "Europe/Berlin", "+05:30")
)
_ARROW: Final[Sequence[tuple[type, Sequence[pa.DataType]]]] = (
    (bool, (pa.bool_(),)),
    (int, (*_INTEGERS, *_STAMPS[::5], pa.float64(), pa.duration("us"))),
    (Decimal, (pa.decimal128(38, 9), pa.decimal128(18, 3), pa.decimal256(60, 9), pa.decimal32(9, 2))),
    (float, (pa.float64(), pa.float32(), pa.float16())),
    (str, (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()))),
    (dt.datetime, _STAMPS),
    (dt.date, (pa.date32(), pa.date64())),
    (dt.time, (pa.time64("us"), pa.time32("ms"), pa.time64("ns"))),
    (bytes, (pa.binary(), pa.large_binary())),
    (uuid.UUID, (pa.uuid(),)),
    (dict, (pa.map_(pa.string(), pa.int64()), pa.struct([("a", pa.int64()), ("b.c", pa.int64())]))),
    (list, (pa.list_(pa.int64()), pa.large_list(pa.int8()), pa.list_(pa.struct([("a", pa.int64())])))),
)  # fmt: skip


def _types_of(cells: Sequence[Any]) -> Sequence[pa.DataType]:
    """Types of Arrow that may hold all of these cells."""
    found = next((cell for cell in cells if cell is not None), None)
    if found is None:
        return (pa.null(), pa.string(), pa.int64(), pa.list_(pa.struct([("a", pa.int64())])))
    return next((types for kind, types in _ARROW if isinstance(found, kind)), (pa.string(),))


def _arrow(cells: Sequence[Any], type_: pa.DataType) -> pa.Array:
    if pa.types.is_uuid(type_) if hasattr(pa.types, "is_uuid") else type_ == pa.uuid():
        # Beside UUIDs there may be cells of other kinds.
        stored = [cell.bytes if isinstance(cell, uuid.UUID) else cell for cell in cells]
    else:
        stored = list(cells)
    try:
        made = pa.array(stored, type_)
        if pa.types.is_timestamp(type_) and type_.unit == "s":
            made.cast(pa.timestamp("ms", type_.tz))  # as Parquet will hold them
        return made
    except (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError):
        return pa.array([None if cell is None else text_of(cell) for cell in cells], pa.string())


def _same_instants(cells: Sequence[Any], type_: pa.DataType) -> bool:
    """Whether a type keeps all of a time."""
    if pa.types.is_timestamp(type_):
        whole = all(getattr(cell, "microsecond", 1) == 0 for cell in cells)
        return not isinstance(cells[0], int) and (whole or type_.unit in ("us", "ns"))
    return pa.types.is_integer(type_) or not isinstance(cells[0], int)


@st.composite
def _as_parquet(draw: st.DrawFn, rows: MadeRows) -> tuple[bytes, Paths]:
    arrays, names = [], []
    for column in rows.columns:
        types = _types_of(column.cells)
        if column.name == rows.times and rows.count:
            types = [type_ for type_ in types if _same_instants(column.cells, type_)] or types
        arrays.append(_arrow(column.cells, draw(st.sampled_from(types))))
        names.append(column.name)
    paths: list[tuple[str, ...]] = [(name,) for name in names]
    if len(arrays) > 2 and draw(st.integers(0, 3)) == 0:
        paths[-2:] = [("in", name) for name in names[-2:]]
        inner = pa.StructArray.from_arrays(arrays[-2:], names[-2:])
        arrays, names = [*arrays[:-2], inner], [*names[:-2], "in"]
    file = io.BytesIO()
    pq.write_table(
        pa.Table.from_arrays(arrays, names),
        file,
        row_group_size=draw(st.sampled_from((1, 7, 100_000))) if rows.count < 100 else None,
        compression=draw(st.sampled_from(("none", "snappy", "zstd", "gzip"))),
        use_dictionary=draw(st.booleans()),
    )
    return file.getvalue(), tuple(paths)


files = st.one_of(sound_files(), sound_files(), damaged_files())
