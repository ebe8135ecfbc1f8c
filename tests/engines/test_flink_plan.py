"""The plan of a Flink job: all of it is data, and the terms are in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from streambench.engines.common.symbols import fill
from streambench.engines.flink import ENGINE
from streambench.engines.flink.query import interval
from streambench.engines.flink.submit import statements
from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.errors import UsageError
from streambench.model.expression import (
    Comparison,
    ComparisonOperator,
    FieldReference,
    FieldType,
    Literal,
)
from streambench.model.plan import Origin, Plan, Role, Unsupported
from streambench.model.workload import Field, Workload
from tests.engines.cluster_lab import CLICKS, settings
from tests.engines.snapshot import matches_snapshot

VARIANT = Variant("flink", ENGINE.version)


def plan(
    workload: Workload = CLICKS,
    conditions: Conditions | None = None,
    variant: Variant = VARIANT,
) -> Plan:
    made = ENGINE.plan(workload, conditions or Conditions(), variant)
    assert isinstance(made, Plan)
    return made


def text(made: Plan, name: str) -> str:
    return next(program.text for program in made.programs if program.name == name)


@pytest.mark.parametrize("guarantee", list(Guarantee), ids=lambda value: value.value)
def test_the_plan_is_the_one_that_was_read(guarantee: Guarantee) -> None:
    matches_snapshot(plan(conditions=Conditions(guarantee=guarantee)), f"flink-{guarantee.value}")


@pytest.mark.parametrize("name", [each.name for each in ENGINE.variants])
def test_the_plan_of_a_variant_is_the_one_that_was_read(name: str) -> None:
    matches_snapshot(plan(variant=replace(VARIANT, name=name)), f"flink-{name}")


def test_a_spare_task_manager_is_a_process_more_and_the_job_as_parallel_as_before() -> None:
    made = plan(variant=replace(VARIANT, name="spare"))
    assert sum(process.role is Role.WORKER for process in made.processes) == 3
    assert settings(made, "job")["parallelism.default"] == "2"
    assert "streambench." not in text(made, "conf/config.yaml") + text(made, "job.json")
    assert any("1 of its 3 TaskManagers is idle" in warning for warning in made.warnings)


def test_the_usual_plan_says_that_it_has_no_slot_to_spare() -> None:
    (said,) = (warning for warning in plan().warnings if "as many slots as it needs" in warning)
    for each in ENGINE.variants:
        waits = each.name in ("rocksdb", "tolerant")
        assert (f"flink:{each.name}" in said) is not waits
        assert (said in plan(variant=replace(VARIANT, name=each.name)).warnings) is waits


@pytest.mark.parametrize("value", ["-1", "9", "one"])
def test_a_count_of_spare_task_managers_that_cannot_be_is_refused(value: str) -> None:
    chosen = (("streambench.spare-task-managers", value),)
    with pytest.raises(UsageError, match="spare-task-managers"):
        plan(variant=replace(VARIANT, settings=chosen))


def test_the_same_arguments_make_the_same_plan() -> None:
    assert plan() == plan()


@pytest.mark.parametrize(
    ("milliseconds", "literal"),
    [
        (1, "INTERVAL '0.001' SECOND"),
        (500, "INTERVAL '0.500' SECOND"),
        (99_999, "INTERVAL '99.999' SECOND"),
        (60_000, "INTERVAL '1' MINUTE"),
        (900_000, "INTERVAL '15' MINUTE"),
        (3_600_000, "INTERVAL '1' HOUR"),
        (86_400_000, "INTERVAL '1' DAY"),
        (100_500, "INTERVAL '0 00:01:40.500' DAY TO SECOND(3)"),
        (93_784_005, "INTERVAL '1 02:03:04.005' DAY TO SECOND(3)"),
    ],
)
def test_an_interval_is_exact_and_has_two_leading_digits_at_most(
    milliseconds: int, literal: str
) -> None:
    assert interval(milliseconds) == literal


def test_only_records_that_pass_the_filter_move_the_event_clock() -> None:
    assert "WATERMARK FOR `event_time` AS CASE WHEN `action` = " in text(plan(), "query.sql")
    bare = replace(CLICKS, query=replace(CLICKS.query, where=None, grace_ms=0))
    sql = text(plan(bare), "query.sql")
    assert "WATERMARK FOR `event_time` AS `event_time` - INTERVAL '0.001' SECOND\n" in sql
    assert "WHERE" not in sql


def test_a_window_closes_when_a_time_stamp_reaches_its_end_plus_the_grace() -> None:
    # Flink fires at the window's last millisecond, hence one more than the grace.
    made = plan()
    assert "`event_time` - INTERVAL '0.101' SECOND" in text(made, "query.sql")
    assert settings(made, "query")["watermark bound"] == "101 ms"


def test_a_field_may_be_called_like_the_event_time() -> None:
    fields = (*CLICKS.fields, Field("event_time", FieldType.BIGINT, None))
    sql = text(plan(replace(CLICKS, fields=fields)), "query.sql")
    assert "`event_time` BIGINT" in sql
    assert "DESCRIPTOR(`event_time_`)" in sql


def test_the_sum_of_a_constant_is_as_wide_as_any() -> None:
    total = Aggregate("total", AggregateFunction.SUM, Literal(2_000_000_000))
    query = replace(CLICKS.query, aggregates=(total,))
    assert "SUM(CAST(2000000000 AS BIGINT))" in text(
        plan(replace(CLICKS, query=query)), "query.sql"
    )


def test_a_string_with_the_look_of_a_symbol_stays_what_it_is() -> None:
    action = FieldReference("action", FieldType.STRING)
    where = Comparison(ComparisonOperator.EQ, action, Literal("${broker}"))
    made = plan(replace(CLICKS, query=replace(CLICKS.query, where=where)))
    symbols = {"broker": "b", "input_topic": "i", "output_topic": "o", "job_id": "j"}
    assert "`action` = '${broker}'" in fill(text(made, "query.sql"), symbols)


def test_what_the_user_sets_wins_for_cluster_and_job_and_is_marked_as_theirs() -> None:
    chosen = (("execution.buffer-timeout.interval", "0 ms"), ("web.timeout", "9 s"))
    made = plan(variant=replace(VARIANT, settings=chosen))
    configuration = json.loads(text(made, "job.json"))["configuration"]
    assert configuration["execution.buffer-timeout.interval"] == "0 ms"
    assert '\nweb.timeout: "9 s"\n' in text(made, "conf/config.yaml")
    assert {(s.name, s.value) for s in made.settings if s.origin is Origin.USER} == set(chosen)


def test_a_transaction_outlives_checkpoints_and_recovery() -> None:
    made = plan(conditions=Conditions(guarantee=Guarantee.EXACTLY_ONCE))
    assert settings(made, "sink")["properties.transaction.timeout.ms"] == "600000"
    assert any("transaction.timeout.ms" in warning for warning in made.warnings)
    assert "transaction" not in text(plan(), "query.sql")


def test_no_source_task_is_without_a_partition() -> None:
    made = plan(conditions=Conditions(workers=3, partitions=2))
    assert settings(made, "job")["parallelism.default"] == "2"
    assert any("only 2 of 3 workers" in warning for warning in made.warnings)


def test_a_worker_has_the_heap_that_the_terms_give_it() -> None:
    made = plan(conditions=Conditions(worker_heap_mib=700))
    worker = next(process for process in made.processes if process.role is Role.WORKER)
    assert "-Xmx700m" in worker.argv
    assert settings(made, "cluster")["taskmanager.memory.task.heap.size"] == "636m"


def test_another_version_is_unsupported_rather_than_another_one_run() -> None:
    made = ENGINE.plan(CLICKS, Conditions(), replace(VARIANT, version="1.20.0"))
    assert isinstance(made, Unsupported)
    assert "1.20.0" in made.reason


def test_statements_end_at_semicolons_outside_strings_names_and_comments() -> None:
    sql = "CREATE 'a;''b' -- it's; so\n, `c;d`;\n\nINSERT 1 - 2;\n"
    assert statements(sql) == ["CREATE 'a;''b' -- it's; so\n, `c;d`", "INSERT 1 - 2"]
    assert len(statements(text(plan(), "query.sql"))) == 3
