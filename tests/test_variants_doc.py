"""What docs/variants.md tells its readers to write is accepted, and its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streambench.cli.main import app
from streambench.engines.common.declaration import VariantSpec
from streambench.engines.common.variants import Declared
from streambench.engines.registry import CONTENDERS, contender_named, engine_named
from streambench.experiment.declared import declared_for
from streambench.model.errors import ExitCode
from streambench.workload.locate import find
from streambench.workload.parse import load_workload

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs/variants.md").read_text(encoding="utf-8")


@pytest.fixture
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Declared:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("variants.toml").write_text(example, encoding="utf-8")
    return declared_for(load_workload(find("clicks")))


def test_the_example_is_accepted_whole_and_shows_every_key(declared: Declared) -> None:
    assert {"flink", "spark", "kafka-streams"} == set(declared)
    example = TEXT.partition("```toml")[2].partition("```")[0]
    assert all(re.search(rf"\b{key}\b", example) for key in VariantSpec.model_fields)


def test_every_variant_in_it_exists(declared: Declared) -> None:
    named = set(re.findall(r"\b((?:flink|spark|kafka-streams):[a-z][a-z0-9-]+)", TEXT))
    assert len(named) >= 1
    for name in named:
        contender_named(name, declared)


def test_what_it_shows_of_the_list_of_engines_is_what_is_printed(declared: Declared) -> None:
    shown = CliRunner().invoke(app, ["engines"], env={"COLUMNS": "200"}).stdout
    listed = " ".join(shown.split())
    (excerpt,) = re.findall(r"^    (flink:unaligned  .*?)\n\n", TEXT, re.DOTALL | re.MULTILINE)
    assert " ".join(excerpt.split()) in listed


def test_its_commands_that_start_nothing_work(declared: Declared) -> None:
    for line in re.findall(r"^    streambench (validate .*|explain .*)$", TEXT, re.MULTILINE):
        words = line.partition("#")[0].split()
        assert CliRunner().invoke(app, words).exit_code == ExitCode.OK, line


def test_the_table_has_every_key_and_every_shorthand() -> None:
    keys = re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.MULTILINE)
    assert keys == list(dict.fromkeys([*keys]))
    assert set(keys) == set(VariantSpec.model_fields)
    for name in CONTENDERS:
        for key, setting in engine_named(name).shorthands:
            assert f"`{key}`" in TEXT
            assert f"`{setting}`" in TEXT
