"""What `run` did in older versions: the same requests, a word on the new command, and its refusals."""

from __future__ import annotations

import dataclasses
import re
import shlex
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from streambench.cli.main import app
from streambench.model.errors import ExitCode
from tests.cli.conftest import Asked


def streambench(line: str) -> Result:
    return CliRunner().invoke(app, shlex.split(line))


def carried_out(asked: Asked, line: str) -> dict[str, Any]:
    """All that would have been carried out; of the requests, all but the line that was typed."""
    asked.forget()
    result = streambench(line)
    assert result.exit_code == ExitCode.OK, result.stderr
    assert asked.requests
    requests = tuple(dataclasses.replace(request, command="") for request in asked.requests)
    return {**vars(asked), "requests": requests}


PAIRS = [
    ("run --find-rate", "find-rate"),
    ("run clicks --find-rate -eflink,spark", "find-rate clicks -e flink,spark"),
    (
        "run --find-rate --limit=p99=2s --precision 10 --budget 10m --guarantee exactly-once",
        "find-rate --limit p99=2s --precision 10 --budget 10m --guarantee exactly-once",
    ),
    ("run --drain 2M --repeat 3 --rate 10k", "drain --records 2M --repeat 3 --rate 10k"),
    ("run --rates 5k,10k --seed 7", "curve --rates 5k,10k --seed 7"),
    (
        "run --fault worker-kill@25s --rates 5k,10k --restart 5s",
        "curve --rates 5k,10k --fault worker-kill@25s --restart 5s",
    ),
    ("run --rates auto --duration 30s --quick", "curve --duration 30s --quick"),
    ("run --sweep keys=100,1k", "sweep keys=100,1k"),
    ("run flights --sweep workers=1,2", "sweep flights workers=1,2"),
    (
        "run --sweep keys=100,1k --shape ramp:5k:40k --sweep workers=1,2",
        "sweep keys=100,1k workers=1,2 --shape ramp:5k:40k",
    ),
    ("run --rates 5k,10k --sweep workers=1,2", "sweep rate=5k,10k workers=1,2"),
    ("run --sweep commit=100ms,1s --rate 5k", "sweep commit=100ms,1s --rate 5k"),
]


@pytest.mark.parametrize(("old", "new"), PAIRS, ids=[old for old, _ in PAIRS])
def test_old_and_new_ask_for_the_same_and_the_new_one_is_named(
    asked: Asked, old: str, new: str
) -> None:
    told = streambench(old).stderr
    (named,) = re.findall(r"goes with the next version; write: streambench (.*)\n", told)
    assert told.count("\n") == 1
    assert carried_out(asked, old) == carried_out(asked, named) == carried_out(asked, new)
    assert "next version" not in streambench(named).stderr


def test_the_report_names_the_command_that_will_go_on_working(asked: Asked) -> None:
    assert streambench("run --find-rate --limit p99=2s -e reference").exit_code == ExitCode.OK
    assert asked.one.command == "streambench find-rate --limit p99=2s -e reference"


@pytest.mark.parametrize(
    ("old", "said", "hint"),
    [
        ("run --find-rate --quick", "--quick", "find-rate"),
        ("run --find-rate --duration 5s --seed 3", "--duration", "find-rate --seed 3"),
        ("run --find-rate --rate 5k --fault none", "--rate and --fault", "find-rate"),
        ("run --find-rate --repeat 3", "--repeat", "find-rate"),
        ("run --find-rate --limt p99=2s", "--limt", "find-rate"),
        ("run --drain 1M --quick -e spark", "--quick", "drain --records 1M -e spark"),
        ("run --drain 1M --shape ramp:5k:9k", "--shape", "drain --records 1M"),
        ("run --drain 1M --limit p99=2s", "--limit", "drain --records 1M"),
        ("run flights --find-rate --drain 1M", "exclude each other", "find-rate flights"),
        ("run --find-rate --rates 1k,2k", "exclude each other", "find-rate"),
        ("run --drain 1M --sweep keys=1,2", "exclude each other", "drain --records 1M"),
        ("run --rates auto --sweep keys=1,2", "exclude each other", "curve"),
        ("run --rates auto --rate 5k", "--rate", "curve --rates auto"),
        ("run --rates 1k,2k --shape ramp:5k:9k", "--shape", "curve --rates 1k,2k"),
        ("run --sweep", "requires an argument", "sweep keys=100,10k,1M"),
        ("run --limit p99=2s", "--limit belongs to a search", "find-rate --limit p99=2s"),
        ("run x --budget 5m", "--budget belongs to a search", "find-rate x --budget 5m"),
    ],
)
def test_what_excluded_each_other_still_does(asked: Asked, old: str, said: str, hint: str) -> None:
    refused = streambench(old)
    assert refused.exit_code == ExitCode.USAGE
    assert said in refused.stderr
    assert refused.stderr.endswith(f"\n\nhint: streambench {hint}\n")
    assert not asked.requests


def test_what_only_looks_old_is_left_alone(asked: Asked) -> None:
    result = streambench("run -e reference --set reference:--sweep=1")
    assert "next version" not in result.stderr
    assert "--sweep" not in streambench("run --help").stdout
    assert streambench("run --find-rate --help").stdout.startswith("Usage:")
