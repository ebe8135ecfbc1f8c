from __future__ import annotations

import random

import duckdb
import pytest

from streambench.model.expression import (
    Aggregate,
    AggregateFunction,
    And,
    Arithmetic,
    ArithmeticOperator,
    Comparison,
    ComparisonOperator,
    Expression,
    FieldReference,
    FieldType,
    Literal,
    Membership,
    Not,
    Or,
)
from streambench.model.workload import Field
from streambench.workload.expressions import parse_aggregate, parse_expression
from streambench.workload.java import to_java
from streambench.workload.python import to_python
from streambench.workload.sql import aggregate_to_sql, to_sql
from streambench.workload.sql_text import ExpressionError

FIELDS = (
    Field("action", FieldType.STRING, None),
    Field("city", FieldType.STRING, None),
    Field("price", FieldType.BIGINT, None),
    Field("count_of", FieldType.BIGINT, None),
)
ACTION = FieldReference("action", FieldType.STRING)
PRICE = FieldReference("price", FieldType.BIGINT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("action = 'view'", Comparison(ComparisonOperator.EQ, ACTION, Literal("view"))),
        ("(price != -3)", Comparison(ComparisonOperator.NE, PRICE, Literal(-3))),
        (
            "price BETWEEN 1 AND 9",
            And(
                (
                    Comparison(ComparisonOperator.GE, PRICE, Literal(1)),
                    Comparison(ComparisonOperator.LE, PRICE, Literal(9)),
                )
            ),
        ),
        (
            "action not in ('a', 'b')",
            Not(Membership(ACTION, ("a", "b"))),
        ),
        ("price in (7, 7)", Comparison(ComparisonOperator.EQ, PRICE, Literal(7))),
        (
            "price in (1, count_of, 2)",
            Or(
                (
                    Membership(PRICE, (1, 2)),
                    Comparison(
                        ComparisonOperator.EQ,
                        PRICE,
                        FieldReference("count_of", FieldType.BIGINT),
                    ),
                )
            ),
        ),
        (
            "price - 2 * price >= 0",
            Comparison(
                ComparisonOperator.GE,
                Arithmetic(
                    ArithmeticOperator.SUB,
                    PRICE,
                    Arithmetic(ArithmeticOperator.MUL, Literal(2), PRICE),
                ),
                Literal(0),
            ),
        ),
    ],
)
def test_a_condition_of_the_subset_is_read(text: str, expected: Expression) -> None:
    assert parse_expression(text, FIELDS) == expected


def test_a_chain_of_and_is_one_node() -> None:
    read = parse_expression("price = 1 and price = 2 and price = 3", FIELDS)
    assert isinstance(read, And)
    assert len(read.operands) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("acton = 'view'", ["unknown column 'acton' at position 1", "did you mean 'action'?"]),
        ("price > 1 and acton = 'view'", ["'acton' at position 15"]),
        ("price / 2 = 1", ["position 1", "division"]),
        ("price % 2 = 1", ["remainder"]),
        ("price > 1.5", ["position 9", "whole numbers"]),
        ("price > 9223372036854775808", ["the greatest is 9223372036854775807"]),
        ("action like 'v%'", ["LIKE; use = or IN"]),
        ("upper(action) = 'VIEW'", ["position 1", "functions"]),
        ("price is null", ["no field is ever null"]),
        ("price = 'a'", ["a bigint compared with a string"]),
        ("action + 1 = 2", ["a string where a whole number is due"]),
        ("price", ["a condition is due"]),
        ("price < 1 < 2", ["a condition where a value is due"]),
        ("price in (select 1)", ["IN without a list"]),
        ("true", ["leave `where` out"]),
        ("t.price = 1", ["the field's name alone"]),
        ("price between symmetric 3 and 1", ["BETWEEN"]),
        ("sum(price) > 3", ["an aggregate stands in `select` alone"]),
        ("case when price = 1 then 2 end = 2", ["CASE; use AND"]),
        ("action = 'it''s'", ["position 10", "quotes"]),
        ("action = 'a\\b'", ["backslashes"]),
        ("action = '${broker}'", ["${"]),
        ("price >", ["is not SQL at position 7"]),
        ("action = 'view", ["at position 14", "a quotation is not closed"]),
        ("price = 1; price = 2", ["not one SQL expression"]),
        ("", ["not one SQL expression"]),
        ("price = 1 action", ["what can be used"]),
    ],
)
def test_what_is_outside_the_subset_is_refused_with_its_place(text: str, words: list[str]) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text, FIELDS)
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize(
    ("text", "function", "sql"),
    [
        ("count(*)", AggregateFunction.COUNT, "COUNT(*)"),
        ("sum(price)", AggregateFunction.SUM, 'SUM("price")'),
        ("min(price * 2)", AggregateFunction.MIN, 'MIN("price" * 2)'),
        ("max(-price)", AggregateFunction.MAX, 'MAX(0 - "price")'),
    ],
)
def test_an_aggregate_of_the_subset_is_read(
    text: str, function: AggregateFunction, sql: str
) -> None:
    aggregate = parse_aggregate(text, "total", FIELDS)
    assert (aggregate.alias, aggregate.function) == ("total", function)
    assert aggregate_to_sql(aggregate) == sql


