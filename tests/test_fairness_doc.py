"""What docs/fairness.md tells its readers to type is what the engines have."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from streambench.engines.registry import CONTENDERS, contender_named, engine_named
from streambench.model.conditions import Conditions
from streambench.model.plan import Origin, Plan
from tests.engines.cluster_lab import CLICKS

TEXT = (Path(__file__).parent.parent / "docs/fairness.md").read_text(encoding="utf-8")
SETS = sorted(
    set(re.findall(r'--set "?([a-z-]+):([^=`]+)=([^`"]+)', TEXT)) - {("ENGINE", "KEY", "VALUE")}
)
VARIANTS = sorted(
    set(re.findall(r"\b(?:flink|spark|kafka-streams|kafka-python):[a-z0-9-]+(?=[` ])", TEXT))
)


def test_there_is_something_to_be_tested() -> None:
    assert len(SETS) > 20
    assert len(VARIANTS) >= 6


@pytest.mark.parametrize(("engine", "key", "value"), SETS)
def test_every_setting_in_it_is_one_of_the_engine(engine: str, key: str, value: str) -> None:
    chosen, variant = contender_named(engine)
    # An ellipsis stands for what the reader has to choose.
    value = "1" if value == "…" else value
    made = chosen.plan(CLICKS, Conditions(), dataclasses.replace(variant, settings=((key, value),)))
    assert isinstance(made, Plan)
    found = [s for s in made.settings if s.origin is Origin.USER]
    assert found
    assert all(s.listed for s in found)


@pytest.mark.parametrize("text", VARIANTS)
def test_every_variant_in_it_exists(text: str) -> None:
    contender_named(text)


@pytest.mark.parametrize("name", CONTENDERS)
def test_every_variant_is_in_it(name: str) -> None:
    for each in engine_named(name).variants:
        assert f"`{name}:{each.name}`" in TEXT
