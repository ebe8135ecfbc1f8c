"""A Spark job whose query has started."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from streambench.engines.common.asking import ASKING, AskingPolicy, HealthAsked
from streambench.engines.common.http import NoAnswer, get_json
from streambench.engines.common.jvm import gc_pauses
from streambench.engines.common.launch import GC_FOLDER, named, replan, start, stop
from streambench.engines.common.noticed import noticed
from streambench.engines.common.restart import comes_back
from streambench.engines.protocol import Embedded, Health, Readings, State, Target
from streambench.engines.spark.processes import DRIVER, MASTER
from streambench.engines.spark.progress import Told, read_batches, read_progress
from streambench.engines.spark.settings import APPLICATION, QUERY
from streambench.engines.spark.trigger import as_told
from streambench.engines.spark.variants import TRIGGER
from streambench.model.plan import Plan, Role
from streambench.runtime.waiting import wait_until

_RESCALE_TIMEOUT_S = 120.0
# What Master and driver say when a Worker, an executor or the driver itself is gone.
FAILURES = re.compile(
    r" Master (?:Removing worker|Removing \S+ because we got no heartbeat|Removing app) "
    r"| (?:TaskSchedulerImpl|YarnScheduler) Lost executor "
    r"| HeartbeatReceiver Removing executor \S+ with no recent heartbeats"
)


class SparkJob:
    """Its processes belong to the supervisor; its state is what driver and Master tell."""

    def __init__(self, plan: Plan, at: Embedded, asking: AskingPolicy = ASKING) -> None:
        self._plan = plan
        self._at = at
        self._master_url = f"http://127.0.0.1:{plan.symbols['port:master-ui']}/json/"
        self._progress = at.job_dir / "progress.jsonl"
        self._health = HealthAsked(lambda _: self._ask(), asking)
        self._ran = False
        self._executors = self._workers  # that a job without failures has started so far

    def healthy(self) -> Health:
        """Running means: a batch has been done, no failure was told, every worker's core is used."""
        return self._health.now()

    def targets(self, role: Role) -> tuple[Target, ...]:
        """The live driver (its JVM is its child), or the live Workers (so are their executors).

        The Master takes no part in a job that runs: it is no target.
        """
        return tuple(
            Target(child.name, child.role, child.pid)
            for child in self._at.supervisor.children(role)
            if child.name in self._names and child.name != MASTER
        )

    def readings(self) -> Readings:
        """Progress as the driver wrote it, batches from the checkpoint."""
        told = read_progress(self._progress)
        return Readings(
            words=words_of(told),
            effective=effective_of(told),
            late_counter=told.late_partial_rows,
            late_unit="late partial rows",
            batches=read_batches(self._at.job_dir / "checkpoint"),
            restarts=self._executor_restarts(),
            failures_noticed_ms=noticed(
                [self._at.log_dir / f"{name}.log" for name in (MASTER, DRIVER)], FAILURES
            ),
            checkpoint_bytes=bytes_in(self._at.job_dir / "checkpoint"),
            gc_pauses=gc_pauses(self._at.job_dir / GC_FOLDER),
        )

    def left_out(self) -> int | None:
        """Late partial rows, and records that could not be read where the program counts them."""
        told = read_progress(self._progress)
        return told.late_partial_rows + told.unreadable

    def resume(self) -> None:
        """Nothing: a driver that is started again goes on from its checkpoint."""

    def rescale(self, plan: Plan) -> None:
        """Add a Worker, and start the driver again with a core more: it goes on from its checkpoint.

        The state stays in as many partitions as it has: a checkpoint fixes that, whatever is asked for.
        """
        before = self._names
        filled = replan(plan, self._plan, self._at)
        for process in filled.processes:
            if process.name not in before:
                start(process, self._at)
        self._plan = filled
        wait_until(
            lambda: self._workers_registered() >= self._workers,
            what="Spark's new Worker",
            timeout_s=_RESCALE_TIMEOUT_S,
            stage="rescale",
        )
        stop([DRIVER], self._at)
        driver = start(named(filled, DRIVER), self._at)
        self._executors += self._workers

        def started() -> bool:
            told = read_progress(self._progress)
            return told.pid == driver.pid and told.started

        wait_until(
            started,
            what="Spark's query",
            timeout_s=_RESCALE_TIMEOUT_S,
            alive=driver.alive,
            log=driver.log,
            stage="rescale",
        )

    def stop(self) -> None:
        """End all its processes; the query is not asked to finish, for its topics end with it."""
        stop(self._names, self._at)

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(process.name for process in self._plan.processes)

    @property
    def _workers(self) -> int:
        return sum(process.role is Role.WORKER for process in self._plan.processes)

    def _workers_registered(self) -> int:
        """None that are known of while the Master does not answer."""
        try:
            return int(get_json(self._master_url)["aliveworkers"])
        except NoAnswer:
            return 0

    def _ask(self) -> Health:
        supervisor = self._at.supervisor
        for name in (MASTER, DRIVER):
            if supervisor.current(name) is None:
                again = comes_back(named(self._plan, name), supervisor)
                return Health(State.DEGRADED if again else State.FAILED, f"{name} is gone")
        told = read_progress(self._progress)
        driver = supervisor.current(DRIVER)
        if driver is None or told.pid != driver.pid:
            return Health(self._unready(), "the driver starts")
        if told.failure is not None:
            again = self._ran and comes_back(named(self._plan, DRIVER), supervisor)
            return Health(State.DEGRADED if again else State.FAILED, told.failure)
        try:
            used = int(get_json(self._master_url)["coresused"])
        except NoAnswer as error:
            return Health(self._unready(), f"the Master does not answer: {error}")
        if used < self._workers:
            return Health(self._unready(), f"{used} of {self._workers} executors are there")
        if not told.fresh_batches:
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
        return max(0, len(folders) - self._executors)


def bytes_in(folder: Path) -> int:
    """All that the checkpoint holds: nothing is cleaned up while the query runs."""
    sizes = []
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # a temporary name that was just changed
            sizes.append(file.stat().st_size if file.is_file() else 0)
    return sum(sizes)


def effective_of(told: Told) -> dict[tuple[str, str], str]:
    """(scope, name) → value of what the driver says that it runs with."""
    found = {(APPLICATION, name): value for name, value in told.configuration.items()}
    if told.trigger is not None:
        found[QUERY, TRIGGER] = as_told(told.trigger)
    return found


def words_of(told: Told) -> dict[str, str]:
    """How many batches there were, and what the last one spent its time on."""
    durations = {
        f"last batch, {name}": f"{value} ms" for name, value in told.last_durations_ms.items()
    }
    return {"batches": str(told.batches), **durations}
