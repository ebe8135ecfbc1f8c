"""What Flink's REST interface tells of one job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from streambench.engines.common.http import NoAnswer, get_json, order, post_json
from streambench.engines.flink.settings import CLUSTER, JOB
from streambench.model.errors import EngineFailed

ENDED: Final = frozenset({"FAILED", "CANCELED", "FINISHED"})
"""The states that a job does not leave."""


@dataclass(frozen=True)
class JobStatus:
    """One look at the job; `restarts` is None until its metric exists."""

    state: str
    vertices: tuple[str, ...]  # their states
    completed_checkpoints: int
    failed_checkpoints: int
    restarts: int | None
    checkpoint_bytes: int = 0  # written by all completed checkpoints
    slots: int | None = None  # in how many it runs: the greatest parallelism of its vertices


class FlinkRest:
    """The REST interface of one JobManager, asked about one job. Every call may raise NoAnswer."""

    def __init__(self, url: str, job: str) -> None:
        self._url = url
        self._job = f"/jobs/{job}"

    def about(self, job: str) -> FlinkRest:
        """The same interface, asked about another job."""
        return FlinkRest(self._url, job)

    def status(self) -> JobStatus:
        """Three small requests; fit for once a second."""
        job = self._get(self._job)
        checkpoints = self._get(f"{self._job}/checkpoints")
        counts = checkpoints.get("counts", {})
        completed = int(counts.get("completed", 0))
        sizes = checkpoints.get("summary", {}).get("checkpointed_size", {})
        restarts = self._metric(f"{self._job}/metrics", "numRestarts")
        return JobStatus(
            state=str(job["state"]),
            vertices=tuple(str(vertex["status"]) for vertex in job["vertices"]),
            completed_checkpoints=completed,
            failed_checkpoints=int(counts.get("failed", 0)),
            checkpoint_bytes=completed * int(sizes.get("avg", 0)),
            restarts=None if restarts is None else int(restarts),
            slots=max((int(vertex["parallelism"]) for vertex in job["vertices"]), default=None),
        )

    def task_managers(self) -> int:
        """How many TaskManagers are registered."""
        return int(self._get("/overview")["taskmanagers"])

    def busy_ports(self) -> frozenset[int]:
        """The RPC port of each TaskManager of which a slot is in use."""
        managers = self._get("/taskmanagers")["taskmanagers"]
        # An id is HOST:PORT-RANDOM.
        return frozenset(
            int(str(each["id"]).rpartition(":")[2].partition("-")[0])
            for each in managers
            if int(each["freeSlots"]) < int(each["slotsNumber"])
        )

    def late_records(self) -> int | None:
        """The sum of all operators' counters of dropped late records; None when none has one."""
        found: list[int] = []
        for vertex in self._get(self._job)["vertices"]:
            path = f"{self._job}/vertices/{vertex['id']}/subtasks/metrics"
            names = [
                str(metric["id"])
                for metric in self._get(path)
                if str(metric["id"]).endswith("numLateRecordsDropped")
            ]
            if names:
                values = self._get(f"{path}?agg=sum&get={','.join(names)}")
                found += [int(value["sum"]) for value in values]
        return sum(found) if found else None

    def checkpoint_interval_ms(self) -> int:
        """How often the job begins a checkpoint."""
        return int(self._get(f"{self._job}/checkpoints/config")["interval"])

    def exceptions(self) -> tuple[tuple[int, str], ...]:
        """(ms since the epoch, name) of each failure in the job's history, newest first."""
        history = self._get(f"{self._job}/exceptions").get("exceptionHistory", {})
        return tuple(
            (int(entry["timestamp"]), str(entry["exceptionName"]))
            for entry in history.get("entries", ())
        )

    def cancel(self) -> None:
        """Ask for the end of the job; it has not ended when this returns."""
        order("PATCH", f"{self._url}{self._job}?mode=cancel")

    def stop_with_savepoint(self, folder: str) -> str:
        """Begin to stop the job, its state kept in `folder` (a URI); the id to ask `savepoint` by."""
        answer = post_json(
            f"{self._url}{self._job}/stop", {"targetDirectory": folder, "drain": False}
        )
        return str(answer["request-id"])

    def savepoint(self, trigger: str) -> str | None:
        """Where the savepoint is, once it is there; None until then. Raises EngineFailed."""
        answer = self._get(f"{self._job}/savepoints/{trigger}")
        if answer["status"]["id"] != "COMPLETED":
            return None
        operation = answer["operation"]
        if "location" not in operation:
            cause = operation.get("failure-cause", {}).get("class", "no reason told")
            raise EngineFailed(f"Flink's savepoint failed: {cause}", stage="rescale")
        return str(operation["location"])

    def effective(self) -> Mapping[tuple[str, str], str]:
        """(scope, name) → value of what the JobManager says that it runs with."""
        cluster = {
            (CLUSTER, str(entry["key"])): str(entry["value"])
            for entry in self._get("/jobmanager/config")
        }
        job = self._get(f"{self._job}/config")["execution-config"]
        checkpoints = self._get(f"{self._job}/checkpoints/config")
        return cluster | {
            (JOB, "parallelism.default"): str(job["job-parallelism"]),
            (JOB, "restart-strategy.type"): str(job["restart-strategy"]),
            (JOB, "execution.checkpointing.mode"): str(checkpoints["mode"]).upper(),
            (JOB, "execution.checkpointing.interval"): f"{checkpoints['interval']} ms",
            (JOB, "state.backend.type"): str(checkpoints["state_backend"]),
        }

    def _metric(self, path: str, name: str) -> str | None:
        values: Sequence[Mapping[str, Any]] = self._get(f"{path}?get={name}")
        # An empty list just after the start.
        return str(values[0]["value"]) if values else None

    def _get(self, path: str) -> Any:
        return get_json(self._url + path)


__all__ = ["FlinkRest", "JobStatus", "NoAnswer"]
