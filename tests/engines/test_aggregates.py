"""Every aggregate means the same in each generated program: run where it can be, else read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from streambench.engines.common.query_module import EVENT_TIME
from streambench.engines.common.query_source import query_source
from streambench.engines.flink import ENGINE as FLINK
from streambench.engines.kafka_streams.source import JsonParser, programs
from streambench.engines.kafka_streams.totals import totals_of
from streambench.engines.protocol import Engine
from streambench.engines.reference.damage import Damager, OutputRow
from streambench.engines.spark import ENGINE as SPARK
from streambench.model.conditions import Conditions, Variant
from streambench.model.expression import DecimalType, FieldReference, FieldType
from streambench.model.plan import Plan, Unsupported, Whose
from streambench.model.windows import Sessions, Tumbling
from streambench.model.workload import Workload
from streambench.workload.expressions import parse_aggregate, parse_expression, parse_having
from streambench.workload.java import java_condition
from tests.engines.cluster_lab import CLICKS
from tests.engines.java_lab import run_java
from tests.workload.aggregates import (
    ALL,
    FIELDS,
    HAVING,
    Event,
    aggregates,
    drawn_events,
    meant,
    same,
)
from tests.workload.meaning_tables import json_line

WORKLOAD = replace(
    CLICKS,
    fields=FIELDS,
    query=replace(
        CLICKS.query,
        where=None,
        group_by=(FieldReference("shop", FieldType.STRING),),
        aggregates=aggregates(ALL),
    ),
)
# What Flink has, too.
IN_FLINK = replace(WORKLOAD, query=replace(WORKLOAD.query, aggregates=aggregates()))
SESSIONS = replace(WORKLOAD, query=replace(WORKLOAD.query, window=Sessions(500)))
# Groups of one record and of many: some aggregates have no value in some of them.
GROUPS = [
    [{**event, "shop": f"g{seed}"} for event in drawn_events(seed, 1 + seed * seed // 8)]
    for seed in range(30)
]
HARNESS = """
import java.nio.charset.StandardCharsets;
import java.util.Scanner;

