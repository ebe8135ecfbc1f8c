"""Groups of several fields and of whole numbers: what each engine is given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streambench.engines.common.query_source import query_source
from streambench.engines.flink import ENGINE as FLINK
from streambench.engines.protocol import Engine
from streambench.engines.spark import ENGINE as SPARK
from streambench.model.conditions import Conditions, Variant
from streambench.model.expression import FieldReference, FieldType
from streambench.model.plan import Plan
from streambench.model.workload import Workload
from tests.engines.cluster_lab import CLICKS

CAMPAIGN = FieldReference("campaign", FieldType.STRING)
ACTION = FieldReference("action", FieldType.STRING)
PRICE = FieldReference("price", FieldType.BIGINT)


def grouped(*keys: FieldReference) -> Workload:
    return replace(CLICKS, query=replace(CLICKS.query, group_by=keys))


def made(engine: Engine, *keys: FieldReference) -> str:
    """The programs that are generated, one behind the other."""
    plan = engine.plan(grouped(*keys), Conditions(), Variant(engine.name, engine.version))
    assert isinstance(plan, Plan)
    return "\n".join(program.text for program in plan.programs)


def test_flink_groups_by_the_fields_and_keys_its_rows_by_them() -> None:
    text = made(FLINK, ACTION, PRICE)
    assert "  `action` STRING,\n  `price` BIGINT,\n  `window_start` BIGINT," in text
    assert "GROUP BY `action`, `price`, `window_start`, `window_end`" in text
    assert "'key.format' = 'json',\n  'key.fields' = 'action;price'," in text


def test_a_text_is_flinks_key_as_it_is_and_a_number_is_not() -> None:
    assert "'key.format' = 'raw',\n  'key.fields' = 'campaign'," in made(FLINK, CAMPAIGN)
    assert "'key.format' = 'json',\n  'key.fields' = 'price'," in made(FLINK, PRICE)


def test_spark_groups_by_the_fields_and_keys_its_rows_by_them() -> None:
    text = made(SPARK, ACTION, PRICE)
    assert '.groupBy(\n        "action",\n        "price",\n        F.window(' in text
    assert 'F.to_json(F.struct("action", "price")).alias("key")' in text
    assert 'F.struct("action", "price", F.unix_millis(' in text
    assert 'F.col("campaign").alias("key")' in made(SPARK, CAMPAIGN)
    assert 'F.to_json(F.struct("price")).alias("key")' in made(SPARK, PRICE)


@pytest.mark.parametrize(
    ("keys", "values", "key", "row"),
    [
        ([CAMPAIGN], ["né"], b"n\xc3\xa9", '{"campaign": "n\\u00e9", '),
        ([PRICE], [-7], b"-7", '{"price": -7, '),
        ([ACTION, PRICE], ['"', 7], b'["\\"",7]', '{"action": "\\"", "price": 7, '),
    ],
)
def test_the_python_program_groups_by_the_fields_and_says_each(
    keys: list[FieldReference], values: list[str | int], key: bytes, row: str
) -> None:
    program: dict[str, object] = {}
    exec(query_source(grouped(*keys)), program)
    event = {"campaign": "c", "action": "a", "price": 3}
    event |= {each.name: value for each, value in zip(keys, values, strict=True)}
    totals: dict[object, list[int]] = {}
    for other in (event, event, {**event, keys[0].name: "other"}):
        program["accumulate"](totals, other)  # type: ignore[operator]
    group, other_group = totals
    assert (totals[group][0], totals[other_group][0]) == (2, 1)
    written = program["row"](group, 500, totals[group])  # type: ignore[operator]
    assert written[0] == key
    assert written[1].decode().startswith(row + '"window_start": 500, "views": 2, ')
