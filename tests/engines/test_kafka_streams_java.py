"""The generated Java: it reads and writes JSON as Python does, and its expressions mean what SQL means."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from streambench.engines.kafka_streams.source import JsonParser
from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.expression import Expression, FieldReference, FieldType
from streambench.model.workload import Field, Workload
from streambench.workload.expressions import parse_expression
from streambench.workload.java import to_java
from streambench.workload.keys import key_text
from streambench.workload.python import to_python
from streambench.workload.sql import to_sql
from tests.engines.cluster_lab import CLICKS
from tests.engines.java_lab import run_java

FIELDS = (
    Field("s", FieldType.STRING, None),
    Field("t", FieldType.STRING, None),
    Field("n", FieldType.BIGINT, None),
    Field("m", FieldType.BIGINT, None),
)
CONDITIONS = (
    "s = 'a\"b'",
    "s <> 'é' AND n < m",
    "s < t OR NOT (n >= 5)",
    "n * 2 - m > -3",
    "(n + 1) * m <= 12 AND (s >= 'b' OR t = '')",
    "NOT (s = t) AND n <> m",
    "n - (m - 1) = 2",
)
EVENTS: tuple[dict[str, Any], ...] = tuple(
    {"s": s, "t": t, "n": n, "m": m}
    for s, t in (
        ("a'b\"\\c", ""),
        ('a"b', "a"),
        ("é", "e"),
        ("b", "a"),
        ("\u2028\n\t", "z"),
        ("日本", "日"),
    )
    for n, m in ((0, 0), (-1, 7), (5, 2), (2**53 + 1, 1), (-(2**63), 0), (3, 2))
)
# What JSON allows and our own encoder never writes.
ODD = (
    '{ "x" : [1,{"s":"no}"}], "s" : "\\u0061\\ud83d\\ude00\\/\\b" , "n":-0, "m": 12 ,"t":"\\\\" }',
    '{"t":"","n":1,"m":2,"\\u0073":"escaped name","u":null,"v":1.5e3,"w":true}',
    '{"s":"last","t":"x","m":9223372036854775807,"n":-9223372036854775808}',
)
# What no load holds: it is refused, and never counted as something else.
WRONG = (
    '{"s":null,"t":"","n":1,"m":2}',
    '{"s":"a","t":"b","n":null,"m":2}',
    '{"s":"a","t":"b","n":"1","m":2}',
    '{"s":7,"t":"b","n":1,"m":2}',
    '{"s":"a","t":"b","n":1.5,"m":2}',
    '{"s":"a","t":"b","n":1e3,"m":2}',
    '{"s":"a","t":"b","n":9223372036854775808,"m":2}',
    '[{"s":"a","t":"b","n":1,"m":2}]',
)
HARNESS = """
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Scanner;

