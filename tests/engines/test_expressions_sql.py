"""Flink and Spark mean by an expression, and by an aggregate, what plain Python does: asked themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from streambench.model.expression import FieldType
from streambench.model.workload import Field
from streambench.workload.sql import FLINK, SPARK, Dialect, aggregate_to_sql, to_sql
from tests.engines.sql_lab import FLINK_SQL, SPARK_SQL, SqlEngine, run_sql
from tests.workload import aggregates, meanings

pytestmark = pytest.mark.engine

ENGINES: Mapping[str, tuple[SqlEngine, Dialect]] = {
    "flink": (FLINK_SQL, FLINK),
    "spark": (SPARK_SQL, SPARK),
}


def written(sql: str, dialect: Dialect) -> str:
    """In a string of Spark a backslash escapes."""
    return sql.replace("\\", "\\\\") if dialect is SPARK else sql


NUMBERS = [{"n": 1}, {"n": 2}, {"n": 4}]


@pytest.mark.parametrize("name", ENGINES)
def test_plain_names_of_variances_are_those_of_a_sample(tmp_path: Path, name: str) -> None:
    """So they are to DuckDB, and elsewhere those of a population: none is taken."""
    plain = "STDDEV(CAST(n AS DOUBLE)), VARIANCE(CAST(n AS DOUBLE))"
    of_sample = "STDDEV_SAMP(CAST(n AS DOUBLE)), VAR_SAMP(CAST(n AS DOUBLE))"
    queries = [f"SELECT {each} FROM records" for each in (plain, of_sample)]
    queries.append(f"SELECT {of_sample} FROM records WHERE n = 1")
    fields = [Field("n", FieldType.BIGINT, None)]
    found = run_sql(ENGINES[name][0], fields, NUMBERS, queries, tmp_path)
    rows = ", ".join(f"({each['n']})" for each in NUMBERS)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE records AS FROM (VALUES {rows}) AS t(n)")
        of_duckdb = [connection.execute(query).fetchall() for query in queries]
    for of_engine, of_other in zip(found, of_duckdb, strict=True):
        assert of_engine[0] == pytest.approx(of_other[0])
    assert found[0][0] == pytest.approx(found[1][0])
    assert found[2] == [[None, None]]


@pytest.mark.parametrize("table", meanings.TABLES.values(), ids=meanings.TABLES)
@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_finds_what_is_meant(tmp_path: Path, name: str, table: meanings.Table) -> None:
    engine, dialect = ENGINES[name]
    expressions = table.parsed()
    fields = [*table.fields, Field("id", FieldType.BIGINT, None)]
    records = [{**record, "id": at} for at, record in enumerate(table.records)]
    columns = ", ".join(
        f"{written(to_sql(each, dialect), dialect)} AS e{at}"
        for at, each in enumerate(expressions.values())
    )
    (rows,) = run_sql(engine, fields, records, [f"SELECT `id`, {columns} FROM records"], tmp_path)
    assert sorted(row[0] for row in rows) == list(range(len(records)))
    wrong = [
        (text, records[at], value)
        for at, *values in rows
        for text, value in zip(expressions, values, strict=True)
        if not meanings.same(value, table.all[text](records[at]))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_aggregates_what_is_meant(tmp_path: Path, name: str) -> None:
    engine, dialect = ENGINES[name]
    groups: dict[str, list[aggregates.Event]] = {}
    for seed in range(30):
        for event in aggregates.drawn_events(seed, 1 + seed * seed // 8):
            groups.setdefault(f"g{seed}", []).append({**event, "shop": f"g{seed}"})
    events: list[Mapping[str, Any]] = [event for each in groups.values() for event in each]
    text = "LPAD(CAST(`at` AS STRING), 23, '0')"
    dialect = dialect.at_time(text if dialect is FLINK else "`at`")
    columns = ", ".join(
        f"{aggregate_to_sql(each, dialect)} AS e{at}"
        for at, each in enumerate(aggregates.aggregates())
    )
    query = f"SELECT `shop`, {columns} FROM records GROUP BY `shop`"
    (rows,) = run_sql(engine, aggregates.FIELDS, events, [query], tmp_path)
    assert {row[0] for row in rows} == set(groups)
    for shop, *values in rows:
        for (alias, due), value in zip(aggregates.meant(groups[shop]).items(), values, strict=True):
            assert aggregates.same(value, due), (shop, alias, value, due)
