"""Which processes of a plan come back when they die, and when: equal for every engine."""

from __future__ import annotations

from dataclasses import replace

from streambench.model.conditions import Conditions
from streambench.model.plan import ProcessPlan
from streambench.runtime.supervisor import Supervisor


def kept_alive(process: ProcessPlan, conditions: Conditions) -> ProcessPlan:
    """`process`, to be started again after a death, when and if the conditions say so."""
    if conditions.restart_delay_ms is None:
        return process
    return replace(process, restart=True, restart_delay_ms=conditions.restart_delay_ms)


def comes_back(process: ProcessPlan, supervisor: Supervisor) -> bool:
    """Whether `process`, which does not run now, is going to be started again."""
    deaths = [death for death in supervisor.deaths() if death.name == process.name]
    # A death is in the list a moment after the process is gone.
    return process.restart and (not deaths or deaths[-1].restarting)
