"""The topic to which a running job moves records by their group: what lies there tells what came too late.

1. A load is over. Before its flush records are written, the job must have read all of it: they would overtake
   what a task that lags has not moved yet, and close its windows.
2. When it has read the flush records as well, all of the load lies in that topic.
3. What lies there is read, and tells which rows must come.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from streambench.engines.protocol import Job
from streambench.kafka.group_progress import unread
from streambench.kafka.moved_records import NotAllMoved, moved_log, read_moved
from streambench.model.plan import MovedTopic, Plan
from streambench.model.workload import Query
from streambench.oracle.evidence import MovedLog
from streambench.runtime.supervisor import Death
from streambench.runtime.waiting import wait_until
from streambench.trial.process_exits import fail_on_exit
from streambench.trial.testbed import Testbed

_POLL_S: Final = 0.25
_SLACK_S: Final = 30.0


@dataclass
class Moves:
    """Of one job, whose consumer group is `group`; `begin` are the offsets where the next load's records begin."""

    testbed: Testbed
    moved_to: MovedTopic
    group: str
    partitions: int
    begin: tuple[int, ...] = field(default=())
    _rebalances: int | None = None

    @classmethod
    def of(cls, testbed: Testbed, plan: Plan, job_id: str, partitions: int) -> Moves | None:
        """Those of a job that moves records; None for any other."""
        if plan.moved_to is None:
            return None
        return cls(testbed, plan.moved_to, job_id, partitions)

    @property
    def topic(self) -> str:
        """Its name."""
        return self.moved_to.of(self.group)

    def wait(self, patience_s: float, excused: Callable[[Death], bool] | None = None) -> bool:
        """Wait until the job has read the whole input, by what it has committed; so long at most.

        Returns whether it has.

        Raises EngineFailed when the engine dies, unless its death is `excused`.
        """
        bed = self.testbed
        partitions = [(bed.input_topic, number) for number in range(self.partitions)]
        until_s = time.monotonic() + patience_s

        def known() -> tuple[bool] | None:
            fail_on_exit(bed.supervisor, stage="last rows", excused=excused)
            read = unread(bed.kafka, self.group, partitions) == 0
            return (read,) if read or time.monotonic() >= until_s else None

        (read,) = wait_until(
            known,
            what="the job to read the input",
            timeout_s=patience_s + _SLACK_S,
            stage="last rows",
            poll_s=_POLL_S,
        )
        return read

    def shared_anew(self, job: Job) -> bool:
        """Whether partitions changed hands since this was asked last: a new owner may have forgotten its clock.

        True where the job cannot say.
        """
        before, self._rebalances = self._rebalances, job.readings().rebalances
        return self._rebalances is None or self._rebalances != before

    def log(self, query: Query, *, event_offset_ms: int, restarted: bool) -> MovedLog | None:
        """All that was moved since the load before; None where not all of it can be known. Raises InstrumentFailed."""
        bed, begin = self.testbed, self.begin or (0,) * self.partitions
        try:
            file, self.begin = read_moved(bed.kafka, self.topic, begin, bed.scratch)
        except NotAllMoved:
            return None
        offset_ms = event_offset_ms - self.moved_to.earlier_ms
        return moved_log(file, query, offset_ms=offset_ms, restarted=restarted)
