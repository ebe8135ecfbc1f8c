"""What a user sees: one sentence, a hint, an exit code, and never a traceback."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streambench.cli.bench import exit_code
from streambench.cli.deferred import command_of
from streambench.cli.main import COMMANDS, app
from streambench.model.conditions import Variant
from streambench.model.errors import ExitCode
from streambench.model.plan import Whose
from streambench.model.trial import Completed, Failed, Invalid, NotRun, Outcome, TrialRecord
from streambench.model.verdict import Damage, Verdict
from streambench.workload.locate import shipped_root


@dataclass(frozen=True)
class Done:
    """What a command said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def streambench(*arguments: str, cwd: Path) -> Done:
    """The command in this process: to start another one and import everything takes a second."""
    with contextlib.chdir(cwd):
        found = CliRunner(env={"COLUMNS": "80"}).invoke(app, list(arguments))
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return Done(found.exit_code, found.stdout, found.stderr)


def process(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The command as a shell starts it."""
    return subprocess.run(
        [sys.executable, "-m", "streambench", *arguments],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "80", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def workload(folder: Path, text: str) -> None:
    place = folder / "workloads" / "mine"
    place.mkdir(parents=True)
    (place / "workload.toml").write_text(text)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "clik"), "clicks"),
        (("run", "--engine", "flnk"), "flink"),
        (("run", "--rate", "fast"), "rate"),
        (("run", "--rate", "90M"), "rate"),
        (("run", "--duration", "soon"), "duration"),
        (("run", "--workers", "0"), "workers"),
        (("run", "--workers", "9"), "partitions"),
        (("run", "--garantee", "exactly-once"), "--guarantee"),
        (("run", "--guarantee", "at-most-once"), "at-least-once"),
        (("run", "--set", "flink"), "ENGINE:KEY=VALUE"),
        (("run", "--engine", "flink", "--set", "spark:a=b"), "spark"),
        (("run", "flights", "--rate", "4M"), "these would be"),
        (("find-rate", "flights"), "may be late"),
        (("find-rate", "--quick"), "--quick"),
        (("curve", "flights"), "may be late"),
        (("curve", "--rates", "5k,fast"), "not a number"),
        (("drain", "flights"), "may be late"),
        (("run", "--wait", "--limit"), "--limit"),
        (("run", "--shape", "saw:1"), "sine:20k:15k:60s"),
        (("explain", "clicks", "--engine", "sprak"), "spark"),
        (("report", "nowhere"), "bundle"),
        (("logs", "nowhere"), "bundle"),
        (("rnu",), "run"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_with_a_word_and_exit_2(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = streambench(*arguments, cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "results").exists()


def test_what_an_engine_cannot_run_is_said_beforehand(tmp_path: Path) -> None:
    text = (shipped_root() / "clicks" / "workload.toml").read_text()
    uneven = text.replace('tumbling = "500 ms"', 'hopping = "500 ms", every = "200 ms"')
    workload(tmp_path, uneven)
    said = streambench("validate", "mine", cwd=tmp_path).stdout
    assert "Apache Flink cannot run it, and a run goes on without: Flink's HOP takes" in said
    assert said.count("cannot run it") == 1
    assert "cannot run it" not in streambench("validate", "clicks", cwd=tmp_path).stdout


def test_a_shell_sees_the_same_refusal(tmp_path: Path) -> None:
    done, here = (run("run", "clik", cwd=tmp_path) for run in (process, streambench))
    assert (done.returncode, done.stdout, done.stderr) == (2, here.stdout, here.stderr)
    assert "Traceback" not in done.stderr


def test_completion_offers_the_commands_and_not_what_they_were(tmp_path: Path) -> None:
    def completed(words: str) -> list[str]:
        last = str(len(words.split()) - 1)
        done = process(
            cwd=tmp_path,
            _STREAMBENCH_COMPLETE="complete_bash",
            COMP_WORDS=words,
            COMP_CWORD=last,
        )
        return done.stdout.split()

    lines = ("streambench find", "streambench run --ra", "streambench curve --ra")
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(completed, lines)) == [["find-rate"], ["--rate"], ["--rates"]]


def test_broken_toml_names_line_and_column(tmp_path: Path) -> None:
    workload(tmp_path, 'title = "x"\n[input\nrate = 5\n')
    done = streambench("validate", "mine", cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "line 2" in done.stderr
    assert "column" in done.stderr


def test_an_unknown_field_names_the_nearest(tmp_path: Path) -> None:
    workload(
        tmp_path,
        """
title = "x"
[input]
rate = 1000
[input.fields]
user = { choice = 100, prefix = "u" }
price = { int = [1, 5] }
[input.time]
disorder = "0 ms"
[query]
group_by = ["user"]
window = { tumbling = "1 s" }
grace = "100 ms"
select = { total = "sum(prise)" }
""",
    )
    done = streambench("validate", "mine", cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "prise" in done.stderr
    assert "price" in done.stderr


def test_a_partition_without_records_is_refused(tmp_path: Path) -> None:
    workload(
        tmp_path,
        """
title = "x"
[input]
rate = 1000
[input.fields]
user = { choice = ["only"] }
price = { int = [1, 5] }
[input.time]
disorder = "0 ms"
[query]
group_by = ["user"]
window = { tumbling = "1 s" }
grace = "100 ms"
select = { total = "sum(price)" }
""",
    )
    done = streambench("run", "mine", "--engine", "reference", cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert "partition" in done.stderr


def test_data_go_to_stdout_and_talk_to_stderr(tmp_path: Path) -> None:
    done = process("workloads", "--json", cwd=tmp_path)
    assert {"clicks", "flights"} <= {entry["name"] for entry in json.loads(done.stdout)}
    assert done.stderr == ""


@pytest.mark.parametrize("engine", ["flink", "spark", "kafka-streams", "kafka-python"])
def test_explain_prints_program_processes_and_settings(tmp_path: Path, engine: str) -> None:
    done = streambench("explain", "clicks", "--engine", engine, cwd=tmp_path)
    assert done.returncode == ExitCode.OK
    for word in ("campaign", "processes", "settings", "fairness rule"):
        assert word in done.stdout


def test_what_an_engine_cannot_do_is_said_and_is_no_error(tmp_path: Path) -> None:
    done = streambench(
        "explain", "clicks", "--engine", "spark", "--guarantee", "exactly-once", cwd=tmp_path
    )
    assert done.returncode == ExitCode.OK
    assert "unsupported" in done.stdout


WITH_OUT = [
    name
    for name in COMMANDS
    if any("--out" in parameter.opts for parameter in command_of(name).params)
]


def test_many_commands_have_a_folder_to_write_into() -> None:
    assert len(WITH_OUT) >= 8


@pytest.mark.parametrize("command", WITH_OUT)
@pytest.mark.parametrize("blank", ["", " "])
def test_a_folder_without_a_name_is_refused(tmp_path: Path, command: str, blank: str) -> None:
    example = "--anonymous --out shared" if command == "report" else "--out results"
    words = ("a", "b") if command == "compare" else ("keys=1,2",) if command == "sweep" else ()
    done = streambench(command, *words, "--out", blank, cwd=tmp_path)
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.startswith(f"error: --out: '{blank}' names no folder\n\nhint: ")
    hint = " ".join(["streambench", command, *(words if command == "sweep" else ()), example])
    assert done.stderr.endswith(f"hint: {hint}\n")
    assert list(tmp_path.iterdir()) == []


def test_no_line_is_wider_than_80_columns_and_no_color_is_honoured(tmp_path: Path) -> None:
    def printed(command: str) -> str:
        return process(command, cwd=tmp_path, NO_COLOR="1").stdout

    with ThreadPoolExecutor() as pool:
        for text in pool.map(printed, ("workloads", "engines", "doctor")):
            assert max(map(len, text.splitlines())) <= 80
            assert "\x1b" not in text


def record(outcome: Outcome) -> TrialRecord:
    return TrialRecord(1, 0, Variant("reference", "1"), outcome, "2026-01-01T00:00:00", cold=False)


def completed(*, right: bool) -> Completed:
    return Completed(Verdict(1, 1, Damage(), (), right, right, exact=True))


GAP = NotRun(Whose.UPSTREAM, "no")


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([completed(right=True), GAP], ExitCode.OK),
        ([GAP], ExitCode.OK),
        ([completed(right=True), completed(right=False)], ExitCode.FAILED),
        ([completed(right=True), Failed("load", "died")], ExitCode.FAILED),
        ([Invalid("late"), Invalid("late"), GAP], ExitCode.INVALID),
        ([Invalid("late"), completed(right=True)], ExitCode.OK),
        ([Invalid("late", verdict=completed(right=True).verdict)], ExitCode.INVALID),
        ([Invalid("late", verdict=completed(right=False).verdict)], ExitCode.FAILED),
    ],
)
def test_the_exit_code_says_how_it_went(outcomes: list[Outcome], code: ExitCode) -> None:
    assert exit_code(tuple(record(outcome) for outcome in outcomes)) is code
