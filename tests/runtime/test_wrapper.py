from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WRAPPER = Path(__file__).parent.parent.parent / "streambenchw"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with empty locks; its folder's name holds a space."""
    clone = tmp_path / "a clone"
    clone.mkdir()
    shutil.copy(WRAPPER, clone)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (clone / lock).touch()
    return clone


def start(clone: Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(clone / "streambenchw"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={"PATH": path}, check=False)


def complete(clone: Path) -> None:
    """Put a .venv there whose `python` prints its arguments, with the stamp of the lock."""
    python = clone / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nfor word in "$@"; do echo "$word"; done\n')
    python.chmod(0o755)
    lock = (clone / "requirements.lock").read_bytes()
    stamp = hashlib.sha256(lock + str(clone.resolve()).encode()).hexdigest()
    (clone / ".venv" / "stamp-core").write_text(stamp)


def test_an_old_python_can_read_the_wrapper() -> None:
    ast.parse(WRAPPER.read_text(), feature_version=(3, 6))


def test_once_complete_the_arguments_are_passed_on_as_they_are(clone: Path) -> None:
    complete(clone)
    done = start(clone, "run", "--out", "a b", "*")
    assert done.stdout.splitlines() == ["-m", "streambench", "run", "--out", "a b", "*"]
    assert done.stderr == ""


def test_a_venv_that_the_user_made_is_not_touched(clone: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "mine").touch()
    done = start(clone, "run")
    assert done.returncode == 3
    assert "was not made by streambenchw" in done.stderr
    assert f"rm -r '{clone}/.venv'" in done.stderr
    assert (clone / ".venv" / "mine").exists()


def test_a_new_lock_is_not_taken_for_installed(clone: Path) -> None:
    complete(clone)
    (clone / "requirements.lock").write_text("tiny==1.0\n")
    done = start(clone, "run")
    assert done.returncode == 3  # this .venv is not one of its own
    assert "-m\nstreambench" not in done.stdout


INSTALLING = """
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

loader = SourceFileLoader("wrapper", sys.argv[1])
wrapper = module_from_spec(spec_from_loader("wrapper", loader))
loader.exec_module(wrapper)
with wrapper.one_at_a_time():
    wrapper.run(["cat", sys.argv[2]])
"""


def test_what_a_killed_start_left_at_work_is_waited_for(clone: Path, tmp_path: Path) -> None:
    """A pip that goes on would fill the .venv that the next start makes."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    command = [sys.executable, "-c", INSTALLING, str(clone / "streambenchw"), str(fifo)]
    killed = subprocess.Popen(command)
    try:
        ends_it = os.open(fifo, os.O_WRONLY)  # as soon as the step reads
    finally:
        killed.kill()
        killed.wait()
    folder = os.open(clone, os.O_RDONLY)
    try:
        with pytest.raises(BlockingIOError):
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(ends_it)
        fcntl.flock(folder, fcntl.LOCK_EX)  # once the step has ended
    finally:
        os.close(folder)
