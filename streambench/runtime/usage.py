"""What every process of a run uses, sampled from outside, and what the machine has left."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections.abc import Sequence
from types import TracebackType

import numpy as np
import psutil
import pyarrow as pa

from streambench.model.errors import InstrumentFailed
from streambench.model.machine import MachineUsage
from streambench.model.plan import Role
from streambench.model.trial import RoleUsage
from streambench.runtime.participants import Participants, Servers
from streambench.runtime.sessions import descendants, process_table
from streambench.runtime.strangers import Strangers
from streambench.runtime.supervisor import Child, Supervisor
from streambench.runtime.usage_tracks import (
    MachinePoint,
    Track,
    cpu_set,
    machine_point,
    machine_time,
    runs_within,
)

# Looking through all processes of the machine costs more than sampling ours.
_LOOK_AROUND_S = 5.0
_NEVER_NS = -(10**18)
# A parent's account must grow by this part of its child's last reading to have taken it over.
_TAKEN_OVER = 0.9


class UsageSampler:
    """Samples CPU time and resident memory of the supervisor's children, their descendants and the tool.

    Processes on this machine that listen at `servers` are followed, too, in the role of a cluster.
    Ticks come when the wall clock is at `offset_s` within each `interval_s`, away from the edges of
    windows and from their closing instants, where engines have their bursts. Instants are of the
    monotonic clock, in ns.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        *,
        interval_s: float = 1.0,
        offset_s: float = 0.37,
        own_role: Role = Role.TOOL,
        servers: Servers = Servers(),  # noqa: B008  # a frozen value
    ) -> None:
        self._supervisor = supervisor
        self._interval_s = interval_s
        self._offset_s = offset_s % interval_s
        self._own_role = own_role
        self._lock = threading.Lock()
        self._tracks: list[Track] = []
        self._machine: list[MachinePoint] = []
        self._strangers = Strangers()
        self._participants = Participants(servers)
        self._cpu_set = cpu_set()
        self._live: dict[int, tuple[psutil.Process, Track]] = {}
        self._looked_around_ns = _NEVER_NS
        self._known_children: tuple[int, ...] = ()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None

    def __enter__(self) -> UsageSampler:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.stop()
        else:
            self._halt()

    def start(self) -> None:
        """Take the first sample and go on in the background."""
        self.mark()
        self._thread = threading.Thread(target=self._run, name="usage-sampler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take the last sample and end; raises what went wrong in the background."""
        running = self._thread is not None
        self._halt()
        if self._failure is not None:
            raise self._failure
        if running:
            self._looked_around_ns = _NEVER_NS
            self.mark()

    def mark(self) -> int:
        """Take a sample now, besides those of the schedule; its instant."""
        with self._lock:
            return self._sample()

    def samples(self) -> pa.Table:
        """All samples: monotonic_ns int64, role, name, pid int64, cpu_s (cumulative), rss_bytes int64."""
        with self._lock:
            rows = [
                (tick_ns, track.role, track.name, track.pid, cpu_s, rss_bytes)
                for track in self._tracks
                for tick_ns, cpu_s, rss_bytes in zip(
                    track.ticks_ns, track.cpu_s, track.rss_bytes, strict=True
                )
            ]
        rows.sort()
        schema = pa.schema(
            [
                ("monotonic_ns", pa.int64()),
                ("role", pa.string()),
                ("name", pa.string()),
                ("pid", pa.int64()),
                ("cpu_s", pa.float64()),
                ("rss_bytes", pa.int64()),
            ]
        )
        columns = list(zip(*rows, strict=True)) or [()] * len(schema)
        arrays = [pa.array(column, part.type) for column, part in zip(columns, schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)

    def between(self, start_ns: int, end_ns: int) -> tuple[RoleUsage, ...]:
        """What each role used in [start_ns, end_ns], sorted by role.

        Processes that began or ended meanwhile count with their part; memory is the sum over a role's
        processes at each sample, `processes` the most at one sample. Raises InstrumentFailed when the
        sampler died or has no samples of that time.
        """
        with self._lock:
            self._reach(end_ns)
            instants = np.array([point.tick_ns for point in self._machine], dtype=np.int64)
            inside = instants[(instants >= start_ns) & (instants <= end_ns)]
            if not inside.size:  # shorter than the interval: the nearest sample speaks for it
                inside = instants[[np.abs(instants - (start_ns + end_ns) // 2).argmin()]]
            roles = sorted({track.role for track in self._tracks})
            return tuple(
                usage
                for role in roles
                if (usage := self._of_role(role, start_ns, end_ns, inside)) is not None
            )

    def machine(self, start_ns: int, end_ns: int) -> MachineUsage:
        """The machine in [start_ns, end_ns]; raises InstrumentFailed when there are no samples of it."""
        with self._lock:
            self._reach(end_ns)
            if self._looked_around_ns < end_ns and not self._ended.is_set():
                self._looked_around_ns = _NEVER_NS
                self._sample()
            spent = machine_time(self._machine, start_ns, end_ns)
            if spent is None:
                raise InstrumentFailed("no samples of the machine's CPU time in the measured part")
            return spent.usage(
                sum(track.used_s(start_ns, end_ns) for track in self._tracks),
                # Nobody says on which cores they ran.
                0.0 if self._cpu_set else self._strangers.kernel_s(start_ns, end_ns),
                self._strangers.shares(start_ns, end_ns, spent.total_s),
            )

    def _of_role(
        self, role: str, start_ns: int, end_ns: int, instants: np.ndarray
    ) -> RoleUsage | None:
        memory = np.zeros(len(instants))
        processes = np.zeros(len(instants), dtype=int)
        cpu_s = 0.0
        for track in self._tracks:
            if track.role == role:
                cpu_s += track.used_s(start_ns, end_ns)
                _, here, there = np.intersect1d(instants, track.ticks_ns, return_indices=True)
                memory[here] += np.array(track.rss_bytes)[there]
                processes[here] += 1
        if not processes.any() and cpu_s == 0.0:
            return None
        return RoleUsage(
            role=role,
            processes=int(processes.max()),
            cpu_s=cpu_s,
            cores_mean=cpu_s / ((end_ns - start_ns) / 1e9),
            memory_mean_bytes=float(memory.mean()),
            memory_peak_bytes=float(memory.max()),
        )

    def _reach(self, end_ns: int) -> None:
        """Sample once more when `end_ns` is after the last sample."""
        if self._failure is not None:
            raise InstrumentFailed(f"the usage sampler died: {self._failure}") from self._failure
        if not self._machine:
            raise InstrumentFailed("the usage sampler was never started")
        if self._machine[-1].tick_ns < end_ns and not self._ended.is_set():
            self._sample()

    # --- in the background ---

    def _run(self) -> None:
        try:
            while not self._ended.wait(self._until_next_s()):
                self.mark()
        except BaseException as error:
            self._failure = error

    def _until_next_s(self) -> float:
        # Anew from the clock each time: no drift, and ticks missed in a sleep are not made up for.
        left_s = self._interval_s - math.fmod(time.time() - self._offset_s, self._interval_s)
        # Woken a trifle early, this tick has been had.
        return left_s if left_s > self._interval_s / 100 else left_s + self._interval_s

    def _halt(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _sample(self) -> int:
        tick_ns = time.monotonic_ns()
        self._find(self._supervisor.children(), tick_ns)
        gone: list[Track] = []
        before = {track.pid: track.reaped_s for _, track in self._live.values()}
        for pid, (process, track) in tuple(self._live.items()):
            try:
                times, memory = process.cpu_times(), process.memory_info()
            except psutil.NoSuchProcess:
                gone.append(track)
                del self._live[pid]
                continue
            # What the tool has waited for are the children themselves, counted in their own names.
            reaped = 0.0 if pid == os.getpid() else times.children_user + times.children_system
            track.add(tick_ns, times.user + times.system, reaped, memory.rss)
        for track in gone:
            self._settle(track, before, tick_ns)
        self._machine.append(machine_point(tick_ns, self._cpu_set))
        return tick_ns

    def _settle(self, track: Track, before: dict[int, float], tick_ns: int) -> None:
        """See whether the parent's account has taken over the time of a process that has ended."""
        entry = self._live.get(track.parent)
        if entry is None or track.parent == os.getpid() or not track.cpu_s:
            return
        if entry[1].reaped_s - before[track.parent] >= _TAKEN_OVER * track.cpu_s[-1]:
            track.moved_at_ns = tick_ns

    def _find(self, children: Sequence[Child], tick_ns: int) -> None:
        """Begin tracks for processes that are new."""
        pids = tuple(child.pid for child in children)
        own = os.getpid()
        if own not in self._live:
            self._begin(own, self._own_role, "streambench", os.getppid())
        for child in children:
            if child.pid not in self._live:
                self._begin(child.pid, child.role, child.name, own)
        if pids == self._known_children and tick_ns - self._looked_around_ns < _LOOK_AROUND_S * 1e9:
            return
        self._known_children, self._looked_around_ns = pids, tick_ns
        table = process_table()
        for child in children:
            # By session too: a process whose parent has died has left the family, not the session.
            family = descendants(child.pid, table) | {
                row.pid for row in table.values() if row.session == child.pid
            }
            for pid in sorted(family - self._live.keys()):
                if not table[pid].zombie:
                    self._begin(pid, child.role, child.name, table[pid].parent)
        for pid in sorted(self._participants.look(table) - self._live.keys()):
            # Elsewhere than on our cores what it uses is no part of the machine that is looked at.
            if not table[pid].zombie and runs_within(pid, self._cpu_set):
                self._begin(pid, Role.CLUSTER, table[pid].name, table[pid].parent)
        self._strangers.look(table, self._live.keys(), tick_ns)

    def _begin(self, pid: int, role: Role, name: str, parent: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            age_ns = int((time.time() - process.create_time()) * 1e9)
            track = Track(role.value, name, pid, parent, time.monotonic_ns() - max(0, age_ns))
            self._tracks.append(track)
            self._live[pid] = (process, track)
