"""Which engines cannot run a workload."""

from __future__ import annotations

from streambench.engines.protocol import Engine
from streambench.engines.registry import CONTENDERS, engine_named
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Unsupported
from streambench.model.workload import Workload


def gaps(workload: Workload) -> tuple[tuple[Engine, Unsupported], ...]:
    """The engines that have no program for what the workload declares, each with why not."""
    conditions = Conditions(partitions=workload.partitions)
    plans = (
        (engine, engine.plan(workload, conditions, Variant(engine.name, engine.version)))
        for engine in map(engine_named, CONTENDERS)
    )
    return tuple((engine, plan) for engine, plan in plans if isinstance(plan, Unsupported))
