"""The one text of a group: the same for one group and for many, and different for different groups."""

from __future__ import annotations

import itertools
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from streambench.workload.keys import KeyValue, key_text, key_texts

TEXTS = ("", "a", "a,b", '"', '"],["', "\\", "\n", "[1]", "1", "né", "日本😀", "\u2028\x7f\x01")
NUMBERS = (0, 1, -1, 12, 2**63 - 1, -(2**63))
FLAGS = (True, False)
DECIMALS = (Decimal("0.00000000"), Decimal("-0.00000001"), Decimal("12.50000000"))


def test_one_string_is_its_own_text_whatever_it_looks_like() -> None:
    assert [key_text([text]) for text in TEXTS] == list(TEXTS)


def test_another_value_is_its_json_and_several_are_an_array() -> None:
    assert key_text([-7]) == "-7"
    assert key_text(["né", 7, '"']) == '["né",7,"\\""]'
    assert key_text([True]) == "true"
    assert key_text([Decimal("-0.00000001")]) == "-0.00000001"
    assert key_text([Decimal("1.50"), False]) == "[1.50,false]"


@pytest.mark.parametrize(
    "columns",
    [
        (TEXTS,),
        (NUMBERS,),
        (FLAGS,),
        (DECIMALS,),
        (TEXTS, NUMBERS),
        (NUMBERS, TEXTS, TEXTS),
        (FLAGS, DECIMALS, TEXTS),
    ],
    ids=["text", "number", "flag", "decimal", "both", "three", "others"],
)
def test_many_groups_have_the_texts_that_each_has_alone(
    columns: tuple[tuple[KeyValue, ...], ...],
) -> None:
    groups = list(itertools.product(*columns))
    arrays = [pa.chunked_array([pa.array(values)]) for values in zip(*groups, strict=True)]
    texts = key_texts(arrays).to_pylist()
    assert texts == [key_text(group) for group in groups]
    assert len(set(texts)) == len(groups)
    if len(columns) > 1:
        assert [tuple(json.loads(text, parse_float=Decimal)) for text in texts] == groups


def test_no_group_at_all_has_no_text() -> None:
    empty = pa.chunked_array([pa.array([], pa.string())])
    assert key_texts([empty, empty]).to_pylist() == []
