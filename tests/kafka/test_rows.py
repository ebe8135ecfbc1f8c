from __future__ import annotations

import json
import math
from dataclasses import replace
from decimal import Decimal

import pyarrow as pa
import pytest

from streambench.kafka.raw_rows import NO_ROWS, RawRow, RawRows
from streambench.kafka.rows import decode
from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.expression import (
    Comparison,
    ComparisonOperator,
    DecimalType,
    FieldReference,
    FieldType,
    Literal,
)
from streambench.model.windows import Tumbling
from streambench.model.workload import Query

QUERY = Query(
    where=None,
    group_by=(FieldReference("campaign", FieldType.STRING),),
    window=Tumbling(500),
    grace_ms=100,
    aggregates=(
        Aggregate("views", AggregateFunction.COUNT, None),
        Aggregate("revenue", AggregateFunction.SUM, FieldReference("price", FieldType.BIGINT)),
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
    decoded = decode(RawRows.of([raw(row()), raw(swapped, 1)]), QUERY)
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


def test_a_group_of_several_fields_has_one_text_whoever_wrote_them() -> None:
    text, number = (
        FieldReference("campaign", FieldType.STRING),
        FieldReference("shop", FieldType.BIGINT),
    )
    query = replace(QUERY, group_by=(text, number))
    rows = [row(shop=7), row(shop=-7, campaign='"é'), b"{}", row(shop="7"), row()]
    decoded = decode(RawRows.of([raw(each, at) for at, each in enumerate(rows)]), query)
    assert decoded.table.column("key").to_pylist() == ['["c1",7]', '["\\"é",-7]']
    assert [each.offset for each in decoded.malformed] == [2, 3, 4]
    assert decoded.malformed[1].reason == "shop is '7', not a whole number"
    swapped = replace(QUERY, group_by=(number, text))
    assert decode(RawRows.of([raw(rows[0])]), swapped).table.column("key").to_pylist() == [
        '[7,"c1"]'
    ]
    alone = replace(QUERY, group_by=(number,))
    many = RawRows.of(raw(row(shop=n), n) for n in range(100))
    assert decode(many, alone).table.column("key").to_pylist() == [str(n) for n in range(100)]


PRICE = FieldReference("price", FieldType.BIGINT)
POSITIVE = Comparison(ComparisonOperator.GT, PRICE, Literal(0))
WITHOUT_VALUES = replace(
    QUERY,
    aggregates=(
        Aggregate("views", AggregateFunction.COUNT, None, POSITIVE),
        Aggregate("mean", AggregateFunction.AVG, PRICE),
        Aggregate("mean_up", AggregateFunction.AVG, PRICE, POSITIVE),
        Aggregate("up", AggregateFunction.SUM, PRICE, POSITIVE),
    ),
)


def values_row(**fields: object) -> bytes:
    usual = {"campaign": "c1", "window_start": 500, "views": 3, "mean": 2.5, "mean_up": 1, "up": 4}
    return json.dumps(usual | fields).encode()


@pytest.mark.parametrize("count", [2, 100])
def test_an_aggregate_of_no_record_has_no_value_and_an_average_is_a_double(count: int) -> None:
    none = values_row(mean_up=None, up=None, mean=-1.0e10)
    left_out = b'{"campaign": "c2", "window_start": 500, "views": 0, "mean": 7}'
    rows = [values_row() for _ in range(count)] + [none, left_out]
    decoded = decode(RawRows.of(raw(each, at) for at, each in enumerate(rows)), WITHOUT_VALUES)
    assert decoded.malformed_count == 0
    last = decoded.table.slice(count - 1).select([5, 6, 7, 8, 9]).to_pydict()
    assert last == {
        "window_start_ms": [500, 500, 500],
        "value:views": [3, 3, 0],
        "value:mean": [2.5, -1.0e10, 7.0],
        "value:mean_up": [1.0, None, None],
        "value:up": [4, None, None],
    }
    assert decoded.table.schema.field("value:mean_up").type == "double"
    assert decoded.table.schema.field("value:up").type == "int64"


@pytest.mark.parametrize(
    "wrong",
    [
        {"mean": None},
        {"views": None},
        {"mean": "2.5"},
        {"mean": "NaN"},
        {"mean": math.nan},
        {"mean": -math.inf},
        {"mean": 10**400},
        {"mean": True},
        {"up": 2.5},
    ],
    ids=str,
)
@pytest.mark.parametrize("count", [1, 100])
def test_what_is_no_value_of_an_aggregate_is_malformed(
    wrong: dict[str, object], count: int
) -> None:
    rows = [values_row() for _ in range(count)] + [values_row(**wrong)]
    decoded = decode(RawRows.of(raw(each, at) for at, each in enumerate(rows)), WITHOUT_VALUES)
    assert [each.offset for each in decoded.malformed] == [count]
    assert decoded.table.num_rows == count


AMOUNT = FieldReference("amount", DecimalType(6, 2))
DECIMALS = replace(
    QUERY,
    group_by=(FieldReference("paid", FieldType.BOOLEAN), FieldReference("vat", DecimalType(3, 2))),
    aggregates=(
        Aggregate("total", AggregateFunction.SUM, AMOUNT),
        Aggregate("least", AggregateFunction.MIN, AMOUNT, POSITIVE),
    ),
)


@pytest.mark.parametrize("count", [0, 100])
def test_decimals_are_compared_as_numbers_however_they_are_written(count: int) -> None:
    usual = b'{"paid":true,"vat":0.10,"window_start":500,"total":12.50,"least":1}'
    others = [
        b'{"paid":false,"vat":0.1,"window_start":500,"total":1E+2,"least":null}',
        b'{"paid":false,"vat":0,"window_start":500,"total":-0.010,"least":1234.5}',
    ]
    rows = [*others, *[usual] * count]
    decoded = decode(RawRows.of(raw(each, at) for at, each in enumerate(rows)), DECIMALS)
    assert decoded.malformed_count == 0
    first = decoded.table.slice(0, 2).select(["key", "value:total", "value:least"]).to_pydict()
    assert first == {
        "key": ["[false,0.10]", "[false,0.00]"],
        "value:total": [Decimal("100.00"), Decimal("-0.01")],
        "value:least": [None, Decimal("1234.50")],
    }
    assert decoded.table.schema.field("value:total").type == pa.decimal128(38, 2)
    assert decoded.table.schema.field("value:least").type == pa.decimal128(6, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"paid":1,"vat":0.10,"window_start":500,"total":12.50,"least":1}',
        b'{"paid":true,"vat":0.101,"window_start":500,"total":12.50,"least":1}',
        b'{"paid":true,"vat":10.1,"window_start":500,"total":12.50,"least":1}',
        b'{"paid":true,"vat":0.1,"window_start":500,"total":"x","least":1}',
        b'{"paid":true,"vat":0.1,"window_start":500,"total":1e99999,"least":1}',
        b'{"paid":true,"vat":0.1,"window_start":500,"total":NaN,"least":1}',
        b'{"paid":true,"vat":null,"window_start":500,"total":1,"least":1}',
    ],
)
@pytest.mark.parametrize("count", [1, 100])
def test_what_is_no_decimal_of_its_type_is_malformed(wrong: bytes, count: int) -> None:
    usual = b'{"paid":true,"vat":0.10,"window_start":500,"total":12.50,"least":1}'
    rows = [*[usual] * count, wrong]
    decoded = decode(RawRows.of(raw(each, at) for at, each in enumerate(rows)), DECIMALS)
    assert [each.offset for each in decoded.malformed] == [count]


