"""What doctor says of cores and memory that a container leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from streambench.cli.main import app
from streambench.runtime import cores, memory


def said(monkeypatch: pytest.MonkeyPatch, here: cores.Cores) -> str:
    monkeypatch.setattr(cores, "cores", lambda: here)
    monkeypatch.setattr(memory, "total_memory_bytes", lambda: 3 << 30)
    monkeypatch.setattr(memory, "available_memory_bytes", lambda: 2 << 30)
    result = CliRunner().invoke(app, ["doctor"], env={"COLUMNS": "200"})
    return " ".join(result.output.split())


def test_a_quota_is_named_with_what_it_does_to_a_trial(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STREAMBENCH_CACHE", str(tmp_path))
    text = said(monkeypatch, cores.Cores(2, 16, cores.Decides.QUOTA, 2.5))
    assert "ok cores 2 (a quota of 2.5; the machine has 16)" in text
    assert "--cpuset-cpus" in text
    assert "LACKS memory 2.0 GiB available of 3.0 (a limit; the machine has" in text
    alone = said(monkeypatch, cores.Cores(1, 16, cores.Decides.QUOTA, 0.5))
    assert "LACKS cores 1 (a quota of 0.5; the machine has 16); figures of one core" in alone


def test_without_a_quota_nothing_is_said_of_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STREAMBENCH_CACHE", str(tmp_path))
    text = said(monkeypatch, cores.Cores(16, 16, cores.Decides.MACHINE))
    assert "ok cores 16 " in text
    assert "a quota of" not in text
    assert "--cpuset-cpus" not in text
