"""Whatever is typed, and whatever lies where a file should: a sentence and a hint, never a traceback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streambench.cli.boundary import BUG, in_words
from streambench.cli.main import app
from streambench.model.errors import EnvironmentLacks, ExitCode, UsageError
from streambench.workload.locate import shipped_root
from tests.cli.conftest import Asked

CLICKS = (shipped_root() / "clicks" / "workload.toml").read_text(encoding="utf-8")


def streambench(*words: str, columns: int = 1_000) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": str(columns)})


def refused(*words: str) -> str:
    """The sentence of a refusal."""
    done = streambench(*words)
    assert done.exit_code == ExitCode.USAGE, (done.stderr, done.exception)
    said, _, hint = done.stderr.partition("\n\nhint: ")
    assert hint.strip()
    assert said.startswith("error: ")
    assert len(done.stderr) < 2_500
    return said.removeprefix("error: ")


def workload(name: str, text: str = CLICKS) -> Path:
    folder = Path("workloads", name)
    folder.mkdir(parents=True)
    (folder / "workload.toml").write_text(text, encoding="utf-8")
    return folder


# --- numbers ---

NINES = 400 * "9"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--rate", NINES), "is not a rate"),
        (("run", "--rate", "²5k"), "--rate: '²5k' is not a rate"),
        (("run", "--rate", "５００"), "--rate: '５００' is not a rate"),
        (("run", "--rate", "1e400"), "is not a rate"),
        (("run", "--seed", 5_000 * "9"), "is not a whole number of 0 or more"),
        (("run", "--seed", "٣"), "--seed: '٣' is not a whole number"),
        (("run", "--workers", "²"), "--workers: '²' is not a whole number"),
        (("run", "--repeat", "①"), "--repeat: '①' is not a whole number"),
        (("run", "--fault", "worker-kill*²@25s"), "a fault happens 1 to 20 times, not '²'"),
        (("run", "--fault", f"worker-kill*{NINES}@25s"), "a fault happens 1 to 20 times, not '999"),
        (("run", "--fault", "worker-kill@²5s"), "in 'worker-kill@²5s', '²5s' is not a duration"),
        (("run", "--fault", f"worker-kill@{NINES}h"), "is not a duration"),
        (("run", "--fault", "worker-kill@999999999h"), "is longer than 999 d"),
        (("run", "--fault", "worker-pause:٥s@25s"), "is not a duration"),
        (("run", "--duration", f"1{30 * '0'}h"), "is not a duration"),
        (("run", "--duration", "1000000h"), "--duration: '1000000h' is longer than 999 d"),
        (("run", "--warm-up", "١s"), "is not a duration"),
        (("run", "--restart", f"{NINES}s"), "--restart is at-once, never or a time"),
        (("run", "--shape", f"ramp:5k:{NINES}"), "is not a rate"),
        (("run", "--shape", "sine:5k:1k:²s"), "is not a duration"),
        (("run", "--until", f"p99 {NINES}%"), "is no width"),
        (("run", "--until", "p99 ²%"), "is no width"),
        (("run", "--require", f"delay_p99 < {NINES}ms"), "is no value"),
        (("run", "--require", "delay_p99 < ²ms"), "is no value"),
        (("run", "--set", f"flink:parallelism.default={NINES}"), "is a whole number, not '999"),
        (("run", "--set", "flink:parallelism.default=²"), "is a whole number, not '²'"),
        (("run", "--set", "spark:trigger=²s"), "is no trigger"),
        (("run", "--set", "reference:delay_ms=²"), "--set names reference, which is not run"),
        (("run", "-e", "reference", "--set", "reference:delay_ms=²"), "of at least 0, not '²'"),
        (("find-rate", "--precision", "²"), "is not a percentage"),
        (("find-rate", "--precision", NINES), "is not a percentage"),
        (("find-rate", "--budget", f"{NINES}m"), "is not a duration"),
        (("find-rate", "--limit", f"p99={NINES}s"), "is not a duration"),
        (("curve", "--rates", f"5k,{NINES}"), "is not a number"),
        (("curve", "--rates", "5k,²"), "'²' is not a number"),
        (("sweep", f"keys=100,{NINES}"), "is not a number"),
        (("sweep", "keys=100,2M"), "2,000,000 is no value for keys: whole numbers from 1 to 1,000,000"),
        (("sweep", "width=0,2M"), "no value for width: whole numbers from 0 to 100,000"),
        (("sweep", "partitions=4,2000"), "no value for partitions: whole numbers from 1 to 1,000"),
        (("sweep", "workers=1,65"), "no value for workers: whole numbers from 1 to 64"),
        (("sweep", "skew=0,11"), "11 is no value for skew: numbers from 0 to 10"),
        (("sweep", "commit=1ms,100d"), "no value for commit: whole numbers from 1 to 3,600,000"),
        (("sweep", f"commit=1ms,{NINES}s"), "is not a duration"),
        (("drain", "--records", NINES), "is not a count"),
        (("drain", "--records", "²M"), "is not a count"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else value[:40],
)  # fmt: skip
def test_a_number_beyond_any_measure_is_told_as_one(
    asked: Asked, words: tuple[str, ...], said: str
) -> None:
    assert said in refused(*words)
    assert not asked.requests


# --- paths ---


@pytest.mark.parametrize("command", ["run", "find-rate", "curve", "drain", "generate"])
def test_a_folder_below_a_file_is_refused_before_anything_starts(
    asked: Asked, command: str
) -> None:
    Path("file").write_text("")
    assert "--out: 'file/below' can be no folder: file is a file" in refused(
        command, "--out", "file/below"
    )
    Path("loop").symlink_to("loop")
    assert "leads back to itself" in refused(command, "--out", "loop/x")
    assert "name is too long" in refused(command, "--out", 300 * "x")
    assert not asked.requests


@pytest.mark.parametrize("command", ["run", "validate", "explain", "generate"])
@pytest.mark.parametrize("name", [600 * "x", "./" + 600 * "x", "/" + "/".join(300 * ["abcdefghij"]), "a\x00b/c", "./\ud800"])  # fmt: skip
def test_a_path_that_can_be_none_is_told(asked: Asked, command: str, name: str) -> None:
    assert "there is no workload '" in refused(command, name)


@pytest.mark.parametrize("command", ["report", "judge", "logs"])
def test_a_bundle_of_an_impossible_name_is_told(asked: Asked, command: str) -> None:
    refused(command, "./" + 600 * "x")
    Path("loop").symlink_to("loop")
    refused(command, "./loop")


# --- what lies where a workload.toml should ---


def test_what_is_no_file_is_told_and_never_waited_for(asked: Asked) -> None:
    for name in ("pipe", "folder", "loop", "gone"):
        Path("workloads", name).mkdir(parents=True)
    os.mkfifo("workloads/pipe/workload.toml")
    Path("workloads/folder/workload.toml").mkdir()
    Path("workloads/loop/workload.toml").symlink_to("workload.toml")
    Path("workloads/gone/workload.toml").symlink_to("nowhere")
    assert "it is a pipe or a device" in refused("validate", "pipe")
    assert "it is a folder" in refused("run", "folder")
    assert "leads back to itself" in refused("explain", "loop")
    assert "does not exist" in refused("validate", "gone")
    done = streambench("workloads")
    assert done.exit_code == ExitCode.OK
    assert "clicks" in done.stdout
    assert done.stderr.count("error: ") == 4


@pytest.mark.parametrize("title", ["[bold]x[/]", "[/]", "[/bold] :bug:", "back\\\\slash\\\\[b]", "[link=x]"])  # fmt: skip
def test_a_title_is_no_markup(asked: Asked, title: str) -> None:
    workload("odd", CLICKS.replace("Clicks per campaign", title))
    written = title.replace("\\\\", "\\")
    done = streambench("workloads")
    assert done.exit_code == ExitCode.OK
    assert written in done.stdout
    assert "Departures from New York" in done.stdout, "one folder hides no other"
    assert json.loads(streambench("workloads", "--json").stdout)
    assert streambench("validate", "odd").exit_code == ExitCode.OK
    assert written.split()[0] in streambench("explain", "odd", "-e", "kafka-python").stdout


def test_a_name_of_a_folder_is_no_markup(asked: Asked) -> None:
    workload("[bold]")
    workload("[")
    assert "[bold] is sound" in streambench("validate", "[bold]").stdout
    assert "[bold]" in streambench("workloads").stdout
    assert "did you mean '[bold]'" in refused("run", "[bolt]")


def test_nothing_in_a_refusal_moves_the_cursor(asked: Asked) -> None:
    said = refused("run", "clicks\x1b[2J\x07", "--set", "x")
    assert "\x1b" not in said
    assert "\\x1b[2J" in said


# --- one boundary: what a user caused, what the machine lacks, and bugs ---


def test_a_bug_shows_its_traceback_and_that_it_is_one(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("never caught")

    monkeypatch.setattr("streambench.workload.validate.findings", broken)
    done = streambench("validate", "clicks")
    assert isinstance(done.exception, ValueError)
    assert done.exception.__notes__ == [BUG]


def test_an_interrupt_while_a_file_is_read_is_no_bug(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise RuntimeError("Query interrupted")  # as DuckDB says it

    monkeypatch.setattr("streambench.workload.validate.findings", interrupted)
    done = streambench("validate", "clicks")
    assert done.exit_code == 130
    assert "interrupted" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bug_ends_the_process_with_those_lines(tmp_path: Path) -> None:
    code = (
        "import streambench.workload.locate as m\n"
        "def broken(*_): raise KeyError('never caught')\n"
        "m.available = broken\n"
        "from streambench.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "workloads"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.rstrip().endswith(BUG)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "x cannot be used: you may not use it"),
        (errno.EROFS, "x cannot be used: nothing can be written there"),
        (errno.ENAMETOOLONG, "x cannot be used: its name is too long"),
        (errno.EISDIR, "x cannot be used: it is a folder, not a file"),
        (errno.ENOENT, "x cannot be used: it does not exist"),
    ],
)
def test_what_the_file_system_refuses_of_the_users_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = in_words(OSError(number, "some words", "x"), ["report"])
    assert isinstance(told, UsageError)
    assert told.message == said
    elsewhere = str(tmp_path.parent / "elsewhere" / "y")
    assert in_words(OSError(number, "", elsewhere), ["report"]) is None
    assert in_words(OSError(number, "", elsewhere), ["report", elsewhere]) is not None
    assert in_words(OSError(number, "", elsewhere), ["report", f"--out={elsewhere}"]) is not None


def test_what_streambench_brings_along_is_its_own() -> None:
    own = Path(sys.modules["streambench"].__file__ or "").parent / "engines" / "lock.txt"
    assert in_words(FileNotFoundError(errno.ENOENT, "", str(own)), [str(own)]) is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENOMEM])
def test_what_the_machine_lacks_is_told_as_such(number: int) -> None:
    told = in_words(OSError(number, "some words"), [])
    assert isinstance(told, EnvironmentLacks)
    assert told.hint


def test_what_has_no_words_is_a_bug() -> None:
    for error in (ValueError("x"), RecursionError(), OverflowError(), OSError(errno.EIO, "x"), RuntimeError("x")):  # fmt: skip
        assert in_words(error, ["run"]) is None
