"""`compare` and `baseline` as a user types them: what is printed, written, refused, and the exit code."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from streambench.analysis.published import comparison
from streambench.analysis.published.comparison import comparison_schema
from streambench.cli.main import app
from streambench.model.errors import ExitCode
from streambench.report.comparison.write import COMMENT_CHARACTERS
from tests.analysis.compare.bundles import bundle_of
from tests.analysis.schema_check import problems

SCHEMA = Path(comparison.__file__).parent / "comparison-schema.json"
STEADY = (30.0, 31.0, 29.5, 30.5, 30.2)
SLOWER = tuple(1.5 * value for value in STEADY)


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return bundle_of(tmp_path / "results", {"flink": STEADY, "spark": SLOWER}).folder


def compare(*words: object) -> Result:
    return CliRunner().invoke(app, ["compare", *map(str, words)])


def test_a_page_a_comment_and_a_table_of_80_columns(tmp_path: Path, run_folder: Path) -> None:
    into = tmp_path / "out"
    said = compare(f"{run_folder}:flink", f"{run_folder}:spark", "--out", into)
    assert said.exit_code == ExitCode.OK, said.output
    assert "result delay p99 is worse in B" in " ".join(said.stdout.split())
    assert max(map(len, said.stdout.splitlines())) <= 80
    page = (into / "compare.html").read_text()
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//|<script|@import|url\(http", page)
    comment = (into / "compare.md").read_text()
    assert len(comment) <= COMMENT_CHARACTERS
    assert "![" not in comment
    assert "| result delay p99, ms |" in comment
    assert not (into / "compare.xml").exists()


def test_gates_decide_the_exit_code_and_stand_in_junit(tmp_path: Path, run_folder: Path) -> None:
    into = tmp_path / "out"
    sides = (f"{run_folder}:flink", f"{run_folder}:spark", "--out", into)
    held = compare(*sides, "--fail-on", "lost", "--fail-on", "p99 > 5s")
    assert held.exit_code == ExitCode.OK
    broken = compare(*sides, "--fail-on", "p99 > +10%", "--fail-on", "lost")
    assert broken.exit_code == ExitCode.FAILED
    assert broken.stdout.count("broken: p99 > +10%") == 1
    unknown = compare(*sides, "--fail-on", "late_time > 5s")
    assert unknown.exit_code == ExitCode.INVALID
    compare(*sides, "--fail-on", "p99 > +10%", "--fail-on", "late_time > 5s", "--fail-on", "lost")
    suite = ElementTree.parse(into / "compare.xml").getroot()
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "skipped": "0",
    }


def test_json_is_as_its_schema_says(run_folder: Path) -> None:
    said = compare(f"{run_folder}:flink", f"{run_folder}:spark", "--json", "--fail-on", "lost")
    assert said.exit_code == ExitCode.OK
    found = json.loads(said.stdout)
    schema = json.loads(comparison_schema())
    assert list(problems(found, schema, schema)) == []
    (pair,) = found["pairs"]
    (p99,) = [each for each in pair["figures"] if each["figure"] == "delay_p99_ms"]
    assert p99["verdict"] == "worse"
    assert p99["ratio"]["low"] > 1
    assert found["gates"][0]["state"] == "held"
    assert not Path("compare").exists()


def test_the_schema_in_the_package_is_that_of_the_values() -> None:
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SCHEMA.write_text(comparison_schema(), encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == comparison_schema()


def test_a_baseline_is_kept_found_and_replaced(tmp_path: Path, run_folder: Path) -> None:
    root = tmp_path / "results"
    other = bundle_of(root, {"flink": SLOWER}).folder

    def save(bundle: Path, name: str) -> Result:
        return CliRunner().invoke(app, ["baseline", "save", str(bundle), name, "--in", str(root)])

    assert save(run_folder, "main").exit_code == ExitCode.OK
    assert save(other, "main").exit_code == ExitCode.OK
    listed = CliRunner().invoke(app, ["baseline", "list", "--in", str(root)])
    assert listed.stdout.split() == ["main"]
    said = compare(
        "--baseline", "main", f"{run_folder}:flink", "--in", root, "--out", tmp_path / "o"
    )
    assert said.exit_code == ExitCode.OK, said.output
    assert "× 0.67" in said.stdout or "0.67" in said.stdout
    missing = compare("--baseline", "mian", run_folder, "--in", root)
    assert missing.exit_code == ExitCode.USAGE
    assert "there is main" in missing.stderr
    assert save(run_folder, "../x").exit_code == ExitCode.USAGE
    assert save(tmp_path / "none", "x").exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("{run}:flink", "{run}:spark", "--allow", "machines"), "nothing that runs may differ in"),
        (("{run}:flink", "{run}:spark", "--fail-on", "p9 > 1ms"), "did you mean p99?"),
        (("{run}",), "needs two sides"),
        (("{run}:flink", "{other}:flink"), "--allow load"),
        (("{run}", "{run}"), "are the same run"),
        (("{run}", "nowhere"), "is not a run bundle"),
    ],
)
def test_what_cannot_be_compared_is_told_with_a_hint_and_writes_nothing(
    tmp_path: Path, run_folder: Path, words: tuple[str, ...], told: str
) -> None:
    other = bundle_of(tmp_path / "other", {"flink": STEADY}, run={"seed": 9}).folder
    into = tmp_path / "out"
    said = compare(*(word.format(run=run_folder, other=other) for word in words), "--out", into)
    assert said.exit_code == ExitCode.USAGE
    assert told in " ".join(said.stderr.split())
    assert "hint:" in said.stderr
    assert not into.exists()


def test_a_run_that_was_interrupted_is_refused_unless_allowed(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path, {"flink": STEADY, "spark": STEADY}).folder
    run = folder / "run.json"
    run.write_text(run.read_text().replace('"partial": false', '"partial": true'))
    sides = (f"{folder}:flink", f"{folder}:spark", "--out", tmp_path / "out")
    refused = compare(*sides)
    assert refused.exit_code == ExitCode.USAGE
    assert "--allow unfinished" in refused.stderr
    assert compare(*sides, "--allow", "unfinished").exit_code == ExitCode.OK


def test_what_cannot_be_written_is_told_in_a_sentence(tmp_path: Path, run_folder: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    said = compare(f"{run_folder}:flink", f"{run_folder}:spark", "--out", file / "below")
    assert said.exit_code == ExitCode.USAGE
    assert f"can be no folder: {file} is a file" in said.stderr
    kept = CliRunner().invoke(app, ["baseline", "save", str(run_folder), "x", "--in", str(file)])
    assert kept.exit_code == ExitCode.USAGE
