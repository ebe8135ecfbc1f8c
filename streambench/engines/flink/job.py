"""A Flink job that has been submitted."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streambench.engines.common.asking import ASKING, AskingPolicy, HealthAsked
from streambench.engines.common.http import NoAnswer
from streambench.engines.common.jvm import gc_pauses
from streambench.engines.common.launch import GC_FOLDER, listens_on, named, replan, start, stop
from streambench.engines.common.noticed import noticed
from streambench.engines.common.restart import comes_back
from streambench.engines.flink.failed_checkpoints import failed_words
from streambench.engines.flink.processes import JOB_MANAGER
from streambench.engines.flink.readings import rest_readings
from streambench.engines.flink.rest import FlinkRest
from streambench.engines.flink.settings import slots
from streambench.engines.flink.submission import newest_checkpoint, submit
from streambench.engines.flink.watch import JobWatch
from streambench.engines.protocol import Embedded, Health, Readings, State, Target
from streambench.model.errors import EngineFailed
from streambench.model.plan import Plan, Role
from streambench.runtime.waiting import wait_until

# What a TaskManager says when it has lost its JobManager (in which the ResourceManager is, too).
MANAGER_LOST = re.compile(
    r" TaskExecutor (?:The heartbeat of )?(?:JobManager|ResourceManager) with id \S+ "
    r"(?:timed out|is no longer reachable)\."
)
_REGISTRATION_TIMEOUT_S = 60.0
_SAVEPOINT_TIMEOUT_S = 60.0


class FlinkJob:
    """Its processes belong to the supervisor; its state is asked of the JobManager.

    After `resume` or `rescale` it is another job to Flink, with another id and its counters at nought.
    """

    def __init__(
        self,
        plan: Plan,
        at: Embedded,
        rest: FlinkRest,
        commit_interval_ms: int,
        asking: AskingPolicy = ASKING,
    ) -> None:
        self._plan = plan
        self._asking = asking
        self._at = at
        self._commit_interval_ms = commit_interval_ms
        # The last one is of the job that runs.
        self._watches: tuple[JobWatch, ...] = (self._watch(rest),)
        self._health = HealthAsked(self._ask, asking)
        self._ran = False
        self._moving = False

    def healthy(self) -> Health:
        """Running means: all tasks run, none restarted since the last look, checkpoints complete.

        The state that Flink itself shows stays RUNNING while a job restarts over and over.
        """
        return self._health.now()

    def targets(self, role: Role) -> tuple[Target, ...]:
        """The live JobManager, or the live TaskManagers; of more than the job needs, those at work."""
        live = self._live(role)
        if role is not Role.WORKER or len(self._names(role)) <= slots(self._plan.settings):
            return live
        try:
            busy = self._watches[-1].rest.busy_ports()
        except NoAnswer:
            return live
        return tuple(each for each in live if listens_on(each.pid, busy)) or live

    def readings(self) -> Readings:
        """Counters and effective settings by REST, pauses from the JVMs' own logs."""
        return dataclasses.replace(
            rest_readings(self._watches, self._asking, self._failed_words),
            failures_noticed_ms=self._noticed(),
            gc_pauses=gc_pauses(self._at.job_dir / GC_FOLDER),
        )

    def left_out(self) -> int | None:
        """Late partial rows of the job that runs; it counts nothing else that it leaves out."""
        try:
            return self._watches[-1].rest.late_records()
        except NoAnswer:
            return None

    def resume(self) -> None:
        """Submit the query again, to go on from the newest checkpoint that is complete.

        A session cluster forgets its jobs with its JobManager; whoever runs one without ZooKeeper or
        Kubernetes submits again like this. Raises EngineFailed.
        """
        checkpoint = newest_checkpoint(self._at.job_dir / "checkpoints")
        if checkpoint is None:
            raise EngineFailed(
                "Flink's JobManager died before a checkpoint was complete: there is nothing to resume",
                stage="resume",
                hint="let the fault come later",
            )
        with self._being_moved():
            self._submit(checkpoint)

    def rescale(self, plan: Plan) -> None:
        """Add a TaskManager, stop with a savepoint, submit again from there with more parallelism."""
        filled = replan(plan, self._plan, self._at)
        started = {process.name for process in self._plan.processes}
        with self._being_moved():
            rest = self._watches[-1].rest
            for process in filled.processes:
                if process.name not in started:
                    start(process, self._at)
            self._plan = filled
            wanted = len(self._names(Role.WORKER))
            wait_until(
                lambda: _task_managers(rest) >= wanted,
                what="Flink's new TaskManager",
                timeout_s=_REGISTRATION_TIMEOUT_S,
                stage="rescale",
            )
            self._submit(self._stopped(rest))

    def stop(self) -> None:
        """End all its processes; nothing is cancelled, for its topics end with it."""
        stop([process.name for process in self._plan.processes], self._at)

    @contextmanager
    def _being_moved(self) -> Iterator[None]:
        self._moving = True
        try:
            yield
        finally:
            self._moving = False
            self._health.forget()

    def _submit(self, checkpoint: Path) -> None:
        job = submit(self._plan, self._at, checkpoint=checkpoint)
        rest = self._watches[-1].rest.about(job)
        self._watches = (*self._watches, self._watch(rest))

    def _watch(self, rest: FlinkRest) -> JobWatch:
        return JobWatch(rest, self._commit_interval_ms, slots(self._plan.settings))

    def _stopped(self, rest: FlinkRest) -> Path:
        """Stop the job with a savepoint, and return the savepoint. Raises EngineFailed."""
        try:
            trigger = rest.stop_with_savepoint(
                (self._at.job_dir / "savepoints").absolute().as_uri()
            )
            location = wait_until(
                lambda: rest.savepoint(trigger),
                what="Flink's savepoint",
                timeout_s=_SAVEPOINT_TIMEOUT_S,
                stage="rescale",
            )
        except NoAnswer as error:
            raise EngineFailed(f"Flink took no savepoint: {error}", stage="rescale") from error
        return Path(location.removeprefix("file:"))

    def _live(self, role: Role) -> tuple[Target, ...]:
        names = self._names(role)
        return tuple(
            Target(child.name, child.role, child.pid)
            for child in self._at.supervisor.children(role)
            if child.name in names
        )

    def _names(self, role: Role) -> frozenset[str]:
        return frozenset(process.name for process in self._plan.processes if process.role is role)

    def _failed_words(self, failed: int) -> str:
        return failed_words(failed, self._at.log_dir / f"{JOB_MANAGER}.log")

    def _noticed(self) -> tuple[float, ...]:
        """What the JobManager told of failed tasks, and TaskManagers of a JobManager that went."""
        told = {float(at_ms) for watch in self._watches for at_ms in watch.noticed_ms}
        logs = [self._at.log_dir / f"{name}.log" for name in self._names(Role.WORKER)]
        return tuple(sorted([*told, *noticed(logs, MANAGER_LOST)]))

    def _ask(self, now_ns: int) -> Health:
        if self._moving:
            return Health(State.DEGRADED, "the job is being submitted again")
        if self._at.supervisor.current(JOB_MANAGER) is None:
            again = comes_back(named(self._plan, JOB_MANAGER), self._at.supervisor)
            return Health(State.DEGRADED if again else State.FAILED, "the JobManager is gone")
        workers = len(self._names(Role.WORKER))
        away = workers - len(self._live(Role.WORKER))
        if away > 0:
            return Health(State.DEGRADED, f"{away} of {workers} TaskManagers are away")
        health = self._watches[-1].look(now_ns)
        if health.state is State.DEGRADED and not self._ran:
            return Health(State.STARTING, health.detail)
        self._ran = self._ran or health.state is State.RUNNING
        return health


def _task_managers(rest: FlinkRest) -> int:
    """How many are registered; none that are known of while the JobManager does not answer."""
    try:
        return rest.task_managers()
    except NoAnswer:
        return 0