class Harness {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in, StandardCharsets.UTF_8).useDelimiter("\\n");
        java.io.PrintStream out = new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8);
        Totals totals = new Totals();
        Totals merged = new Totals();
        while (in.hasNext()) {
            String line = in.next();
            if (line.equals("+")) {
                merged = MERGED;
                totals = new Totals();
                continue;
            }
            if (line.equals("-")) {
                totals = MERGED;
                merged = new Totals();
                Row row = new Row("g", 500, 1000, totals);
                out.println(new String(
                    Rows.SERDE.serializer().serialize("output", row), StandardCharsets.UTF_8));
                totals = new Totals();
                continue;
            }
            byte[] json = line.getBytes(StandardCharsets.UTF_8);
            // As a store does between two records.
            byte[] kept = Totals.SERDE.serializer().serialize("store", totals);
            Event event = Events.SERDE.deserializer().deserialize("input", json);
            event.eventTime = event.at;
            totals = Totals.SERDE.deserializer().deserialize("store", kept).add(event);
        }
    }
}
"""
# Groups as sessions that were several: of none, of some and of all the rest of a group's records.
PARTS = [[[], events[:at], events[at:]] for at, events in enumerate(GROUPS)]


def java(*, of_sessions: bool) -> str:
    """The harness: one part of a session is merged into those before it, of one window there are none."""
    return HARNESS.replace("MERGED", "merged.merge(totals)" if of_sessions else "totals")


def timed(event: Event) -> dict[str, Any]:
    """An event as the consumer gives it to the program."""
    return {**event, EVENT_TIME: event["at"]}


def assert_meant(row: dict[str, Any], events: Sequence[Event]) -> None:
    due = meant(events, ALL)
    assert list(row)[2:] == list(due)
    wrong = {
        alias: (row[alias], value) for alias, value in due.items() if not same(row[alias], value)
    }
    assert wrong == {}


def test_some_group_lacks_each_value_that_can_be_missing() -> None:
    nullable = {a.alias for a in WORKLOAD.query.aggregates if a.may_be_null}
    found = {
        alias for events in GROUPS for alias, value in meant(events, ALL).items() if value is None
    }
    assert found == nullable - {"always"}


def test_the_python_program_computes_what_is_meant() -> None:
    program: dict[str, Any] = {}
    exec(query_source(WORKLOAD), program)
    totals: dict[Any, Any] = {}
    for events in GROUPS:
        for event in events:
            program["accumulate"](totals, timed(event))
    for events in GROUPS:
        shop = events[0]["shop"]
        row = program["row"](shop, 500, totals[shop])[1]
        assert_meant(json.loads(row, parse_float=Decimal), events)


def test_decimals_among_constants_alone_are_computed_and_written(tmp_path: Path) -> None:
    """No field is a decimal: numbers are read as they are, and what they meet is none the less exact."""
    fields = tuple(each for each in FIELDS if not isinstance(each.type, DecimalType))
    asked = {"total": "sum(price * 0.1)", "n": "count(*) filter (where weight < 2.5)"}
    query = replace(
        WORKLOAD.query,
        where=parse_expression("price > 2.5", fields),
        aggregates=tuple(parse_aggregate(text, name, fields) for name, text in asked.items()),
    )
    program: dict[str, Any] = {}
    exec(query_source(replace(WORKLOAD, fields=fields, query=query)), program)
    events = [{"shop": "a", "price": price, "weight": 2.25} for price in (1, 3, 4)]
    totals: dict[Any, Any] = {}
    for event in filter(program["where"], events):
        program["accumulate"](totals, event)
    row = json.loads(program["row"]("a", 500, totals["a"])[1], parse_float=Decimal)
    assert row == {"shop": "a", "window_start": 500, "total": Decimal("0.7"), "n": 2}
    assert program["PARSE_FLOAT"] is None


def test_the_python_program_merges_parts_of_a_session() -> None:
    program: dict[str, Any] = {}
    exec(query_source(SESSIONS), program)
    for parts in PARTS:
        merged: list[Any] | None = None
        for part in parts:
            totals: dict[Any, Any] = {}
            for event in part:
                program["accumulate"](totals, timed(event))
            for of_part in totals.values():
                if merged is None:
                    merged = of_part
                else:
                    program["merge"](merged, of_part)
        events = [event for part in parts for event in part]
        assert merged is not None
        row = json.loads(program["row"]("g", 500, 1000, merged)[1], parse_float=Decimal)
        assert row.pop("window_end") == 1000
        assert_meant(row, events)


@pytest.mark.engine
@pytest.mark.no_load
@pytest.mark.parametrize("parser", list(JsonParser), ids=lambda parser: parser.value)
def test_the_java_program_computes_what_is_meant(tmp_path: Path, parser: JsonParser) -> None:
    lines = [line for events in GROUPS for line in [*(json_line(event) for event in events), "-"]]
    harness = java(of_sessions=False)
    rows = run_java(WORKLOAD, parser, harness, "\n".join(lines), tmp_path, exact=Decimal)
    for row, events in zip(rows, GROUPS, strict=True):
        assert_meant(row, events)


@pytest.mark.engine
@pytest.mark.no_load
def test_the_java_program_merges_parts_of_a_session(tmp_path: Path) -> None:
    lines: list[str] = []
    for parts in PARTS:
        for part in parts:
            lines += [*map(json_line, part), "+"]
        lines[-1] = "-"
    given = "\n".join(lines)
    rows = run_java(
        SESSIONS, JsonParser.FLAT, java(of_sessions=True), given, tmp_path, exact=Decimal
    )
    for row, events in zip(rows, GROUPS, strict=True):
        assert row.pop("window_end") == 1000
        assert_meant(row, events)


def made(engine: Engine, workload: Workload) -> str:
    plan = engine.plan(workload, Conditions(), Variant(engine.name, engine.version))
    assert isinstance(plan, Plan)
    return "\n".join(program.text for program in plan.programs)


def asking(having: str) -> Workload:
    condition = parse_having(having, WORKLOAD.query.aggregates)
    return replace(WORKLOAD, query=replace(WORKLOAD.query, having=condition))


@pytest.mark.parametrize("having", HAVING)
def test_the_python_program_gives_rows_to_the_groups_that_are_meant(having: str) -> None:
    program: dict[str, Any] = {}
    exec(query_source(asking(having)), program)
    found = set()
    for events in GROUPS:
        totals: dict[Any, Any] = {}
        for event in events:
            program["accumulate"](totals, timed(event))
        ((_, of_group),) = totals.items()
        assert program["having"](of_group) is HAVING[having](meant(events))
        found.add(program["having"](of_group))
    assert len(found) == 2


@pytest.mark.engine
@pytest.mark.no_load
def test_the_java_program_gives_rows_to_the_groups_that_are_meant(tmp_path: Path) -> None:
    workload = asking(" and ".join(f"({having})" for having in HAVING))
    made_from = {total.alias: total.object for total in totals_of(WORKLOAD.query, {})}
    conditions = ' + "," + '.join(
        f"({java_condition(parse_having(having, WORKLOAD.query.aggregates), variable=made_from.__getitem__)})"
        for having in HAVING
    )
    harness = java(of_sessions=False).replace(
        """                Row row = new Row("g", 500, 1000, totals);
                out.println(new String(
                    Rows.SERDE.serializer().serialize("output", row), StandardCharsets.UTF_8));
