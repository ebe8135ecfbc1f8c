"""What a group is called inside streambench: one text, which is also the Kafka key of its records.

Of one string it is the string itself, of one other value its JSON, of several a compact JSON array. Two
groups have one text only if all their values are the same.

A record that lacks a value of its group is of no group. Its key has `null` in place of that value, and it lies
on the partition of this key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

_NULL: Final = "null"

KeyValue: TypeAlias = str | int | float | Decimal
"""A value of a field; a decimal has all digits of its type. No query groups by a double."""


def key_text(values: Sequence[KeyValue | None]) -> str:
    """The text of the group with these values, in the order of the query."""
    match values:
        case [str(text)]:
            return text
        case [value]:
            return _json(value)
        case _:
            return f"[{','.join(map(_json, values))}]"


def _json(value: KeyValue | None) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False)


def key_texts(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """The same of many groups: a column for each field, one entry a group."""
    import pyarrow as pa  # a declaration is read without it
    import pyarrow.compute as pc

    if len(columns) == 1:
        (column,) = columns
        return column if pa.types.is_string(column.type) else _json_texts(column, plain=True)
    inside = pc.binary_join_element_wise(*map(_json_texts, columns), ",")
    return pc.binary_join_element_wise("[", inside, "]", "")


def _json_texts(column: pa.ChunkedArray, *, plain: bool = False) -> pa.Array:
    """Each value as JSON, or a string as it is where `plain`; a distinct value is written once."""
    import pyarrow as pa

    values = column.combine_chunks()
    if pa.types.is_integer(column.type):
        return values.cast(pa.string()).fill_null(_NULL)
    coded = values if pa.types.is_dictionary(column.type) else values.dictionary_encode()
    written = coded.dictionary.to_pylist()
    if not (plain and written and isinstance(written[0], str)):
        written = [_json(value) for value in written]
    return pa.array(written, pa.string()).take(coded.indices).fill_null(_NULL)
