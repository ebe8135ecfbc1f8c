"""What the samples of one process, and of the machine, say about the time between two instants."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import psutil

from streambench.model.machine import MachineUsage, Stranger
from streambench.runtime.cgroups import throttling

_PRESSURE = Path("/proc/pressure")


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
class MachinePoint:
    """Cumulative counters of the machine at one instant, in seconds; None where they are not kept.

    `periods` and `throttled` are counts, of a control group's quota.
    """

    tick_ns: int
    total_s: float
    idle_s: float
    steal_s: float | None = None
    interrupts_s: float | None = None
    cpu_some_s: float | None = None
    memory_full_s: float | None = None
    io_full_s: float | None = None
    periods: float | None = None
    throttled: float | None = None


@dataclass(frozen=True)
class MachineTime:
    """What the counters of the machine grew by between two instants, in seconds; and periods of a quota."""

    wall_s: float
    total_s: float
    idle_s: float
    steal_s: float | None
    interrupts_s: float | None
    cpu_some_s: float | None
    memory_full_s: float | None
    io_full_s: float | None
    periods: float | None = None
    throttled: float | None = None

    def usage(
        self, known_s: float, kernel_threads_s: float, strangers: tuple[Stranger, ...]
    ) -> MachineUsage:
        """As shares. `known_s` is what the run's own processes used; what is left over is foreign.

        A process that the table never showed is in it, too: only without a name.
        """
        kernel_s = (self.interrupts_s or 0.0) + kernel_threads_s
        foreign_s = self.total_s - self.idle_s - (self.steal_s or 0.0) - kernel_s - known_s
        foreign_share = max(0.0, foreign_s / self.total_s)
        return MachineUsage(
            idle_share=self.idle_s / self.total_s,
            steal_share=None if self.steal_s is None else self.steal_s / self.total_s,
            kernel_share=None if self.interrupts_s is None else kernel_s / self.total_s,
            foreign_share=foreign_share,
            # Looks are seconds apart, so that a name's part may be of a moment before.
            strangers=tuple(replace(one, share=min(one.share, foreign_share)) for one in strangers),
            cpu_some_share=self._of_wall(self.cpu_some_s),
            memory_full_share=self._of_wall(self.memory_full_s),
            io_full_share=self._of_wall(self.io_full_s),
            throttled_share=self._throttled_share(),
        )

    def _throttled_share(self) -> float | None:
        if self.throttled is None or self.periods is None:
            return None
        return self.throttled / self.periods if self.periods else 0.0

    def _of_wall(self, stalled_s: float | None) -> float | None:
        return None if stalled_s is None else stalled_s / self.wall_s


def cpu_set() -> frozenset[int] | None:
    """The cores of this process, where they are not all of the machine's."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    own = os.sched_getaffinity(0)
    return frozenset(own) if len(own) < (os.cpu_count() or 1) else None


def runs_within(pid: int, cores: frozenset[int] | None) -> bool:
    """Whether a process may run on none but these cores; None: on any of the machine's."""
    if cores is None:
        return True
    try:
        return os.sched_getaffinity(pid) <= cores
    except OSError:  # it has ended
        return False


def machine_point(tick_ns: int, only: frozenset[int] | None = None) -> MachinePoint:
    """The machine's counters now; of `only` these cores, where given."""
    times = _cpu_times(only)
    # Linux counts the time of guests in that of user and nice, too.
    total = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
    idle = times["idle"] + times.get("iowait", 0.0)
    interrupts = times["irq"] + times["softirq"] if "softirq" in times else None
    return MachinePoint(
        tick_ns,
        total,
        idle,
        times.get("steal"),
        interrupts,
        _pressure_s("cpu", "some"),
        _pressure_s("memory", "full"),
        _pressure_s("io", "full"),
        None if (stopped := throttling()) is None else float(stopped.periods),
        None if stopped is None else float(stopped.throttled),
    )


def _cpu_times(only: frozenset[int] | None) -> dict[str, float]:
    if only is None:
        return dict(psutil.cpu_times()._asdict())
    each = psutil.cpu_times(percpu=True)
    chosen = [times._asdict() for cpu, times in enumerate(each) if cpu in only]
    return {name: sum(times[name] for times in chosen) for name in chosen[0]}


def machine_time(points: Iterable[MachinePoint], start_ns: int, end_ns: int) -> MachineTime | None:
    """The machine in [start_ns, end_ns]; None when no time passed on its counters."""
    points = tuple(points)
    ticks = [point.tick_ns for point in points]

    def grown(name: str) -> float | None:
        values = [getattr(point, name) for point in points]
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            return None
        at_start, at_end = np.interp([start_ns, end_ns], ticks, known)
        return float(at_end - at_start)

    total, idle = grown("total_s"), grown("idle_s")
    if not total or idle is None:
        return None
    return MachineTime(
        wall_s=(end_ns - start_ns) / 1e9,
        total_s=total,
        idle_s=idle,
        steal_s=grown("steal_s"),
        interrupts_s=grown("interrupts_s"),
        cpu_some_s=grown("cpu_some_s"),
        memory_full_s=grown("memory_full_s"),
        io_full_s=grown("io_full_s"),
        periods=grown("periods"),
        throttled=grown("throttled"),
    )


def _pressure_s(of: str, which: str) -> float | None:
    """For how long tasks have been waiting, of the machine; None where it is not accounted."""
    try:
        lines = (_PRESSURE / of).read_text().splitlines()
    except OSError:  # no Linux, or its pressure accounting is off (reading then says EOPNOTSUPP)
        return None
    found = next((line for line in lines if line.startswith(which)), None)
    return None if found is None else int(found.rsplit("total=", 1)[1]) / 1e6
