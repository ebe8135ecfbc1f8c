from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from streambench.model.errors import InstrumentFailed
from streambench.model.plan import Role
from streambench.model.trial import RoleUsage
from streambench.runtime.supervisor import Child, Supervisor
from streambench.runtime.usage import UsageSampler
from streambench.runtime.usage_tracks import (
    MachinePoint,
    Track,
    cpu_set,
    machine_point,
    machine_time,
)
from streambench.runtime.waiting import wait_until

S = 1_000_000_000
# Uses CPU seconds as given, says so, and stays or ends.
BURN = """
import signal, sys, time
while time.process_time() < float(sys.argv[1]):
    pass
print("burnt", flush=True)
if sys.argv[2] == "stay":
    signal.pause()
"""
# Burns in two children, one after the other, that it waits for.
PARENT = """
import signal, subprocess, sys
for _ in range(2):
    subprocess.run([sys.executable, "-c", sys.argv[1], sys.argv[2], "end"], check=True)
print("both", flush=True)
signal.pause()
"""


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor() as supervisor:
        yield supervisor


def start(supervisor: Supervisor, tmp_path: Path, name: str, *argv: str) -> tuple[Child, Path]:
    log = tmp_path / f"{name}.log"
    child = supervisor.start(name, Role.WORKER, [sys.executable, "-c", *argv], log=log)
    return child, log


def said(log: Path, word: str) -> None:
    wait_until(lambda: word in log.read_text(), what=word, timeout_s=30)


def of(usages: tuple[RoleUsage, ...], role: Role) -> RoleUsage:
    return next(usage for usage in usages if usage.role == role.value)


def test_cpu_time_of_a_child_is_what_it_used(supervisor: Supervisor, tmp_path: Path) -> None:
    with UsageSampler(supervisor, interval_s=0.1) as sampler:
        start_ns = time.monotonic_ns()
        _, log = start(supervisor, tmp_path, "w", BURN, "0.6", "stay")
        said(log, "burnt")
        end_ns = sampler.mark()
        worker = of(sampler.between(start_ns, end_ns), Role.WORKER)
    assert worker.cpu_s == pytest.approx(0.6, abs=0.15)
    assert worker.cores_mean == pytest.approx(worker.cpu_s / ((end_ns - start_ns) / S))
    assert worker.processes == 1
    assert 1_000_000 < worker.memory_mean_bytes <= worker.memory_peak_bytes < 200_000_000


