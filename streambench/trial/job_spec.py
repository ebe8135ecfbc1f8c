"""What is launched as a job, and under which conditions."""

from __future__ import annotations

from dataclasses import dataclass

from streambench.engines.protocol import Engine
from streambench.load.probes import Probe
from streambench.model.conditions import Conditions, Variant
from streambench.model.machine import STRICT, MachineLimits
from streambench.model.plan import Plan
from streambench.model.trial import TraceRef
from streambench.model.workload import Query
from streambench.runtime.artifacts import Resolved


@dataclass(frozen=True)
class JobSpec:
    """What is launched, and under which conditions; `most_per_s` is the highest rate to be played.

    `wider` is the plan with one worker more, where a fault rescales the job. `number` tells jobs of one
    run apart. `speed`: ms of event time in a ms of its loads. `prometheus` watches processes elsewhere.
    """

    number: int
    engine: Engine
    variant: Variant
    plan: Plan
    query: Query
    conditions: Conditions
    probes: tuple[Probe, ...]
    artifacts: Resolved
    broker_warm_up: TraceRef
    most_per_s: int = 0
    machine_limits: MachineLimits = STRICT
    wider: Plan | None = None
    speed: float = 1.0
    prometheus: str | None = None

    @property
    def state_exact(self) -> bool:
        """Whether only rows repeat under at-least-once; what was moved twice to another topic counts twice."""
        return self.engine.state_exact and self.plan.moved_to is None
