"""What the whole machine did while something was measured, and how much of that may be another's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Stranger:
    """A process that is no part of a run, or several of one name; `share` is of all cores' time."""

    name: str
    share: float


@dataclass(frozen=True)
class MachineUsage:
    """The whole machine between two instants, as shares of all its cores' time (waiting for disk is idle).

    `steal_share` was taken by the hypervisor, `kernel_share` by interrupts and the kernel's own threads,
    `foreign_share` by processes that are no part of the run; `strangers` are the busiest that have a name.
    The others are shares of the time (PSI): in which some runnable thread waited for a core, or all that
    had something to do waited for memory or a disk. `throttled_share` is of the periods of a control
    group's quota: in which it was used up, and all stood still. None where the platform does not say, or
    there is no quota. Within a CPU set the machine is its cores.
    """

    idle_share: float
    steal_share: float | None
    kernel_share: float | None
    foreign_share: float
    strangers: tuple[Stranger, ...]
    cpu_some_share: float | None
    memory_full_share: float | None
    io_full_share: float | None
    throttled_share: float | None = None


@dataclass(frozen=True)
class MachineLimits:
    """From which shares on a trial is marked, or says nothing of an engine (docs/method.md, the machine)."""

    foreign_marked_share: float = 0.03
    foreign_invalid_share: float = 0.10
    steal_invalid_share: float = 0.05
    memory_full_invalid_share: float = 0.05
    throttled_invalid_share: float = 0.05


STRICT: Final = MachineLimits()
"""What every run is held to."""

ANY_MACHINE: Final = MachineLimits(math.inf, math.inf, math.inf, math.inf, math.inf)
"""For tests of what an engine does, on a machine that is shared with others: nothing is refused for it."""
