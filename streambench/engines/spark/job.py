"""A Spark job whose query has started."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from streambench.engines.common.http import NoAnswer, get_json
from streambench.engines.common.jvm import gc_pauses
from streambench.engines.common.launch import GC_FOLDER, stop
from streambench.engines.protocol import Embedded, Health, Readings, State, Target
from streambench.engines.spark.processes import DRIVER, MASTER
from streambench.engines.spark.progress import Told, read_batches, read_progress
from streambench.engines.spark.settings import APPLICATION
from streambench.model.plan import Plan, Role

_FRESH_NS = 900_000_000


class SparkJob:
    """Its processes belong to the supervisor; its state is what driver and Master tell."""

    def __init__(self, plan: Plan, at: Embedded) -> None:
        self._at = at
        self._master_url = f"http://127.0.0.1:{plan.symbols['port:master-ui']}/json/"
        self._names = tuple(process.name for process in plan.processes)
        self._workers = sum(process.role is Role.WORKER for process in plan.processes)
        self._progress = at.job_dir / "progress.jsonl"
        self._health = Health(State.STARTING, "submitted")
        self._asked_ns: int | None = None
        self._ran = False

    def healthy(self) -> Health:
        """Running means: a batch has been done, no failure was told, every worker's core is used."""
        now_ns = time.monotonic_ns()
        if self._asked_ns is None or now_ns - self._asked_ns >= _FRESH_NS:
            self._asked_ns = now_ns
            self._health = self._ask()
        return self._health

    def targets(self, role: Role) -> tuple[Target, ...]:
        """Live Master and driver, or Workers (their executors are their children)."""
        return tuple(
            Target(child.name, child.role, child.pid)
            for child in self._at.supervisor.children(role)
            if child.name in self._names
        )

    def readings(self) -> Readings:
        """Progress as the driver wrote it, batches from the checkpoint."""
        told = read_progress(self._progress)
        return Readings(
            words=_words(told),
            effective={(APPLICATION, name): value for name, value in told.configuration.items()},
            late_counter=told.late_partial_rows,
            late_unit="late partial rows",
            batches=read_batches(self._at.job_dir / "checkpoint"),
            restarts=self._executor_restarts(),
            checkpoint_bytes=_bytes_in(self._at.job_dir / "checkpoint"),
            gc_pauses=gc_pauses(self._at.job_dir / GC_FOLDER),
        )

    def stop(self) -> None:
        """End all its processes; the query is not asked to finish, for its topics end with it."""
        stop(self._names, self._at)

    def _ask(self) -> Health:
        live = {target.name for target in self.targets(Role.COORDINATOR)}
        for name in (MASTER, DRIVER):
            if name not in live:
                return Health(State.FAILED, f"{name} is gone")
        told = read_progress(self._progress)
        if told.failure is not None:
            return Health(State.FAILED, told.failure)
        try:
            used = int(get_json(self._master_url)["coresused"])
        except NoAnswer as error:
            return Health(self._unready(), f"the Master does not answer: {error}")
        if used < self._workers:
            return Health(self._unready(), f"{used} of {self._workers} executors are there")
        if not told.batches:
            return Health(self._unready(), "no batch has been done yet")
        self._ran = True
        return Health(State.RUNNING, f"{told.batches} batches")

    def _unready(self) -> State:
        return State.DEGRADED if self._ran else State.STARTING

    def _executor_restarts(self) -> int:
        """Each executor ever started has a folder with its number in its Worker's."""
        folders = [
            folder
            for name in self._names
            for folder in Path(self._at.job_dir / name).glob("app-*/[0-9]*")
        ]
        return max(0, len(folders) - self._workers)


def _bytes_in(folder: Path) -> int:
    """All that the checkpoint holds: nothing is cleaned up while the query runs."""
    sizes = []
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # a temporary name that was just changed
            sizes.append(file.stat().st_size if file.is_file() else 0)
    return sum(sizes)


def _words(told: Told) -> dict[str, str]:
    durations = {
        f"last batch, {name}": f"{value} ms" for name, value in told.last_durations_ms.items()
    }
    return {"batches": str(told.batches), **durations}
