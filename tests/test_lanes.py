"""Where tests are spread, what may not run at the same time waits for each other, and nobody waits for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
# Each notes when it begins and ends; two of a kind that may meet wait until they do.
TESTS = """
import time, pathlib
import pytest
from tests.lanes import lane
NOTES = pathlib.Path({notes!r})

def noted(name):
    with NOTES.open("a") as file:
        file.write("+" + name + "\\n")
    time.sleep(0.05)
    with NOTES.open("a") as file:
        file.write("-" + name + "\\n")

@pytest.mark.parametrize("n", range(6))
def test_it(n):
    noted({name!r})
"""
MARKS = {
    "alone": "pytest.mark.alone",
    "timed": "pytest.mark.timed",
    "engine": "pytest.mark.engine",
    "ends": "[pytest.mark.engine, pytest.mark.ends]",
    "patient": "[pytest.mark.engine, pytest.mark.patient]",
    "broker": "pytest.mark.broker",
    "plain": "[]",
    "more": "[]",
}
APART = (
    *({"ends", "broker"}, {"ends", "patient"}, {"patient", "broker"}),
    *({"timed", each} for each in ("engine", "ends", "patient", "broker")),
)


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_what_may_not_meet_does_not(tmp_path: Path, processes: int) -> None:
    notes = tmp_path / "notes"
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "conftest.py").write_text("from tests.conftest import *\n")
    for name, marks in MARKS.items():
        text = TESTS.format(notes=str(notes), name=name)
        (folder / f"test_{name}.py").write_text(f"{text}\npytestmark = {marks}\n")
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                "-c",
                "pyproject.toml",
            ),
            *("-n", str(processes), "--dist", "loadgroup", "--no-loadscope-reorder", str(folder)),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    running: list[str] = []
    for line in notes.read_text().split():
        if line[0] == "+":
            running.append(line[1:])
        else:
            running.remove(line[1:])
        assert "alone" not in running or len(running) == 1
        assert not any(kinds <= set(running) for kinds in APART), running
    assert notes.read_text().count("+") == 6 * len(MARKS)


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="sessions share alike here")
def test_who_lets_others_go_first_does_so_across_sessions_too() -> None:
    told = (
        "import os; from pathlib import Path; from tests.lanes import let_others_go_first as go;"
        "go(); go();"
        "print(os.sched_getscheduler(0) == os.SCHED_IDLE, os.getsid(0) == os.getpid(),"
        "Path('/proc/self/autogroup').read_text().split()[-1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", told], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "True", "19"]
