"""`history` as a user types it: what is printed, written and refused."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streambench.analysis.published import history as published
from streambench.analysis.published.history import history_schema
from streambench.cli.main import app
from streambench.model.errors import ExitCode
from tests.analysis.history.runs import nightly
from tests.analysis.schema_check import problems

SCHEMA = Path(published.__file__).parent / "history-schema.json"
STEP = [80.0] * 6 + [104.0] * 6


def run_history(*words: object) -> Result:
    return CliRunner().invoke(app, ["history", *map(str, words)], env={"COLUMNS": "80"})


@pytest.fixture
def nights(tmp_path: Path) -> Path:
    nightly(tmp_path / "results", {"flink": STEP})
    return tmp_path / "results"


def test_a_page_and_tables_of_80_columns(tmp_path: Path, nights: Path) -> None:
    into = tmp_path / "out"
    said = run_history(nights, "--out", into)
    assert said.exit_code == ExitCode.OK, said.output
    assert "worse from run 7 on" in " ".join(said.stdout.split())
    assert max(map(len, said.stdout.splitlines())) <= 80
    assert "history.html" in said.stderr
    page = (into / "history.html").read_text()
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//|<script|@import|url\(http", page)
    assert [file.name for file in into.iterdir()] == ["history.html"]


def test_json_is_as_its_schema_says(
    nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run_history("--json")
    assert said.exit_code == ExitCode.OK
    found = json.loads(said.stdout)
    schema = json.loads(history_schema())
    assert list(problems(found, schema, schema)) == []
    assert [each["number"] for each in found["runs"]] == list(range(1, 13))
    assert any(each["changes"] for each in found["series"])
    assert not Path("history").exists()


def test_the_schema_in_the_package_is_that_of_the_values() -> None:
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SCHEMA.write_text(history_schema(), encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == history_schema()


def test_runs_like_a_given_one_are_shown(tmp_path: Path, nights: Path) -> None:
    (other,) = nightly(nights / "other", {"flink": [80.0]}, changed={0: {"rate_per_s": 40_000}})
    said = run_history(nights, "--like", other.folder, "--json")
    found = json.loads(said.stdout)
    assert [each["bundle"] for each in found["runs"]] == [other.folder.name]
    (left_out,) = found["left_out"]
    assert len(left_out["bundles"]) == 12
    assert {"what": "rate", "shown": "40,000 events/s", "left_out": "20,000 events/s"} in left_out[
        "differ_in"
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("{root}/nowhere",), "there is no folder"),
        (("{root}/empty",), "there is no run bundle in"),
        (("{root}/results", "--like", "{root}"), "none of the finished runs"),
    ],
)
def test_what_has_no_history_is_told_with_a_hint_and_writes_nothing(
    tmp_path: Path, nights: Path, words: tuple[str, ...], told: str
) -> None:
    (tmp_path / "empty").mkdir()
    into = tmp_path / "out"
    said = run_history(*(word.format(root=tmp_path) for word in words), "--out", into)
    assert said.exit_code == ExitCode.USAGE
    assert told in " ".join(said.stderr.split())
    assert "hint:" in said.stderr
    assert said.stdout == ""
    assert not into.exists()


def test_what_cannot_be_written_is_told_in_a_sentence(tmp_path: Path, nights: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    said = run_history(nights, "--out", file / "below")
    assert said.exit_code == ExitCode.USAGE
    assert f"can be no folder: {file} is a file" in said.stderr


def test_help_is_one_screen() -> None:
    shown = CliRunner().invoke(app, ["history", "--help"], env={"COLUMNS": "80"}).stdout
    assert len(shown.splitlines()) <= 46
    assert max(map(len, shown.splitlines())) <= 80


def examples(root: Path) -> list[str]:
    """Published examples, of the workload that most would choose: more runs than any of the user's."""
    made = nightly(root / "made", {"flink": [80.0] * 3}, changed={0: {"workload": "clicks"}})
    names = []
    for at, each in enumerate(made):
        each.folder.rename(root / f"example-{at}")
        names.append(f"example-{at}")
    return names


def test_published_examples_are_no_runs_of_the_user(tmp_path: Path) -> None:
    root = tmp_path / "results"
    names = examples(root)
    (own,) = nightly(root, {"flink": [80.0]}, changed={0: {"workload": "trips"}})
    found = json.loads(run_history(root, "--json").stdout)
    assert [each["bundle"] for each in found["runs"]] == [own.folder.name]
    assert (found["examples"], found["left_out"]) == (names, [])
    said = run_history(root, "--out", tmp_path / "out")
    assert "Shown: 1 run of trips." in said.stdout
    assert "a published example, and no run of yours" in " ".join(said.stdout.split())
    assert "on other terms" not in said.stderr
    asked = run_history(root, "--like", root / names[0], "--out", tmp_path / "out")
    assert "Shown: 3 runs of clicks, of 4 that were found, on the terms of example-0." in " ".join(
        asked.stdout.split()
    )


def test_where_only_examples_are_found_they_are_said_to_be_such(tmp_path: Path) -> None:
    root = tmp_path / "results"
    examples(root)
    said = run_history(root, "--out", tmp_path / "out")
    assert "They are published examples, and no runs of yours." in " ".join(said.stdout.split())
    assert "a run of your own: streambench run --quick" in said.stderr


def test_which_runs_are_shown_is_said_and_how_to_see_others(tmp_path: Path, nights: Path) -> None:
    (other,) = nightly(nights / "other", {"flink": [80.0]}, changed={0: {"workload": "trips"}})
    said = run_history(nights, "--out", tmp_path / "out")
    told = "Shown: 12 runs of clicks, of 13 that were found, on the terms that most runs with a figure have."
    assert told in " ".join(said.stdout.split())
    assert told in (tmp_path / "out" / "history.html").read_text()
    hint = said.stderr.partition("runs on other terms: streambench history ")[2].split("\n")[0]
    assert hint == f"{nights} --like {other.folder}"
    assert "Shown: 1 run of trips" in run_history(*hint.split(), "--out", tmp_path / "out").stdout
