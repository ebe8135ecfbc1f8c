from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from streambench.model.errors import EnvironmentLacks, InstrumentFailed
from streambench.model.plan import Role
from streambench.runtime.signals import Terminated, interrupts_unwind
from streambench.runtime.supervisor import Child, Supervisor
from streambench.runtime.waiting import wait_until

# Writes its pid to a file once it ignores SIGTERM, then stays for ever.
STUBBORN = """
import os, pathlib, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
part = pathlib.Path(sys.argv[1] + ".part")
part.write_text(str(os.getpid()))
part.rename(sys.argv[1])
while True:
    signal.pause()
"""
# Starts a STUBBORN process, waits for it, then does what its third argument says.
PARENT = """
import pathlib, signal, subprocess, sys, time
own_session = "session" in sys.argv[3]
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], start_new_session=own_session)
while not pathlib.Path(sys.argv[2]).exists():
    time.sleep(0.01)
if "leave" not in sys.argv[3]:
    signal.pause()
"""
# Writes its name at the end of a file when it is asked to end.
POLITE = """
import pathlib, signal, sys
def leave(*_):
    with open(sys.argv[1], "a") as file:
        file.write(sys.argv[2] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print("up", flush=True)
signal.pause()
"""
# Interrupts its parent when it is asked to end, and stays.
IMPATIENT = """
import os, signal
signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getppid(), signal.SIGINT))
print("up", flush=True)
while True:
    signal.pause()
"""
FOREVER = "import signal; signal.pause()"


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor(patience_s=0.5) as supervisor:
        yield supervisor


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "child.log"


def python(script: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", script, *map(str, arguments)]


def pid_in(path: Path) -> int:
    return int(wait_until(lambda: path.exists() and path.read_text(), what="pid", timeout_s=10))


def said(log: Path, word: str) -> None:
    wait_until(lambda: word in log.read_text(), what=word, timeout_s=10)


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def start_parent(supervisor: Supervisor, log: Path, how: str = "stay") -> tuple[Child, int]:
    note = log.parent.parent / "grandchild.pid"
    child = supervisor.start("p", Role.WORKER, python(PARENT, STUBBORN, note, how), log=log)
    return child, pid_in(note)


def test_a_grandchild_that_ignores_sigterm_is_gone_after_stop(
    supervisor: Supervisor, log: Path
) -> None:
    child, grandchild = start_parent(supervisor, log)
    supervisor.stop(child)
    assert not child.alive()
    assert not running(grandchild)


def test_a_grandchild_is_ended_even_when_its_leader_died_before(
    supervisor: Supervisor, log: Path
) -> None:
    child, grandchild = start_parent(supervisor, log, "leave")
    wait_until(lambda: not child.alive(), what="the leader's end", timeout_s=10)
    assert running(grandchild)
    supervisor.stop(child)
    assert not running(grandchild)


def test_a_descendant_in_a_session_of_its_own_is_ended_too(
    supervisor: Supervisor, log: Path
) -> None:
    child, grandchild = start_parent(supervisor, log, "session")
    supervisor.stop(child)
    assert not running(grandchild)


def test_a_stopped_process_is_ended_by_its_sigterm(supervisor: Supervisor, log: Path) -> None:
    ends = log.parent.parent / "ends"
    child = supervisor.start("s", Role.WORKER, python(POLITE, ends, "s"), log=log)
    said(log, "up")
    os.kill(child.pid, signal.SIGSTOP)
    supervisor.stop(child, patience_s=10)
    assert child.returncode == 0


def test_leaving_the_block_ends_all_in_reverse_order_of_start(tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    with Supervisor() as supervisor:
        for name in ("broker", "coordinator", "worker"):
            log = tmp_path / f"{name}.log"
            supervisor.start(name, Role.WORKER, python(POLITE, ends, name), log=log)
            said(log, "up")
    assert ends.read_text().split() == ["worker", "coordinator", "broker"]


def test_an_exception_unwinds_and_stays_itself(tmp_path: Path) -> None:
    def fail() -> None:
        with Supervisor(patience_s=0.2) as supervisor:
            children.append(
                supervisor.start("a", Role.WORKER, python(FOREVER), log=tmp_path / "log")
            )
            raise KeyError("mine")

    children: list[Child] = []
    with pytest.raises(KeyError, match="mine"):
        fail()
    assert not running(children[0].pid)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT as on a terminal; what a shell runs in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_while_stopping_loses_no_step(tmp_path: Path) -> None:
    children: list[Child] = []

    def interrupted() -> None:
        with Supervisor(patience_s=0.5) as supervisor:
            for name in ("a", "b"):
                log = tmp_path / name
                children.append(supervisor.start(name, Role.WORKER, python(IMPATIENT), log=log))
                said(log, "up")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [child.returncode for child in children] == [-signal.SIGKILL] * 2


def test_only_the_first_signal_is_raised() -> None:
    def twice() -> None:
        with interrupts_unwind():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                signal.pause()
            finally:
                os.kill(os.getpid(), signal.SIGINT)
                unwound.append(True)

    unwound: list[bool] = []
    former = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated) as caught:
        twice()
    assert caught.value.signum == signal.SIGTERM
    assert unwound == [True]
    assert signal.getsignal(signal.SIGTERM) is former


def test_an_exit_that_was_not_asked_for_is_a_death_with_its_instants(
    supervisor: Supervisor, log: Path
) -> None:
    before_ns, before_realtime_ns = time.monotonic_ns(), time.time_ns()
    child = supervisor.start("w", Role.WORKER, python("raise SystemExit(7)"), log=log)
    (death,) = wait_until(lambda: supervisor.deaths() or None, what="death", timeout_s=10)
    assert (death.name, death.role, death.pid, death.returncode) == (
        "w", Role.WORKER, child.pid, 7,
    )  # fmt: skip
    assert before_ns < death.monotonic_ns < time.monotonic_ns()
    assert before_realtime_ns < death.realtime_ns < time.time_ns()
    assert not death.restarting
    assert supervisor.children() == ()


def test_an_exit_that_was_asked_for_is_no_death(supervisor: Supervisor, log: Path) -> None:
    child = supervisor.start("w", Role.WORKER, python(FOREVER), log=log)
    supervisor.stop(child)
    supervisor.stop(child)
    assert supervisor.deaths() == ()
    assert supervisor.children() == ()


def test_a_killed_worker_is_started_again_under_its_name(supervisor: Supervisor, log: Path) -> None:
    argv = python("import os; print(os.getpid(), flush=True);" + FOREVER)
    first = supervisor.start(
        "w", Role.WORKER, argv, log=log, restart=True, restart_delay_s=0.05
    )  # fmt: skip
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: not first.alive(), what="the first one's end", timeout_s=10)
    second = wait_until(lambda: supervisor.current("w"), what="a new worker", timeout_s=10)
    assert second.pid != first.pid
    (death,) = supervisor.deaths()
    assert (death.pid, death.returncode, death.restarting) == (first.pid, -signal.SIGKILL, True)
    wait_until(lambda: str(second.pid) in log.read_text(), what="second's line", timeout_s=10)
    supervisor.stop(first)
    assert not second.alive()
    assert supervisor.children() == ()
    assert len(supervisor.deaths()) == 1


