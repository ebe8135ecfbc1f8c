"""The range of an expression encloses every value that it has."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from streambench.model.expression import FieldType, parts, type_of
from streambench.workload.bounds import narrowed, range_of, steps_of
from streambench.workload.expressions import parse_expression, parse_named
from streambench.workload.python import helpers_of, to_python
from tests.workload.meanings import CONDITIONS, FIELDS, VALUES

NUMBERS = (FieldType.BIGINT, FieldType.DOUBLE)
RANGES = [
    {"n": (-7, 9), "m": (1, 5)},
    {"n": (0, 4), "m": (-4, -2)},
    {"n": (3, 3), "m": (2, 2)},
    {"n": (-10, -1), "m": (7, 8)},
]


def values(text: str, records: list[Mapping[str, Any]]) -> list[Any]:
    source = to_python(parse_named(text, FIELDS))
    helpers: dict[str, Any] = {"Decimal": Decimal}
    exec("import re\n" + "\n".join(helpers_of([source])), helpers)
    return [eval(source, helpers, dict(record)) for record in records]


def records_in(ranges: Mapping[str, tuple[int, int]]) -> list[Mapping[str, Any]]:
    spans = (range(low, high + 1) for low, high in ranges.values())
    return [
        {"s": s, "t": "ab", **dict(zip(ranges, numbers, strict=True))}
        for numbers in itertools.product(*spans)
        for s in ("", "abc")
    ]


@pytest.mark.parametrize("ranges", RANGES, ids=str)
def test_every_value_lies_in_the_range(ranges: Mapping[str, tuple[int, int]]) -> None:
    records = records_in(ranges)
    narrow = 0
    for text in VALUES:
        expression = parse_named(text, FIELDS)
        if type_of(expression) not in NUMBERS:
            continue
        low, high = range_of(expression, ranges)
        found = values(text, records)
        assert low <= min(found) <= max(found) <= high, text
        narrow += (low, high) == (min(found), max(found))
    assert narrow >= 5


@pytest.mark.parametrize("seed", range(5))
def test_what_a_condition_leaves_lies_in_the_narrowed_range(seed: int) -> None:
    rng = random.Random(seed)
    simple = [
        f"{name} {operator} {value}"
        for name in "nm"
        for operator in ("=", "<>", "<", "<=", ">", ">=")
        for value in (-2, 0, 1, 3)
    ] + ["3 > n", "0 <> m", "s = 'abc'", *[text for text in CONDITIONS if "n" in text][:5]]
    ranges = RANGES[0]
    records = records_in(ranges)
    tightened = 0
    for _ in range(200):
        first, second, third = (f"({rng.choice(simple)})" for _ in range(3))
        text = f"not ({first} or not {second}) and {third}"
        condition = parse_expression(text, FIELDS)
        known = narrowed(ranges, condition)
        left = [
            record for record, passes in zip(records, values(text, records), strict=True) if passes
        ]
        for name, (low, high) in known.items():
            assert all(low <= record[name] <= high for record in left), text
        tightened += known != ranges
    assert tightened > 100


def test_steps_are_all_parts_with_what_is_known_where_they_are_computed() -> None:
    expression = parse_named("case when n > 2 then n + 1 when m = 1 then n else m * n end", FIELDS)
    ranges = {"n": (0, 9), "m": (0, 9)}
    steps = {to_python(part): known for part, known in steps_of(expression, ranges)}
    assert len(list(steps_of(expression, ranges))) == len(list(parts(expression)))
    assert steps["n > 2"] == ranges
    assert steps["n + 1"] == {"n": (3, 9), "m": (0, 9)}
    assert steps["m == 1"] == {"n": (0, 2), "m": (0, 9)}
    assert steps["m * n"] == {"n": (0, 2), "m": (0, 9)}