def test_idle_time_after_the_work_is_charged_nothing(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    with UsageSampler(supervisor, interval_s=0.1) as sampler:
        _, log = start(supervisor, tmp_path, "w", BURN, "0.4", "stay")
        said(log, "burnt")
        start_ns = sampler.mark()
        wait_until(
            lambda: time.monotonic_ns() > start_ns + S // 2, what="half a second", timeout_s=5
        )
        worker = of(sampler.between(start_ns, time.monotonic_ns()), Role.WORKER)
    assert worker.cpu_s < 0.05


def test_grandchildren_that_came_and_went_are_counted_once(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    with UsageSampler(supervisor, interval_s=0.1) as sampler:
        # Looked for at each sample, so that the children are seen before they end.
        sampler._known_children = ()
        start_ns = time.monotonic_ns()
        _, log = start(supervisor, tmp_path, "w", PARENT, BURN, "0.5")

        def both() -> bool:
            sampler._looked_around_ns = 0
            return "both" in log.read_text()

        wait_until(both, what="both", timeout_s=30)
        worker = of(sampler.between(start_ns, sampler.mark()), Role.WORKER)
    assert worker.cpu_s == pytest.approx(1.05, abs=0.2)


def test_a_worker_that_died_meanwhile_keeps_its_share(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    with UsageSampler(supervisor, interval_s=0.05) as sampler:
        start_ns = time.monotonic_ns()
        first, _ = start(supervisor, tmp_path, "a", BURN, "0.5", "end")
        wait_until(lambda: not first.alive(), what="first's end", timeout_s=30)
        _, log = start(supervisor, tmp_path, "b", BURN, "0.5", "stay")
        said(log, "burnt")
        worker = of(sampler.between(start_ns, sampler.mark()), Role.WORKER)
    assert worker.cpu_s == pytest.approx(1.0, abs=0.25)


def test_the_tool_is_charged_for_itself_but_not_for_its_children(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    with UsageSampler(supervisor, interval_s=0.1, own_role=Role.TOOL) as sampler:
        start_ns = sampler.mark()
        child, _ = start(supervisor, tmp_path, "w", BURN, "0.6", "end")
        wait_until(lambda: not child.alive(), what="its end", timeout_s=30)
        begun_s = time.process_time()
        while time.process_time() - begun_s < 0.1:  # some work of its own, over the clock's ticks
            pass
        tool = of(sampler.between(start_ns, sampler.mark()), Role.TOOL)
    assert 0.05 < tool.cpu_s < 0.5


def test_sampling_takes_less_than_a_hundredth_of_a_core(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    for number in range(10):
        _, log = start(supervisor, tmp_path, f"w{number}", BURN, "0", "stay")
        said(log, "burnt")
    sampler = UsageSampler(supervisor)
    sampler.mark()
    used_s = -time.thread_time()
    for _ in range(50):
        sampler.mark()
    used_s += time.thread_time()
    sampler._looked_around_ns = 0
    look_s = -time.thread_time()
    sampler.mark()
    look_s += time.thread_time()
    assert used_s / 50 + look_s / 5 < 0.01


def test_samples_are_a_table_in_the_order_of_time(supervisor: Supervisor, tmp_path: Path) -> None:
    with UsageSampler(supervisor) as sampler:
        child, _ = start(supervisor, tmp_path, "w", BURN, "0", "stay")
        sampler.mark()
    table = sampler.samples()
    assert table.column_names == ["monotonic_ns", "role", "name", "pid", "cpu_s", "rss_bytes"]
    ticks = table["monotonic_ns"].to_pylist()
    assert ticks == sorted(ticks)
    assert (child.pid, "worker", "w") in set(
        zip(
            table["pid"].to_pylist(),
            table["role"].to_pylist(),
            table["name"].to_pylist(),
            strict=True,
        )
    )


def test_the_machine_is_busy_while_a_child_burns(supervisor: Supervisor, tmp_path: Path) -> None:
    with UsageSampler(supervisor, interval_s=0.1) as sampler:
        start_ns = sampler.mark()
        _, log = start(supervisor, tmp_path, "w", BURN, "0.6", "stay")
        said(log, "burnt")
        machine = sampler.machine(start_ns, sampler.mark())
    assert 0 <= machine.idle_share < 1
    assert machine.steal_share is None or 0 <= machine.steal_share <= 1
    for share in (machine.cpu_some_share, machine.memory_full_share, machine.io_full_share):
        assert share is None or 0 <= share <= 1.01


def test_what_goes_wrong_in_the_background_is_raised_by_stop() -> None:
    class Broken(Supervisor):
        calls = 0

        def children(self, role: Role | None = None) -> tuple[Child, ...]:
            self.calls += 1
            if self.calls > 1:
                raise OSError("the table of processes cannot be read")
            return ()

    broken = Broken()
    sampler = UsageSampler(broken, interval_s=0.05)
    sampler.start()
    wait_until(lambda: broken.calls > 1 and sampler._failure is not None, what="it", timeout_s=10)
    with pytest.raises(InstrumentFailed, match="died"):
        sampler.between(0, 1)
    with pytest.raises(OSError, match="table of processes"):
        sampler.stop()


def test_a_process_is_charged_from_its_creation_and_linearly_between_samples() -> None:
    track = Track("worker", "w", 1, 0, created_monotonic_ns=10 * S)
    track.add(12 * S, 2.0, 0.0, 100)
    track.add(14 * S, 2.0, 1.0, 100)
    assert track.used_s(0, 10 * S) == 0.0
    assert track.used_s(0, 11 * S) == pytest.approx(1.0)
    assert track.used_s(11 * S, 13 * S) == pytest.approx(1.5)
    assert track.used_s(13 * S, 99 * S) == pytest.approx(0.5)


def test_time_that_a_parent_took_over_is_counted_once() -> None:
    parent = Track("worker", "w", 1, 0, created_monotonic_ns=0)
    child = Track("worker", "w", 2, 1, created_monotonic_ns=0)
    child.add(2 * S, 2.0, 0.0, 100)
    parent.add(2 * S, 0.1, 0.0, 100)
    parent.add(3 * S, 0.1, 2.0, 100)
    child.moved_at_ns = 3 * S
    assert child.used_s(0, 9 * S) + parent.used_s(0, 9 * S) == pytest.approx(2.1)


def test_shares_of_the_machine_are_of_all_cores_and_unknown_where_not_said() -> None:
    points = [
        MachinePoint(0, 100.0, 50.0, 1.0),
        MachinePoint(2 * S, 104.0, 51.0, 1.4),
    ]
    spent = machine_time(points, 0, 2 * S)
    assert spent is not None
    usage = spent.usage(known_s=1.0, kernel_threads_s=0.0, strangers=())
    assert usage.idle_share == pytest.approx(0.25)
    assert usage.steal_share == pytest.approx(0.1)
    assert usage.foreign_share == pytest.approx((3.0 - 0.4 - 1.0) / 4)
    assert usage.kernel_share is usage.cpu_some_share is usage.io_full_share is None
    assert machine_time(points, 5 * S, 6 * S) is None


def test_what_interrupts_and_the_kernels_threads_take_is_not_foreign() -> None:
    points = [
        MachinePoint(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        MachinePoint(2 * S, 4.0, 1.0, 0.0, 0.2, 1.0, 0.5, 0.1),
    ]
    spent = machine_time(points, 0, 2 * S)
    assert spent is not None
    usage = spent.usage(known_s=2.5, kernel_threads_s=0.2, strangers=())
    assert usage.kernel_share == pytest.approx(0.1)
    assert usage.foreign_share == pytest.approx(0.025)
    assert (usage.cpu_some_share, usage.memory_full_share, usage.io_full_share) == (0.5, 0.25, 0.05)
    more = spent.usage(known_s=3.0, kernel_threads_s=0.2, strangers=())
    assert more.foreign_share == 0.0  # clocks differ by a tick: never below zero


def test_periods_of_a_quota_that_were_used_up_are_a_share_of_them() -> None:
    def usage_of(*counted: tuple[float | None, float | None]) -> float | None:
        points = [
            MachinePoint(2 * S * at, 4.0 * at, 2.0 * at, periods=periods, throttled=throttled)
            for at, (periods, throttled) in enumerate(counted)
        ]
        spent = machine_time(points, 0, 2 * S)
        assert spent is not None
        return spent.usage(0.0, 0.0, ()).throttled_share

    assert usage_of((100, 10), (120, 15)) == pytest.approx(0.25)
    assert usage_of((100, 10), (100, 10)) == 0.0  # nothing ran
    assert usage_of((None, None), (None, None)) is None


def test_within_a_cpu_set_its_cores_are_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    each = [
        SimpleNamespace(_asdict=lambda n=n: {"user": 10.0 * n, "idle": 1.0 * n}) for n in (1, 2, 4)
    ]
    monkeypatch.setattr(psutil, "cpu_times", lambda percpu: each if percpu else each[0])
    point = machine_point(7, frozenset({0, 2}))
    assert (point.total_s, point.idle_s) == (55.0, 5.0)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2})
    assert cpu_set() == frozenset({0, 2})
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    assert cpu_set() is None


def shell(folder: Path, name: str) -> Path:
    """A shell of another name, told apart from all that runs on the machine."""
    program = folder / "programs" / name
    program.parent.mkdir(exist_ok=True)
    shutil.copy(shutil.which("sh") or "/bin/sh", program)
    return program


COUNT = "i=0; while [ $i -lt 700000 ]; do i=$((i+1)); done; echo burnt; read end"


def test_a_busy_process_that_is_nobodys_is_foreign_and_named(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    argv = [str(shell(tmp_path, "busybody")), "-c", COUNT, "a-secret-argument"]
    with UsageSampler(supervisor, interval_s=0.1) as sampler:
        start_ns = sampler.mark()
        with subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as busy:
            assert busy.stdout is not None
            assert busy.stdout.readline() == "burnt\n"
            used = psutil.Process(busy.pid).cpu_times()
            end_ns = sampler.mark()
            machine = sampler.machine(start_ns, end_ns)
            busy.communicate("\n")
    share = (used.user + used.system) / ((end_ns - start_ns) / S * (os.cpu_count() or 1))
    assert machine.foreign_share > 0.8 * share
    shares = {stranger.name: stranger.share for stranger in machine.strangers}
    assert shares["busybody"] == pytest.approx(share, rel=0.3)


def test_the_runs_own_processes_are_not_foreign(supervisor: Supervisor, tmp_path: Path) -> None:
    log = tmp_path / "w.log"
    argv = [str(shell(tmp_path, "ownwork")), "-c", f"{COUNT}; sleep 600"]
    with UsageSampler(supervisor, interval_s=0.1) as sampler:
        start_ns = sampler.mark()
        supervisor.start("w", Role.WORKER, argv, log=log)
        said(log, "burnt")
        end_ns = sampler.mark()
        machine = sampler.machine(start_ns, end_ns)
        used_s = sum(each.cpu_s for each in sampler.between(start_ns, end_ns))
    own_share = used_s / ((end_ns - start_ns) / S * (os.cpu_count() or 1))
    rest = 1 - machine.idle_share - (machine.steal_share or 0) - (machine.kernel_share or 0)
    assert used_s > 0.2
    assert machine.foreign_share == pytest.approx(max(0.0, rest - own_share), abs=0.05)
    assert "ownwork" not in {stranger.name for stranger in machine.strangers}


def test_the_counters_of_the_machine_go_forward() -> None:
    first, second = machine_point(0), machine_point(1)
    assert second.total_s >= first.total_s > first.idle_s > 0


def test_a_process_that_ended_before_its_first_sample_is_charged_nothing() -> None:
    track = Track("worker", "w", 1, 0, created_monotonic_ns=10 * S)
    assert track.used_s(0, 20 * S) == 0
