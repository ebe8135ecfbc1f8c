"""A file as a table whose columns are found by their names: CSV, JSON or Parquet, told by its ending."""

from __future__ import annotations

import codecs
import csv
import gzip
import json
import shlex
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Final, cast

from streambench.model.errors import UsageError
from streambench.model.workload import ColumnName
from streambench.workload.file.cells import (
    Connection,
    FileCell,
    Kind,
    identifier,
    literal,
    steps_of,
)

# A folder called `price=1` on the way to the file would else replace its column `price`.
_NO_FOLDERS: Final = "hive_partitioning = false"
# The longest line and the largest object, in bytes; memory is taken as it is needed.
_LONGEST_BYTES: Final = 64 * 2**20
_READ_AGAIN_BYTES: Final = 256 * 2**20
_DELIMITERS: Final = (",", ";", "\t", "|")
_INEXACT: Final = ("FLOAT", "DOUBLE")


@dataclass(frozen=True)
class Table:
    """A file's rows, in their order, as the `relation` of a statement.

    `cell` finds a column; None where there is none. `names` are the columns that there are, and `inside`
    those of an object at a path; of JSON they are read when they are asked for.
    """

    relation: str
    cell: Callable[[ColumnName], FileCell | None]
    names: Callable[[], tuple[str, ...]]
    inside: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda _: ()


Opener = Callable[[Connection, Path, str | None], Table]


def open_table(connection: Connection, path: Path, delimiter: str | None) -> Table:
    """Open a file; nothing but its first line is read.

    Raises UsageError where it is not there or of no kind that can be read; DuckDB's errors come later.
    """
    opener = _OPENERS.get(ending_of(path))
    if opener is None:
        raise UsageError(
            f"{path} cannot be replayed: the file's kind is told by its ending",
            hint=f"use one of {', '.join(ENDINGS)}",
        )
    if not path.is_file():
        raise UsageError(f"{path} {_no_file(path)}", hint="check `replay` in workload.toml")
    try:
        return opener(connection, path, delimiter)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        if isinstance(error, gzip.BadGzipFile):
            raise UsageError(
                f"{path} is not packed by gzip, as its ending says",
                hint=f"gzip -t {shlex.quote(str(path))} tells; name it without .gz if it is not packed",
            ) from None
        raise cut_off(path) from None


def cut_off(path: Path) -> UsageError:
    """The refusal of a packed file that lacks its end."""
    return UsageError(
        f"{path} is cut off: its gzip stream has no end",
        hint=f"gzip -t {shlex.quote(str(path))} tells; copy or pack it again",
    )


def _no_file(path: Path) -> str:
    """Why there is nothing to read."""
    if path.is_dir():
        return "is a folder, not a file"
    return "is no file: it is a pipe or a device" if path.exists() else "does not exist"


