"""What engines are given where fields may lack values, and that nothing changes where none may."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from streambench.engines.common.query_module import EVENT_TIME
from streambench.engines.common.query_source import query_source
from streambench.engines.kafka_streams.source import JsonParser, programs
from streambench.engines.registry import CONTENDERS, engine_named
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Plan
from streambench.model.workload import Workload
from streambench.workload.expressions import parse_aggregate
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

CAMPAIGN = 'campaign = { choice = 1_000, prefix = "c", skew = 0.8 }'
WHERE = {
    "flink": "WHERE (`campaign` IS NOT NULL) AND (`action` = 'view')",
    "spark": "(`campaign` IS NOT NULL) AND (`action` = 'view')",
    "kafka-streams": '.filter((key, event) -> (event.campaign != null) && (event.action.equals("view")))',
    "kafka-python": 'return (event["campaign"] is not None) and (event["action"] == \'view\')',
}


def clicks(folder: Path, old: str, new: str) -> Workload:
    text = (shipped_root() / "clicks" / "workload.toml").read_text(encoding="utf-8")
    assert old in text
    (folder / "workload.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_workload(folder)


def plan_text(name: str, workload: Workload) -> str:
    engine = engine_named(name)
    plan = engine.plan(workload, Conditions(), Variant(engine.name, engine.version))
    assert isinstance(plan, Plan)
    return "\n".join(program.text for program in plan.programs)


@pytest.mark.parametrize("name", CONTENDERS)
def test_a_record_without_a_key_is_left_out_by_where(tmp_path: Path, name: str) -> None:
    workload = clicks(tmp_path, CAMPAIGN, CAMPAIGN.replace(" }", ", null = 0.1 }"))
    assert WHERE[name] in plan_text(name, workload)
    assert "NULL" not in plan_text(name, clicks(tmp_path, CAMPAIGN, CAMPAIGN))


def test_a_sum_of_what_may_be_missing_is_asked_for_as_a_user_would(tmp_path: Path) -> None:
    workload = clicks(tmp_path, "{ int = [1, 500] }", "{ int = [1, 500], null = 0.1 }")
    assert "MAX(`price`) AS `dearest`" in plan_text("flink", workload)
    assert 'F.expr("MAX(`price`)")' in plan_text("spark", workload)
    assert "ignoreNullFields" in plan_text("spark", workload)


def test_what_is_first_is_of_records_that_have_it(tmp_path: Path) -> None:
    """A pair of a time and no value would be the least one, too."""
    workload = clicks(tmp_path, "{ int = [1, 500] }", "{ int = [1, 500], null = 0.1 }")
    asked = parse_aggregate("first(price) filter (where action = 'a')", "opens", workload.fields)
    workload = replace(workload, query=replace(workload.query, aggregates=(asked,)))
    for name in ("flink", "spark"):
        text = plan_text(name, workload)
        assert "FILTER (WHERE (`action` = 'a') AND (`price` IS NOT NULL))" in text
    totals: dict[Any, Any] = {}
    program: dict[str, Any] = {}
    exec(query_source(workload), program)
    for at, price in ((3, None), (7, 2), (5, 9), (5, 8), (4, None)):
        event = {"campaign": "a", "action": "a", "price": price, EVENT_TIME: at}
        program["accumulate"](totals, event)
    assert b'"opens": 8' in program["row"]("a", 0, totals["a"])[1]


@pytest.mark.parametrize("parser", list(JsonParser), ids=lambda parser: parser.value)
def test_the_java_program_reads_null_where_it_may_stand(tmp_path: Path, parser: JsonParser) -> None:
    workload = clicks(tmp_path, "{ int = [1, 500] }", "{ int = [1, 500], null = 0.1 }")
    text = "\n".join(each.text for each in programs(workload, retention_ms=1, parser=parser))
    assert "    Long price;" in text
    assert "    String campaign;" in text or parser is JsonParser.FLAT
    assert "null : " in text


def test_the_python_program_leaves_out_what_is_not_there(tmp_path: Path) -> None:
    workload = clicks(tmp_path, "{ int = [1, 500] }", "{ int = [1, 500], null = 0.1 }")
    program: dict[str, Any] = {}
    exec(query_source(workload), program)
    totals: dict[Any, Any] = {}
    for price in (None, 7, None, 9):
        program["accumulate"](totals, {"campaign": "a", "action": "view", "price": price})
    program["accumulate"](totals, {"campaign": "b", "action": "view", "price": None})
    rows = [program["row"](key, 0, totals[key])[1].decode() for key in "ab"]
    assert '"dearest": 9' in rows[0]
    assert '"dearest": null' in rows[1]


def test_duckdb_leaves_null_out_of_concat_which_is_why_it_is_not_asked_to() -> None:
    with duckdb.connect() as connection:
        found = connection.execute("SELECT concat('a', NULL), 'a' || NULL").fetchall()
    assert found == [("a", None)]
