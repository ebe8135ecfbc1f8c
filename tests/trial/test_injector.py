from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import psutil
import pytest

from streambench.engines.protocol import Job, Target
from streambench.kafka.broker import Broker
from streambench.model.errors import EngineFailed
from streambench.model.fault import FaultKind, Hit, Strike
from streambench.model.plan import Plan, Role
from streambench.model.windows import Tumbling
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until
from streambench.trial.injector import Injector, StrikeScene
from streambench.trial.process_exits import fail_on_exit

SLEEPER = (sys.executable, "-c", "import time; time.sleep(120)")
# A worker with a child of its own, as Spark's.
FAMILY = (
    sys.executable,
    "-c",
    "import subprocess, sys, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(120)'])\n"
    "time.sleep(120)",
)


class FakeJob:
    """Workers are real processes; of the rest of a job nothing is needed."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        self.resumed = 0
        self.rescaled: list[Plan] = []

    def targets(self, role: Role) -> tuple[Target, ...]:
        return tuple(
            Target(child.name, child.role, child.pid) for child in self.supervisor.children(role)
        )

    def rescale(self, plan: Plan) -> None:
        self.rescaled.append(plan)
        if len(self.rescaled) > 1:
            raise EngineFailed("no savepoint was taken", stage="rescale")

    def resume(self) -> None:
        self.resumed += 1
        if self.resumed > 1:
            raise EngineFailed("no checkpoint was completed", stage="resume")


@contextmanager
def bench(
    tmp_path: Path, *, restart: bool = True, argv: tuple[str, ...] = SLEEPER
) -> Iterator[Any]:
    with Supervisor() as supervisor:
        for number in range(2):
            supervisor.start(
                f"worker-{number}",
                Role.WORKER,
                argv,
                log=tmp_path / "log",
                restart=restart,
                restart_delay_s=0.0,
            )
        yield supervisor


def injector(
    supervisor: Supervisor,
    *strikes: Strike,
    job: FakeJob | None = None,
    wider: Plan | None = None,
    recovered: Callable[[], bool] = lambda: True,
    patience_s: float = 20.0,
    least_s: float = 0.0,
    log_dir: Path = Path("/nowhere"),
    command_timeout_s: float = 60.0,
) -> Injector:
    return Injector(
        strikes,
        StrikeScene(
            job=cast(Job, job or FakeJob(supervisor)),
            supervisor=supervisor,
            broker=cast(Broker, None),
            start_monotonic_ns=time.monotonic_ns(),
            window=Tumbling(500),
            commit_interval_ms=970,
            struck=lambda: None,
            recovered=recovered,
            patience_s=patience_s,
            wider=wider,
            least_s=least_s,
            log_dir=log_dir,
            command_timeout_s=command_timeout_s,
        ),
    )


def hits_of(running: Injector, count: int) -> tuple[Hit, ...]:
    """Wait for `count` acts that are over."""

    def done() -> bool:
        hits = running.hits
        return len(hits) == count and hits[-1].over_ms is not None

    wait_until(done, what="the faults", timeout_s=30)
    return running.hits


def kill(at_ms: float, victim: float = 0.6, *, after_previous: bool = False) -> Strike:
    return Strike(FaultKind.WORKER_KILL, at_ms, victim, after_previous=after_previous)


def test_a_killed_worker_and_its_children_die_at_once_and_come_back(tmp_path: Path) -> None:
    with bench(tmp_path, argv=FAMILY) as supervisor:
        victim = supervisor.current("worker-1")
        process = psutil.Process(victim.pid)
        (child,) = wait_until(lambda: process.children() or None, what="its child", timeout_s=20)
        with injector(supervisor, kill(300)) as running:
            (hit,) = hits_of(running, 1)
        assert running.missed is None
        assert hit.victim == "worker-1"
        assert hit.pids == (victim.pid, child.pid)
        assert hit.exit_code == -signal.SIGKILL
        assert hit.at_ms >= 300
        assert hit.over_ms is not None
        assert hit.over_ms > hit.at_ms
        assert hit.phase_in_window_ms == hit.at_ms % 500
        assert hit.phase_in_commit_ms == hit.at_ms % 970
        assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
        assert supervisor.current("worker-1").pid != victim.pid
        # The victim's death is expected; another one is not.
        fail_on_exit(supervisor, stage="load", excused=running.excuses)


def test_the_death_of_another_process_is_no_faults_doing_unless_it_is_started_again(
    tmp_path: Path,
) -> None:
    with (
        bench(tmp_path, restart=False) as supervisor,
        injector(supervisor, kill(0, victim=0.0)) as running,
    ):
        wait_until(lambda: running.hits, what="the fault", timeout_s=20)
        supervisor.current("worker-1").process.kill()
        wait_until(lambda: len(supervisor.deaths()) == 2, what="both deaths", timeout_s=20)
        with pytest.raises(EngineFailed, match=r"worker-1 .* died by itself"):
            fail_on_exit(supervisor, stage="load", excused=running.excuses)


def test_a_worker_that_is_never_started_again_is_a_finding(tmp_path: Path) -> None:
    with bench(tmp_path, restart=False) as supervisor:
        with injector(supervisor, kill(0)) as running:
            wait_until(
                lambda: running.hits and running.hits[0].exit_code is not None,
                what="the fault",
                timeout_s=20,
            )
        assert running.missed is None
        assert running.hits[0].over_ms is None
        fail_on_exit(supervisor, stage="load", excused=running.excuses)


def test_a_repeated_fault_waits_for_the_recovery_or_for_its_patience(tmp_path: Path) -> None:
    asked: list[float] = []

    def recovered() -> bool:
        asked.append(time.monotonic())
        return len(asked) >= 3

    with bench(tmp_path) as supervisor:
        strikes = (kill(0), kill(100, after_previous=True))
        with injector(supervisor, *strikes, recovered=recovered) as running:
            first, second = hits_of(running, 2)
        assert len(asked) == 3
        assert second.at_ms >= first.at_ms + 100
        assert first.pids[0] != second.pids[0]

    with bench(tmp_path) as supervisor:
        strikes = (kill(0), kill(0, after_previous=True))
        with injector(supervisor, *strikes, recovered=lambda: False, patience_s=1.0) as running:
            first, second = hits_of(running, 2)
        assert second.at_ms - first.at_ms >= 1_000

    with bench(tmp_path) as supervisor:
        strikes = (kill(0), kill(0, after_previous=True))
        with injector(supervisor, *strikes, least_s=1.5) as running:
            first, second = hits_of(running, 2)
        assert second.at_ms - first.at_ms >= 1_500


def test_a_paused_worker_goes_on_after_its_time(tmp_path: Path) -> None:
    with bench(tmp_path) as supervisor:
        pid = supervisor.current("worker-0").pid
        strike = Strike(FaultKind.WORKER_PAUSE, 0, 0.0, lasts_ms=600)
        with injector(supervisor, strike) as running:
            wait_until(
                lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED,
                what="the pause",
                timeout_s=20,
            )
            (hit,) = hits_of(running, 1)
        assert hit.over_ms is not None
        assert hit.over_ms - hit.at_ms >= 600
        assert psutil.Process(pid).status() != psutil.STATUS_STOPPED
        assert supervisor.deaths() == ()


def test_the_end_of_the_trial_continues_what_is_paused_and_says_what_was_missed(
    tmp_path: Path,
) -> None:
    with bench(tmp_path) as supervisor:
        pid = supervisor.current("worker-0").pid
        strikes = (Strike(FaultKind.WORKER_PAUSE, 0, 0.0, lasts_ms=60_000), kill(90_000))
        with injector(supervisor, *strikes) as running:
            wait_until(lambda: running.hits, what="the pause", timeout_s=20)
        assert psutil.Process(pid).status() != psutil.STATUS_STOPPED
        assert running.missed == "1 of 2 faults happened"


def test_a_coordinator_is_resumed_and_what_that_cannot_do_is_noted(tmp_path: Path) -> None:
    with Supervisor() as supervisor:
        supervisor.start(
            "manager",
            Role.COORDINATOR,
            SLEEPER,
            log=tmp_path / "log",
            restart=True,
            restart_delay_s=0.0,
        )
        job = FakeJob(supervisor)
        strike = Strike(FaultKind.COORDINATOR_KILL, 0, 0.9)
        with injector(supervisor, strike, strike, job=job) as running:
            wait_until(lambda: job.resumed == 2, what="both resumptions", timeout_s=30)
        assert running.notes == ["the job could not be resumed: no checkpoint was completed"]
        assert running.missed is None


def test_a_rescaling_gets_the_wider_plan_and_what_it_cannot_do_is_noted(tmp_path: Path) -> None:
    with Supervisor() as supervisor:
        job, wider = FakeJob(supervisor), cast(Plan, object())
        strike = Strike(FaultKind.RESCALE, 0, 0.0)
        with injector(supervisor, strike, strike, job=job, wider=wider) as running:
            wait_until(lambda: len(job.rescaled) == 2, what="both rescalings", timeout_s=30)
        assert job.rescaled == [wider, wider]
        assert running.notes == ["the job could not be rescaled: no savepoint was taken"]
        first, second = running.hits
        assert first.over_ms is not None
        assert second.over_ms is None
        with injector(supervisor, strike, job=job) as running:
            wait_until(
                lambda: running.missed and "no plan" in running.missed, what="it", timeout_s=9
            )


def test_a_fault_without_a_victim_did_not_happen(tmp_path: Path) -> None:
    with bench(tmp_path) as supervisor:
        with injector(supervisor, Strike(FaultKind.COORDINATOR_KILL, 0, 0.0)) as running:
            wait_until(
                lambda: running.missed is not None and "no coordinator" in running.missed,
                what="the failure",
                timeout_s=20,
            )
        assert running.hits == ()


def command(text: str, at_ms: float = 0.0) -> Strike:
    return Strike(FaultKind.COMMAND, at_ms, 0.5, command=text)


def test_a_command_is_run_at_its_instant_and_what_it_killed_is_no_failure(tmp_path: Path) -> None:
    with bench(tmp_path, restart=False) as supervisor:
        victim = supervisor.current("worker-1").pid
        text = f"echo hitting; kill -9 {victim}; echo done >&2"
        with injector(supervisor, command(text, 300), log_dir=tmp_path) as running:
            (hit,) = hits_of(running, 1)
            wait_until(lambda: len(supervisor.deaths()) == 2, what="both deaths", timeout_s=20)
        assert running.missed is None
        assert (hit.victim, hit.pids) == (None, ())
        assert hit.command == text
        assert hit.output == ("hitting", "done")
        assert hit.exit_code == 0
        assert hit.over_ms is not None
        assert 300 <= hit.at_ms < hit.over_ms
        assert {death.name for death in supervisor.deaths()} == {"fault-command-1", "worker-1"}
        fail_on_exit(supervisor, stage="load", excused=running.excuses)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo no such pod >&2; exit 3", r"ended with exit 3 after .* s: .*; it said: no such pod"),
        ("echo waiting; sleep 100", r"ran for 0\.5 s: .*; it said: waiting"),
        ("no-such-program-here", r"ended with exit 127 after .*not found"),
    ],
)
def test_a_command_that_fails_or_never_ends_is_a_fault_that_did_not_happen(
    tmp_path: Path, text: str, said: str
) -> None:
    with bench(tmp_path) as supervisor:
        later = command("true", 100)
        strikes = (command(text), later)
        with injector(supervisor, *strikes, log_dir=tmp_path, command_timeout_s=0.5) as running:
            missed = wait_until(
                lambda: "said" in (running.missed or "") or None, what="its end", timeout_s=20
            )
        assert missed
        assert re.search(rf"0 of 2 faults happened: .*{said}", running.missed or "")
        assert running.hits == ()
        assert running.begun
        fail_on_exit(supervisor, stage="load", excused=running.excuses)
        assert supervisor.children(Role.TOOL) == ()


def test_a_command_that_runs_at_the_end_of_the_load_is_ended_with_its_children(
    tmp_path: Path,
) -> None:
    with bench(tmp_path) as supervisor:
        marks = [tmp_path / name for name in ("first", "second")]
        behind = f"sleep 100 & echo $! > {marks[0]}"
        forever = f"sleep 100 & echo $! > {marks[1]}; wait"
        strikes = (command(behind), command(forever, 100))
        with injector(supervisor, *strikes, log_dir=tmp_path) as running:
            wait_until(lambda: all(map(said, marks)), what="both", timeout_s=20)
        assert running.missed is not None
        assert (
            "1 of 2 faults happened: still running when the load had been played" in running.missed
        )
        pids = [int(mark.read_text()) for mark in marks]
        # What a command left behind may be what it started in a victim's place: it goes with the trial.
        assert all(map(alive, pids))
        running.end_commands()
        assert not any(map(alive, pids))


def said(mark: Path) -> bool:
    return mark.exists() and bool(mark.read_text().strip())


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
