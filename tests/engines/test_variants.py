"""Named variants: found by name, planned by their settings, and each under a label of its own."""

from __future__ import annotations

import pytest

from streambench.engines.common.variants import asked, title_of
from streambench.engines.registry import ALL, contender_named, engine_named
from streambench.model.conditions import Conditions, NamedVariant, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Origin, Plan
from streambench.runtime.jars import jar_sets
from tests.engines.cluster_lab import CLICKS

EVERY = [(name, each) for name in ALL for each in engine_named(name).variants]
SHIPPED = NamedVariant("spare", "spare worker", "a note", (("a", "1"), ("b", "2")))


def test_there_are_variants_to_be_tested() -> None:
    assert EVERY


def test_an_engines_name_alone_is_the_engine_as_it_usually_runs() -> None:
    engine, variant = contender_named("flink")
    assert (engine.name, variant) == ("flink", Variant("flink", engine.version))


@pytest.mark.parametrize(("name", "each"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_every_variant_is_found_and_its_settings_are_in_the_plan(
    name: str, each: NamedVariant
) -> None:
    engine, variant = contender_named(f"{name}:{each.name}")
    assert variant.label == f"{name}:{each.name}"
    assert title_of(engine, variant) == f"{engine.title}, {each.title}"
    made = engine.plan(CLICKS, Conditions(), variant)
    assert isinstance(made, Plan)
    set_by_it = {(s.name, s.value) for s in made.settings if s.origin is Origin.VARIANT}
    assert set_by_it == set(each.settings)
    usual = engine.plan(CLICKS, Conditions(), Variant(name, engine.version))
    assert made != usual


@pytest.mark.parametrize(("name", "each"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_a_variant_is_told_in_a_sentence_under_a_plain_name(name: str, each: NamedVariant) -> None:
    assert each.note[-1] == "."
    assert each.name.replace("-", "").isalnum()
    assert each.name == each.name.lower()
    assert [v.name for v in engine_named(name).variants].count(each.name) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flink:adaptve", "'adaptive'"),
        ("flnk:adaptive", "flink"),
        ("reference:adaptive", "it has none"),
        ("flink:", "no variant ''"),
    ],
)
def test_an_unknown_variant_is_refused_with_the_nearest_name(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        contender_named(text)


def test_the_user_wins_over_the_variant_and_both_are_told_apart() -> None:
    variant = Variant("flink", "1", (("b", "3"),), "spare")
    assert [(a.name, a.value, a.origin) for a in asked(variant, [SHIPPED])] == [
        ("a", "1", Origin.VARIANT),
        ("b", "2", Origin.VARIANT),
        ("b", "3", Origin.USER),
    ]


VERSIONS = [(name, version) for name in ALL for version in engine_named(name).versions]


@pytest.mark.parametrize(("name", "version"), VERSIONS)
def test_every_tested_version_has_a_plan_under_a_label_of_its_own(name: str, version: str) -> None:
    engine, variant = contender_named(f"{name}@{version}")
    assert variant == Variant(name, version, pinned=True)
    assert variant.label == f"{name}@{version}"
    assert title_of(engine, variant) == f"{engine.title} {version}"
    made = engine.plan(CLICKS, Conditions(), variant)
    assert isinstance(made, Plan)
    assert made.version == version
    # What it needs has a name of its own, so that versions stand beside each other.
    needs = engine.requires(variant)
    assert set(needs.jar_sets) <= set(jar_sets())


def test_a_version_goes_with_a_variant() -> None:
    _, variant = contender_named("kafka-streams@4.4.0:flat-json")
    assert variant.label == "kafka-streams@4.4.0:flat-json"
    assert (variant.version, variant.name) == ("4.4.0", "flat-json")


def test_a_version_that_is_not_tested_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        UsageError, match=r"Kafka Streams 4\.4\.1 is not among the versions"
    ) as told:
        contender_named("kafka-streams@4.4.1")
    assert told.value.hint == "--engine kafka-streams@4.4.0"
    with pytest.raises(UsageError):
        contender_named("kafka-streams@")
