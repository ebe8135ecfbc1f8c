"""Ctrl-C, SIGTERM and SIGKILL of the tool in every phase: no process and no folder is left."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from streambench.model.errors import ExitCode
from streambench.results.bundle import Bundle, read_bundle
from streambench.runtime.scratch import memory_folder
from streambench.runtime.waiting import wait_until
from tests.beside import Act, Ended, acts

pytestmark = [pytest.mark.engine, pytest.mark.alone]  # the files in memory are looked at

MARK = "STREAMBENCH_TEST_MARK"


@dataclass(frozen=True)
class Run:
    """A small run of the tool in a process group of its own; all that it starts inherits its mark."""

    folder: Path
    mark: str
    process: subprocess.Popen[bytes]
    in_memory: set[Path] = field(default_factory=set)

    @property
    def said(self) -> Path:
        return self.folder / "stderr"

    def reach(self, phase: str) -> None:
        """Wait until the tool itself says that this phase has begun."""

        def begun() -> bool:
            lines = self.said.read_text().splitlines()
            return any(line.startswith("[") and f": {phase}" in line for line in lines)

        wait_until(
            begun,
            what=phase,
            timeout_s=120,
            alive=lambda: self.process.poll() is None,
            log=self.said,
        )
        # The broker's files lie in a memory-backed folder where there is one, not in TMPDIR.
        self.in_memory.update(named_in_memory(self.processes()))
        before_the_broker = phase == "topics"
        assert self.in_memory or before_the_broker or memory_folder(0) is None

    def processes(self) -> list[psutil.Process]:
        """All that live."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                marked = process.environ().get(MARK) == self.mark
                if marked and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def interrupted(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(timeout=60) == ExitCode.INTERRUPTED

    def nothing_is_left(self) -> None:
        wait_until(lambda: not self.processes(), what="the run's processes to end", timeout_s=40)
        wait_until(
            lambda: not any((self.folder / "tmp").glob("streambench-*")),
            what="the run's temporary folders to go",
            timeout_s=20,
        )
        wait_until(
            lambda: not any(folder.exists() for folder in self.in_memory),
            what="the run's files in memory to go",
            timeout_s=20,
        )

    def bundle(self) -> Bundle:
        """What it wrote."""
        (folder,) = (self.folder / "results").iterdir()
        return read_bundle(folder)


def named_in_memory(processes: list[psutil.Process]) -> set[Path]:
    """The folders in memory that command lines name."""
    parent = memory_folder(0)
    if parent is None:
        return set()
    lines = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            lines.append(" ".join(process.cmdline()))
    names = re.findall(rf"{parent}/(streambench-\w+)", "\n".join(lines))
    return {parent / name for name in names}


RUNS: list[Run] = []


@contextmanager
def running(folder: Path, engine: str) -> Iterator[Run]:
    """Start one; its temporary files are in `folder`, and its mark is the folder."""
    temporary = folder / "tmp"
    temporary.mkdir()
    with (folder / "stderr").open("wb") as said:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "streambench", "run", "clicks"),
                *("--engine", engine, "--quick", "--rate", "2k"),
                *("--warm-up", "2s", "--duration", "3s", "--wait"),
            ],
            cwd=folder,
            env={
                **os.environ,
                "TMPDIR": str(temporary),
                "STREAMBENCH_STATE": str(folder / "state"),
                MARK: str(folder),
            },
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            # Ctrl-C is ignored in what a shell runs in the background, and so would its children do.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    run = Run(folder, str(folder), process)
    RUNS.append(run)
    try:
        yield run
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


@contextmanager
def all_killed() -> Iterator[None]:
    """What an interrupted session cuts short."""
    for run in RUNS:
        with contextlib.suppress(ProcessLookupError):
            run.process.kill()
    yield


@pytest.fixture(scope="module", autouse=True)
def ended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ended]:
    """Runs that know nothing of each other; nothing of them is left in memory, named or not."""
    before = in_memory()
    with acts(request, tmp_path_factory, at_once=1, given_up=all_killed()) as ended:
        yield ended
    wait_until(lambda: in_memory() <= before, what="the files in memory to go", timeout_s=20)


def in_memory() -> set[Path]:
    parent = memory_folder(0)
    return set() if parent is None else set(parent.glob("streambench-*"))


def sigterm_ends_a_real_cluster(folder: Path) -> None:
    with running(folder, "spark") as run:
        run.reach("ready")
        assert len(run.processes()) > 3
        run.process.terminate()
        assert run.process.wait(timeout=60) == ExitCode.INTERRUPTED
    run.nothing_is_left()


def ctrl_c_before_the_launch_ends_everything_and_exits_130(folder: Path) -> None:
    with running(folder, "reference") as run:
        run.reach("topics")
        run.interrupted()
    run.nothing_is_left()
    assert run.bundle().run.partial


def a_second_run_is_refused_and_ctrl_c_ends_the_first_while_it_waits_for_rows(
    folder: Path,
) -> None:
    with running(folder, "reference") as run:
        run.reach("launch")
        second = subprocess.run(
            [sys.executable, "-m", "streambench", "run", "--engine", "reference"],
            cwd=folder,
            env={**os.environ, "STREAMBENCH_STATE": str(folder / "state")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == ExitCode.ENVIRONMENT
        assert "--wait" in second.stderr
        run.reach("last rows")
        run.interrupted()
    run.nothing_is_left()
    assert run.bundle().run.partial


def sigkill_of_the_tool_leaves_no_process_and_no_folder(folder: Path) -> None:
    with running(folder, "kafka-streams") as run:
        run.reach("warm-up")
        assert len(run.processes()) > 3
        run.process.kill()
        run.process.wait(timeout=10)
        run.nothing_is_left()


def a_worker_that_dies_by_itself_fails_the_trial_with_its_log(folder: Path) -> None:
    with running(folder, "kafka-python") as run:
        run.reach("warm-up")
        worker = next(
            candidate
            for candidate in run.processes()
            if any("kafka_python.worker" in part for part in candidate.cmdline())
        )
        worker.kill()
        assert run.process.wait(timeout=120) == ExitCode.FAILED
    run.nothing_is_left()
    bundle = run.bundle()
    (trial,) = bundle.trials
    assert trial.record.outcome.kind == "failed"
    assert "died by itself" in (bundle.folder / "report.md").read_text()


# The longest first: the others go on beside it.
@pytest.mark.parametrize(
    "act",
    [
        sigterm_ends_a_real_cluster,
        a_second_run_is_refused_and_ctrl_c_ends_the_first_while_it_waits_for_rows,
        sigkill_of_the_tool_leaves_no_process_and_no_folder,
        a_worker_that_dies_by_itself_fails_the_trial_with_its_log,
        ctrl_c_before_the_launch_ends_everything_and_exits_130,
    ],
    ids=lambda act: act.__name__,
)
def test_bad_luck(ended: Ended, act: Act) -> None:
    ended(act)
