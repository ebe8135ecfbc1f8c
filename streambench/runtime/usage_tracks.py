"""What the samples of one process, and of the machine, say about the time between two instants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

_PRESSURE = Path("/proc/pressure/cpu")


@dataclass(eq=False)
class Track:
    """Samples of one process; `cpu_s` is cumulative, with the children that it has waited for.

    `points` begin with (creation, 0 s). When a descendant's parent has waited for it, the kernel moves
    its time to the parent's account; its own then falls to zero, so that the sum counts it once.
    """

    role: str
    name: str
    pid: int
    parent: int
    created_monotonic_ns: int
    ticks_ns: list[int] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    rss_bytes: list[int] = field(default_factory=list)
    reaped_s: float = 0.0
    moved_at_ns: int | None = None

    def add(self, tick_ns: int, own_s: float, reaped_s: float, rss_bytes: int) -> None:
        """One more sample."""
        self.ticks_ns.append(tick_ns)
        self.cpu_s.append(own_s + reaped_s)
        self.rss_bytes.append(rss_bytes)
        self.reaped_s = reaped_s

    def used_s(self, start_ns: int, end_ns: int) -> float:
        """CPU-seconds in [start_ns, end_ns], linear between samples; nothing before its creation.

        A process that ended before its first sample is not known to have used anything.
        """
        if not self.ticks_ns:
            return 0.0
        times = [min(self.created_monotonic_ns, *self.ticks_ns), *self.ticks_ns]
        values = [0.0, *self.cpu_s]
        if self.moved_at_ns is not None:
            times.append(self.moved_at_ns)
            values.append(0.0)
        at_start, at_end = np.interp([start_ns, end_ns], times, values)
        return float(at_end - at_start)


@dataclass(frozen=True)
class MachineUsage:
    """The whole machine between two instants, as shares of all its cores' time (waiting for disk is idle).

    `steal_share`: taken by the hypervisor. `pressure_share`: part of the time in which some runnable
    thread waited for a core (PSI). None where the platform does not say.
    """

    idle_share: float
    steal_share: float | None
    pressure_share: float | None


@dataclass(frozen=True)
class MachinePoint:
    """Cumulative counters of the machine at one instant, in seconds."""

    tick_ns: int
    total_s: float
    idle_s: float
    steal_s: float | None
    pressure_s: float | None


def machine_point(tick_ns: int) -> MachinePoint:
    """The machine's counters now."""
    times = psutil.cpu_times()._asdict()
    # Linux counts the time of guests in that of user and nice, too.
    total = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
    idle = times["idle"] + times.get("iowait", 0.0)
    return MachinePoint(tick_ns, total, idle, times.get("steal"), _pressure_s())


def machine_usage(
    points: Iterable[MachinePoint], start_ns: int, end_ns: int
) -> MachineUsage | None:
    """The machine in [start_ns, end_ns]; None when no time passed on its counters."""
    points = tuple(points)
    ticks = [point.tick_ns for point in points]

    def grown(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            return None
        at_start, at_end = np.interp([start_ns, end_ns], ticks, known)
        return float(at_end - at_start)

    total = grown([point.total_s for point in points])
    idle = grown([point.idle_s for point in points])
    if not total or idle is None:
        return None
    steal = grown([point.steal_s for point in points])
    pressure = grown([point.pressure_s for point in points])
    return MachineUsage(
        idle_share=idle / total,
        steal_share=None if steal is None else steal / total,
        pressure_share=None if pressure is None else pressure / ((end_ns - start_ns) / 1e9),
    )


def _pressure_s() -> float | None:
    try:
        first = _PRESSURE.read_text().splitlines()[0]
    except OSError:  # no Linux, or its pressure accounting is off (reading then says EOPNOTSUPP)
        return None
    return int(first.rsplit("total=", 1)[1]) / 1e6
