"""A recipe is a text and back; and a text makes nothing but a recipe."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from pathlib import Path

import pytest

from streambench.load.recipe_text import NoRecipe, read_recipe, recipe_text
from streambench.load.trace import compile_trace
from streambench.model.expression import (
    Comparison,
    ComparisonOperator,
    FieldReference,
    FieldType,
    Instant,
    Literal,
)
from streambench.model.recipe import Recipe
from streambench.model.shape import Ramp
from streambench.model.workload import Workload, shaped
from streambench.workload.locate import find
from streambench.workload.paced import at_rate
from streambench.workload.parse import load_workload

CLICKS = load_workload(find("clicks"))
FLIGHTS = load_workload(find("flights"))

JOINED = """
title = "Joined"
[input]
rate = 2_000
partitions = 2
[input.fields]
shop = { choice = 20, prefix = "s", null = 0.05 }
price = { decimal = [0.10, 9.99] }
at = { timestamp = ["2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"] }
[input.time]
disorder = "20 ms"
[query]
where = "price >= 1.25 AND at > TIMESTAMP '2024-01-05 00:00:00'"
group_by = ["shop"]
window = { hopping = "1 s", every = "250 ms" }
grace = "100 ms"
select = { n = "count(*)", total = "sum(price)" }
"""


def joined(folder: Path) -> Workload:
    own = folder / "joined"
    own.mkdir()
    (own / "workload.toml").write_text(JOINED)
    return load_workload(own)


def workloads(folder: Path) -> list[Workload]:
    return [
        CLICKS,
        FLIGHTS,
        at_rate(FLIGHTS, 500).workload,
        dataclasses.replace(CLICKS, input=shaped(CLICKS.input, Ramp(1_000, 3_000))),
        joined(folder),
    ]


def test_a_recipe_is_read_as_it_was_written(tmp_path: Path) -> None:
    for workload in workloads(tmp_path):
        given = Recipe(workload, 1_500, 3, None, workload.partitions)
        assert read_recipe(recipe_text(given)) == given


def test_types_of_constants_are_kept() -> None:
    at = FieldReference("at", FieldType.TIMESTAMP)
    for value in (Instant(5), 5, 5.0, Decimal("5.00"), True, "5"):
        where = Comparison(next(iter(ComparisonOperator)), at, Literal(value))
        query = dataclasses.replace(CLICKS.query, where=where)
        given = Recipe(dataclasses.replace(CLICKS, query=query), None, 1, None, 4)
        again = read_recipe(recipe_text(given)).workload.query.where
        assert isinstance(again, Comparison)
        assert isinstance(again.right, Literal)
        assert type(again.right.value) is type(value)
        assert str(again.right.value) == str(value)


def test_the_same_bytes_are_compiled_from_the_text(tmp_path: Path) -> None:
    for number, workload in enumerate(workloads(tmp_path)[3:]):
        here, there = tmp_path / f"here-{number}", tmp_path / f"there-{number}"
        trace = compile_trace(workload, duration_ms=2_000, seed=5, cache=here)
        assert trace.ref.recipe is not None
        recipe = read_recipe(recipe_text(trace.ref.recipe))
        again = compile_trace(
            recipe.workload,
            duration_ms=recipe.duration_ms,
            seed=recipe.seed,
            cache=there,
            rate_per_s=recipe.rate_per_s,
            partitions=recipe.partitions,
        )
        assert again.meta.sha256 == trace.meta.sha256


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[" * 100_000,
        "null",
        '{"is":"Path","value":"/"}',
        '{"is":"Popen","args":["true"]}',
        '{"is":"open","file":"/etc/passwd"}',
        '{"is":"Recipe"}',
        '{"is":"FieldType","value":"NOT_ONE"}',
        '{"no": "class"}',
    ],
)
def test_another_text_makes_nothing(text: str) -> None:
    with pytest.raises(NoRecipe):
        read_recipe(text)


def test_a_field_that_no_class_has_is_refused() -> None:
    told = json.loads(recipe_text(Recipe(CLICKS, None, 1, None, 4))) | {"new": 1}
    with pytest.raises(NoRecipe, match="cannot be read"):
        read_recipe(json.dumps(told))
