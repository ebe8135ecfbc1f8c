"""Faults that cannot be made to happen to an engine, by its own nature or by where it runs."""

from __future__ import annotations

from streambench.engines.protocol import Engine
from streambench.model.conditions import Conditions
from streambench.model.fault import OF_ITS_PROCESSES, FaultKind
from streambench.model.plan import Unsupported, Whose


def lacks(engine: Engine, conditions: Conditions, fault: FaultKind) -> Unsupported | None:
    """Why `fault` cannot happen to this engine under these conditions; None when it can."""
    cluster = conditions.cluster_of(engine.name)
    if cluster is not None and fault in OF_ITS_PROCESSES:
        return Unsupported(
            Whose.OURS,
            f"{fault.value} is done to processes that streambench started, and those of {engine.title} at "
            f"{cluster.endpoint} are yours",
            hint="streambench run --fault none, or a fault by a command of yours: --fault-command",
        )
    return engine.lacks(fault)
