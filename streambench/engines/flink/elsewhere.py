"""A Flink job in a session cluster that streambench did not start."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Final

from streambench.engines.common.asking import ASKING, AskingPolicy, HealthAsked
from streambench.engines.common.elsewhere import is_here
from streambench.engines.common.http import NoAnswer
from streambench.engines.flink.readings import rest_readings
from streambench.engines.flink.rest import ENDED, FlinkRest
from streambench.engines.flink.settings import slots
from streambench.engines.flink.watch import JobWatch
from streambench.engines.protocol import Health, Readings, State, Target
from streambench.model.errors import EngineFailed
from streambench.model.plan import Plan, Role
from streambench.runtime.waiting import wait_until

_CANCEL_TIMEOUT_S: Final = 30.0


class FlinkJobElsewhere:
    """The job, as far as REST tells of it; the cluster's processes are never touched."""

    def __init__(self, plan: Plan, rest: FlinkRest, asking: AskingPolicy = ASKING) -> None:
        self._asking = asking
        self._by_our_clock = plan.cluster is not None and is_here(plan.cluster)
        interval_ms = int(plan.symbols["commit_interval_ms"])
        self._watch = JobWatch(rest, interval_ms, slots(plan.settings))
        self._health = HealthAsked(self._ask, asking)
        self._ran = False
        self._stopped = False

    def healthy(self) -> Health:
        """Running means: all tasks run, none restarted since the last look, checkpoints complete."""
        return self._health.now()

    def targets(self, role: Role) -> tuple[Target, ...]:
        """None: its processes are not ours to hit."""
        return ()

    def readings(self) -> Readings:
        """Counters and effective settings by REST; its pauses are in logs that are not here.

        When it noticed a failure is by its own clock: unknown where that is another host's.
        """
        found = rest_readings((self._watch,), self._asking, str)
        if not self._by_our_clock:
            return found
        noticed_ms = tuple(sorted(map(float, self._watch.noticed_ms)))
        return dataclasses.replace(found, failures_noticed_ms=noticed_ms)

    def resume(self) -> None:
        """Never asked for: no coordinator of a cluster elsewhere is hit by streambench."""

    def rescale(self, plan: Plan) -> None:
        """Never asked for: a cluster elsewhere gets no worker from streambench. Raises EngineFailed."""
        raise EngineFailed("a cluster that runs already is not made larger", stage="rescale")

    def stop(self) -> None:
        """Cancel the job and see it end; one that cannot be reached is left to `streambench clean`."""
        if self._stopped:
            return
        self._stopped = True
        with contextlib.suppress(EngineFailed):
            wait_until(self._has_ended, what="the end of Flink's job", timeout_s=_CANCEL_TIMEOUT_S)

    def _ask(self, now_ns: int) -> Health:
        health = self._watch.look(now_ns)
        if health.state is State.DEGRADED and not self._ran:
            return Health(State.STARTING, health.detail)
        self._ran = self._ran or health.state is State.RUNNING
        return health

    def _has_ended(self) -> bool:
        """Ask for its end, and whether it came; a JobManager that is slow is asked again."""
        rest = self._watch.rest
        try:
            if rest.status().state in ENDED:
                return True
            rest.cancel()
        except NoAnswer:
            pass
        return False
