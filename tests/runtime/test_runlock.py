from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streambench.model.errors import EnvironmentLacks, ExitCode
from streambench.runtime.runlock import Holder, RunLock

HOLD = """
import pathlib, sys
from streambench.runtime.runlock import RunLock
with RunLock(path=pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def other_run(path: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_run_is_refused_and_told_who_has_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with other_run(path) as other:
        with (
            pytest.raises(EnvironmentLacks, match=rf"pid {other.pid}, since 20") as caught,
            RunLock(path=path),
        ):
            pass
        assert caught.value.exit_code is ExitCode.ENVIRONMENT
        assert "--wait" in (caught.value.hint or "")
        other.kill()


def test_the_lock_of_a_killed_run_is_free(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with other_run(path) as other:
        other.kill()
    with RunLock(path=path) as lock:
        holder = lock.holder()
        assert holder is not None
        assert holder.pid == os.getpid()


def test_a_run_that_waits_gets_the_lock_when_the_other_ends(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    told: list[int | None] = []
    with other_run(path) as other:

        def let_go(holder: Holder | None) -> None:
            told.append(holder.pid if holder else None)
            assert other.stdin is not None
            other.stdin.close()

        with RunLock(path=path, wait=True, on_wait=let_go):
            assert told == [other.pid]
            other.wait(10)


def test_runs_one_after_the_other_do_not_hinder_each_other(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    for _ in range(2):
        with RunLock(path=path):
            pass
    assert not path.with_suffix(".json").exists()
