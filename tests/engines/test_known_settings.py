"""`--set` of a name that the engine does not know: refused with the nearest, or marked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from streambench.engines.common.known import file_of, names_by_kind
from streambench.engines.flink.settings import known_names as flink_names
from streambench.engines.kafka_streams.settings import known_names as streams_names
from streambench.engines.registry import CONTENDERS, contender_named, engine_named
from streambench.engines.spark.settings import known_names as spark_names
from streambench.model.conditions import Conditions, Guarantee, Profile
from streambench.model.errors import UsageError
from streambench.model.plan import Origin, Plan, Setting
from tests.engines.cluster_lab import CLICKS
from tools.settings.list_names import ENGINES, listed

# Scopes that are words for a reader: no engine is told of these names.
_WORDS = ("jvm", "query", "program", "streambench")


def plan(name: str, *settings: tuple[str, str], conditions: Conditions | None = None) -> Plan:
    engine, variant = contender_named(name)
    variant = dataclasses.replace(variant, settings=settings)
    made = engine.plan(CLICKS, conditions or Conditions(), variant)
    assert isinstance(made, Plan)
    return made


def asked_for(name: str, *settings: tuple[str, str]) -> list[Setting]:
    return [s for s in plan(name, *settings).settings if s.origin is Origin.USER]


@pytest.mark.parametrize(
    ("engine", "name", "meant"),
    [
        ("flink", "taskmanager.numberofTaskSlot", "taskmanager.numberOfTaskSlots"),
        ("flink", "checkpointing.interval", "execution.checkpointing.interval"),
        ("flink", "paralelism.default", "parallelism.default"),
        ("flink", "properties.linger", "properties.linger.ms"),
        ("flink", "streambench.spare-taskmanager", "streambench.spare-task-managers"),
        ("spark", "spark.shuffle.partitions", "spark.sql.shuffle.partitions"),
        ("spark", "trigge", "trigger"),
        ("spark", "maxOffsetPerTrigger", "maxOffsetsPerTrigger"),
        ("spark", "kafka.fetch.max.wait", "kafka.fetch.max.wait.ms"),
        ("kafka-streams", "num.streams.threads", "num.stream.threads"),
        ("kafka-streams", "consumer.fetch.max.wait", "consumer.fetch.max.wait.ms"),
        ("kafka-streams", "jvm.option", "jvm.options"),
        ("kafka-python", "consumer.fetch_max_wait", "consumer.fetch_max_wait_ms"),
        ("reference", "rows_per_sec", "rows_per_s"),
    ],
)
def test_a_mistyped_name_is_refused_with_the_one_that_was_meant(
    engine: str, name: str, meant: str
) -> None:
    with pytest.raises(UsageError, match=f"did you mean '{meant}'"):
        plan(engine, (name, "1"))


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        ("flink", "nonsense"),
        ("flink", "streambench.nonsense"),
        ("flink", "garbage collector"),
        ("spark", "nonsense"),
        ("spark", "executor heap"),
        ("kafka-streams", "nonsense.of.mine"),
        ("kafka-python", "nonsense"),
    ],
)
def test_a_name_that_cannot_be_the_engines_is_refused(engine: str, name: str) -> None:
    with pytest.raises(UsageError, match=f"no setting '{name}'"):
        plan(engine, (name, "1"))


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        ("flink", "metrics.reporter.mine.factory.class"),
        ("flink", "security.something.of.our.own"),
        ("spark", "spark.hadoop.fs.s3a.endpoint"),
        ("spark", "spark.executorEnv.MINE"),
    ],
)
def test_what_a_user_may_have_added_is_accepted_and_marked(engine: str, name: str) -> None:
    assert all(not setting.listed for setting in asked_for(engine, (name, "1")))
    assert asked_for(engine, (name, "1"))


@pytest.mark.parametrize(
    ("engine", "name", "scopes"),
    [
        ("flink", "taskmanager.numberOfTaskSlots", ["cluster", "job"]),
        ("flink", "scan.watermark.idle-timeout", ["source"]),
        ("flink", "properties.linger.ms", ["sink"]),
        ("flink", "properties.fetch.min.bytes", ["source"]),
        ("flink", "properties.send.buffer.bytes", ["sink", "source"]),
        ("spark", "spark.locality.wait", ["application"]),
        ("spark", "maxOffsetsPerTrigger", ["source"]),
        ("spark", "kafka.linger.ms", ["sink"]),
        ("spark", "trigger", ["query"]),
        ("kafka-streams", "restore.consumer.fetch.min.bytes", ["kafka-streams"]),
        ("kafka-streams", "jvm.options", ["jvm"]),
    ],
)
def test_a_known_name_goes_where_it_is_read(engine: str, name: str, scopes: list[str]) -> None:
    value = "1s" if name == "trigger" else "1"
    found = asked_for(engine, (name, value))
    assert sorted(setting.scope for setting in found) == scopes
    assert all(setting.listed for setting in found)


def test_an_option_of_the_sink_is_in_the_sinks_program() -> None:
    flink = plan("flink", ("properties.compression.type", "lz4"))
    assert "'properties.compression.type' = 'lz4'" in flink.programs[0].text
    spark = plan("spark", ("kafka.compression.type", "lz4"))
    assert '.option("kafka.compression.type", "lz4")' in spark.programs[0].text


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("guarantee", Guarantee)
@pytest.mark.parametrize(
    ("name", "names"),
    [("flink", flink_names), ("spark", spark_names), ("kafka-streams", streams_names)],
)
def test_every_name_that_a_plan_sets_is_one_of_the_engines(
    name: str, names: Callable[[str], frozenset[str]], guarantee: Guarantee, profile: Profile
) -> None:
    if name == "spark" and guarantee is Guarantee.EXACTLY_ONCE:
        return
    known = names(engine_named(name).version)
    made = plan(name, conditions=Conditions(guarantee=guarantee, profile=profile))
    assert {s.name for s in made.settings if s.scope not in _WORDS} <= known


@pytest.mark.parametrize("name", CONTENDERS)
def test_what_a_variant_sets_is_known(name: str) -> None:
    engine, _ = contender_named(name)
    for each in engine.variants:
        made = plan(f"{name}:{each.name}")
        assert all(s.listed for s in made.settings)


VERSIONS = [(name, each) for name in ENGINES for each in engine_named(name).versions]


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_the_names_are_of_the_version_that_runs(name: str, version: str) -> None:
    first, *_ = file_of(name, version).read_text(encoding="utf-8").splitlines()
    assert f" {version};" in first
    assert sum(map(len, names_by_kind(name, version).values())) > 300


@pytest.mark.engine
@pytest.mark.no_load
@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_the_names_are_those_that_the_engines_jars_define(name: str, version: str) -> None:
    assert file_of(name, version).read_text(encoding="utf-8") == listed(name, version)
