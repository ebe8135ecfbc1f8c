"""A user's own file, as `streambench new` is asked about it in a folder of its own."""

from __future__ import annotations

import shlex
from pathlib import Path

from typer.testing import CliRunner, Result

from streambench.cli.main import app
from streambench.model.errors import ExitCode
from streambench.model.workload import Replay, Workload
from streambench.workload.parse import load_workload
from streambench.workload.validate import problems


def streambench(line: str) -> Result:
    return CliRunner().invoke(app, shlex.split(line), env={"COLUMNS": "1000"})


def made(line: str) -> tuple[Workload, str]:
    """What was written, and what was said; it can be run."""
    done = streambench(line)
    assert done.exit_code == ExitCode.OK, done.output
    workload = load_workload(Path("workloads") / shlex.split(line)[1])
    assert problems(workload) == ()
    checked = streambench(f"validate {workload.name}")
    assert checked.exit_code == ExitCode.OK, checked.stderr
    return workload, done.stdout


def refused(line: str) -> tuple[str, str]:
    done = streambench(line)
    assert done.exit_code == ExitCode.USAGE, done.output
    message, _, hint = done.stderr.removeprefix("error: ").partition("\n\nhint: ")
    assert hint.startswith("streambench ")
    assert not any(path.name != ".keep" for path in Path("workloads").glob("*")), "nothing is left"
    return message, hint.strip()


def replay_of(workload: Workload) -> Replay:
    assert isinstance(workload.input, Replay)
    return workload.input


def write(name: str, header: str, *rows: str) -> None:
    Path(name).write_text("\n".join((header, *rows)) + "\n")
