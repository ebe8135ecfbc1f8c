"""What docs/semantics.md says is held by something: each row names a test or a script that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streambench.engines.registry import engine_named

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/semantics.md"
TEXT = PAGE.read_text(encoding="utf-8")
FINDINGS = ROOT / "findings"
SCRIPTS = sorted(FINDINGS.glob("*.sh"))
_LINK = re.compile(r"\[([^\]]*)\]\(([^)]+)\)")
_TITLES = ("Case", "What each engine does", "Source", "What streambench does", "Held by")
# The packages of each engine that the page names, as scripts pin them.
_PINS = {
    "Flink SQL": r"<v>([\d.]+)</v>",
    "Spark Structured Streaming": r"pyspark==([\d.]+)",
    "Kafka Streams": r"kafka-streams-test-utils</artifactId>\s*<version>([\d.]+)<",
    "DuckDB": r"duckdb==([\d.]+)",
}


def cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split(" | "))


def rows() -> list[tuple[str, ...]]:
    """The cells of each row of the tables of cases."""
    found, within = [], False
    for line in TEXT.splitlines():
        if not line.startswith("|"):
            within = False
        elif cells(line) == _TITLES:
            within = True
        elif within and not line.startswith("|---"):
            found.append(cells(line))
    return found


ROWS = rows()


def is_there(name: str, target: str) -> bool:
    """Whether a link leads to a script, or to a test of this name in that file."""
    path = (PAGE.parent / target).resolve()
    if path.parent == FINDINGS:
        return path in SCRIPTS
    test = name.strip("`")
    return (
        path.is_file()
        and re.search(rf"^def {re.escape(test)}\(", path.read_text(), re.M) is not None
    )


def test_there_is_something_to_be_tested() -> None:
    assert len(ROWS) >= 15
    assert len(SCRIPTS) >= 10


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_row_is_held_by_tests_or_scripts_that_are_there(row: tuple[str, ...]) -> None:
    assert len(row) == len(_TITLES)
    assert all(row)
    held_by = _LINK.findall(row[-1])
    assert held_by
    for name, target in held_by:
        assert is_there(name, target), (name, target)


def test_a_test_or_a_script_that_is_not_there_is_found() -> None:
    assert not is_there("`test_that_nobody_wrote`", "../tests/test_layers.py")
    assert not is_there("script", "../findings/that-nobody-wrote.sh")


def test_its_other_links_lead_somewhere() -> None:
    for _, target in _LINK.findall(TEXT):
        if not target.startswith("https://"):
            assert (PAGE.parent / target.partition("#")[0]).exists(), target


def test_it_names_the_versions_on_which_the_scripts_show_it() -> None:
    for engine, pin in _PINS.items():
        (said,) = re.findall(rf"^\| {re.escape(engine)} \| ([\d.]+) \|$", TEXT, re.M)
        pinned = {found for script in SCRIPTS for found in re.findall(pin, script.read_text())}
        assert pinned == {said}, engine


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("flink", "Flink SQL"),
        ("spark", "Spark Structured Streaming"),
        ("kafka-streams", "Kafka Streams"),
    ],
)
def test_its_versions_are_those_that_are_usually_run(name: str, title: str) -> None:
    assert f"| {title} | {engine_named(name).version} |" in TEXT


def test_every_script_is_listed_and_can_be_started() -> None:
    listed = re.findall(
        r"^\| \[`([^`]+)`\]\(([^)]+)\) \| .+ \|$", (FINDINGS / "README.md").read_text(), re.M
    )
    assert [name for name, _ in listed] == [target for _, target in listed]
    assert sorted(name for name, _ in listed) == [script.name for script in SCRIPTS]
    assert all(script.stat().st_mode & 0o111 for script in SCRIPTS)
