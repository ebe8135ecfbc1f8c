"""One submitted Flink job, as it was seen so far."""

from __future__ import annotations

import contextlib
import time

from streambench.engines.common.http import NoAnswer
from streambench.engines.flink.rest import ENDED, FlinkRest, JobStatus
from streambench.engines.protocol import Health, State

_OVERDUE_CHECKPOINTS = 10
_OVERDUE_LEAST_NS = 10_000_000_000


class JobWatch:
    """What was last known of one job id; Flink forgets it with the JobManager."""

    def __init__(self, rest: FlinkRest, checkpoint_interval_ms: int, slots: int) -> None:
        self.rest = rest
        self._slots = slots  # in which it is to run
        self.last: JobStatus | None = None
        self.noticed_ms: set[int] = set()  # the failures that were seen
        self._interval_ms = checkpoint_interval_ms
        self._restarts = 0
        self._checkpoints = 0
        self._checkpoint_ns = time.monotonic_ns()

    def exceptions(self) -> tuple[tuple[int, str], ...]:
        """The job's failures, which are also remembered. Raises NoAnswer."""
        exceptions = self.rest.exceptions()
        self.noticed_ms.update(at_ms for at_ms, _ in exceptions)
        return exceptions

    def look(self, now_ns: int) -> Health:
        """RUNNING when all tasks run, none restarted since the last look and checkpoints complete."""
        try:
            return self._judge(self.rest.status(), now_ns)
        except NoAnswer as error:
            return Health(State.DEGRADED, f"the JobManager does not answer: {error}")

    def _judge(self, status: JobStatus, now_ns: int) -> Health:
        self.last = status
        if status.completed_checkpoints != self._checkpoints:
            self._checkpoints = status.completed_checkpoints
            self._checkpoint_ns = now_ns
        restarted = status.restarts is not None and status.restarts > self._restarts
        self._restarts = max(self._restarts, status.restarts or 0)
        if restarted:
            with contextlib.suppress(NoAnswer):  # asked again for the readings
                self.exceptions()
        waiting = [vertex for vertex in status.vertices if vertex != "RUNNING"]
        if status.state in ENDED:
            return Health(State.FAILED, f"the job is {status.state}")
        if waiting or not status.vertices:
            return Health(State.DEGRADED, f"tasks are {', '.join(sorted(set(waiting)))}")
        if status.slots is not None and status.slots < self._slots:
            return Health(State.DEGRADED, f"it runs in {status.slots} of {self._slots} slots")
        if restarted:
            return Health(State.DEGRADED, f"the job restarted, {self._restarts} times so far")
        if self._overdue(now_ns - self._checkpoint_ns):
            return Health(State.DEGRADED, "no checkpoint completes")
        if not self._checkpoints:
            return Health(State.DEGRADED, "no checkpoint has completed yet")
        return Health(State.RUNNING, f"{self._checkpoints} checkpoints")

    def _overdue(self, since_ns: int) -> bool:
        """Whether a checkpoint should have completed; Flink is asked, as a user's interval may be longer."""
        if since_ns <= _overdue_ns(self._interval_ms):
            return False
        self._interval_ms = self.rest.checkpoint_interval_ms()
        return since_ns > _overdue_ns(self._interval_ms)


def _overdue_ns(interval_ms: int) -> int:
    return max(_OVERDUE_CHECKPOINTS * interval_ms * 1_000_000, _OVERDUE_LEAST_NS)