def ending_of(path: Path) -> str:
    """`.csv` of `a.csv` and of `a.csv.gz`."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _csv(connection: Connection, path: Path, delimiter: str | None) -> Table:
    with _text(path) as file:
        first = file.readline()
        split = delimiter or max(
            _DELIMITERS, key=lambda each: len(next(csv.reader([first], delimiter=each), []))
        )
        file.seek(0)
        header = next(csv.reader(file, delimiter=split), [])
    if not header:
        raise UsageError(
            f"{path} has no line of names", hint="begin it with a line that names its columns"
        )
    # By number: DuckDB would take `a` and `A` for one name, and rename the second.
    columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(len(header)))
    relation = (
        f"read_csv({literal(str(path))}, columns = {{{columns}}}, header = true, auto_detect = false,"
        f" delim = {literal(split)}, quote = '\"', escape = '\"',"
        f" max_line_size = {_LONGEST_BYTES}, {_NO_FOLDERS})"
    )

    def cell(name: ColumnName) -> FileCell | None:
        wanted = name if isinstance(name, str) else ".".join(name)
        if header.count(wanted) > 1:
            raise UsageError(
                f"{path.name} has {header.count(wanted)} columns called '{wanted}'",
                hint="give each column a name of its own in the first line of the file",
            )
        if wanted not in header:
            return None
        column = f"c{header.index(wanted)}"
        return FileCell(column, Kind.TEXT.sql, (column, "VARCHAR"))

    return Table(relation, cell, lambda: tuple(header))


def _json(connection: Connection, path: Path, delimiter: str | None) -> Table:
    with _text(path) as file:
        beginning = ""
        while not beginning and (block := file.read(4096)):
            beginning = block.strip()
    form = "array" if beginning.startswith("[") else "newline_delimited"
    relation = (
        f"read_json_objects({literal(str(path))}, format = '{form}',"
        f" maximum_object_size = {_LONGEST_BYTES}, {_NO_FOLDERS})"
    )

    @cache
    def inside(steps: tuple[str, ...]) -> tuple[str, ...]:
        """The keys of all objects there, in the order in which they first appear."""
        at = f"json_extract(json, {_pointer(steps)})" if steps else "json"
        rows = connection.execute(
            f"SELECT key FROM (SELECT unnest(json_keys({at})) AS key,"
            f" row_number() OVER () AS place FROM {relation} WHERE json_type({at}) = 'OBJECT')"
            " GROUP BY key ORDER BY min(place)"
        ).fetchall()
        return tuple(str(row[0]) for row in rows)

    def names() -> tuple[str, ...]:
        return inside(())

    def cell(name: ColumnName) -> FileCell | None:
        steps = steps_of(name)
        if isinstance(name, str) and len(steps) > 1 and name in names():
            steps = (name,)
        pointer = _pointer(steps)
        text = f"json_extract_string(json, {pointer})"
        type_ = f"json_type(json, {pointer})"
        # What has neither point nor exponent is as it was written, however long it is.
        kind = (
            f"CASE {type_} WHEN 'VARCHAR' THEN {Kind.TEXT.sql} WHEN 'BOOLEAN' THEN {Kind.BOOLEAN.sql}"
            f" WHEN 'BIGINT' THEN {Kind.INTEGER.sql} WHEN 'UBIGINT' THEN {Kind.INTEGER.sql}"
            f" WHEN 'DOUBLE' THEN CASE WHEN regexp_matches({text}, '[.eE]') THEN {Kind.DOUBLE.sql}"
            f" ELSE {Kind.INTEGER.sql} END ELSE {Kind.NESTED.sql} END"
        )
        return FileCell(text, kind)

    return Table(relation, cell, names, inside)


def where_json_breaks(path: Path) -> str | None:
    """The line that is no JSON, and why, in words; None where that cannot be told.

    DuckDB counts lines in a way of its own.
    """
    if path.stat().st_size > _READ_AGAIN_BYTES:
        return None
    lines_before = 0
    try:
        with _text(path) as file:
            if file.read(4096).lstrip().startswith("["):
                file.seek(0)
                json.load(file)
                return None
            file.seek(0)
            if (inside := _one_object(file)) is not None:
                return inside
            file.seek(0)
            for line in file:
                if line.strip():
                    json.loads(line)
                lines_before += 1
    except json.JSONDecodeError as error:
        reason = error.msg[0].lower() + error.msg[1:]
        return f"line {lines_before + error.lineno:,}, column {error.colno:,}: {reason}"
    return None


def _one_object(file: IO[str]) -> str | None:
    """What a file that is a single object holds, in words; None where it is no such file."""
    try:
        whole = json.load(file)
    except json.JSONDecodeError:
        return None
    lists = [
        name
        for name, value in whole.items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    told = "it is one object"
    if not lists:
        return told
    return f"{told}, with a list of objects in {lists[0]!r}: jq -c '.{lists[0]}[]' takes them out"


def _pointer(steps: tuple[str, ...]) -> str:
    return literal("".join("/" + s.replace("~", "~0").replace("/", "~1") for s in steps))


def _parquet(connection: Connection, path: Path, delimiter: str | None) -> Table:
    relation = f"read_parquet({literal(str(path))}, {_NO_FOLDERS})"
    types = _described(connection, f"SELECT * FROM {relation}")

    def cell(name: ColumnName) -> FileCell | None:
        steps = (name,) if isinstance(name, str) and name in types else steps_of(name)
        found, inside = "", types
        for step in steps:
            if step not in inside:
                return None
            found = f"struct_extract({found}, {literal(step)})" if found else identifier(step)
            inside = _members(connection, found, relation)
        type_ = _described(connection, f"SELECT {found} AS it FROM {relation}")["it"]
        text = f"CAST({found} AS VARCHAR)"
        return FileCell(
            text, _kind_of(type_).sql, (found, "VARCHAR" if type_.startswith("ENUM") else type_)
        )

    def inside(steps: tuple[str, ...]) -> tuple[str, ...]:
        found = identifier(steps[0])
        for step in steps[1:]:
            found = f"struct_extract({found}, {literal(step)})"
        return tuple(_members(connection, found, relation))

    return Table(relation, cell, lambda: tuple(types), inside)


def _described(connection: Connection, query: str) -> Mapping[str, str]:
    return {str(r[0]): str(r[1]) for r in connection.execute(f"DESCRIBE {query}").fetchall()}


def _members(connection: Connection, found: str, relation: str) -> Mapping[str, str]:
    """What an object of a Parquet file has inside; {} where it is none."""
    type_ = _described(connection, f"SELECT {found} AS it FROM {relation}")["it"]
    if not type_.startswith("STRUCT"):
        return {}
    return _described(connection, f"SELECT unnest({found}) FROM {relation}")


def _kind_of(type_: str) -> Kind:
    if type_ == "VARCHAR" or type_.startswith("ENUM"):
        return Kind.TEXT
    if type_.endswith(("INT", "INTEGER")):
        return Kind.INTEGER
    if type_ in _INEXACT:
        return Kind.DOUBLE
    if type_.startswith("DECIMAL"):
        return Kind.DECIMAL
    if type_.startswith(("TIMESTAMP", "DATE", "TIME")):
        return Kind.INSTANT
    return {"BOOLEAN": Kind.BOOLEAN, "UUID": Kind.UUID}.get(type_, Kind.NESTED)


def _text(path: Path) -> IO[str]:
    """The file's text, unpacked; what is no UTF-8 is told of by DuckDB, with its line.

    Raises UsageError for UTF-16, in whose text DuckDB sees other lines.
    """
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as raw:
        if raw.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise UsageError(
                f"{path}: the text is UTF-16, not UTF-8",
                hint=f"convert it: iconv -f utf-16 -t utf-8 {path.name} > utf8-{path.name}",
            )
    return cast("IO[str]", opener(path, "rt", encoding="utf-8-sig", errors="replace", newline=""))


_OPENERS: Final[Mapping[str, Opener]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".tsv": _csv,
    ".json": _json,
    ".jsonl": _json,
    ".ndjson": _json,
}
ENDINGS: Final = (*_OPENERS, ".csv.gz", ".json.gz", ".jsonl.gz")
