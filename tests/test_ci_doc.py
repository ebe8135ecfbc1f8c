"""What docs/ci.md tells its readers to type is what the command line takes; nothing of it is carried out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from streambench.analysis.compare.conditions import COUNTS, FIGURES, parse_condition
from streambench.cli.main import app
from streambench.report.comparison import write

TEXT = (Path(__file__).parents[1] / "docs" / "ci.md").read_text(encoding="utf-8")
_STREAMBENCH = re.compile(r"(?:^|[\s/])streambenchw?\s+(?=[a-z-]+)")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
CODE = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", TEXT, flags=re.MULTILINE | re.DOTALL))


def steps() -> list[dict[str, Any]]:
    """Those of all jobs of all workflows."""
    flows = [yaml.safe_load(block) for block in BLOCKS]
    return [step for flow in flows for job in flow["jobs"].values() for step in job["steps"]]


def commands(script: str) -> Iterator[list[str]]:
    """The arguments of each call of streambench in a shell script."""
    for line in script.replace("\\\n", " ").splitlines():
        if (found := _STREAMBENCH.search(line)) is not None:
            yield shlex.split(line[found.end() :])


SCRIPTS = [step["run"] for step in steps() if "run" in step]
CALLS = [
    call for text in (*SCRIPTS, *(code for code in CODE if " " in code)) for call in commands(text)
]


def parsed(arguments: list[str]) -> dict[str, Any]:
    """The options of a call by name, as the command would get them; raises what the parser refuses."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    name, *rest = arguments
    command = group.commands[name]
    context = command.make_context(name, rest, parent=group.make_context("streambench", [name]))
    return dict(context.params)


def test_there_is_something_to_be_tested() -> None:
    assert len(BLOCKS) == 1
    assert {call[0] for call in CALLS} >= {"run", "compare", "report"}
    assert len(CALLS) >= 5


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_every_command_line_is_one_that_the_command_takes(call: list[str]) -> None:
    for condition in parsed(call).get("fail_on") or ():
        parse_condition(condition)


def test_a_call_that_the_command_does_not_take_is_found() -> None:
    with pytest.raises(Exception, match="--fail-of"):
        parsed(["compare", "a", "b", "--fail-of", "lost"])


def test_every_script_is_of_steps_that_github_knows() -> None:
    for step in steps():
        assert ("run" in step) != ("uses" in step)
        assert set(step) <= {"name", "if", "run", "uses", "with"}


def test_what_is_shown_is_what_is_written(tmp_path: Path) -> None:
    """The files that a step shows or keeps are those that `compare` writes into its `--out`."""
    (call,) = (call for call in CALLS if call[0] == "compare" and "--out" in call)
    out = str(parsed(call)["into"])
    assert any(f"cat {out}/compare.md" in script for script in SCRIPTS)
    (kept,) = (step["with"]["path"].split() for step in steps() if "upload" in step.get("uses", ""))
    (run,) = (call for script in SCRIPTS for call in commands(script) if call[0] == "run")
    assert kept == [out, str(parsed(run)["to"])]
    source = Path(write.__file__).read_text(encoding="utf-8")
    named = set(re.findall(r"compare/(compare\.\w+)", TEXT))
    assert named == {"compare.md", "compare.xml", "compare.html"}
    assert all(f'"{name}"' in source for name in named)


def test_every_name_of_a_condition_is_there_and_every_one_there_is_read() -> None:
    words = {word for code in CODE for word in re.findall(r"[a-z][a-z_0-9]+", code)}
    assert {*FIGURES, *COUNTS} <= words
    for code in CODE:
        if re.fullmatch(r"[a-z_0-9]+ [<>=]+ \S+", code):
            parse_condition(code)


@pytest.mark.parametrize("variant", ["flink:adaptive"])
def test_its_variants_exist(variant: str) -> None:
    from streambench.engines.registry import contender_named

    assert variant in TEXT
    contender_named(variant)
