"""What is given away tells neither whose machine it was nor where anything lay on it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streambench.cli.logs import newest_bundle
from streambench.cli.main import app
from streambench.model.errors import ExitCode
from streambench.results.bundle import read_bundle
from tests.analysis.compare.bundles import bundle_of
from tests.report import example, example_recovery

from .secrets import HOST, USER, plant, traces, traces_in

RESULTS = Path(__file__).parents[2] / "results"
REAL = ("example-clicks-quick", "example-drain", "example-find-rate", "example-keys")
MADE: dict[str, Callable[[Path], Path]] = {
    "every_result": example.every_result,
    "late_flights": example.late_flights,
    "faulted": example_recovery.faulted,
}


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(autouse=True)
def tessa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine and its user that must not be told."""
    home = tmp_path / "home" / USER
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LOGNAME", USER)
    monkeypatch.setattr("socket.gethostname", lambda: f"{HOST}.zz-domain.example")
    monkeypatch.chdir(tmp_path)


DRAWN = pytest.param("every_result", marks=pytest.mark.drawn)


@pytest.fixture(params=[*REAL, DRAWN, *sorted(MADE.keys() - {"every_result"})])
def seeded(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A bundle in a folder that tells as much as its texts do."""
    home = tmp_path / "zz-mine"
    if request.param in MADE:
        made = MADE[request.param](tmp_path / "made")
    else:
        made = RESULTS / request.param
    folder = Path(shutil.copytree(made, home / "zz-run"))
    assert plant(folder) > 20
    return folder


def test_a_copy_to_share_tells_nothing(seeded: Path, tmp_path: Path) -> None:
    said = run("report", seeded, "--anonymous")
    assert said.exit_code == ExitCode.OK, said.output
    (copy,) = (folder for folder in seeded.parent.iterdir() if folder != seeded)
    assert copy.name.endswith("-anonymous")
    assert {"run.json", "report.html", "report.md"} <= {file.name for file in copy.iterdir()}
    assert traces_in(copy, str(tmp_path)) == []
    assert traces(said.output, str(tmp_path)) == []
    assert not list(copy.rglob("logs"))
    before, after = read_bundle(seeded), read_bundle(copy)
    assert len(after.trials) == len(before.trials)
    assert after.gaps == before.gaps
    printed = run("report", seeded, "--anonymous", "--json")
    assert traces(printed.output, str(tmp_path)) == []
    assert json.loads(printed.stdout) == json.loads(run("report", copy, "--json").stdout)


def test_a_comparison_to_share_tells_nothing(seeded: Path, tmp_path: Path) -> None:
    first, second = read_bundle(seeded).labels[:2]
    sides = (f"{seeded}:{first}", f"{seeded}:{second}")
    into = tmp_path / "zz-out"
    gates = ("--fail-on", "p99 > 5ms", "--fail-on", "lost")
    said = run("compare", *sides, "--anonymous", "--out", into, *gates)
    assert {"compare.html", "compare.md", "compare.xml"} == {f.name for f in into.iterdir()}
    assert traces_in(into, str(tmp_path)) == []
    assert traces(said.output, str(tmp_path)) == []
    printed = run("compare", *sides, "--anonymous", "--json", *gates)
    assert traces(printed.output, str(tmp_path)) == []


def shared(folder: Path, *words: object) -> Path:
    """The anonymous copy of a bundle."""
    into = folder.parent / "shared"
    said = run("report", folder, "--anonymous", "--out", into, *words)
    assert said.exit_code == ExitCode.OK, said.output
    return into


def test_a_copy_is_compared_like_its_run(tmp_path: Path) -> None:
    steady, slower = (30.0, 31.0, 29.5, 30.5, 30.2), (45.0, 46.0, 44.5, 45.5, 45.2)
    first, second = (
        bundle_of(tmp_path / name, {"flink": values}).folder
        for name, values in (("a", steady), ("b", slower))
    )
    copy = shared(first)
    outputs = [run("compare", each, second, "--json").stdout for each in (first, copy)]
    one, other = (json.loads(output)["pairs"][0]["figures"] for output in outputs)
    assert one == other
    assert run("compare", copy, first).exit_code == ExitCode.USAGE  # it is the same run


def test_a_copy_that_is_there_is_replaced_and_nothing_else_is(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path, {"flink": (30.0,)}).folder
    copy = shared(folder)
    (copy / "old").write_text("")
    assert shared(folder) == copy
    assert not (copy / "old").exists()
    other = bundle_of(tmp_path / "other", {"flink": (30.0,)}).folder
    before = sorted(other.rglob("*"))
    for there in (folder, other, tmp_path):
        said = run("report", folder, "--anonymous", "--out", there)
        assert said.exit_code == ExitCode.USAGE
        assert "is no anonymous copy" in said.stderr
    assert sorted(other.rglob("*")) == before
    assert (folder / "trials").is_dir()


def test_a_folder_is_named_for_a_copy_only(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path, {"flink": (30.0,)}).folder
    said = run("report", folder, "--out", tmp_path / "x")
    assert said.exit_code == ExitCode.USAGE
    assert "--anonymous" in said.stderr
    assert not (tmp_path / "x").exists()


def test_the_newest_bundle_is_never_a_copy_of_one(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path / "results", {"flink": (30.0,)}).folder
    assert run("report", "--anonymous").exit_code == ExitCode.OK
    assert len(list((tmp_path / "results").iterdir())) == 2
    assert newest_bundle(tmp_path / "results") == folder
    shutil.rmtree(folder)
    assert newest_bundle(tmp_path / "results").name == f"{folder.name}-anonymous"


def test_what_is_required_stands_in_the_copy(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path, {"flink": (30.0, 31.0, 29.5)}).folder
    copy = shared(folder, "--require", "lost = 0")
    assert "lost = 0" in (copy / "report.md").read_text()
    assert read_bundle(copy).run.requirements == ("lost = 0",)


def test_a_report_says_what_is_left_out(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path, {"flink": (30.0,)}).folder
    assert "- left out: " in (shared(folder) / "report.md").read_text()
    run("report", folder)
    assert "- left out: " not in (folder / "report.md").read_text()
