"""The plan of a Spark job: all of it is data, and the terms are in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from streambench.engines.common.symbols import fill
from streambench.engines.spark import ENGINE
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.errors import UsageError
from streambench.model.expression import (
    Comparison,
    ComparisonOperator,
    FieldReference,
    FieldType,
    Literal,
)
from streambench.model.plan import Origin, Plan, Role, Unsupported, Whose
from streambench.model.workload import Field, Workload
from tests.engines.cluster_lab import CLICKS, settings
from tests.engines.snapshot import matches_snapshot

VARIANT = Variant("spark", ENGINE.version)
SYMBOLS = {"broker": "b", "input_topic": "i", "output_topic": "o", "job_dir": "d"}


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


def test_the_plan_is_the_one_that_was_read() -> None:
    matches_snapshot(plan(), "spark-at-least-once")


@pytest.mark.parametrize("name", [each.name for each in ENGINE.variants])
def test_the_plan_of_a_variant_is_the_one_that_was_read(name: str) -> None:
    matches_snapshot(plan(variant=replace(VARIANT, name=name)), f"spark-{name}")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("1s", "1 second"),
        ("250ms", "250 milliseconds"),
        ("1500 ms", "1500 milliseconds"),
        ("2 seconds", "2 seconds"),
        ("1 minute", "60 seconds"),
        ("1m", "60 seconds"),
    ],
)
def test_a_trigger_is_in_the_query_as_a_user_would_write_it(value: str, written: str) -> None:
    made = plan(variant=replace(VARIANT, settings=(("trigger", value),)))
    program = text(made, "query.py")
    assert f'.trigger(processingTime="{written}")' in program
    compile(fill(program, SYMBOLS), "query.py", "exec")
    assert settings(made, "query")["trigger"] == value
    assert "trigger" not in json.loads(text(made, "job.json"))["configuration"]
    assert any("its trigger starts a batch every" in warning for warning in made.warnings)


def test_without_one_a_batch_follows_the_other_and_that_is_said() -> None:
    assert ".trigger(" not in text(plan(), "query.py")
    assert any("as soon as the last one is over" in warning for warning in plan().warnings)


@pytest.mark.parametrize("value", ["0s", "soon", "1", "11 min", "-1s"])
def test_a_trigger_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="trigger"):
        plan(variant=replace(VARIANT, settings=(("trigger", value),)))


def test_the_same_arguments_make_the_same_plan() -> None:
    assert plan() == plan()


def test_exactly_once_is_refused_rather_than_weakened() -> None:
    made = ENGINE.plan(CLICKS, Conditions(guarantee=Guarantee.EXACTLY_ONCE), VARIANT)
    assert isinstance(made, Unsupported)
    assert made.whose is Whose.UPSTREAM


def test_another_version_is_unsupported_rather_than_another_one_run() -> None:
    made = ENGINE.plan(CLICKS, Conditions(), replace(VARIANT, version="3.5.0"))
    assert isinstance(made, Unsupported)
    assert "3.5.0" in made.reason


def test_an_aggregate_may_be_called_like_the_window() -> None:
    window = replace(CLICKS.query.aggregates[0], alias="window")
    query = replace(CLICKS.query, aggregates=(window,))
    program = text(plan(replace(CLICKS, query=query)), "query.py")
    assert '.alias("window")' in program
    assert '"500 milliseconds").alias("window_")' in program
    assert 'F.unix_millis("window_.start")' in program


def test_the_query_is_python_whatever_the_strings_in_it() -> None:
    action = FieldReference("action", FieldType.STRING)
    where = Comparison(ComparisonOperator.EQ, action, Literal("it's \"\\\n${broker}"))
    program = text(plan(replace(CLICKS, query=replace(CLICKS.query, where=where))), "query.py")
    filled = fill(program, SYMBOLS)
    compile(filled, "query.py", "exec")
    assert "${broker}" in filled


def test_the_filter_comes_before_the_watermark() -> None:
    program = text(plan(), "query.py")
    assert 0 < program.index(".where(") < program.index(".withWatermark(")
    bare = replace(CLICKS, query=replace(CLICKS.query, where=None))
    program = text(plan(bare), "query.py")
    assert ".where(" not in program
    compile(fill(program, SYMBOLS), "query.py", "exec")


def test_fields_may_be_called_like_the_columns_of_the_query() -> None:
    names = ("event_time", "window")
    fields = (*CLICKS.fields, *(Field(name, FieldType.BIGINT, None) for name in names))
    program = text(plan(replace(CLICKS, fields=fields)), "query.py")
    assert 'withWatermark("event_time_", "100 milliseconds")' in program
    assert 'F.unix_millis("window_.start")' in program


def test_what_the_user_sets_wins_and_is_marked_as_theirs() -> None:
    chosen = (("spark.locality.wait", "3s"), ("spark.sql.streaming.metricsEnabled", "true"))
    made = plan(variant=replace(VARIANT, settings=chosen))
    configuration = json.loads(text(made, "job.json"))["configuration"]
    assert {name: configuration[name] for name, _ in chosen} == dict(chosen)
    assert {(s.name, s.value) for s in made.settings if s.origin is Origin.USER} == set(chosen)


def test_each_worker_has_one_core_and_the_heap_that_the_terms_give_it() -> None:
    made = plan(conditions=Conditions(workers=3, worker_heap_mib=700))
    workers = [process for process in made.processes if process.role is Role.WORKER]
    assert len(workers) == 3
    assert all(process.restart for process in workers)
    assert all("700m" in process.argv for process in workers)
    assert settings(made, "application")["spark.cores.max"] == "3"
    assert settings(made, "application")["spark.executor.memory"] == "700m"


def test_an_executor_gets_the_least_heap_that_spark_accepts_and_that_is_said() -> None:
    made = plan(conditions=Conditions(worker_heap_mib=256))
    assert settings(made, "application")["spark.executor.memory"] == "480m"
    assert any("480 MiB" in warning for warning in made.warnings)


def test_no_port_but_those_that_were_given_is_fixed() -> None:
    # Spark's Master opens a port for submissions unless told not to.
    master = plan().processes[0]
    assert "-Dspark.master.rest.enabled=false" in master.argv
    assert "${port:master-ui}" in master.argv
