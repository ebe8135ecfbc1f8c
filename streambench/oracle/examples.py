"""A few concrete findings of each kind, in an order that does not change from run to run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from streambench.model.columns import ResultColumn, bound_columns, null_column, value_column
from streambench.model.verdict import Example, RowClass
from streambench.oracle.expected import Expected

PER_CLASS = 5
_NO_VALUE = "no value"


def examples(
    rows: pa.Table,
    rank: npt.NDArray[np.int64],
    expected: Expected,
    lost: npt.NDArray[np.int64],
    *,
    event_offset_ms: int,
) -> tuple[Example, ...]:
    """Return up to five findings of each class, by window, key and order of appending.

    `rows` are judged rows, `rank` their order of appending, `lost` indices into the expectation
    (which is ordered by window and key).
    """
    found = [
        _of_lost(record, expected, event_offset_ms)
        for record in expected.table.take(pa.array(lost[:PER_CLASS])).to_pylist()
    ]
    ranked = rows.append_column("rank", pa.array(rank))
    for row_class in RowClass:
        if row_class in (RowClass.RIGHT, RowClass.LOST):
            continue
        of_class = ranked.filter(pc.equal(rows.column("row_class"), row_class.value))
        first = pc.select_k_unstable(
            of_class,
            k=min(PER_CLASS, of_class.num_rows),
            sort_keys=[(name, "ascending") for name in ("window_start_ms", "key", "rank")],
        )
        for record in of_class.take(first).to_pylist():
            index = record["expected_index"]
            due = expected.table.slice(index, 1).to_pylist()[0] if index is not None else None
            found.append(
                Example(
                    row_class=row_class,
                    key=record["key"],
                    window_start_ms=record["window_start_ms"],
                    expected=None if due is None else _bounds(due, expected.aggregates),
                    got=_values(record, expected.aggregates),
                    corrected_later=record["corrected_later"],
                )
            )
    return tuple(found)


def _of_lost(record: Mapping[str, Any], expected: Expected, event_offset_ms: int) -> Example:
    return Example(
        row_class=RowClass.LOST,
        key=record["key"],
        window_start_ms=record["window_start_ms"] + event_offset_ms,
        expected=_bounds(record, expected.aggregates),
        got=None,
    )


def _values(record: Mapping[str, Any], columns: tuple[ResultColumn, ...]) -> str:
    return ", ".join(f"{c.alias} {_shown(record[value_column(c.alias)])}" for c in columns)


def _bounds(record: Mapping[str, Any], columns: tuple[ResultColumn, ...]) -> str:
    if record["possible_records"] == 0:
        return "no row: all its records were late"
    if not record.get("may", True):
        return "no row: its group does not pass `having`"
    shown = []
    for column in columns:
        low, high, _ = bound_columns(column.alias)
        words = _range(record[low], record[high])
        if column.may_be_null and record[null_column(column.alias)] and record[low] is not None:
            words += f" or {_NO_VALUE}"
        shown.append(f"{column.alias} {words}")
    return ", ".join(shown)


def _range(low: Any, high: Any) -> str:
    return _shown(low) if low == high else f"{_shown(low)} to {_shown(high)}"


def _shown(value: Any) -> str:
    return _NO_VALUE if value is None else str(value)