def test_count_has_no_argument() -> None:
    assert parse_aggregate("count(*)", "n", FIELDS) == Aggregate("n", AggregateFunction.COUNT, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("avg(price)", ["avg", "not supported", "the nearest is 'sum(x)' and 'count(*)'"]),
        ("count(price)", ["'count(*)'"]),
        ("count(distinct action)", ["'count(*)'"]),
        ("count()", ["'count(*)'"]),
        ("sum(distinct price)", ["DISTINCT", "'sum(x)'"]),
        ("min(price, count_of)", ["'min(x)'"]),
        ("max(action)", ["a string where a whole number is due"]),
        ("price", ["an aggregate is count(*), sum(x), min(x) or max(x)"]),
        ("sum(price) + 1", ["an aggregate is"]),
        ("sum(price) over ()", ["an aggregate is"]),
        ("count(*) filter (where price > 1)", ["an aggregate is"]),
        ("median(price)", ["an aggregate is"]),
    ],
)
def test_an_aggregate_outside_the_subset_is_refused_with_the_nearest_form(
    text: str, words: list[str]
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_aggregate(text, "total", FIELDS)
    for word in words:
        assert word in caught.value.message


def test_flink_and_spark_quote_identifiers_by_backticks() -> None:
    condition = parse_expression("action = 'view' and not price < 3", FIELDS)
    assert to_sql(condition, quote="`") == "(`action` = 'view') AND (NOT (`price` < 3))"


def test_java_compares_strings_by_value_and_numbers_as_long() -> None:
    condition = parse_expression("action <> 'né' and action < 'z' and price = -5", FIELDS)
    assert to_java(condition) == (
        '(!action.equals("n\\u00e9")) && (action.compareTo("z") < 0) && (price == (-5L))'
    )


def test_a_variable_may_be_rendered_otherwise() -> None:
    condition = parse_expression("price = 1", FIELDS)
    assert to_python(condition, variable=lambda name: f'd["{name}"]') == 'd["price"] == 1'
    assert to_java(condition, variable=lambda name: f"r.{name}()") == "r.price() == 1L"


STRINGS = ("", "a", "b", "view", "Zürich", "日本")


def random_value(rng: random.Random, depth: int) -> Expression:
    if depth == 0 or rng.random() < 0.3:
        if rng.random() < 0.6:
            return FieldReference(rng.choice(["price", "count_of"]), FieldType.BIGINT)
        return Literal(rng.randint(-5, 5))
    operator = rng.choice(list(ArithmeticOperator))
    return Arithmetic(operator, random_value(rng, depth - 1), random_value(rng, depth - 1))


def random_condition(rng: random.Random, depth: int) -> Expression:
    operator = rng.choice(list(ComparisonOperator))
    kind = rng.choice(["number", "string"] if depth == 0 else ["and", "or", "not", "number"])
    match kind:
        case "and" | "or":
            operands = tuple(random_condition(rng, depth - 1) for _ in range(rng.randint(2, 3)))
            return And(operands) if kind == "and" else Or(operands)
        case "not":
            return Not(random_condition(rng, depth - 1))
        case "string":
            column = FieldReference(rng.choice(["action", "city"]), FieldType.STRING)
            return Comparison(operator, column, Literal(rng.choice(STRINGS)))
        case _:
            return Comparison(operator, random_value(rng, 2), random_value(rng, 2))


@pytest.mark.parametrize("seed", range(4))
def test_duckdb_and_python_agree_on_random_conditions_and_rows(seed: int) -> None:
    rng = random.Random(seed)
    rows = [
        (rng.choice(STRINGS), rng.choice(STRINGS), rng.randint(-9, 9), rng.randint(-9, 9))
        for _ in range(60)
    ]
    names = [field.name for field in FIELDS]
    true, false = 0, 0
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE rows (action VARCHAR, city VARCHAR, price BIGINT, count_of BIGINT)"
        )
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", rows)
        for _ in range(40):
            condition = random_condition(rng, 3)
            by_sql = [
                row[0]
                for row in connection.execute(f"SELECT {to_sql(condition)} FROM rows").fetchall()
            ]
            code = compile(to_python(condition), "condition", "eval")
            by_python = [eval(code, {}, dict(zip(names, row, strict=True))) for row in rows]
            assert by_sql == by_python, to_sql(condition)
            true += sum(by_sql)
            false += len(by_sql) - sum(by_sql)
    assert min(true, false) > 200, "the conditions are too one-sided to tell anything"


@pytest.mark.parametrize("seed", range(4))
def test_what_is_written_as_sql_is_read_back_with_the_same_meaning(seed: int) -> None:
    rng = random.Random(100 + seed)
    for _ in range(60):
        condition = random_condition(rng, 3)
        again = parse_expression(to_sql(condition), FIELDS)
        row = {
            "action": rng.choice(STRINGS),
            "city": "b",
            "price": rng.randint(-9, 9),
            "count_of": 2,
        }
        assert eval(to_python(again), {}, row) == eval(to_python(condition), {}, row)
