"""What a group is called inside streambench: one text, which is also the Kafka key of its records.

Of one string it is the string itself, of one other value its JSON, of several a compact JSON array. Two
groups have one text only if all their values are the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

KeyValue: TypeAlias = str | int
"""A value of a field by which a query groups."""

_COMPACT: Final = (",", ":")


def key_text(values: Sequence[KeyValue]) -> str:
    """The text of the group with these values, in the order of the query."""
    if len(values) > 1:
        return json.dumps(list(values), ensure_ascii=False, separators=_COMPACT)
    (value,) = values
    return value if isinstance(value, str) else json.dumps(value)


def key_texts(columns: Sequence[pa.ChunkedArray]) -> pa.ChunkedArray:
    """The same of many groups: a column for each field, one entry a group."""
    import pyarrow as pa  # a declaration is read without it
    import pyarrow.compute as pc

    if len(columns) == 1:
        return columns[0].cast(pa.string())
    inside = pc.binary_join_element_wise(*map(_json_texts, columns), ",")
    return pc.binary_join_element_wise("[", inside, "]", "")


def _json_texts(column: pa.ChunkedArray) -> pa.Array:
    """Each value as JSON; a distinct string is written once."""
    import pyarrow as pa

    values = column.combine_chunks()
    if pa.types.is_integer(column.type):
        return values.cast(pa.string())
    coded = values if pa.types.is_dictionary(column.type) else values.dictionary_encode()
    distinct = [json.dumps(text, ensure_ascii=False) for text in coded.dictionary.to_pylist()]
    return pa.array(distinct, pa.string()).take(coded.indices)
