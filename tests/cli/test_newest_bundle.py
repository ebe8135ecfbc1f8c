"""Which bundle a command takes that was given none: the user's newest, and it is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streambench.cli.main import app
from streambench.model.errors import ExitCode
from streambench.results.bundle import Bundle
from tests.analysis.history.runs import nightly


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "80"})


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Bundle]:
    monkeypatch.chdir(tmp_path)
    return nightly(Path("results"), {"flink": [80.0] * 3})


@pytest.mark.parametrize("command", ["report", "judge", "logs"])
def test_a_published_example_is_not_taken_for_the_newest(runs: list[Bundle], command: str) -> None:
    shutil.copytree(runs[0].folder, "results/example-clicks")
    said = run(command).stderr
    assert f"bundle: {runs[-1].folder}" in said
    assert "example" not in said.replace("a published example have none", "")


def test_a_renamed_bundle_is_as_old_as_its_run(runs: list[Bundle]) -> None:
    runs[0].folder.rename("results/before")
    assert f"bundle: {runs[-1].folder}\n" in run("report").stderr
    Path("results/odd").mkdir()
    for text in ("[]", "{", '{"started_at": 7}'):
        Path("results/odd/run.json").write_text(text)
        assert f"bundle: {runs[-1].folder}\n" in run("report").stderr


def test_where_there_are_only_examples_one_is_taken_and_said_to_be_such(runs: list[Bundle]) -> None:
    for at, each in enumerate(runs):
        each.folder.rename(f"results/example-{at}")
    done = run("report")
    assert done.exit_code == ExitCode.OK
    assert "bundle: results/example-2, a published example: results holds no run of yours" in (
        done.stderr
    )


def test_a_bundle_that_was_named_is_not_told_again(runs: list[Bundle]) -> None:
    assert "bundle:" not in run("report", str(runs[0].folder)).stderr


def test_logs_that_are_not_there_are_told_with_what_there_is(runs: list[Bundle]) -> None:
    done = run("logs")
    assert done.exit_code == ExitCode.USAGE
    assert "holds no log" in done.stderr
    assert "\n\nhint: " in done.stderr
    folder = runs[-1].folder / "trials" / "01-flink" / "logs"
    folder.mkdir(parents=True)
    (folder / "worker-0.log").write_text("it began\n")
    for words, there in ((("--trial", "spark"), "01-flink"), (("--process", "broker"), "worker-0")):
        done = run("logs", *words)
        assert done.exit_code == ExitCode.USAGE
        assert f"'{words[1]}' in its name; there are" in " ".join(done.stderr.split())
        assert there in done.stderr
        assert f"hint: streambench logs {runs[-1].folder}" in " ".join(done.stderr.split())
    assert "it began" in run("logs").stdout
    (folder / "worker-0.log").write_text("")
    assert "said nothing" in run("logs").stderr