def test_a_restart_first_kills_what_the_dead_one_left(supervisor: Supervisor, log: Path) -> None:
    note = log.parent.parent / "left.pid"
    argv = python(PARENT, STUBBORN, note, "stay")
    first = supervisor.start("w", Role.WORKER, argv, log=log, restart=True, restart_delay_s=0.05)
    left = pid_in(note)
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: not first.alive(), what="the first one's end", timeout_s=10)
    wait_until(lambda: supervisor.current("w"), what="a new worker", timeout_s=10)
    assert not running(left)


def test_restarts_end_after_a_storm(log: Path) -> None:
    with Supervisor(restart_limit=3) as supervisor:
        supervisor.start("w", Role.WORKER, ["false"], log=log, restart=True, restart_delay_s=0.0)
        deaths = wait_until(
            lambda: len(supervisor.deaths()) == 4 and supervisor.deaths(),
            what="storm",
            timeout_s=10,
        )
        assert [death.restarting for death in deaths] == [True, True, True, False]
        assert supervisor.current("w") is None


def test_stop_while_a_restart_is_due_prevents_it(supervisor: Supervisor, log: Path) -> None:
    child = supervisor.start(
        "w", Role.WORKER, ["true"], log=log, restart=True, restart_delay_s=3600
    )  # fmt: skip
    wait_until(lambda: supervisor.deaths() or None, what="death", timeout_s=10)
    supervisor.stop(child)
    assert supervisor.children() == ()
    assert len(supervisor.deaths()) == 1


