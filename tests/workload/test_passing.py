"""Which generated records pass `where` is decided exactly where constants are compared, and never wrongly."""

from __future__ import annotations

import dataclasses
import itertools
import random

import pytest

from streambench.model.errors import UsageError
from streambench.model.expression import DecimalType, FieldReference, FieldType
from streambench.model.field_source import Choice, Coin, DecimalRange, DoubleRange, IntRange
from streambench.model.workload import Field, Workload
from streambench.workload.expressions import parse_expression
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload
from streambench.workload.passing import passing_keys
from streambench.workload.python import to_python
from streambench.workload.validate import check, problems

CLICKS = load_workload(shipped_root() / "clicks")
KEYS = ("a", "b", "c", "d")
FIELDS = (
    Field("key", FieldType.STRING, Choice(KEYS, 0.0)),
    Field("word", FieldType.STRING, Choice(("m", "x", "z"), 0.0)),
    Field("low", FieldType.BIGINT, IntRange(-3, 4)),
    Field("high", FieldType.BIGINT, IntRange(2, 6)),
)


def where(text: str) -> Workload:
    query = dataclasses.replace(
        CLICKS.query,
        group_by=(FieldReference("key", FieldType.STRING),),
        aggregates=(),
        where=parse_expression(text, FIELDS),
    )
    return dataclasses.replace(CLICKS, fields=FIELDS, query=query, partitions=1)


def tried(workload: Workload) -> frozenset[str]:
    """By trying every record that there can be."""
    assert workload.query.where is not None
    code = compile(to_python(workload.query.where), "where", "eval")
    values = [
        range(each.source.low, each.source.high + 1)
        if isinstance(each.source, IntRange)
        else each.source.values
        for each in FIELDS
        if isinstance(each.source, IntRange | Choice)
    ]
    names = [each.name for each in FIELDS]
    records = (dict(zip(names, each, strict=True)) for each in itertools.product(*values))
    return frozenset(str(record["key"]) for record in records if eval(code, {}, record))


@pytest.mark.parametrize(
    "text",
    [
        "word = 'y'",
        "word <> 'x' and word <> 'm' and word <> 'z'",
        "low > 4",
        "low < -3 or high > 6",
        "low between 5 and 3",
        "high in (1, 7, 0)",
        "word in ('q', 'r') and low = 1",
        "low > 1 and low < 2",
        "not (low <= 4)",
        "key = word",
        "low * 2 > 8",
        "low + high > 10",
        "'b' > 'c'",
        "word > 'z'",
        "word < 'm'",
        "word > 'm' and word < 'x'",
        "key in ('a', 'b') and key in ('c', 'd')",
        "low = high and low = 1",
    ],
)
def test_a_condition_that_no_record_passes_is_known(text: str) -> None:
    assert tried(where(text)) == frozenset()
    assert not passing_keys(where(text))
    assert problems(where(text)) == ("no record passes `where`, so nothing would be counted",)


@pytest.mark.parametrize(
    "text",
    [
        "key = 'b'",
        "key >= 'b' and key <> 'c'",
        "key in ('a', 'z', 'd')",
        "(key = 'a' and low > 0) or (key = 'b' and low > 9)",
        "not key in ('a', 'b')",
        "word = 'x'",
        "low = 4",
        "word > 'l' and word < 'n'",
        "low - high >= 2",
    ],
)
def test_the_keys_that_pass_are_known(text: str) -> None:
    assert tried(where(text)) != frozenset()
    assert keys_that_pass(where(text)) == tried(where(text))


def keys_that_pass(workload: Workload) -> frozenset[str]:
    source = workload.field("key").source
    assert isinstance(source, Choice)
    passing = passing_keys(workload)
    return frozenset(value for value in source.values if passing.holds(value))


def condition(rng: random.Random, depth: int) -> str:
    if depth and rng.random() < 0.7:
        kind = rng.choice(["and", "or", "not"])
        if kind == "not":
            return f"not ({condition(rng, depth - 1)})"
        return f"({condition(rng, depth - 1)}) {kind} ({condition(rng, depth - 1)})"
    operator = rng.choice(["=", "<>", "<", "<=", ">", ">="])
    match rng.randrange(6):
        case 0:
            return f"{rng.choice(['key', 'word'])} {operator} '{rng.choice('abcmxyz')}'"
        case 1:
            return f"{rng.choice(['low', 'high'])} {operator} {rng.randint(-5, 8)}"
        case 2:
            return f"{rng.randint(-5, 8)} {operator} {rng.choice(['low', 'high'])}"
        case 3:
            return f"key in ('{rng.choice('abz')}', '{rng.choice('cdy')}')"
        case 4:
            return f"low in ({rng.randint(-9, 9)}, {rng.randint(-9, 9)}, 2)"
        case _:
            return f"low {rng.choice('+-*')} high {operator} {rng.randint(-20, 30)}"


