"""A command imports what it needs, and the list of commands needs none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

import streambench
from streambench.cli.deferred import command_of
from streambench.cli.main import COMMANDS, app

PROJECT = Path(streambench.__file__).parent.parent
HEAVY = frozenset(
    {"duckdb", "jinja2", "kafka", "matplotlib", "numpy", "pyarrow", "pydantic", "ruptures"}
    | {"scipy", "scipy.stats", "sqlglot"}
)
ANALYSIS = {"numpy", "pyarrow", "pydantic", "scipy"}
EXAMPLE = PROJECT / "results" / "example-clicks-quick"
RUN = """
import json, os, sys
from streambench.cli.main import main
sys.argv[0] = "streambench"
try:
    main()
finally:
    with open(os.environ["LOADED"], "w") as file:
        json.dump(list(sys.modules), file)
"""


def loaded(folder: Path, *arguments: str, **env: str) -> frozenset[str]:
    """Which of the heavy libraries a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "LOADED": str(folder / "loaded"), **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return HEAVY & frozenset(json.loads((folder / "loaded").read_text()))


# The parser itself reads values with pydantic, and a workload's expressions are parsed by sqlglot.
@pytest.mark.parametrize(
    ("line", "may_need"),
    [
        ("--help", set()),
        ("run --help", {"pydantic"}),
        ("compare --help", {"pydantic"}),
        ("report --help", {"pydantic"}),
        ("baseline save --help", {"pydantic"}),
        ("validate clicks", {"jinja2", "pydantic", "sqlglot"}),
        ("workloads --json", {"duckdb", "pydantic", "sqlglot"}),  # one has a small table
        ("engines", {"pydantic", "sqlglot"}),
        ("explain clicks --engine flink", {"pydantic", "sqlglot"}),
        ("doctor", {"pydantic"}),
        ("report EXAMPLE --json", ANALYSIS),
        ("compare EXAMPLE:flink EXAMPLE:spark --json", ANALYSIS),
    ],
)
def test_a_command_imports_what_it_needs(tmp_path: Path, line: str, may_need: set[str]) -> None:
    words = (word.replace("EXAMPLE", str(EXAMPLE)) for word in line.split())
    assert loaded(tmp_path, *words) <= may_need


@pytest.mark.parametrize(
    ("words", "may_need"),
    [("streambench find", {"pydantic"}), ("streambench run --ra", {"pydantic"})],
)
def test_so_does_completion(tmp_path: Path, words: str, may_need: set[str]) -> None:
    word = str(len(words.split()) - 1)
    asked = {"COMP_WORDS": words, "COMP_CWORD": word, "_STREAMBENCH_COMPLETE": "complete_bash"}
    assert loaded(tmp_path, **asked) <= may_need


@pytest.mark.parametrize("name", ["bench", "finding", "draining", "calibrating"])
def test_what_a_run_needs_is_there_before_it_begins(name: str) -> None:
    """What is imported later would be imported beside an engine that is measured."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys, streambench.cli.{name}; print(*sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert {"duckdb", "scipy.stats"} <= set(done.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_shows_of_a_command_what_its_own_help_begins_with(name: str) -> None:
    group, whole = get_command(app), command_of(name)
    assert isinstance(group, TyperGroup)
    assert COMMANDS[name] == " ".join(whole.help.split("\n\n")[0].split())
    assert not whole.hidden
    for limit in range(20, 120):
        listed = group.commands[name].get_short_help_str(limit)
        assert listed == whole.get_short_help_str(limit)


def test_each_module_of_a_command_is_listed() -> None:
    files = (PROJECT / "streambench" / "cli").glob("*.py")
    own = {file.stem for file in files if file.read_text().startswith('"""`streambench ')}
    assert {name.replace("-", "_") for name in COMMANDS} == own
