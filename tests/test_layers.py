"""Imports go one way, and only an engine's own package knows that engine."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "streambench"
LAYERS = (
    "model", "workload", "load", "oracle", "runtime", "kafka", "engines", "trial",
    "results", "experiment", "analysis", "report", "cli",
)  # fmt: skip
FILES = sorted(path for path in PACKAGE.rglob("*.py") if len(path.relative_to(PACKAGE).parts) > 1)
# Scripts that other interpreters run: they must not import streambench at all.
FOREIGN = ("pyflink", "pyspark", "py4j")


@cache
def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_every_part_of_the_tree_has_a_layer() -> None:
    parts = {path.relative_to(PACKAGE).parts[0] for path in FILES}
    assert parts == set(LAYERS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_part_imports_only_parts_below_it(path: Path) -> None:
    own = LAYERS.index(path.relative_to(PACKAGE).parts[0])
    for name in imported(path):
        pieces = name.split(".")
        if pieces[0] == "streambench" and len(pieces) > 1 and pieces[1] in LAYERS:
            assert LAYERS.index(pieces[1]) <= own, f"{path.name} imports {name}"


DECIDING = (
    "scipy",
    "statistics",
    "streambench.analysis.delays",
    "streambench.analysis.ranking.rank",
    "streambench.results.speed.at_another_speed",
    "streambench.results.sustained",
    "streambench.results.statistics",
)


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.relative_to(PACKAGE).parts[0] == "report"],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_the_report_presents_and_does_not_decide(path: Path) -> None:
    """Who is ranked, told apart or left out is a value of `analysis`."""
    for name in imported(path):
        assert not any(name == each or name.startswith(f"{each}.") for each in DECIDING), name


def test_the_report_tells_kinds_of_experiment_apart_in_one_place() -> None:
    telling = {
        str(path.relative_to(PACKAGE))
        for path in FILES
        if path.relative_to(PACKAGE).parts[0] == "report"
        and ("streambench.model.experiment" in imported(path) or ".run.search " in path.read_text())
    }
    assert telling == {"report/chapters/choose.py"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_an_engines_own_package_imports_it(path: Path) -> None:
    parts = path.relative_to(PACKAGE).parts
    for name in imported(path):
        pieces = name.split(".")
        if pieces[:2] == ["streambench", "engines"] and len(pieces) > 2:
            neutral = pieces[2] in ("common", "dry_runs", "gaps", "protocol", "registry")
            assert neutral or parts[:2] == ("engines", pieces[2]), f"{path} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_foreign_libraries_stay_in_scripts_without_streambench(path: Path) -> None:
    names = imported(path)
    if any(name.split(".")[0] in FOREIGN for name in names):
        assert not any(name.split(".")[0] == "streambench" for name in names)
        assert path.relative_to(PACKAGE).parts[0] == "engines"
