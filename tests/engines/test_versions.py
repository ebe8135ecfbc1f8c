"""Versions of one engine beside each other: what each needs, and what its reports say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.engines.registry import contender_named, engine_named
from streambench.model.conditions import Conditions, ForeignKafka, Variant
from streambench.model.plan import Plan, Unsupported
from streambench.runtime.environments import environment_spec
from tests.engines.cluster_lab import CLICKS

UPGRADE = Path(__file__).parents[2] / "docs" / "upgrade.md"
JVM_ENGINES = ("flink", "spark", "kafka-streams")
VERSIONS = [(name, version) for name in JVM_ENGINES for version in engine_named(name).versions]


# With which a plan names all that an engine may need.
BY_TOKEN = Conditions(foreign_kafka=ForeignKafka("a:1", mechanism="OAUTHBEARER"))


def plan(text: str, conditions: Conditions = Conditions()) -> Plan:  # noqa: B008  # a frozen value
    engine, variant = contender_named(text)
    made = engine.plan(CLICKS, conditions, variant)
    assert isinstance(made, Plan)
    return made


@pytest.mark.parametrize("name", JVM_ENGINES)
def test_there_are_several_and_the_usual_one_is_among_them(name: str) -> None:
    engine = engine_named(name)
    assert len(engine.versions) >= 2
    assert engine.version in engine.versions


@pytest.mark.parametrize("name", JVM_ENGINES)
def test_no_two_share_what_they_need(name: str) -> None:
    engine = engine_named(name)
    needs = [engine.requires(Variant(name, version)) for version in engine.versions]
    assert len({(each.jar_sets, each.python_env) for each in needs}) == len(needs)


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_a_plan_names_the_jars_that_are_fetched_for_it(name: str, version: str) -> None:
    engine, variant = contender_named(f"{name}@{version}")
    needs = engine.requires(variant)
    made = plan(f"{name}@{version}", BY_TOKEN)
    written = [program.text for program in made.programs]
    written += [argument for process in made.processes for argument in process.argv]
    own = [jars for jars in needs.jar_sets if jars != "compiler"]
    assert own
    for jars in own:
        symbols = (f"${{jars:{jars}}}", f"${{jar_urls:{jars}}}")
        assert any(symbol in text for symbol in symbols for text in written)
    if needs.python_env is not None:
        lock = environment_spec(needs.python_env).lock.read_text(encoding="utf-8")
        assert f"=={version} " in lock


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "flink@2.3.0",
            "Flink 2.3.0: there is no Kafka connector of its own; it runs with 5.0.0-2.2, built for "
            "Flink 2.2.",
        ),
        (
            "flink@2.1.3",
            "Flink 2.1.3: there is no Kafka connector of its own; it runs with 4.0.1-2.0, built for "
            "Flink 2.0.",
        ),
        (
            "spark@4.3.0",
            "Spark 4.3.0: its own Kafka connector is not to be had; it runs with 4.2.0's.",
        ),
    ],
)
def test_a_connector_of_another_version_is_told(text: str, told: str) -> None:
    assert told in plan(text).warnings


@pytest.mark.parametrize("text", ["flink@2.2.1", "spark@4.2.0", "spark@4.1.1"])
def test_an_engines_own_connector_is_not(text: str) -> None:
    assert not [
        each for each in plan(text).warnings if "connector" in each and " of its own" in each
    ]
    assert not [each for each in plan(text).warnings if "not to be had" in each]


def test_what_a_version_does_not_know_is_refused_for_that_version_alone() -> None:
    engine = engine_named("flink")
    for version in engine.versions:
        made = engine.plan(CLICKS, Conditions(), Variant("flink", version))
        assert isinstance(made, Plan)
        assert all(each.listed for each in made.settings)


@pytest.mark.parametrize("name", JVM_ENGINES)
def test_a_version_without_jars_is_no_plan(name: str) -> None:
    gap = engine_named(name).plan(CLICKS, Conditions(), Variant(name, "1.0.0"))
    assert isinstance(gap, Unsupported)
    assert "1.0.0" in gap.reason


@pytest.mark.parametrize("name", JVM_ENGINES)
def test_the_page_on_upgrades_names_them_the_usual_one_first(name: str) -> None:
    engine = engine_named(name)
    row = ", ".join(engine.versions)
    assert engine.versions[0] == engine.version
    assert f"| {row} |" in UPGRADE.read_text(encoding="utf-8")