class Harness {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in, StandardCharsets.UTF_8).useDelimiter("\\n");
        java.io.PrintStream out = new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8);
        while (in.hasNext()) {
            out.println(answer(in.next().getBytes(StandardCharsets.UTF_8)));
        }
    }

    static String answer(byte[] json) {
        Event event;
        try {
            event = Events.SERDE.deserializer().deserialize("input", json);
        } catch (RuntimeException e) {
            return "null";
        }
        Row row = new Row(event.s, 500, 1_500, new Totals().add(event));
        return "{\\"s\\":" + quote(event.s) + ",\\"t\\":" + quote(event.t)
            + ",\\"n\\":" + event.n + ",\\"m\\":" + event.m + ",\\"holds\\":[" + %s + "]"
            + ",\\"row\\":"
            + new String(Rows.SERDE.serializer().serialize("output", row), StandardCharsets.UTF_8)
            + "}";
    }

    static String quote(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }
}
"""


@pytest.mark.engine
@pytest.mark.no_load
@pytest.mark.parametrize("parser", list(JsonParser), ids=lambda parser: parser.value)
def test_values_rows_and_conditions_agree_with_python_and_sql(
    tmp_path: Path, parser: JsonParser
) -> None:
    conditions = [parse_expression(text, FIELDS) for text in CONDITIONS]
    lines = [
        *(json.dumps(event, ensure_ascii=ascii) for event in EVENTS for ascii in (True, False)),
        *ODD,
    ]
    holds_all = ' + "," + '.join(
        f"({to_java(condition, variable=lambda name: f'event.{name}')})" for condition in conditions
    )
    given = "\n".join([*lines, *WRONG, lines[0]])
    asked = asking(two_sums("n", "m"))
    # It compares strings by their order, so that the program brings what does that.
    workload = replace(asked, query=replace(asked.query, where=conditions[2]))
    *answers, end = run_java(workload, parser, HARNESS % holds_all, given, tmp_path)
    refused = answers[len(lines) :]
    assert refused == [None] * len(WRONG)
    assert end == answers[0]  # what was wrong leaves nothing behind
    for line, answer in zip(lines, answers[: len(lines)], strict=True):
        event = {name: json.loads(line)[name] for name in "stnm"}
        holds, row = answer.pop("holds"), answer.pop("row")
        assert answer == event
        assert list(row.items()) == [
            *(("campaign", event["s"]), ("window_start", 500)),
            *(("n", event["n"]), ("m", event["m"])),
        ]
        if max(abs(event["n"]), abs(event["m"])) < 2**60:  # beyond it, sums overflow
            assert holds == sql_holds(conditions, event), line
            for condition, answered in zip(conditions, holds, strict=True):
                assert eval(to_python(condition), {}, dict(event)) is answered, line


def sql_holds(conditions: list[Expression], event: dict[str, Any]) -> list[bool]:
    columns = ", ".join(to_sql(condition) for condition in conditions)
    typed = "CAST(? AS VARCHAR) s, CAST(? AS VARCHAR) t, CAST(? AS BIGINT) n, CAST(? AS BIGINT) m"
    query = f"SELECT {columns} FROM (SELECT {typed})"
    with duckdb.connect() as connection:
        row = connection.execute(query, [event[name] for name in "stnm"]).fetchone()
    assert row is not None
    return list(row)


GROUPS = (["n"], ["s", "n"], ["m", "t", "s"], ["s", "t"])
KEYS = """
import java.nio.charset.StandardCharsets;
import java.util.Scanner;

class Harness {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in, StandardCharsets.UTF_8).useDelimiter("\\\\x00");
        java.io.PrintStream out = new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8);
        while (in.hasNext()) {
            Totals totals = new Totals();
            totals.one = 1;
            totals.two = 2;
            Row row = new Row(in.next(), 500, 1_500, totals);
            out.println(
                new String(Rows.SERDE.serializer().serialize("output", row), StandardCharsets.UTF_8));
        }
    }
}
"""


@pytest.mark.engine
@pytest.mark.no_load
@pytest.mark.parametrize("group_by", GROUPS, ids="-".join)
@pytest.mark.parametrize("parser", list(JsonParser), ids=lambda parser: parser.value)
def test_a_row_says_each_field_of_its_group(
    tmp_path: Path, parser: JsonParser, group_by: list[str]
) -> None:
    types = {field.name: field.type for field in FIELDS}
    keys = tuple(FieldReference(name, types[name]) for name in group_by)
    groups = [[event[name] for name in group_by] for event in EVENTS]
    given = "\0".join(map(key_text, groups))
    workload = asking(two_sums("one", "two"), group_by=keys)
    assert [list(row.items()) for row in run_java(workload, parser, KEYS, given, tmp_path)] == [
        [*zip(group_by, group, strict=True), ("window_start", 500), ("one", 1), ("two", 2)]
        for group in groups
    ]


def two_sums(*aliases: str) -> tuple[Aggregate, ...]:
    """Of both numbers, so that the program reads all fields."""
    return tuple(
        Aggregate(alias, AggregateFunction.SUM, FieldReference(name, FieldType.BIGINT))
        for alias, name in zip(aliases, "nm", strict=True)
    )


def asking(
    aggregates: tuple[Aggregate, ...],
    *,
    group_by: tuple[FieldReference, ...] = CLICKS.query.group_by,
) -> Workload:
    where = parse_expression("s <> t", FIELDS)
    query = replace(CLICKS.query, where=where, aggregates=aggregates, group_by=group_by)
    return replace(CLICKS, fields=FIELDS, query=query)