def test_by_name_even_what_is_not_alive_is_ended(supervisor: Supervisor, log: Path) -> None:
    parent, grandchild = start_parent(supervisor, log, "leave")
    wait_until(lambda: not parent.alive(), what="the leader's end", timeout_s=10)
    supervisor.start("w", Role.WORKER, ["true"], log=log, restart=True, restart_delay_s=3600)
    other = supervisor.start("other", Role.WORKER, python(FOREVER), log=log)
    wait_until(lambda: supervisor.current("w") is None, what="its end", timeout_s=10)
    supervisor.stop_named(["p", "w"])
    assert not running(grandchild)
    assert supervisor.children() == (other,)
    assert supervisor.current("w") is None


def test_a_restart_that_fails_is_handed_to_the_parent(
    supervisor: Supervisor, log: Path, tmp_path: Path
) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nrm $0\n")
    program.chmod(0o755)
    supervisor.start("w", Role.WORKER, [str(program)], log=log, restart=True, restart_delay_s=0)
    with pytest.raises(EnvironmentLacks, match="w cannot be started"):
        wait_until(lambda: len(supervisor.deaths()) > 1, what="failure", timeout_s=10)


def test_a_program_that_is_not_there_is_an_error_of_the_environment(
    supervisor: Supervisor, log: Path
) -> None:
    with pytest.raises(EnvironmentLacks, match="/nowhere/java") as caught:
        supervisor.start("w", Role.WORKER, ["/nowhere/java"], log=log)
    assert caught.value.hint
    assert supervisor.children() == ()


def test_a_child_unknown_to_the_guardian_is_not_left_running(
    supervisor: Supervisor, log: Path
) -> None:
    assert supervisor._guardian is not None
    os.kill(supervisor._guardian.pid, signal.SIGKILL)
    supervisor._guardian._process.wait()
    before = psutil.Process().children()
    with pytest.raises(InstrumentFailed):
        supervisor.start("w", Role.WORKER, python("import time; time.sleep(60)"), log=log)
    assert psutil.Process().children() == before


def test_two_live_children_cannot_have_one_name(supervisor: Supervisor, log: Path) -> None:
    first = supervisor.start("w", Role.WORKER, python(FOREVER), log=log)
    with pytest.raises(ValueError, match="w runs already"):
        supervisor.start("w", Role.WORKER, python(FOREVER), log=log)
    supervisor.stop(first)
    assert supervisor.start("w", Role.WORKER, python(FOREVER), log=log).alive()


def test_children_have_no_input_and_are_told_apart_by_role(
    supervisor: Supervisor, log: Path
) -> None:
    reads = "import sys; print(repr(sys.stdin.read()), flush=True);" + FOREVER
    broker = supervisor.start("b", Role.BROKER, python(reads), log=log)
    worker = supervisor.start("w", Role.WORKER, python(FOREVER), log=log)
    wait_until(lambda: log.read_text() == "''\n", what="end of input", timeout_s=10)
    assert supervisor.children() == (broker, worker)
    assert supervisor.children(Role.BROKER) == (broker,)


def test_pipes_carry_lines_and_errors_go_to_the_log(supervisor: Supervisor, log: Path) -> None:
    echo = "import os, sys; print(sys.stdin.readline().strip() + os.environ['MARK'], flush=True);"
    echo += "print('careful', file=sys.stderr, flush=True);" + FOREVER
    child = supervisor.start(
        "p", Role.PLAYER, python(echo), log=log, env={"MARK": "!"}, pipes=True
    )  # fmt: skip
    assert child.process.stdin is not None
    assert child.process.stdout is not None
    child.process.stdin.write("hello\n")
    assert child.process.stdout.readline() == "hello!\n"
    wait_until(lambda: log.read_text() == "careful\n", what="log", timeout_s=10)


def test_temporary_folders_go_at_the_end_or_when_asked(tmp_path: Path) -> None:
    now, later = tmp_path / "now", tmp_path / "later"
    with Supervisor() as supervisor:
        for folder in (now, later):
            (folder / "deep").mkdir(parents=True)
            supervisor.discard_at_end(folder)
        supervisor.discard(now)
        assert not now.exists()
        assert later.exists()
    assert not later.exists()


def test_the_home_folder_is_never_discarded(supervisor: Supervisor) -> None:
    with pytest.raises(ValueError, match="no temporary folder"):
        supervisor.discard_at_end(Path.home())


def test_nothing_starts_outside_the_block(log: Path) -> None:
    with pytest.raises(RuntimeError):
        Supervisor().start("w", Role.WORKER, ["true"], log=log)
