"""What a file holds: each column's values, all of them, and what they can be read as."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streambench.model.expression import FieldType
from streambench.model.workload import ColumnName, TimeColumn
from streambench.workload.file.cells import Connection, FileCell, Kind, literal, named
from streambench.workload.file.guess import TimeGuess, guesses
from streambench.workload.file.instants import instant_ms
from streambench.workload.file.misfits import NO_VALUES
from streambench.workload.file.nearly import NearlyTimes, nearly_times
from streambench.workload.file.tables import Table
from streambench.workload.file.types import READINGS

MOST_COLUMNS: Final = 60
MOST_DEPTH: Final = 3
_SAMPLE_ROWS: Final = 1_000
_EXAMPLES: Final = 3
_SHOWN_CHARACTERS: Final = 24
# More digits behind the point than these are measurements, not prices: doubles.
_MOST_DIGITS: Final = 6
_NUMBER: Final = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"


@dataclass(frozen=True)
class ColumnProfile:
    """One column of all rows.

    `distinct` is an estimate, but for no value and for one. `missing` rows have no value, or one of `no_values`. `type` is what a field of
    it can be, its numbers `times` a factor; None: none of today's types. `time_ways` are the ways in which
    all of its values are times, `nearly` the one in which most are.
    """

    name: ColumnName
    rows: int
    missing: int
    no_values: tuple[str, ...]
    distinct: int
    examples: tuple[str, ...]
    type: FieldType | None
    times: int
    time_ways: tuple[TimeGuess, ...]
    nearly: NearlyTimes | None = None

    @property
    def distinct_words(self) -> str:
        """How many different values there are: "1", or by two digits, "about 1,000"."""
        if self.distinct <= 1:
            return f"{self.distinct}"
        return f"about {round(self.distinct, 2 - len(str(self.distinct))):,}"

    @property
    def has_values(self) -> bool:
        """Whether any row has one."""
        return self.missing < self.rows

    @property
    def is_time(self) -> bool:
        """Whether it looks like times, and like nothing else: a number may be one by chance."""
        return (
            bool(self.time_ways)
            and self.time_ways[0].unit is None
            and self.type is not FieldType.BIGINT
        )


def profiles(
    connection: Connection, table: Table, leave_out: Sequence[str] = ()
) -> tuple[ColumnProfile, ...]:
    """Profile the columns of a file, those inside of others too; the texts of `leave_out` are no values.

    The file is read once; its cells are kept in a folder that is gone afterwards.
    """
    names = list(_leaves(connection, table))[:MOST_COLUMNS]
    found = [(name, cell) for name in names if (cell := table.cell(name)) is not None]
    if not found:
        return ()
    cells = [named(cell, str(at)) for at, (_, cell) in enumerate(found)]
    with tempfile.TemporaryDirectory(prefix="streambench-new-") as folder:
        kept = literal(str(Path(folder) / "cells.parquet"))
        selects = ", ".join(each.select for each in cells)
        connection.execute(
            f"COPY (SELECT {selects} FROM {table.relation}) TO {kept} (FORMAT parquet)"
        )
        relation = f"read_parquet({kept}, hive_partitioning = false)"
        return tuple(
            _profile(connection, relation, each.cell, name, leave_out)
            for each, (name, _) in zip(cells, found, strict=True)
        )


def _leaves(connection: Connection, table: Table) -> Iterator[ColumnName]:
    """Columns that hold values; of one that holds objects those inside it."""
    # A column of row numbers has no name in many a CSV file.
    pending: list[tuple[str, ...]] = [(name,) for name in table.names() if name.strip()]
    while pending:
        steps = pending.pop(0)
        inside = table.inside(steps) if len(steps) <= MOST_DEPTH else ()
        if inside:
            pending[:0] = [(*steps, name) for name in inside]
            continue
        if len(steps) > 1 and any("." in step for step in steps):
            yield steps
        else:
            yield ".".join(steps)


def _profile(
    connection: Connection,
    relation: str,
    cell: FileCell,
    name: ColumnName,
    leave_out: Sequence[str],
) -> ColumnProfile:
    nothing = ", ".join(literal(each) for each in ("", *NO_VALUES, *leave_out))
    asked_out = ", ".join(literal(each) for each in ("", *leave_out))
    sample = _sample(connection, relation, cell, nothing)
    value = "value"
    valued = FileCell(value, cell.kind, cell.typed)
    ways = guesses(list(dict.fromkeys(sample)))
    as_times = [instant_ms(valued, _column(name, way)) for way in ways]
    untyped = FileCell(value, cell.kind)
    whole = READINGS[FieldType.BIGINT].value(untyped, 1)
    string = READINGS[FieldType.STRING].value(untyped, 1)
    double = READINGS[FieldType.DOUBLE].value(untyped, 1)
    boolean = READINGS[FieldType.BOOLEAN].value(untyped, 1)
    decimal = r"^\s*[+-]?\d*\.?(\d*?)0*\s*$"
    counted = [
        "count(*)",
        f"count({value})",
        # The estimate is off by some percent; whether there is more than one is not left to it.
        f"CASE WHEN min({value}) = max({value}) THEN 1 WHEN count({value}) = 0 THEN 0"
        f" ELSE greatest(2, approx_count_distinct({value})) END",
        f"count({whole})",
        f"count({string})",
        f"count(*) FILTER (regexp_matches({value}, '^\\s*-?0\\d'))",
        f"count(*) FILTER (regexp_matches({value}, '{decimal}'))",
        f"count(*) FILTER (regexp_matches({value}, '{_NUMBER}'))",
        f"max(length(regexp_extract({value}, '{decimal}', 1)))",
        f"list(DISTINCT {cell.text}) FILTER ({value} IS NULL)",
        f"count({value}) FILTER ({cell.kind} = {Kind.NESTED.sql})",
        f"count(*) FILTER ({cell.text} NOT IN ({asked_out}))",
        f"count({double})",
        f"count({boolean})",
        *(f"count({each})" for each in as_times),
    ]
    valued_rows = (
        f"(SELECT *, CASE WHEN trim({cell.text}) NOT IN ({nothing}) THEN {cell.text} END AS value"
        f" FROM {relation})"
    )
    row = connection.execute(f"SELECT {', '.join(counted)} FROM {valued_rows}").fetchone()
    rows, values, distinct, wholes, strings, zeros = row[:6]
    decimals, numbers, digits, texts, nested, written, doubles, flags = row[6:14]
    type_, times = None, 1
    if values and not nested:
        digits = int(digits or 0)
        if wholes == values and not zeros:
            type_ = FieldType.BIGINT
        elif decimals == values and not zeros and 0 < digits <= _MOST_DIGITS:
            type_, times = FieldType.BIGINT, 10**digits
        elif doubles == values and not zeros:
            type_ = FieldType.DOUBLE
        elif flags == values:
            type_ = FieldType.BOOLEAN
        elif strings == values and (zeros or numbers < values):
            type_ = FieldType.STRING
    time_ways = tuple(
        way for way, read in zip(ways, row[14:], strict=True) if read == values and values
    )
    nearly = None
    if type_ is FieldType.STRING and not time_ways:
        nearly = nearly_times(connection, valued_rows, valued, sample, name)
    # Among texts `None` and `-` are words like others.
    is_text = type_ is FieldType.STRING and not time_ways
    return ColumnProfile(
        name=name,
        rows=int(rows),
        missing=int(rows - (written if is_text else values)),
        no_values=tuple(
            sorted(each for each in texts or () if each and (not is_text or each in leave_out))
        ),
        distinct=min(int(distinct), int(values)),
        examples=_examples(sample),
        type=type_,
        times=times,
        time_ways=time_ways,
        nearly=nearly,
    )


def _column(name: ColumnName, way: TimeGuess) -> TimeColumn:
    return TimeColumn(name, way.format, way.unit)


def _sample(connection: Connection, relation: str, cell: FileCell, nothing: str) -> list[str]:
    """Values from all over the file: those of its beginning alone would not tell 01/02 from 02/01."""
    rows = connection.execute(
        f"SELECT it FROM (SELECT {cell.text} AS it FROM {relation})"
        f" WHERE it IS NOT NULL AND trim(it) NOT IN ({nothing})"
        f" USING SAMPLE reservoir({_SAMPLE_ROWS} ROWS) REPEATABLE (1)"
    ).fetchall()
    return [str(row[0]) for row in rows]


def _examples(sample: Sequence[str]) -> tuple[str, ...]:
    distinct = list(dict.fromkeys(sample))[:_EXAMPLES]
    return tuple(
        each if len(each) <= _SHOWN_CHARACTERS else each[: _SHOWN_CHARACTERS - 1] + "…"
        for each in distinct
    )
