"""Random conditions mean the same as SQL and as Python, and when they are read back."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from streambench.model.expression import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Branch,
    CaseWhen,
    Coalesce,
    Comparison,
    ComparisonOperator,
    Expression,
    FieldReference,
    FieldType,
    IsNull,
    Literal,
    Not,
    Or,
    may_be_null,
)
from streambench.workload.expressions import parse_expression
from streambench.workload.python import helpers_of, to_python
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


def lacking(rng: random.Random, expression: Expression) -> Expression:
    """The same of fields that may have no value; here and there it is asked for."""
    match expression:
        case FieldReference():
            field = replace(expression, nullable=True)
            if field.type is FieldType.BIGINT and rng.random() < 0.2:
                return Coalesce((field, Literal(rng.randint(-3, 3))))
            return field
        case Arithmetic() | Comparison():
            left, right = lacking(rng, expression.left), lacking(rng, expression.right)
            if isinstance(expression, Arithmetic) and rng.random() < 0.2:
                branch = Branch(Comparison(ComparisonOperator.LT, left, right), left)
                return CaseWhen((branch,), right if rng.random() < 0.5 else None)
            return replace(expression, left=left, right=right)
        case And() | Or():
            return type(expression)(tuple(lacking(rng, each) for each in expression.operands))
        case Not(operand=operand):
            inner = lacking(rng, operand)
            return IsNull(inner) if may_be_null(inner) and rng.random() < 0.3 else Not(inner)
        case other:
            return other


@pytest.mark.parametrize("seed", range(4))
def test_duckdb_and_python_agree_on_what_may_have_no_value(seed: int) -> None:
    rng = random.Random(200 + seed)
    rows = [
        tuple(
            None if rng.random() < 0.3 else value
            for value in (
                rng.choice(STRINGS),
                rng.choice(STRINGS),
                rng.randint(-9, 9),
                rng.randint(-9, 9),
            )
        )
        for _ in range(60)
    ]
    names = [field.name for field in FIELDS]
    found: list[bool | None] = []
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE rows (action VARCHAR, city VARCHAR, price BIGINT, count_of BIGINT)"
        )
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", rows)
        for _ in range(60):
            condition = lacking(rng, random_condition(rng, 3))
            sql = to_sql(condition)
            by_sql = [row[0] for row in connection.execute(f"SELECT {sql} FROM rows").fetchall()]
            source = to_python(condition)
            helpers: dict[str, Any] = {}
            exec("\n".join(helpers_of([source])), helpers)
            code = compile(source, "condition", "eval")
            by_python = [eval(code, helpers, dict(zip(names, row, strict=True))) for row in rows]
            assert by_sql == by_python, sql
            assert may_be_null(condition) or None not in by_sql
            found += by_sql
    assert min(found.count(True), found.count(False), found.count(None)) > 200
