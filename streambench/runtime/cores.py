"""How many cores this process may count on, and what decides it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum

from streambench.runtime.cgroups import HERE, ControlGroups, cpu_quota_cores


class Decides(Enum):
    """What bounds the number of cores."""

    MACHINE = "machine"
    CPU_SET = "CPU set"
    QUOTA = "quota"


@dataclass(frozen=True)
class Cores:
    """`count` is at least 1; `machine` are those that the system has, `quota` is None where none is set."""

    count: int
    machine: int
    decided_by: Decides
    quota: float | None = None

    def words(self) -> str:
        """The number, and why it is not the machine's."""
        match self.decided_by:
            case Decides.MACHINE:
                return str(self.count)
            case Decides.CPU_SET:
                return f"{self.count} (a CPU set; the machine has {self.machine})"
            case Decides.QUOTA:
                return f"{self.count} (a quota of {self.quota:g}; the machine has {self.machine})"


def cores(groups: ControlGroups = HERE) -> Cores:
    """The machine's, or what a CPU set or a control group's quota leaves of them, rounded down."""
    machine = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else machine
    quota = cpu_quota_cores(groups)
    if quota is not None and quota < allowed:
        return Cores(max(1, int(quota)), machine, Decides.QUOTA, quota)
    if allowed < machine:
        return Cores(allowed, machine, Decides.CPU_SET)
    return Cores(machine, machine, Decides.MACHINE)
