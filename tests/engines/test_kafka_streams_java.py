"""The generated Java: it reads and writes JSON as Python does, and its expressions mean what SQL means."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from streambench.engines.kafka_streams.source import JsonParser, programs
from streambench.model.expression import (
    Aggregate,
    AggregateFunction,
    Expression,
    FieldReference,
    FieldType,
)
from streambench.model.plan import Artifacts
from streambench.model.workload import Field
from streambench.runtime.artifacts import resolve
from streambench.runtime.compiler import compile_java
from streambench.workload.expressions import parse_expression
from streambench.workload.java import to_java
from streambench.workload.python import to_python
from streambench.workload.sql import to_sql
from tests.engines.cluster_lab import CLICKS

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
        Row row = new Row(event.s, 500, new long[] { event.n, event.m });
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
@pytest.mark.parametrize("parser", list(JsonParser), ids=lambda parser: parser.value)
def test_values_rows_and_conditions_agree_with_python_and_sql(
    tmp_path: Path, parser: JsonParser
) -> None:
    conditions = [parse_expression(text, FIELDS) for text in CONDITIONS]
    lines = [
        *(json.dumps(event, ensure_ascii=ascii) for event in EVENTS for ascii in (True, False)),
        *ODD,
    ]
    *answers, end = run_java(conditions, [*lines, *WRONG, lines[0]], tmp_path, parser)
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


def run_java(
    conditions: list[Expression], lines: list[str], folder: Path, parser: JsonParser
) -> list[Any]:
    """What the generated program makes of each line: the fields, which conditions hold, and a row; None
    where it is refused.
    """
    reads_all = tuple(
        Aggregate(name, AggregateFunction.SUM, FieldReference(name, FieldType.BIGINT))
        for name in "nm"
    )
    where = parse_expression("s <> t", FIELDS)
    query = replace(CLICKS.query, where=where, aggregates=reads_all)
    workload = replace(CLICKS, fields=FIELDS, query=query)
    sources = []
    for program in programs(workload, retention_ms=1_000, parser=parser):
        sources.append(folder / program.name)
        sources[-1].write_text(program.text, encoding="utf-8")
    holds = ' + "," + '.join(
        f"({to_java(condition, variable=lambda name: f'event.{name}')})" for condition in conditions
    )
    sources.append(folder / "Harness.java")
    sources[-1].write_text(HARNESS % holds, encoding="utf-8")
    artifacts = resolve(Artifacts(java=True, jar_sets=("streams-4.3.1", "compiler")))
    classes = compile_java(
        tuple(sources),
        classpath=artifacts.jars["streams-4.3.1"],
        out=folder / "classes",
        java=artifacts.java,
        ecj=artifacts.jars["compiler"][0],
    )
    class_path = ":".join(map(str, (classes, *artifacts.jars["streams-4.3.1"])))
    done = subprocess.run(
        [str(artifacts.java), "-cp", class_path, "Harness"],
        input="\n".join(lines).encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().split("\n") if line]
