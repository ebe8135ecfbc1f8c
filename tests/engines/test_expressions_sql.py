"""Flink and Spark mean by an expression, and by an aggregate, what plain Python does: asked themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import pytest

from streambench.model.expression import DecimalType, FieldType
from streambench.model.workload import Field
from streambench.workload.expressions import parse_aggregate, parse_having
from streambench.workload.sql import FLINK, SPARK, Dialect, aggregate_to_sql, to_sql
from tests.engines.sql_lab import FLINK_SQL, SPARK_SQL, Answers, SqlEngine, SqlQuestions, run_sql
from tests.workload import aggregates
from tests.workload.meaning_tables import Table, same
from tests.workload.meanings import TABLES

pytestmark = [pytest.mark.engine, pytest.mark.no_load]


@dataclass(frozen=True)
class Asked:
    """An engine, and what all tests of this module ask it."""

    engine: SqlEngine
    dialect: Dialect


ENGINES: Mapping[str, Asked] = {
    "flink": Asked(FLINK_SQL, FLINK),
    "spark": Asked(SPARK_SQL, SPARK),
}
Ask = Callable[[str], Mapping[str, Answers]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """What an engine says to all questions; it is asked when the first test wants to know."""

    @cache
    def of(name: str) -> Mapping[str, Answers]:
        asked = ENGINES[name]
        return run_sql(asked.engine, _questions(asked.dialect), tmp_path_factory.mktemp(name))

    return of


def _questions(dialect: Dialect) -> dict[str, SqlQuestions]:
    found = {
        "variances": SqlQuestions([Field("n", FieldType.BIGINT, None)], NUMBERS, OF_VARIANCES),
        "groups": SqlQuestions(LACKING_FIELDS, LACKING, [OF_GROUPS]),
        "aggregates": SqlQuestions(aggregates.FIELDS, _events(), [_of_aggregates(dialect)]),
        "having": _of_having(dialect),
    }
    if dialect is SPARK:
        found["pairs"] = SqlQuestions(LACKING_FIELDS, LACKING, OF_PAIRS)
    return found | {name: _of_table(table, dialect) for name, table in TABLES.items()}


def written(sql: str, dialect: Dialect) -> str:
    """In a string of Spark a backslash escapes."""
    return sql.replace("\\", "\\\\") if dialect is SPARK else sql


PLAIN = "STDDEV(CAST(n AS DOUBLE)), VARIANCE(CAST(n AS DOUBLE))"
OF_SAMPLE = "STDDEV_SAMP(CAST(n AS DOUBLE)), VAR_SAMP(CAST(n AS DOUBLE))"
OF_VARIANCES = [
    *(f"SELECT {each} FROM records" for each in (PLAIN, OF_SAMPLE)),
    f"SELECT {OF_SAMPLE} FROM records WHERE n = 1",
]
NUMBERS = [{"n": 1}, {"n": 2}, {"n": 4}]


@pytest.mark.parametrize("name", ENGINES)
def test_plain_names_of_variances_are_those_of_a_sample(answers: Ask, name: str) -> None:
    """So they are to DuckDB, and elsewhere those of a population: none is taken."""
    found = answers(name)["variances"]
    rows = ", ".join(f"({each['n']})" for each in NUMBERS)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE records AS FROM (VALUES {rows}) AS t(n)")
        of_duckdb = [connection.execute(query).fetchall() for query in OF_VARIANCES]
    for of_engine, of_other in zip(found, of_duckdb, strict=True):
        assert of_engine[0] == pytest.approx(of_other[0])
    assert found[0][0] == pytest.approx(found[1][0])
    assert found[2] == [[None, None]]


LACKING: list[Mapping[str, Any]] = [{"s": "a", "n": 1}, {"s": None, "n": 2}, {"s": None, "n": 3}]
LACKING_FIELDS = [
    Field("s", FieldType.STRING, None, nullable=True),
    Field("n", FieldType.BIGINT, None),
]
OF_GROUPS = "SELECT s, COUNT(*) FROM records GROUP BY s"
FILTERED = ("", " FILTER (WHERE s IS NOT NULL)")
OF_PAIRS = [
    f"SELECT MAX(NAMED_STRUCT('at', n, 'value', s)){each}.value FROM records" for each in FILTERED
]


def in_duckdb(query: str) -> list[list[Any]]:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE records (s VARCHAR, n BIGINT)")
        rows = [[each["s"], each["n"]] for each in LACKING]
        connection.executemany("INSERT INTO records VALUES (?, ?)", rows)
        return [list(row) for row in connection.execute(query).fetchall()]


@pytest.mark.parametrize("name", ENGINES)
def test_nulls_are_a_group_of_their_own(answers: Ask, name: str) -> None:
    (found,) = answers(name)["groups"]
    assert sorted(found, key=str) == sorted(in_duckdb(OF_GROUPS), key=str) == [["a", 1], [None, 2]]


def test_a_pair_counts_without_its_value(answers: Ask) -> None:
    """So what is greatest may be null; with a filter of those that have it, it is not."""
    assert answers("spark")["pairs"] == [[[None]], [["a"]]]
    duck = "SELECT (MAX({{'at': n, 'value': s}}){}).value FROM records"
    assert [in_duckdb(duck.format(each)) for each in FILTERED] == [[[None]], [["a"]]]


def _of_table(table: Table, dialect: Dialect) -> SqlQuestions:
    fields = [*table.fields, Field("id", FieldType.BIGINT, None)]
    records = [{**record, "id": at} for at, record in enumerate(table.records)]
    columns = ", ".join(
        f"{written(to_sql(each, dialect), dialect)} AS e{at}"
        for at, each in enumerate(table.parsed().values())
    )
    return SqlQuestions(fields, records, [f"SELECT `id`, {columns} FROM records"])


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_finds_what_is_meant(answers: Ask, name: str, table: str) -> None:
    asked = TABLES[table]
    (rows,) = answers(name)[table]
    assert sorted(row[0] for row in rows) == list(range(len(asked.records)))
    wrong = [
        (text, asked.records[at], value)
        for at, *values in rows
        for text, value in zip(asked.all, values, strict=True)
        if not same(value, asked.all[text](asked.records[at]))
    ]
    assert wrong == []


def _groups() -> dict[str, list[aggregates.Event]]:
    groups: dict[str, list[aggregates.Event]] = {}
    for seed in range(30):
        for event in aggregates.drawn_events(seed, 1 + seed * seed // 8):
            groups.setdefault(f"g{seed}", []).append({**event, "shop": f"g{seed}"})
    return groups


def _events() -> list[Mapping[str, Any]]:
    return [event for each in _groups().values() for event in each]


def _of_aggregates(dialect: Dialect) -> str:
    text = "LPAD(CAST(`at` AS STRING), 23, '0')"
    timed = dialect.at_time(text if dialect is FLINK else "`at`")
    columns = ", ".join(
        f"{aggregate_to_sql(each, timed)} AS e{at}"
        for at, each in enumerate(aggregates.aggregates())
    )
    return f"SELECT `shop`, {columns} FROM records GROUP BY `shop`"


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_aggregates_what_is_meant(answers: Ask, name: str) -> None:
    groups = _groups()
    (rows,) = answers(name)["aggregates"]
    assert {row[0] for row in rows} == set(groups)
    for shop, *values in rows:
        for (alias, due), value in zip(aggregates.meant(groups[shop]).items(), values, strict=True):
            assert aggregates.same(value, due), (shop, alias, value, due)


# Conditions on aggregates of one record: p is 7.5 with one digit behind the point, q 7.475 with three.
HAVING_OF_ONE = {
    "of_p = of_q": False,
    "of_p > of_q": True,
    "of_p <= of_q": False,
    "of_p = 7.475": False,
    "of_p <> 7.475": True,
    "of_q < of_p and of_p > 7.475": True,
    "of_p in (7.475, 7.45)": False,
    "of_n < of_q": True,
    "off_filled is null": True,
    "not (off_filled > 1)": False,
    "off_filled < 1 or of_p = 7.5": True,
    "wide_one is null and wide_one_of_some is null": True,
}
FIELDS_OF_ONE = (
    Field("p", DecimalType(10, 1), None),
    Field("q", DecimalType(10, 3), None),
    Field("n", FieldType.BIGINT, None, nullable=True),
)
AGGREGATES_OF_ONE = {
    "of_p": "sum(p)",
    "of_q": "sum(q)",
    "of_n": "sum(n)",
    "off_filled": "stddev_samp(coalesce(n, 0))",
    "wide_one": "var_samp(1)",
    "wide_one_of_some": "var_samp(1) filter (where n > 5)",
}


def _of_having(dialect: Dialect) -> SqlQuestions:
    asked = [parse_aggregate(text, name, FIELDS_OF_ONE) for name, text in AGGREGATES_OF_ONE.items()]
    sql = {each.alias: aggregate_to_sql(each, dialect) for each in asked}
    conditions = ", ".join(
        f"({to_sql(parse_having(text, asked), dialect.with_columns(sql.__getitem__))}) AS c{at}"
        for at, text in enumerate(HAVING_OF_ONE)
    )
    record = {"p": Decimal("7.5"), "q": Decimal("7.475"), "n": 1}
    query = f"SELECT {conditions} FROM records GROUP BY `n`"
    return SqlQuestions(FIELDS_OF_ONE, [record], [query])


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_holds_against_groups_what_is_meant(answers: Ask, name: str) -> None:
    """Of decimals that are compared Flink loses digits, and it holds a variance of a sample for never NULL."""
    ((found,),) = answers(name)["having"]
    holds = dict(zip(HAVING_OF_ONE, found, strict=True))
    assert {text: value is True for text, value in holds.items()} == HAVING_OF_ONE
