"""A file as a table whose columns are found by their names: CSV, JSON or Parquet, told by its ending."""

from __future__ import annotations

import codecs
import csv
import gzip
import itertools
import json
import shlex
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
    return opener(connection, path, delimiter)


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
    try:
        with _text(path) as file:
            first = file.readline()
            split = delimiter or max(
                _DELIMITERS, key=lambda each: len(next(csv.reader([first], delimiter=each), []))
            )
            file.seek(0)
            header = next(csv.reader(file, delimiter=split), [])
    except csv.Error:
        raise UsageError(
            f"{path}, line 1: the names of the columns cannot be read",
            hint="begin the file with a line that names its columns; a quote that begins a name ends it, too",
        ) from None
    if not header:
        raise UsageError(
            f"{path} has no line of names", hint="begin it with a line that names its columns"
        )
    if any("\ufffd" in name or "\0" in name for name in header):
        raise _no_text(path, first)
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
            raise _called_alike(path, wanted, header.count(wanted))
        if wanted not in header:
            return None
        column = f"c{header.index(wanted)}"
        return FileCell(column, Kind.TEXT.sql, (column, "VARCHAR"))

    return Table(relation, cell, lambda: tuple(header))


def _no_text(path: Path, first: str) -> UsageError:
    """The refusal of a file whose first line is no text as it should be."""
    name = shlex.quote(path.name)
    if first.startswith("\x1f\ufffd"):
        return UsageError(
            f"{path} is packed, and its name does not say so", hint=f"mv {name} {name}.gz"
        )
    encoding = "utf-16" if "\0" in first else "latin1"
    return UsageError(
        f"{path}, line 1: the text is not UTF-8",
        hint=f"convert it, for example: iconv -f {encoding} -t utf-8 {name} > utf8-{name}",
    )


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


@dataclass(frozen=True)
class _Member:
    """A column of a Parquet file, or what an object in one has inside, by the names in the file."""

    name: str
    inside: tuple[_Member, ...]
    rounded: bool  # a decimal of more digits than DuckDB has: it reads a double


def _parquet(connection: Connection, path: Path, delimiter: str | None) -> Table:
    # By number: DuckDB would take `a` and `A` for one name, and rename the second.
    columns = _members(connection, path)
    numbered = ", ".join(f"c{at}" for at in range(len(columns)))
    relation = f"read_parquet({literal(str(path))}, {_NO_FOLDERS}) AS file ({numbered})"

    def found(steps: tuple[str, ...]) -> tuple[str, str, _Member] | None:
        """SQL of what lies there, and its type."""
        sql, type_, there = "", "STRUCT()", _Member("", columns, False)
        for step in steps:
            members = there.inside if _is_object(type_) else ()
            places = [at for at, member in enumerate(members) if member.name == step]
            if not places:
                return None
            if len(places) > 1:
                raise _called_alike(path, step, len(places))
            (at,) = places
            sql = f"struct_extract_at({sql}, {at + 1})" if sql else f"c{at}"
            ((_, type_, *_),) = connection.execute(
                f"DESCRIBE SELECT {sql} FROM {relation}"
            ).fetchall()
            there = members[at]
        return sql, type_, there

    def cell(name: ColumnName) -> FileCell | None:
        whole = isinstance(name, str) and any(member.name == name for member in columns)
        steps = (str(name),) if whole else steps_of(name)
        if (there := found(steps)) is None:
            return None
        sql, type_, member = there
        kind = Kind.ROUNDED if member.rounded else _kind_of(type_)
        typed = "VARCHAR" if type_.startswith("ENUM") else type_
        return FileCell(f"CAST({sql} AS VARCHAR)", kind.sql, (sql, typed))

    def inside(steps: tuple[str, ...]) -> tuple[str, ...]:
        if (there := found(steps)) is None or not _is_object(there[1]):
            return ()
        return tuple(member.name for member in there[2].inside)

    return Table(relation, cell, lambda: tuple(member.name for member in columns), inside)


def _members(connection: Connection, path: Path) -> tuple[_Member, ...]:
    """The columns of a Parquet file with all that they have inside."""
    rows = connection.execute(
        "SELECT name, num_children, converted_type = 'DECIMAL' AND precision > 38"
        f" FROM parquet_schema({literal(str(path))})"
    ).fetchall()
    listed = iter(rows)

    def members(count: int) -> tuple[_Member, ...]:
        found = []
        for name, inside, rounded in itertools.islice(listed, count):
            found.append(_Member(str(name), members(inside or 0), bool(rounded)))
        return tuple(found)

    (root,) = members(1)
    return root.inside


def _is_object(type_: str) -> bool:
    return type_.startswith("STRUCT(") and type_.endswith(")")


def _called_alike(path: Path, name: str, count: int) -> UsageError:
    return UsageError(
        f"{path.name} has {count} columns called '{name}'",
        hint="give each column of the file a name of its own",
    )


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


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    """The file's text, unpacked; what is no UTF-8 is told of by DuckDB, with its line.

    Raises UsageError where it cannot be unpacked, and for UTF-16, in whose text DuckDB sees other lines.
    """
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as raw:
            if raw.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
                raise UsageError(
                    f"{path}: the text is UTF-16, not UTF-8",
                    hint=f"convert it: iconv -f utf-16 -t utf-8 {path.name} > utf8-{path.name}",
                )
        with opener(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as file:
            yield cast("IO[str]", file)
    except EOFError:
        raise cut_off(path) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        if "Not a gzipped file" in str(error):
            raise UsageError(
                f"{path} is not packed by gzip, as its ending says",
                hint=f"gzip -t {shlex.quote(str(path))} tells; name it without .gz if it is not packed",
            ) from None
        raise not_unpacked(path) from None


def cut_off(path: Path) -> UsageError:
    """The refusal of a packed file that lacks its end."""
    return UsageError(
        f"{path} is cut off: its gzip stream has no end",
        hint=f"gzip -t {shlex.quote(str(path))} tells; copy or pack it again",
    )


def not_unpacked(path: Path) -> UsageError:
    """The refusal of a packed file that is damaged."""
    return UsageError(
        f"{path} cannot be unpacked: it is damaged",
        hint=f"gzip -t {shlex.quote(str(path))} tells; copy or pack it again",
    )


_OPENERS: Final[Mapping[str, Opener]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".tsv": _csv,
    ".json": _json,
    ".jsonl": _json,
    ".ndjson": _json,
}
ENDINGS: Final = (*_OPENERS, ".csv.gz", ".json.gz", ".jsonl.gz")
