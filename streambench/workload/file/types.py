"""How a value of a file becomes one of a field's type: one entry a type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from streambench.model.expression import DecimalType, FieldType, ValueType
from streambench.model.workload import Field, TimeColumn
from streambench.workload.file.cells import Connection, FileCell, Kind, either
from streambench.workload.file.instants import check_time_column, instant_ms

# Of the next double it cannot be told any more whether it was that number, or was rounded to it.
_EXACT_IN_A_DOUBLE: Final = 2**53 - 1
MOST_TIMES: Final = 1_000_000_000

_WHOLE: Final = r"^\s*([+-]?\d+)(?:\.0*)?\s*$"
# A DECIMAL holds 38 digits, and a factor has ten at most.
_DECIMAL: Final = r"^\s*(?:([+-]?(?:\d{1,19}\.\d{0,9}|\.\d{1,9}))0*|([+-]?\d{1,19}))\s*$"
_DOUBLE: Final = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_INTEGERS: Final = frozenset(
    ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"]
)


@dataclass(frozen=True)
class Reading:
    """How a type is read: `value` gives SQL that is null where a cell does not fit, times a factor.

    `is_number`: it has a least and greatest value. `hint` says what to do with a value that does not fit.
    """

    value: Callable[[FileCell, int], str]
    is_number: bool
    hint: str


def _string(cell: FileCell, times: int) -> str:
    if cell.typed is not None and cell.typed[1] == "VARCHAR":
        return cell.typed[0]
    # 1.50 and 1.5 are one number and would be two keys, or one: the text is not the value's own.
    return (
        f"CASE WHEN {cell.kind} NOT IN ({Kind.DOUBLE.sql}, {Kind.ROUNDED.sql}, {Kind.NESTED.sql})"
        f" THEN {cell.text} END"
    )


def _bigint(cell: FileCell, times: int) -> str:
    if cell.typed is not None and cell.typed[1] in _INTEGERS and times == 1:
        return f"CAST({cell.typed[0]} AS BIGINT)"
    if times == 1:
        number = f"TRY_CAST(regexp_extract({cell.text}, '{_WHOLE}', 1) AS BIGINT)"
    else:
        digits = either(cell.text, _DECIMAL)
        product = f"(TRY_CAST({digits} AS DECIMAL(28, 9)) * {times}::DECIMAL(10, 0))"
        number = f"CASE WHEN {product} = floor({product}) THEN TRY_CAST({product} AS BIGINT) END"
    return _of_exact_text(cell, number)


def _of_exact_text(cell: FileCell, number: str) -> str:
    """A number, if its text tells it: that of a great double is one of several."""
    exact = f"abs(TRY_CAST({cell.text} AS DOUBLE)) <= {_EXACT_IN_A_DOUBLE}"
    return (
        f"CASE {cell.kind} WHEN {Kind.ROUNDED.sql} THEN NULL"
        f" WHEN {Kind.DOUBLE.sql} THEN CASE WHEN {exact} THEN {number} END ELSE {number} END"
    )


def _double(cell: FileCell, times: int) -> str:
    number = f"CASE WHEN regexp_matches({cell.text}, '{_DOUBLE}') THEN TRY_CAST({cell.text} AS DOUBLE) END"
    return f"CASE WHEN isfinite({number}) THEN {number} END"


def _boolean(cell: FileCell, times: int) -> str:
    return f"CASE lower(trim({cell.text})) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"


def value_sql(connection: Connection, field: Field, cell: FileCell) -> str:
    """SQL of a field's value, which is null where the cell does not fit its type.

    Raises UsageError for a zone or a format of times that there is not.
    """
    if (instants := field.in_file.instants) is not None:
        check_time_column(connection, instants)
        return instant_ms(cell, instants)
    return reading_of(field.type).value(cell, field.in_file.times)


def reading_of(type_: ValueType) -> Reading:
    """How a type is read."""
    return _of_decimals(type_) if isinstance(type_, DecimalType) else READINGS[type_]


def _of_decimals(type_: DecimalType) -> Reading:
    """A value with more digits than the type has does not fit: it is never rounded."""
    behind = rf"(?:\.\d{{0,{type_.scale}}})?"
    only_behind = rf"|\.\d{{1,{type_.scale}}}" if type_.scale else ""
    exact = rf"^\s*([+-]?(?:\d+{behind}{only_behind}))0*\s*$"

    def value(cell: FileCell, times: int) -> str:
        digits = f"regexp_extract({cell.text}, '{exact}', 1)"
        number = f"TRY_CAST({digits} AS DECIMAL({type_.precision}, {type_.scale}))"
        return _of_exact_text(cell, number)

    hint = "declare enough digits, decimal(all of them, those behind the point), or read it as a double"
    return Reading(value, is_number=True, hint=hint)


READINGS: Final[Mapping[FieldType, Reading]] = {
    FieldType.STRING: Reading(
        _string,
        is_number=False,
        hint="a string is read from text, whole numbers, UUIDs and the like; numbers with a point need quotes",
    ),
    FieldType.DOUBLE: Reading(
        _double,
        is_number=True,
        hint="engines differ on what becomes of NaN and infinity: leave such rows out by leave_out",
    ),
    FieldType.BOOLEAN: Reading(
        _boolean,
        is_number=False,
        hint='true and false are read; read anything else as a "string"',
    ),
    FieldType.TIMESTAMP: Reading(
        lambda cell, times: instant_ms(cell, TimeColumn("")),
        is_number=True,
        hint="see the columns of times in docs/own-data.md",
    ),
    FieldType.BIGINT: Reading(
        _bigint,
        is_number=True,
        hint='read it as a "string" or a "decimal(10,2)", or decimals in a smaller unit: '
        '{ column = "price", type = "bigint", times = 100 }',
    ),
}
