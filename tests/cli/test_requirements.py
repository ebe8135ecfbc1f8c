"""`--require` on a bundle that exists: the table, the lines of what is broken, the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streambench.cli.main import app
from streambench.model.errors import ExitCode
from tests.analysis.compare.bundles import bundle_of

STEADY = (30.0, 31.0, 29.5, 30.5, 30.2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    slow = tuple(50 * value for value in STEADY)
    return bundle_of(tmp_path, {"flink": STEADY, "spark": slow}).folder


def report(folder: Path, *requirements: str) -> Result:
    words = [word for text in requirements for word in ("--require", text)]
    return CliRunner().invoke(app, ["report", str(folder), *words])


def test_it_stands_first_and_each_broken_one_has_a_line(folder: Path) -> None:
    said = report(folder, "delay_p99 < 500ms", "lost = 0")
    assert said.exit_code == ExitCode.FAILED
    assert said.stdout.startswith("Flink SQL meets all that is required.")
    assert max(map(len, said.stdout.splitlines())) <= 80
    broken = [line for line in said.stderr.splitlines() if line.startswith("not met:")]
    assert len(broken) == 1
    assert broken[0].startswith("not met: delay_p99 < 500ms: Spark Structured Streaming:")
    page = (folder / "report.html").read_text()
    assert page.index("Which one fits?") < page.index(">Verdict<")


def test_what_is_not_known_has_an_exit_code_of_its_own(folder: Path) -> None:
    assert report(folder, "late_time < 5s").exit_code == ExitCode.INVALID
    assert report(folder, "lost = 0").exit_code == ExitCode.OK
    assert report(folder).exit_code == ExitCode.OK


def test_a_file_has_one_a_line(tmp_path: Path, folder: Path) -> None:
    file = tmp_path / "needs.txt"
    file.write_text("# ours\nlost = 0\n\ndelay_p99 < 5s  # enough\n")
    assert report(folder, f"@{file}").exit_code == ExitCode.OK
    missing = report(folder, f"@{tmp_path / 'none.txt'}")
    assert missing.exit_code == ExitCode.USAGE
    assert "cannot be read" in missing.stderr


def test_json_has_each_requirement_of_each_variant(folder: Path) -> None:
    said = CliRunner().invoke(
        app, ["report", str(folder), "--json", "--require", "delay_p99 < 500ms"]
    )
    found = json.loads(said.stdout)["requirements"]
    assert {(each["variant"], each["fit"]) for each in found} == {
        ("flink", "met"),
        ("spark", "not met"),
    }


def test_what_cannot_be_read_is_refused_before_anything_is_written(folder: Path) -> None:
    said = report(folder, "p9 < 500ms")
    assert said.exit_code == ExitCode.USAGE
    assert "did you mean p99?" in said.stderr
    assert not (folder / "report.html").exists()


def test_json_ends_with_the_same_code(folder: Path) -> None:
    words = ["report", str(folder), "--json", "--require", "delay_p99 < 500ms"]
    assert CliRunner().invoke(app, words).exit_code == ExitCode.FAILED


def test_requirements_are_never_passed_over(tmp_path: Path, folder: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("# nothing yet\n")
    assert report(folder, f"@{empty}").exit_code == ExitCode.USAGE
    marked = tmp_path / "marked.txt"
    marked.write_text("\ufefflost = 0\n", encoding="utf-8")
    assert report(folder, f"@{marked}").exit_code == ExitCode.OK
    odd = tmp_path / "odd.txt"
    odd.write_text("lost = 0\nfoo < 3\n")
    assert f"line 2 of {odd}" in " ".join(report(folder, f"@{odd}").stderr.split())
    (folder / "run.json").unlink()
    assert report(folder, "lost = 0").exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("requirement", "told", "hint"),
    [
        ("p99 < +10%", "against something else", "streambench report --require 'p99 < 500ms'"),
        ("cpu < -5%", "against something else", "streambench report --require 'cpu < 30'"),
        ("memory", "needs a bound, as in memory < 512MiB", "streambench report --help"),
    ],
)
def test_an_example_fits_the_figure(folder: Path, requirement: str, told: str, hint: str) -> None:
    said = report(folder, requirement)
    assert said.exit_code == ExitCode.USAGE
    assert told in " ".join(said.stderr.split())
    assert said.stderr.strip().endswith(f"\n\nhint: {hint}")
