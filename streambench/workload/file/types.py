"""How a value of a file becomes one of a field's type: one entry a type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from streambench.model.expression import FieldType
from streambench.workload.file.cells import FileCell, Kind

# Beyond it a double no longer tells one whole number from the next.
_EXACT_IN_A_DOUBLE: Final = 2**53
MOST_TIMES: Final = 1_000_000_000

_WHOLE: Final = r"^\s*([+-]?\d+)(?:\.0*)?\s*$"
# A DECIMAL holds 38 digits, and a factor has ten at most.
_DECIMAL: Final = r"^\s*([+-]?(?:\d{1,19}(?:\.\d{0,9})?|\.\d{1,9}))0*\s*$"
_INTEGERS: Final = frozenset(
    ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"]
)


@dataclass(frozen=True)
class Reading:
    """How a type is read: `value` gives SQL that is null where a cell does not fit, times a factor.

    `sql_type` is its column's in DuckDB; `is_number`: it has a factor, and a least and greatest value.
    `hint` says what to do with a value that does not fit.
    """

    sql_type: str
    value: Callable[[FileCell, int], str]
    is_number: bool
    hint: str


def _string(cell: FileCell, times: int) -> str:
    if cell.typed is not None and cell.typed[1] == "VARCHAR":
        return cell.typed[0]
    # 1.50 and 1.5 are one number and would be two keys, or one: the text is not the value's own.
    return (
        f"CASE WHEN {cell.kind} NOT IN ({Kind.DOUBLE.sql}, {Kind.NESTED.sql}) THEN {cell.text} END"
    )


def _bigint(cell: FileCell, times: int) -> str:
    if cell.typed is not None and cell.typed[1] in _INTEGERS and times == 1:
        return f"CAST({cell.typed[0]} AS BIGINT)"
    if times == 1:
        number = f"TRY_CAST(regexp_extract({cell.text}, '{_WHOLE}', 1) AS BIGINT)"
    else:
        digits = f"regexp_extract({cell.text}, '{_DECIMAL}', 1)"
        product = f"(TRY_CAST({digits} AS DECIMAL(28, 9)) * {times}::DECIMAL(10, 0))"
        number = f"CASE WHEN {product} = floor({product}) THEN TRY_CAST({product} AS BIGINT) END"
    exact = f"abs(TRY_CAST({cell.text} AS DOUBLE)) <= {_EXACT_IN_A_DOUBLE}"
    return f"CASE WHEN {cell.kind} <> {Kind.DOUBLE.sql} OR {exact} THEN {number} END"


READINGS: Final[Mapping[FieldType, Reading]] = {
    FieldType.STRING: Reading(
        "VARCHAR",
        _string,
        is_number=False,
        hint="a string is read from text, whole numbers, UUIDs and the like; numbers with a point need quotes",
    ),
    FieldType.BIGINT: Reading(
        "BIGINT",
        _bigint,
        is_number=True,
        hint='read it as a "string", or decimals in a smaller unit: '
        '{ column = "price", type = "bigint", times = 100 }',
    ),
}
