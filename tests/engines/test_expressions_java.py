"""The generated Java means by an expression what plain Python does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from streambench.engines.kafka_streams.source import JsonParser, programs
from streambench.model.expression import FieldReference
from streambench.model.workload import Workload
from streambench.workload.expressions import parse_aggregate, parse_expression
from streambench.workload.java import to_java
from streambench.workload.letters import is_even
from tests.engines.cluster_lab import CLICKS
from tests.engines.java_lab import run_java
from tests.workload.instant_meanings import INSTANTS
from tests.workload.meaning_tables import Table, json_line, same
from tests.workload.meanings import PLAIN, TABLES
from tests.workload.null_meanings import NULLABLE

HARNESS = """
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;

class Harness {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in, StandardCharsets.UTF_8).useDelimiter("\\n");
        java.io.PrintStream out = new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8);
        while (in.hasNext()) {
            Event event = Events.SERDE.deserializer().deserialize(
                "input", in.next().getBytes(StandardCharsets.UTF_8));
            out.println("[" + String.join(",", all(event)) + "]");
        }
    }

    static String[] all(Event event) {
        return new String[] { %s };
    }

    static String json(String text) {
        return text == null ? "null" : '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    static String json(Long number) {
        return String.valueOf(number);
    }

    static String json(Double number) {
        return String.valueOf(number);
    }

    static String json(Boolean flag) {
        return String.valueOf(flag);
    }

    static String json(java.math.BigDecimal number) {
        return number == null ? "null" : json(number.toPlainString());
    }
}
"""


def workload(table: Table = PLAIN) -> Workload:
    """A query that reads all fields, and needs every helper."""
    if table is PLAIN:
        condition, total = "s < t or n < m", "sum(length(t) % 3)"
    elif table is NULLABLE:
        condition, total = "s < t or n < m or p > x", "sum(n + k + length(t)) filter (where ok)"
    elif table is INSTANTS:
        condition, total = "a < b or b is null", "sum(k + cast(a as bigint))"
    else:
        condition, total = "p < q and ok and x > 0", "sum(p * k)"
    query = replace(
        CLICKS.query,
        where=parse_expression(condition, table.fields),
        group_by=(FieldReference(table.fields[0].name, table.fields[0].type),),
        aggregates=(parse_aggregate(total, "total", table.fields),),
    )
    return replace(CLICKS, fields=table.fields, query=query)


@pytest.mark.engine
@pytest.mark.no_load
@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("parser", list(JsonParser), ids=lambda parser: parser.value)
def test_java_finds_what_is_meant(tmp_path: Path, name: str, parser: JsonParser) -> None:
    table = TABLES[name]
    expressions = table.parsed()
    values = ", ".join(
        f"json({to_java(each, variable=lambda name: f'event.{name}')})"
        for each in expressions.values()
    )
    given = "\n".join(map(json_line, table.records))
    rows = run_java(workload(table), parser, HARNESS % values, given, tmp_path)
    wrong = [
        (text, record, value)
        for record, row in zip(table.records, rows, strict=True)
        for text, value in zip(expressions, row, strict=True)
        if not same(value, table.all[text](record))
    ]
    assert wrong == []


@pytest.mark.engine
@pytest.mark.no_load
def test_java_knows_the_other_case_of_every_letter_that_is_let_through(tmp_path: Path) -> None:
    letters = [chr(code) for code in range(0x11000) if not 0xD800 <= code < 0xE000]
    even = [letter for letter in letters if is_even(letter) and letter.isprintable()]
    given = "\n".join(json.dumps({"s": s, "t": "", "n": 1, "m": 1}) for s in even)
    harness = HARNESS % (
        "json(event.s.toLowerCase(java.util.Locale.ROOT)), "
        "json(event.s.toUpperCase(java.util.Locale.ROOT))"
    )
    rows = run_java(workload(), JsonParser.JACKSON, harness, given, tmp_path)
    assert rows == [[letter.lower(), letter.upper()] for letter in even]


def test_helpers_are_there_only_where_they_are_needed() -> None:
    with_them = {each.name for each in programs(workload(), retention_ms=1, parser=JsonParser.FLAT)}
    without = {each.name for each in programs(CLICKS, retention_ms=1, parser=JsonParser.FLAT)}
    assert with_them - without == {"Text.java"}
    null = {
        each.name for each in programs(workload(NULLABLE), retention_ms=1, parser=JsonParser.FLAT)
    }
    assert null - with_them == {"Nulls.java"}
