"""Commands with variants that users declare: listed, explained, checked and fetched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streambench.cli.main import app
from streambench.model.errors import ExitCode
from streambench.model.plan import Artifacts

FILE = """\
[flink.tuned]
title = "tuned"
note = "It is [bold]tuned[/]."
based_on = "rocksdb"
settings = { "heartbeat.interval" = "700 ms" }

[kafka-streams.next]
version = "4.4.0"
"""


@pytest.fixture(autouse=True)
def declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "variants.toml"
    file.write_text(FILE, encoding="utf-8")
    return file


def streambench(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


def test_the_list_of_engines_says_what_it_is_and_where_it_was_declared() -> None:
    shown = streambench("engines").stdout
    assert "It is [bold]tuned[/]." in shown
    assert (
        "Declared in variants.toml: state.backend.type = rocksdb, heartbeat.interval = 700 ms"
        in shown
    )
    assert "Declared in variants.toml: version 4.4.0" in shown
    listed = json.loads(streambench("engines", "clicks", "--json").stdout)
    variants = {each["name"]: each for engine in listed for each in engine["variants"]}
    assert variants["flink:tuned"]["declared_in"] == "variants.toml"
    assert variants["flink:tuned"]["settings"]["heartbeat.interval"] == "700 ms"
    assert variants["flink:spare"]["declared_in"] is None
    assert variants["kafka-streams:next"]["version"] == "4.4.0"


def test_a_broken_file_hides_nothing_that_is_shipped(declared: Path) -> None:
    declared.write_text("[flink.spare]\n", encoding="utf-8")
    done = streambench("engines")
    assert "flink:adaptive" in done.stdout
    assert "flink ships a variant of that name" in done.stderr
    assert done.exit_code == ExitCode.USAGE
    assert json.loads(streambench("engines", "--json").stdout)


def test_a_workload_that_there_is_not_is_refused_by_the_list_of_engines() -> None:
    done = streambench("engines", "clik")
    assert "did you mean 'clicks'" in done.stderr
    assert done.exit_code == ExitCode.USAGE


def test_a_declared_variant_is_explained() -> None:
    done = streambench("explain", "clicks", "-e", "flink:tuned", "--json")
    settings = {(s["name"], s["value"], s["origin"]) for s in json.loads(done.stdout)["settings"]}
    assert ("heartbeat.interval", "700 ms", "variant") in settings


def test_a_check_of_the_workload_checks_its_variants(declared: Path) -> None:
    done = streambench("validate", "clicks")
    assert "flink:tuned is sound, declared in variants.toml." in done.stdout
    assert done.exit_code == ExitCode.OK
    declared.write_text("[flink.a]\nx = 1\n", encoding="utf-8")
    done = streambench("validate", "clicks")
    assert "variants.toml: line 2, column 1: flink.a.x: unknown key" in done.stderr
    assert done.exit_code == ExitCode.USAGE


def test_the_version_of_a_declared_variant_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[Artifacts] = []
    monkeypatch.setattr("streambench.cli.fetching.announce", lambda _: None)
    monkeypatch.setattr("streambench.cli.fetching.fetch_all", wanted.extend)
    assert streambench("fetch", "-e", "kafka-streams:next").exit_code == ExitCode.OK
    assert ("streams-4.4.0", "compiler") in [each.jar_sets for each in wanted]


def test_a_run_with_a_broken_file_is_refused_before_anything_starts(declared: Path) -> None:
    declared.write_text('[spark.a]\ntrigger = "soon"\n', encoding="utf-8")
    done = streambench("run", "--engine", "spark:a")
    assert done.exit_code == ExitCode.USAGE
    assert "variants.toml: line 2, column 1: spark.a.trigger: 'soon' is no trigger" in done.stderr
    assert "Traceback" not in done.output
    assert not Path("results").exists()
