"""What of a file does not fit its declaration, in words: the column, the row and the value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streambench.model.errors import UsageError
from streambench.model.workload import ColumnName, Field, Replay, TimeColumn
from streambench.workload.file.cells import (
    ORDINAL,
    Connection,
    Named,
    literal,
    shown,
    steps_of,
)
from streambench.workload.file.converted import MISFIT, MISSING, state_of
from streambench.workload.file.guess import TimeGuess, time_hint
from streambench.workload.file.tables import Table
from streambench.workload.file.types import reading_of
from streambench.workload.names import did_you_mean

_SHOWN_VALUES: Final = 5
_SHOWN_CHARACTERS: Final = 60
_SEEN_FOR_A_HINT: Final = 1_000
JUMPED: Final = "its clocks jumped over it"
"""Of a time that a zone does not have."""

# What programs write where there is no number and no time.
NO_VALUES: Final = ("NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-", "?", "\\N")


@dataclass(frozen=True)
class Column:
    """A column that is read: `name` is its value's in a statement, `value_sql` how that is computed.

    `declared` is the field that it becomes, or the time. `no_values` are the texts that stand for no value,
    where a row without one is kept.
    """

    name: str
    declared: Field | TimeColumn
    named: Named
    value_sql: str
    no_values: tuple[str, ...] = ()

    @property
    def nullable(self) -> bool:
        """Whether a row is kept that has no value of it."""
        return isinstance(self.declared, Field) and self.declared.nullable

    @property
    def is_missing(self) -> str:
        """SQL for whether a row has no value of it."""
        text = self.named.cell.text
        if not (self.nullable and self.no_values):
            return f"({text} IS NULL)"
        return f"({text} IS NULL OR {text} IN ({', '.join(map(literal, self.no_values))}))"

    @property
    def column_name(self) -> ColumnName:
        """Its name in the file."""
        if isinstance(self.declared, Field):
            return self.declared.in_file.name
        return self.declared.name

    @property
    def shown(self) -> str:
        """Its name in the file, as in a sentence."""
        return shown(self.column_name)

    @property
    def wanted(self) -> str:
        """What a value of it has to be."""
        match self.declared:
            case Field(type=type_):
                return f"a {type_.value}"
            case TimeColumn(unit=unit) if unit is not None:
                return f"a number of {unit.value} since 1970"
            case TimeColumn(format=format_) if format_ is not None:
                return f"a time as '{format_}'"
            case _:
                return "a time such as 2013-06-01 10:00:00"


@dataclass(frozen=True)
class _Fit:
    """How many rows of a column have no value, or one that does not fit; the first row of each."""

    column: Column
    missing: int
    misfits: int
    first_missing: int | None


def check_fit(
    connection: Connection, table: Table, replay: Replay, columns: Sequence[Column]
) -> int:
    """Check all rows of the view `source`; returns how many rows of the file are left out of it.

    Raises UsageError for a value that does not fit, and for one that is not there.
    """
    rows, fits = _fits(connection, columns)
    for fit in fits:
        if fit.missing == rows > 0 and not _exists(table, fit.column.column_name):
            raise no_column(replay.path, [fit.column.column_name], table)
    if misfitting := [fit for fit in fits if fit.misfits]:
        raise _misfits(connection, table, replay, misfitting)
    if missing := [fit for fit in fits if fit.missing and not fit.column.nullable]:
        raise _missing(replay, rows, missing)
    if not replay.leave_out:
        return 0
    # Of the whole file: `begin` and `end` may hide more.
    texts = ", ".join(column.named.select for column in columns)
    whole, left_out = connection.execute(
        f"SELECT count(*), count(*) FILTER ({left_out_sql(replay, columns)})"
        f" FROM (SELECT {texts} FROM {table.relation})"
    ).fetchone()
    if left_out == whole > 0:
        raise UsageError(
            f"{replay.path.name}: all {whole:,} rows are left out, each lacks a value of some column",
            hint="read fewer columns, or check `leave_out` in workload.toml",
        )
    return int(left_out)


def no_column(
    path: Path,
    names: Sequence[ColumnName],
    table: Table,
    hint: str = "name the file's columns in [input] and [input.fields] of workload.toml",
) -> UsageError:
    """The refusal of columns that a file does not have."""
    each = [f"'{shown(name)}'{did_you_mean(shown(name), table.names())}" for name in names]
    several = f"has none of these {len(each)} columns:\n  " + "\n  ".join(each)
    return UsageError(
        f"{path.name} {several if len(each) > 1 else f'has no column {each[0]}'}",
        hint=hint,
    )


def _exists(table: Table, name: ColumnName) -> bool:
    """Whether some row has it; of JSON only its objects tell."""
    steps = steps_of(name)
    return name in table.names() or (len(steps) > 1 and steps[-1] in table.inside(steps[:-1]))


def left_out_sql(replay: Replay, columns: Sequence[Column]) -> str:
    """Whether a row is left out, by the texts of its cells."""
    listed = ", ".join(literal(text) for text in replay.leave_out)
    cells = [column.named.cell.text for column in columns if not column.nullable]
    return f"({' OR '.join(f'{text} IS NULL OR {text} IN ({listed})' for text in cells)})"


def _fits(connection: Connection, columns: Sequence[Column]) -> tuple[int, list[_Fit]]:
    counted = "".join(
        f', count(*) FILTER ("{state_of(c.name)}" = {MISSING}),'
        f' count(*) FILTER ("{state_of(c.name)}" = {MISFIT}),'
        f' min("{ORDINAL}") FILTER ("{state_of(c.name)}" = {MISSING})'
        for c in columns
    )
    row = connection.execute(f"SELECT count(*){counted} FROM source").fetchone()
    found = [
        _Fit(column, int(row[1 + 3 * at]), int(row[2 + 3 * at]), row[3 + 3 * at])
        for at, column in enumerate(columns)
    ]
    return int(row[0]), found


def _misfits(
    connection: Connection, table: Table, replay: Replay, fits: Sequence[_Fit]
) -> UsageError:
    """All that do not fit as one error: the first few of each column."""
    lines: list[str] = []
    seen: dict[str, list[str]] = {}
    for fit in fits:
        found = _first(connection, table, fit.column)
        seen[fit.column.name] = [text for _, text in found]
        for row, text in found[:_SHOWN_VALUES]:
            what = _jumped(fit.column, text) or f"is not {fit.column.wanted}"
            lines.append(f"{fit.column.shown}, row {row:,}: {short(text)} {what}")
        if fit.misfits > _SHOWN_VALUES:
            lines.append(f"{fit.column.shown}: {fit.misfits - _SHOWN_VALUES:,} more")
    count = sum(fit.misfits for fit in fits)
    values = "one value does" if count == 1 else f"{count:,} values do"
    told = "".join(f"\n  {line}" for line in lines)
    return UsageError(
        f"{replay.path.name}: {values} not fit the declared type{told}",
        hint=_hint(fits[0].column, seen[fits[0].column.name]),
    )


def _instants(column: Column) -> TimeColumn | None:
    """How a column of instants is read; None for others."""
    if isinstance(column.declared, TimeColumn):
        return column.declared
    return column.declared.in_file.instants


def _jumped(column: Column, text: str) -> str | None:
    """That a time is none in its zone; None where it is none at all."""
    instants = _instants(column)
    if instants is None or instants.zone is None or instants.unit is not None:
        return None
    if not TimeGuess(format=instants.format).reads(text):
        return None
    return f"is no time in {instants.zone}: {JUMPED}"


def _first(connection: Connection, table: Table, column: Column) -> list[tuple[int, str]]:
    """The rows and texts of the first values that do not fit, looked up in the file itself."""
    rows: list[tuple[int, str]] = connection.execute(
        f'SELECT "{ORDINAL}", {column.named.cell.text} FROM'
        f' (SELECT row_number() OVER () AS "{ORDINAL}", {column.named.select} FROM {table.relation})'
        f' WHERE "{ORDINAL}" IN (SELECT "{ORDINAL}" FROM source'
        f' WHERE "{state_of(column.name)}" = {MISFIT} ORDER BY 1 LIMIT {_SEEN_FOR_A_HINT})'
        " ORDER BY 1"
    ).fetchall()
    return rows


def _hint(column: Column, texts: Sequence[str]) -> str:
    no_values = sorted({text for text in texts if text.strip() in (*NO_VALUES, "")})
    if no_values and len(no_values) == len(set(texts)):
        listed = ", ".join(_toml(text) for text in dict.fromkeys(("", *no_values)))
        return f"leave such rows out: leave_out = [{listed}] in [input] of workload.toml"
    if texts and all(_jumped(column, text) for text in texts):
        some = ", ".join(_toml(text) for text in dict.fromkeys(("", *texts[:_SHOWN_VALUES])))
        return (
            'name the zone in which they were written, such as zone = "UTC"; or leave such rows out:'
            f" leave_out = [{some}] in [input] of workload.toml"
        )
    if not isinstance(column.declared, Field):
        return time_hint(column.declared, texts)
    if (instants := column.declared.in_file.instants) is not None:
        return time_hint(instants, texts, 'type = "timestamp", ')
    return reading_of(column.declared.type).hint


def _missing(replay: Replay, rows: int, fits: Sequence[_Fit]) -> UsageError:
    told = "; ".join(
        f"no value for {fit.column.shown} in {fit.missing:,} of {rows:,} rows, first in row"
        f" {fit.first_missing:,}"
        for fit in fits
    )
    return UsageError(
        f"{replay.path} has {told}",
        hint='leave these rows out: leave_out = [""] in [input] of workload.toml; '
        'or let the field lack values: { type = "string", null = true }',
    )


def short(text: str) -> str:
    """A text as in a sentence: the beginning of a long one."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…")


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