""",
        f"""                out.println("[" + {conditions} + "]");
""",
    )
    assert "Row row" not in harness
    lines = [line for events in GROUPS for line in [*(json_line(event) for event in events), "-"]]
    rows = run_java(workload, JsonParser.JACKSON, harness, "\n".join(lines), tmp_path)
    for row, events in zip(rows, GROUPS, strict=True):
        assert row == [holds(meant(events)) for holds in HAVING.values()]


def test_each_engine_gets_having_in_its_own_form() -> None:
    workload = asking("mean > 12.5 and states < 3")
    in_flink = replace(workload.query, aggregates=IN_FLINK.query.aggregates)
    flink = made(FLINK, replace(workload, query=in_flink))
    assert (
        "HAVING (AVG(CAST(`price` AS DOUBLE)) > 12.5E0) AND (COUNT(DISTINCT `state`) < 3);"
    ) in flink
    spark = made(SPARK, workload)
    assert '    )\n    .where("(`mean` > 12.5E0) AND (`states` < 3)")\n)' in spark
    java = programs(workload, retention_ms=1, parser=JsonParser.FLAT)[0].text
    assert (
        ".filter((window, totals) -> ((double) totals.meanSum / totals.meanCount > 12.5)"
        " && (totals.states.size() < 3L))"
    ) in java


def test_flink_gets_real_averages_and_counts_of_distinct_values() -> None:
    text = made(FLINK, IN_FLINK)
    assert "  `mean` DOUBLE,\n" in text
    assert "AVG(CAST(`price` AS DOUBLE)) AS `mean`" in text
    assert "COUNT(DISTINCT `state`) AS `states`" in text
    assert "SUM(CAST(1 AS BIGINT)) AS `one_each`" in text
    assert ("AVG(CAST(`price` AS DOUBLE)) FILTER (WHERE `state` = 'ok') AS `mean_ok`") in text
    assert (
        "COUNT(DISTINCT `state`) FILTER (WHERE (`price` > 30) AND (`state` <> 'né'))"
        " AS `states_large`"
    ) in text


def test_spark_counts_distinct_values_by_the_set_of_them() -> None:
    text = made(SPARK, WORKLOAD)
    assert 'F.expr("AVG(CAST(`price` AS DOUBLE))").alias("mean")' in text
    assert 'F.expr("SIZE(COLLECT_SET(`state`))").alias("states")' in text
    assert (
        "SIZE(COLLECT_SET(`state`) FILTER (WHERE (`price` > 30) AND (`state` <> 'né')))"
    ) in text
    assert ', {"ignoreNullFields": "false"}).alias("value")' in text
    assert "ignoreNullFields" not in made(SPARK, CLICKS)


def test_flink_gets_variances_that_are_never_negative() -> None:
    """It makes them of sums of squares, of which a difference can come out below 0."""
    text = made(FLINK, IN_FLINK)
    assert "SQRT(GREATEST(VAR_POP(`weight`), 0E0)) AS `off`" in text
    of_some = "GREATEST(VAR_SAMP(CAST(`price` * `pieces` AS DOUBLE)), 0E0)"
    # It holds it for never NULL where its argument never is.
    assert f"CASE WHEN COUNT(*) > 1 THEN {of_some} END AS `wide_of_some`" in text
    assert "GREATEST(VAR_SAMP(`weight`) FILTER (WHERE `gift`), 0E0) AS `some_given`" in text
    assert 'F.expr("STDDEV_POP(`weight`)").alias("off")' in made(SPARK, WORKLOAD)


def test_a_program_without_sets_has_no_code_for_them() -> None:
    names = [each.name for each in programs(CLICKS, retention_ms=1, parser=JsonParser.FLAT)]
    assert "Totals.java" in names
    assert not {"Distinct.java", "Spread.java", "EventTimes.java"} & set(names)


def test_what_is_first_is_a_pair_of_time_and_value() -> None:
    """Of pairs Flink has no order: it gets texts, of which the digits are the order."""
    flink = made(FLINK, IN_FLINK)
    assert (
        "CAST(CAST(SUBSTRING(MIN(CONCAT(CAST(`event_time` AS STRING), LPAD(CAST(CAST(CAST(`price` AS"
        " DECIMAL(19,0)) + CAST('10000000000000000000' AS DECIMAL(20,0)) AS DECIMAL(21,0)) AS STRING), 22, '0'))),"
        " 24) AS DECIMAL(21,0)) - CAST('10000000000000000000' AS DECIMAL(20,0)) AS BIGINT) AS `first_price`"
    ) in flink
    spark = made(SPARK, WORKLOAD)
    assert "MIN(NAMED_STRUCT('at', `event_time`, 'value', `weight`)).value" in spark
    java = programs(WORKLOAD, retention_ms=1, parser=JsonParser.FLAT)
    assert "            .processValues(EventTimes::new)\n            .groupByKey()" in java[0].text
    assert "EventTimes.java" in {each.name for each in java}


def test_flink_has_no_first_of_doubles() -> None:
    found = FLINK.plan(WORKLOAD, Conditions(), Variant(FLINK.name, FLINK.version))
    assert isinstance(found, Unsupported)
    assert found.whose is Whose.UPSTREAM
    assert "no first and last by event time" in found.reason


def test_damage_moves_the_value_of_a_pair() -> None:
    (row,) = Damager({"raise": 1}, Tumbling(500)).written(OutputRow(0, "a", 0, [(7, 3)]))
    assert row.totals == [(7, 4)]


@pytest.mark.parametrize(("kind", "moved"), [("raise", 1), ("lower", -1)])
def test_damage_moves_whatever_totals_there_are(kind: str, moved: int) -> None:
    damager = Damager({kind: 1}, Tumbling(500))
    (row,) = damager.written(OutputRow(0, "a", 0, [3, None, {1, 2}]))
    number, none, values = row.totals
    assert (number, none, len(values)) == (3 + moved, None, 2 + moved)


def test_the_table_uses_every_function_with_and_without_a_filter() -> None:
    used = {(a.function, a.filter is not None) for a in WORKLOAD.query.aggregates}
    assert len(used) == 24
    assert len(ALL) == len(WORKLOAD.query.aggregates)