@pytest.mark.parametrize("seed", range(3))
def test_no_key_that_passes_is_ever_taken_for_one_that_does_not(seed: int) -> None:
    rng = random.Random(seed)
    exact = 0
    for _ in range(120):
        workload = where(condition(rng, 3))
        found, really = keys_that_pass(workload), tried(workload)
        assert found >= really
        exact += found == really
    assert exact > 100, "it is told exactly nearly always"


TYPED = (
    *FIELDS,
    Field("fee", DecimalType(4, 2), DecimalRange(-50, 999, 2)),
    Field("share", FieldType.DOUBLE, DoubleRange(0.5, 9.0)),
    Field("paid", FieldType.BOOLEAN, Coin(0.5)),
    Field("never", FieldType.BOOLEAN, Coin(0.0)),
    Field("always", FieldType.BOOLEAN, Coin(1.0)),
)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("fee > 9.99", False),
        ("fee >= 9.99 and key = 'b'", True),
        ("share < 0.5", False),
        ("share * 2 > 18.5", False),
        ("fee + low > 14", False),
        ("low in (1.5, 2.5, 100)", True),
        ("low in (4.5, 100)", False),
        ("never", False),
        ("not always or never", False),
        ("never = always", False),
        ("paid and not never", True),
        ("paid = (low > 4)", True),
        ("always = (low > 4)", False),
        ("low % 2 > 1", False),
        ("low / 8 > 0.5", False),
        ("length(word) < 0", False),
        ("abs(low) > 4", False),
        ("case when low > 0 then low else 0 end > 4", False),
        # What is computed of texts is not decided, and counts as passing.
        ("lower(word) = 'q'", True),
        ("word like 'q%'", True),
        ("key || word > 'x' and low > 4", False),
        ("false", False),
        ("true", True),
    ],
)
def test_conditions_of_every_type_are_decided(text: str, passes: bool) -> None:
    query = dataclasses.replace(where("key = 'a'").query, where=parse_expression(text, TYPED))
    workload = dataclasses.replace(CLICKS, fields=TYPED, query=query, partitions=1)
    assert bool(passing_keys(workload)) is passes
    assert problems(workload) == (
        () if passes else ("no record passes `where`, so nothing would be counted",)
    )


def test_what_would_take_too_long_is_decided_coarsely() -> None:
    many = Field("word", FieldType.STRING, Choice(tuple(f"w{n}" for n in range(5_000)), 0.0))
    fields = (FIELDS[0], many, Field("low", FieldType.BIGINT, IntRange(0, 2**31)))
    values = ", ".join(f"'w{n}'" for n in range(99))
    numbers = ", ".join(str(3 * n) for n in range(99))
    text = f"word in ({values}) and low in ({numbers}) and key = 'b'"
    query = dataclasses.replace(
        CLICKS.query,
        group_by=(FieldReference("key", FieldType.STRING),),
        where=parse_expression(text, fields),
    )
    workload = dataclasses.replace(CLICKS, fields=fields, query=query)
    assert keys_that_pass(workload) == {"b"}


def test_a_partition_whose_keys_do_not_pass_is_a_problem() -> None:
    only = dataclasses.replace(
        CLICKS.query, where=parse_expression("campaign = 'c1'", CLICKS.fields)
    )
    (problem,) = problems(dataclasses.replace(CLICKS, query=only))
    assert "of 4 would get no record that passes `where`" in problem
    assert "the 1 passing values of 'campaign' (c1) all hash to others" in problem
    with pytest.raises(UsageError, match="would get no record"):
        check(dataclasses.replace(CLICKS, query=only))


def test_a_condition_that_no_row_of_a_file_passes_is_known() -> None:
    flights = load_workload(shipped_root() / "flights")

    def asking(text: str) -> tuple[str, ...]:
        query = dataclasses.replace(flights.query, where=parse_expression(text, flights.fields))
        return problems(dataclasses.replace(flights, query=query))

    assert asking("distance > 100000") == ("no record passes `where`, so nothing would be counted",)
    assert asking("distance > 100") == ()
    (problem,) = asking("carrier = 'UA'")
    assert "of 4 would get no record that passes `where`" in problem


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("low is null and key = 'b'", {"b"}),
        ("coalesce(low, 9) > 8 and key <> 'a'", {"b", "c", "d"}),
        ("not (low > 4) and key in ('a', 'b')", {"a", "b"}),
        ("not (low < 5)", set()),
        ("low > 4 or high is null and key = 'c'", {"c"}),
        ("case when low > 3 then 1 end is null and word = 'x' and key < 'b'", {"a"}),
        ("(low > 4 or key = 'd') and (high = 1 or word is not null)", {"d"}),
    ],
)
def test_a_record_may_pass_for_what_it_lacks(text: str, keys: set[str]) -> None:
    fields = tuple(dataclasses.replace(field, nullable=True, null_share=0.1) for field in FIELDS)
    query = dataclasses.replace(
        CLICKS.query,
        group_by=(FieldReference("key", FieldType.STRING),),
        aggregates=(),
        where=parse_expression(text, fields),
    )
    found = passing_keys(dataclasses.replace(CLICKS, fields=fields, query=query, partitions=1))
    assert {key for key in KEYS if found.holds(key)} >= keys
    assert bool(found) is bool(keys)
