"""Ctrl-C, SIGTERM and SIGKILL of the tool in every phase: no process and no folder is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from streambench.model.errors import ExitCode
from streambench.results.bundle import read_bundle
from streambench.runtime.scratch import memory_folder
from streambench.runtime.waiting import wait_until

pytestmark = pytest.mark.engine

MARK = "STREAMBENCH_TEST_MARK"
PHASES = ("topics", "last rows")


@contextmanager
def running(folder: Path, mark: str, engine: str) -> Iterator[subprocess.Popen[bytes]]:
    """A small run in a process group of its own, its temporary files in `folder`."""
    temporary = folder / "tmp"
    temporary.mkdir()
    said = (folder / "stderr").open("wb")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "streambench", "run", "clicks", "--engine", engine, "--quick"),
            *("--rate", "2k", "--warm-up", "2s", "--duration", "3s", "--wait"),
        ],
        cwd=folder,
        env={
            **os.environ,
            "TMPDIR": str(temporary),
            "STREAMBENCH_STATE": str(folder / "state"),
            MARK: mark,
        },
        stdout=subprocess.DEVNULL,
        stderr=said,
        start_new_session=True,
        # Ctrl-C is ignored in what a shell runs in the background, and so would its children do.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        said.close()


def reach(process: subprocess.Popen[bytes], folder: Path, phase: str) -> None:
    """Wait until the tool itself says that this phase has begun."""
    said = folder / "stderr"

    def begun() -> bool:
        lines = said.read_text().splitlines()
        return any(line.startswith("[") and f": {phase}" in line for line in lines)

    wait_until(begun, what=phase, timeout_s=120, alive=lambda: process.poll() is None, log=said)


def marked(mark: str) -> list[psutil.Process]:
    """All processes that inherited the run's environment."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@pytest.fixture(autouse=True)
def nothing_in_memory_is_left() -> Iterator[None]:
    """The broker's files lie in a memory-backed folder where there is one, not in TMPDIR."""
    before = in_memory()
    yield
    wait_until(lambda: in_memory() <= before, what="the files in memory to go", timeout_s=20)


def in_memory() -> set[Path]:
    parent = memory_folder(0)
    return set() if parent is None else set(parent.glob("streambench-*"))


def nothing_is_left(folder: Path, mark: str) -> None:
    wait_until(lambda: not marked(mark), what="the run's processes to end", timeout_s=40)
    wait_until(
        lambda: not any((folder / "tmp").glob("streambench-*")),
        what="the run's temporary folders to go",
        timeout_s=20,
    )


@pytest.mark.parametrize("phase", PHASES)
def test_ctrl_c_in_any_phase_ends_everything_and_exits_130(tmp_path: Path, phase: str) -> None:
    with running(tmp_path, f"int-{phase}", "reference") as process:
        reach(process, tmp_path, phase)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == ExitCode.INTERRUPTED
    nothing_is_left(tmp_path, f"int-{phase}")
    (folder,) = (tmp_path / "results").iterdir()
    assert read_bundle(folder).run.partial


@pytest.mark.parametrize("engine", ["spark"])
def test_sigterm_ends_a_real_cluster(tmp_path: Path, engine: str) -> None:
    with running(tmp_path, f"term-{engine}", engine) as process:
        reach(process, tmp_path, "ready")
        assert len(marked(f"term-{engine}")) > 3
        process.terminate()
        assert process.wait(timeout=60) == ExitCode.INTERRUPTED
    nothing_is_left(tmp_path, f"term-{engine}")


def test_sigkill_of_the_tool_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    with running(tmp_path, "kill", "kafka-streams") as process:
        reach(process, tmp_path, "warm-up")
        assert len(marked("kill")) > 3
        process.kill()
        process.wait(timeout=10)
        nothing_is_left(tmp_path, "kill")


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    with running(tmp_path, "first", "reference") as process:
        reach(process, tmp_path, "launch")
        second = subprocess.run(
            [sys.executable, "-m", "streambench", "run", "--engine", "reference"],
            cwd=tmp_path,
            env={**os.environ, "STREAMBENCH_STATE": str(tmp_path / "state")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == ExitCode.ENVIRONMENT
        assert "--wait" in second.stderr
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    nothing_is_left(tmp_path, "first")


def test_a_worker_that_dies_by_itself_fails_the_trial_with_its_log(tmp_path: Path) -> None:
    with running(tmp_path, "death", "kafka-python") as process:
        reach(process, tmp_path, "warm-up")
        worker = next(
            candidate
            for candidate in marked("death")
            if any("kafka_python.worker" in part for part in candidate.cmdline())
        )
        worker.kill()
        assert process.wait(timeout=120) == ExitCode.FAILED
    nothing_is_left(tmp_path, "death")
    (folder,) = (tmp_path / "results").iterdir()
    (trial,) = read_bundle(folder).trials
    assert trial.record.outcome.kind == "failed"
    assert "died by itself" in (folder / "report.md").read_text()
