"""Mistakes of a first hour: files that are not what they are called, and folders that are no runs."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streambench.cli.main import app
from streambench.model.errors import ExitCode
from tests.analysis.history.runs import nightly
from tests.cli.own_files import made, refused, streambench, write

ROWS = [f"2024-01-{1 + at % 28:02},a{at % 5}" for at in range(40)]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "told", "hinted"),
    [
        ("a.csv.gz", b"at,k\n2024-01-01,a\n", "is not packed by gzip", "gzip -t a.csv.gz"),
        ("a.json.gz", b"{}", "is not packed by gzip", "gzip -t a.json.gz"),
        ("a.csv.gz", gzip.compress(b"at,k\n" * 99, mtime=0)[:20], "is cut off", "gzip -t a.csv.gz"),
        ("a.csv.gz", gzip.compress(b"at,k" * 99, mtime=0)[:15], "is cut off", "gzip -t a.csv.gz"),
        ("a.csv", "at,k\n2024-01-01,a\n".encode("utf-16"), "UTF-16", "iconv -f utf-16"),
        ("a.parquet", b"at,k\n", "is no Parquet file", "Parquet, CSV and JSON are read"),
        ("a.csv", b"at,k\n2024-01-01,a,b\n", "3 values", "quote a value that holds the delimiter"),
        ("a.csv", b"2024-01-01,a\n2024-01-02,b\n2024-01-03,a\n", "holds values, not names", "1i time,column2"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_is_called(
    name: str, content: bytes, told: str, hinted: str
) -> None:
    Path(name).write_bytes(content)
    message, hint = refused(f"new mine --from {name}")
    assert told in message
    assert hinted in hint
    assert "workload.toml" not in message + hint


def test_what_is_no_file_is_told_for_what_it_is() -> None:
    Path("a.csv").mkdir()
    os.mkfifo("b.csv")
    for name, told in (
        ("a.csv", "a.csv is a folder, not a file"),
        ("b.csv", "it is a pipe or a device"),
        ("c.csv", "c.csv does not exist"),
    ):
        message, hint = refused(f"new mine --from {name}")
        assert told in message
        assert "workload.toml" not in hint


def test_a_file_that_was_meant_is_named() -> None:
    write("visits.csv", "at,k", *ROWS)
    message, hint = refused("new mine --from visit.csv --key k")
    assert "visit.csv does not exist; did you mean visits.csv?" in message
    assert hint == "streambench new mine --from visits.csv --key k"
    Path("visits.csv").rename("visits.txt")
    message, hint = refused("new mine --from visits.txt")
    assert "told by its ending" in message
    assert hint == "streambench new mine --from visits.csv, when it is saved or named so"


def test_the_times_are_no_key() -> None:
    write("a.csv", "at,k", *ROWS)
    message, hint = refused("new mine --from a.csv --key at")
    assert "'at' is the column of the times" in message
    assert hint == "streambench new mine --from a.csv --key k"


@pytest.mark.parametrize(
    ("old", "new", "told", "hinted"),
    [
        ('k = "string"', 'k = "str"', "'str' is no type", 'write k = "string"'),
        ('k = "string"', 'k = "Integer"', "'Integer' is no type", 'write k = "bigint"'),
        (
            "speed_up",
            "begin = 2030-01-01\nspeed_up",
            "no row whose at is 2030-01-01 or later",
            "widen",
        ),
        (
            "speed_up",
            "begin = 2023-01-01\nend = 2023-02-01\nspeed_up",
            "at is 2023-01-01 or later and before 2023-02-01",
            "widen",
        ),
        ("count(*)", "summ(k)", "no aggregate; did you mean 'sum'?", ""),
        ("count(*)", "median(k)", "an aggregate is count(*)", ""),
    ],
)
def test_mistakes_in_the_workload_of_a_file(old: str, new: str, told: str, hinted: str) -> None:
    write("a.csv", "at,k", *ROWS)
    made("new mine --from a.csv")
    file = Path("workloads/mine/workload.toml")
    file.write_text(file.read_text().replace(old, new, 1))
    done = streambench("validate mine")
    assert done.exit_code == ExitCode.USAGE
    message, _, hint = done.stderr.partition("\n\nhint: ")
    assert told in message
    assert hinted in hint


@pytest.mark.parametrize("command", ["judge", "report", "compare", "baseline save"])
def test_a_file_of_a_bundle_is_answered_with_its_folder(command: str) -> None:
    (run,) = nightly(Path("results"), {"flink": [80.0]})
    file = run.folder / "run.json"
    more = {"compare": [str(file)], "baseline save": ["main"]}.get(command, [])
    done = CliRunner().invoke(app, [*command.split(), str(file), *more])
    assert done.exit_code == ExitCode.USAGE
    assert "is a file, and a run bundle is a folder" in " ".join(done.stderr.split())
    assert f"name the folder that it lies in: {run.folder}" in " ".join(done.stderr.split())


def test_a_file_has_no_history() -> None:
    Path("runs.csv").write_text("")
    assert "runs.csv is a file, not a folder" in streambench("history runs.csv").stderr


def test_a_run_against_itself_is_answered_with_two_of_its_variants() -> None:
    (run,) = nightly(Path("results"), {"flink": [80.0], "spark": [90.0]})
    done = streambench(f"compare {run.folder} {run.folder}")
    assert "are the same run" in done.stderr
    assert f"streambench compare {run.folder}:flink {run.folder}:spark" in done.stderr
