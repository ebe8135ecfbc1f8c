"""Random conditions mean the same as SQL and as Python, and when they are read back."""

from __future__ import annotations

import random

import duckdb
import pytest

from streambench.model.expression import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Comparison,
    ComparisonOperator,
    Expression,
    FieldReference,
    FieldType,
    Literal,
    Not,
    Or,
)
from streambench.workload.expressions import parse_expression
from streambench.workload.python import to_python
from streambench.workload.sql import to_sql
from tests.workload.test_expressions import FIELDS

STRINGS = ("", "a", "b", "view", "Zürich", "日本")


def random_value(rng: random.Random, depth: int) -> Expression:
    if depth == 0 or rng.random() < 0.3:
        if rng.random() < 0.6:
            return FieldReference(rng.choice(["price", "count_of"]), FieldType.BIGINT)
        return Literal(rng.randint(-5, 5))
    operator = rng.choice([ArithmeticOperator.ADD, ArithmeticOperator.SUB, ArithmeticOperator.MUL])
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
