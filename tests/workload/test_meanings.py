"""DuckDB's SQL and the Python program mean by an expression what plain Python does."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from streambench.model.expression import DecimalType, FieldType, may_be_null, type_of
from streambench.workload.letters import is_even
from streambench.workload.python import helpers_of, to_python
from streambench.workload.sql import sql_type, to_sql
from tests.workload.meaning_tables import same
from tests.workload.meanings import TABLES

CASES = [(name, text) for name, table in TABLES.items() for text in table.all]
EXPRESSIONS = {name: table.parsed() for name, table in TABLES.items()}
TYPES = {
    int: FieldType.BIGINT,
    float: FieldType.DOUBLE,
    str: FieldType.STRING,
    bool: FieldType.BOOLEAN,
}


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    with duckdb.connect() as found:
        for name, table in TABLES.items():
            columns = ", ".join(f'"{each.name}" {sql_type(each.type)}' for each in table.fields)
            found.execute(f"CREATE TABLE {name} ({columns})")
            marks = ", ".join("?" for _ in table.fields)
            rows = [[record[each.name] for each in table.fields] for record in table.records]
            found.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
        yield found


@pytest.mark.parametrize(("name", "text"), CASES)
def test_each_value_is_of_the_type_that_is_said(name: str, text: str) -> None:
    type_ = type_of(EXPRESSIONS[name][text])
    for record in TABLES[name].records:
        value = TABLES[name].all[text](record)
        if value is None:
            continue
        if not isinstance(type_, DecimalType):
            # To engines an instant is a whole number.
            plain = FieldType.BIGINT if type_ is FieldType.TIMESTAMP else type_
            assert TYPES[type(value)] is plain
            continue
        assert isinstance(value, Decimal)
        _, digits, exponent = value.normalize().as_tuple()
        assert isinstance(exponent, int)
        assert max(0, -exponent) <= type_.scale
        assert len(digits) + exponent <= type_.whole_digits


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, table in TABLES.items() for text in table.conditions]
)
def test_each_condition_can_hold_and_not(name: str, text: str) -> None:
    table = TABLES[name]
    found = {table.conditions[text](record) for record in table.records}
    assert found - {None} == {True, False}


@pytest.mark.parametrize(("name", "text"), CASES)
def test_it_is_known_where_a_value_can_be_missing(name: str, text: str) -> None:
    table = TABLES[name]
    lacks = any(table.all[text](record) is None for record in table.records)
    assert may_be_null(EXPRESSIONS[name][text]) is lacks


@pytest.mark.parametrize(("name", "text"), CASES)
def test_duckdb_finds_what_is_meant(connection: Any, name: str, text: str) -> None:
    table, sql = TABLES[name], to_sql(EXPRESSIONS[name][text])
    found = [row[0] for row in connection.execute(f"SELECT {sql} FROM {name}").fetchall()]
    meant = [table.all[text](record) for record in table.records]
    wrong = [each for each in zip(table.records, found, meant, strict=True) if not same(*each[1:])]
    assert wrong == [], sql


@pytest.mark.parametrize(("name", "text"), CASES)
def test_python_finds_what_is_meant(name: str, text: str) -> None:
    table, source = TABLES[name], to_python(EXPRESSIONS[name][text])
    helpers: dict[str, Any] = {}
    given = "import re\nfrom decimal import Decimal, getcontext\ngetcontext().prec = 100\n"
    exec(given + "\n".join(helpers_of([source])), helpers)
    code = compile(source, text, "eval")
    for record in table.records:
        assert same(eval(code, helpers, dict(record)), table.all[text](record)), (source, record)


def test_duckdb_knows_the_other_case_of_every_letter_that_is_let_through() -> None:
    letters = [chr(code) for code in range(0x11000) if not 0xD800 <= code < 0xE000]
    even = [letter for letter in letters if is_even(letter) and letter != "\0"]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE letters (letter VARCHAR)")
        connection.execute("INSERT INTO letters SELECT unnest(?)", [even])
        rows = connection.execute(
            "SELECT letter, lower(letter), upper(letter) FROM letters"
        ).fetchall()
    assert [row for row in rows if row[1:] != (row[0].lower(), row[0].upper())] == []
    assert sum(letter.lower() != letter.upper() for letter in even) > 1_000
    assert not any(is_even(letter) for letter in "ßΣİıŉǰΐﬁ")