def test_no_rows_decode_to_an_empty_table_with_all_columns() -> None:
    table = decode(NO_ROWS, QUERY).table
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
    decoded = decode(RawRows.of([raw(row()), raw(value, 7)]), QUERY)
    assert decoded.table.num_rows == 1
    assert decoded.malformed_count == 1
    assert reason in decoded.malformed[0].reason
    assert decoded.malformed[0].offset == 7


def test_only_the_first_malformed_rows_are_kept_but_all_are_counted() -> None:
    decoded = decode(RawRows.of(raw(b"?", offset) for offset in range(1_000)), QUERY)
    assert decoded.malformed_count == 1_000
    assert [example.offset for example in decoded.malformed] == list(range(10))


GOOD = 400


def many(**others: bytes | None) -> RawRows:
    """So many good rows, others at places of their own among them (`at_N`)."""
    values: list[bytes | None] = [row(campaign=f"c{n}", views=n) for n in range(GOOD)]
    for name, value in sorted(others.items(), key=lambda item: int(item[0][3:])):
        values.insert(int(name[3:]), value)
    return RawRows.of(raw(value, offset) for offset, value in enumerate(values))


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{}",
        b"{",
        b"{}}",
        row() + row(),
        row() + b"\n" + row(),
        row()[:-1],
        b'{"campaign": "a\nb", "window_start": 500, "views": 1, "revenue": 1}',
        b'{"campaign": "\xff", "window_start": 500, "views": 1, "revenue": 1}',
        b'{"campaign": "\\ud800", "window_start": 500, "views": 1, "revenue": 1}',
        row(views="1"),
        row(views=1e3),
        row(views=-(2**63) - 1),
        row(revenue=[1]),
    ],
)
def test_one_malformed_row_among_many_is_told_apart(value: bytes | None) -> None:
    decoded = decode(many(at_250=value), QUERY)
    assert [(each.offset, each.partition) for each in decoded.malformed] == [(250, 2)]
    assert decoded.malformed_count == 1
    assert decoded.table.column("value:views").to_pylist() == list(range(GOOD))
    assert 250 not in decoded.table.column("offset").to_pylist()


def test_what_only_one_reader_of_json_takes_is_a_row_all_the_same() -> None:
    """Python's takes a name that stands twice, the last time; and a number in a field that is not ours."""
    twice = b'{"views": 1, "views": 7, "campaign": "c", "window_start": 5, "revenue": 2, "x": 1e99}'
    decoded = decode(many(at_0=twice, at_100=b" \n" + row(views=8) + b"\n"), QUERY)
    assert decoded.malformed_count == 0
    views = decoded.table.column("value:views").to_pylist()
    assert (views[0], views[100], len(views)) == (7, 8, GOOD + 2)
    assert decoded.table.column("offset").to_pylist() == list(range(GOOD + 2))


def test_two_objects_in_one_value_and_none_in_another_are_two_malformed_rows() -> None:
    decoded = decode(many(at_10=row() + row(), at_11=b" ", at_12=b""), QUERY)
    assert [each.offset for each in decoded.malformed] == [10, 11, 12]
    assert decoded.table.num_rows == GOOD
