"""A bundle that was cut off, as whoever copied half of it meets it on the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.test_command_line import streambench

EXAMPLE = Path(__file__).parent.parent.parent / "results" / "example-clicks-quick"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "half"))


def test_a_report_names_the_table_that_was_cut_off(bundle: Path) -> None:
    rows = bundle / "trials" / "01-flink" / "rows.parquet"
    rows.write_bytes(rows.read_bytes()[:1_000])
    done = streambench("report", str(bundle), cwd=bundle)
    assert done.returncode == 0
    assert "rows.parquet cannot be read in 01-flink." in " ".join(done.stdout.split())


def test_without_its_run_trials_and_logs_are_still_shown(bundle: Path) -> None:
    (bundle / "run.json").unlink()
    done = streambench("report", str(bundle), cwd=bundle)
    assert done.returncode == 0
    assert "run.json is missing" in done.stdout
    assert "kafka-streams" in done.stdout
    assert streambench("logs", str(bundle), cwd=bundle).returncode == 0


def test_without_run_and_trials_nothing_can_be_said(bundle: Path) -> None:
    (bundle / "run.json").unlink()
    shutil.rmtree(bundle / "trials")
    done = streambench("report", str(bundle), cwd=bundle)
    assert done.returncode == 2
    assert "run.json is missing" in " ".join(done.stderr.split())
    assert "hint" in done.stderr
    assert "Traceback" not in done.stderr
