"""A Flink job that has been submitted."""

from __future__ import annotations

import time

from streambench.engines.common.http import NoAnswer
from streambench.engines.common.jvm import gc_pauses
from streambench.engines.common.launch import GC_FOLDER, stop
from streambench.engines.flink.processes import JOB_MANAGER
from streambench.engines.flink.rest import FlinkRest, JobStatus
from streambench.engines.protocol import Embedded, Health, Readings, State, Target
from streambench.model.plan import Plan, Role
from streambench.runtime.waiting import wait_until

# REST calls cost the engine CPU: no answer is younger than this.
_FRESH_NS = 900_000_000
_OVERDUE_CHECKPOINTS = 10
# Twice the interval at which the JobManager fetches metrics anew.
_METRICS_AGE_S = 2.0


class FlinkJob:
    """Its processes belong to the supervisor; its state is asked of the JobManager."""

    def __init__(self, plan: Plan, at: Embedded, rest: FlinkRest, commit_interval_ms: int) -> None:
        self._at = at
        self._rest = rest
        self._names = tuple(process.name for process in plan.processes)
        self._workers = sum(process.role is Role.WORKER for process in plan.processes)
        self._overdue_ns = _OVERDUE_CHECKPOINTS * max(commit_interval_ms, 1_000) * 1_000_000
        self._health = Health(State.STARTING, "submitted")
        self._asked_ns: int | None = None
        self._ran = False
        self._restarts = 0
        self._checkpoints = 0
        self._checkpoint_ns = time.monotonic_ns()

    def healthy(self) -> Health:
        """Running means: all tasks run, none restarted since the last look, checkpoints complete.

        The state that Flink itself shows stays RUNNING while a job restarts over and over.
        """
        now_ns = time.monotonic_ns()
        if self._asked_ns is None or now_ns - self._asked_ns >= _FRESH_NS:
            self._asked_ns = now_ns
            self._health = self._ask(now_ns)
        return self._health

    def targets(self, role: Role) -> tuple[Target, ...]:
        """Live JobManager or TaskManagers."""
        return tuple(
            Target(child.name, child.role, child.pid)
            for child in self._at.supervisor.children(role)
            if child.name in self._names
        )

    def readings(self) -> Readings:
        """Counters and effective settings by REST, pauses from the JVMs' own logs."""
        pauses = gc_pauses(self._at.job_dir / GC_FOLDER)
        try:
            status = self._rest.status()
            exceptions = self._rest.exceptions()
            words = {
                "state": status.state,
                "completed checkpoints": str(status.completed_checkpoints),
                "failed checkpoints": str(status.failed_checkpoints),
            }
            if exceptions:
                at_ms, name = exceptions[0]
                words |= {"last failure": name, "last failure noticed at (ms)": str(at_ms)}
            return Readings(
                words=words,
                effective=self._rest.effective(),
                late_counter=self._settled_late_records(),
                late_unit="late partial rows",
                restarts=status.restarts,
                checkpoint_bytes=status.checkpoint_bytes,
                gc_pauses=pauses,
            )
        except NoAnswer as error:
            return Readings(words={"REST": f"no answer: {error}"}, gc_pauses=pauses)

    def stop(self) -> None:
        """End all its processes; nothing is cancelled, for its topics end with it."""
        stop(self._names, self._at)

    def _settled_late_records(self) -> int | None:
        """The counter as it is now: the JobManager fetches metrics only when asked, for the next asker."""
        begun_s = time.monotonic()

        def settled() -> tuple[int | None] | None:
            counter = self._rest.late_records()
            return (counter,) if time.monotonic() - begun_s > _METRICS_AGE_S else None

        (counter,) = wait_until(settled, what="Flink's metrics", timeout_s=30.0, poll_s=0.25)
        return counter

    def _ask(self, now_ns: int) -> Health:
        if not any(target.name == JOB_MANAGER for target in self.targets(Role.COORDINATOR)):
            return Health(State.FAILED, "the JobManager is gone")
        away = self._workers - len(self.targets(Role.WORKER))
        if away > 0:
            return Health(State.DEGRADED, f"{away} of {self._workers} TaskManagers are away")
        try:
            status = self._rest.status()
        except NoAnswer as error:
            return Health(self._unready(), f"the JobManager does not answer: {error}")
        return self._judge(status, now_ns)

    def _judge(self, status: JobStatus, now_ns: int) -> Health:
        if status.completed_checkpoints != self._checkpoints:
            self._checkpoints = status.completed_checkpoints
            self._checkpoint_ns = now_ns
        restarted = status.restarts is not None and status.restarts > self._restarts
        self._restarts = max(self._restarts, status.restarts or 0)
        waiting = [vertex for vertex in status.vertices if vertex != "RUNNING"]
        if status.state in ("FAILED", "CANCELED", "FINISHED"):
            return Health(State.FAILED, f"the job is {status.state}")
        if waiting or not status.vertices:
            return Health(self._unready(), f"tasks are {', '.join(sorted(set(waiting)))}")
        if restarted:
            return Health(self._unready(), f"the job restarted, {self._restarts} times so far")
        if now_ns - self._checkpoint_ns > self._overdue_ns:
            return Health(self._unready(), "no checkpoint completes")
        if not self._checkpoints:
            return Health(self._unready(), "no checkpoint has completed yet")
        self._ran = True
        return Health(State.RUNNING, f"{self._checkpoints} checkpoints")

    def _unready(self) -> State:
        return State.DEGRADED if self._ran else State.STARTING
