from __future__ import annotations

import json

import pytest

from streambench.kafka.rows import RawRow, decode
from streambench.model.expression import Aggregate, AggregateFunction, Column, FieldType
from streambench.model.workload import Query, Tumbling

QUERY = Query(
    where=None,
    group_by="campaign",
    window=Tumbling(500),
    grace_ms=100,
    aggregates=(
        Aggregate("views", AggregateFunction.COUNT, None),
        Aggregate("revenue", AggregateFunction.SUM, Column("price", FieldType.BIGINT)),
    ),
)


def raw(value: bytes | None, offset: int = 0) -> RawRow:
    return RawRow(2, offset, 1_700, 1_701_000_000, b"c1", value)


def row(**fields: object) -> bytes:
    return json.dumps(
        {"campaign": "c1", "window_start": 500, "views": 3, "revenue": 40, **fields}
    ).encode()


def test_rows_decode_to_the_querys_columns_whatever_the_order_and_spacing() -> None:
    swapped = b'{ "revenue": 41, "views": 4,\n "window_start": 1000, "campaign": "c\\u00e9" }'
    decoded = decode([raw(row()), raw(swapped, 1)], QUERY)
    assert decoded.malformed_count == 0
    assert decoded.table.to_pydict() == {
        "partition": [2, 2],
        "offset": [0, 1],
        "appended_ms": [1_700, 1_700],
        "visible_ns": [1_701_000_000, 1_701_000_000],
        "key": ["c1", "cé"],
        "window_start_ms": [500, 1_000],
        "value:views": [3, 4],
        "value:revenue": [40, 41],
    }


def test_no_rows_decode_to_an_empty_table_with_all_columns() -> None:
    table = decode([], QUERY).table
    assert table.num_rows == 0
    assert table.column_names[-2:] == ["value:views", "value:revenue"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no value"),
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1]", "not a JSON object"),
        (row(views=None), "views is None"),
        (row(views=3.0), "views is 3.0"),
        (row(views=True), "views is True"),
        (row(views=2**63), "beyond 64 bits"),
        (row(window_start="1"), "window_start is '1'"),
        (row(campaign=4), "campaign is 4"),
    ],
)
def test_a_malformed_row_is_counted_and_kept_with_its_reason(
    value: bytes | None, reason: str
) -> None:
    decoded = decode([raw(row()), raw(value, 7)], QUERY)
    assert decoded.table.num_rows == 1
    assert decoded.malformed_count == 1
    assert reason in decoded.malformed[0].reason
    assert decoded.malformed[0].offset == 7


def test_only_the_first_malformed_rows_are_kept_but_all_are_counted() -> None:
    decoded = decode([raw(b"?", offset) for offset in range(1_000)], QUERY)
    assert decoded.malformed_count == 1_000
    assert [example.offset for example in decoded.malformed] == list(range(10))
