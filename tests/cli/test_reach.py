"""A sum that only a rate chosen later would take beyond a bigint is refused before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from streambench.cli.main import app
from streambench.experiment.capacity import counting
from streambench.model.errors import ExitCode
from streambench.workload.locate import find, shipped_root
from streambench.workload.parse import load_workload
from streambench.workload.validate import problems


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A workload that stands its own 1,000 events/s, and ten times as many."""
    text = (shipped_root() / "clicks" / "workload.toml").read_text()
    text = text.replace("rate = 20_000", "rate = 1_000")
    # 2^49 times 11,101 records (20,000/s) is within a bigint, times 138,751 (250,000/s) is not.
    text = text.replace("[1, 500]", f"[{2**49}, {2**49 + 5}]")
    (tmp_path / "workloads" / "large").mkdir(parents=True)
    (tmp_path / "workloads" / "large" / "workload.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    return "large"


@pytest.mark.parametrize(
    ("options", "who"),
    [
        (["find-rate"], "a search for a rate may try, up to 5,000,000"),
        (["curve"], "a curve may try, up to 5,000,000"),
        (["curve", "--rates", "1k,2k"], "a job's warm-up may try, up to 250,000"),
    ],
)
def test_what_a_command_chooses_by_itself_is_checked_beforehand(
    large: str, options: list[str], who: str, tmp_path: Path
) -> None:
    command, *rest = options
    found = CliRunner().invoke(app, [command, large, "-e", "reference", *rest])
    said = " ".join(found.stderr.split())
    assert found.exit_code == ExitCode.USAGE
    assert who in said
    assert "the sum 'revenue' can reach" in said
    assert f"hint: streambench run {large} --rate 1k" in said
    assert not (tmp_path / "results").exists()


def test_what_is_played_without_an_engine_sums_nothing(large: str) -> None:
    workload = load_workload(find(large))
    assert problems(workload, rate_per_s=4_000_000) != ()
    assert problems(counting(workload), rate_per_s=4_000_000) == ()
