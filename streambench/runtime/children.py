"""A child process as its user sees it, and as the supervisor keeps it."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streambench.model.errors import InstrumentFailed
from streambench.model.plan import Role
from streambench.runtime.sessions import ProcessRow


@dataclass(frozen=True, eq=False)
class Child:
    """One process that was started; after a restart there is a new Child under the same name.

    With `pipes`, `process.stdin` and `process.stdout` are text pipes; standard error goes to `log`.
    """

    name: str
    role: Role
    pid: int
    log: Path
    started_monotonic_ns: int
    process: subprocess.Popen[str]
    mark: str | None  # tells this process from a later one with the same pid

    def alive(self) -> bool:
        """Whether the process itself still runs."""
        return self.process.poll() is None

    @property
    def returncode(self) -> int | None:
        """Exit code, −N for signal N; None while it runs."""
        return self.process.poll()


@dataclass(frozen=True)
class Death:
    """An exit that nobody asked for; `restarting` is False when no new process follows."""

    name: str
    role: Role
    pid: int
    returncode: int
    monotonic_ns: int
    realtime_ns: int
    log: Path
    restarting: bool


@dataclass(eq=False)
class Slot:
    """What is to run under one name, and what does.

    `asked` is set before the end is brought about; no launch follows it, for `lock` is held over the
    look at `asked` and the launch.
    """

    name: str
    role: Role
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str]
    cwd: Path | None
    restart: bool
    restart_delay_s: float
    pipes: bool
    nice: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: threading.Event = field(default_factory=threading.Event)
    launched: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    child: Child | None = None
    error: BaseException | None = None
    restarts: int = 0

    @property
    def taken(self) -> bool:
        """Whether a process runs under the name, or will."""
        return not self.ended.is_set() and not self.asked.is_set()


def require_gone(name: str, left: Sequence[ProcessRow]) -> None:
    """Raise InstrumentFailed when `left`, what remains of the child `name`, holds any process."""
    if left:
        pids = ",".join(str(row.pid) for row in left)
        raise InstrumentFailed(
            f"{name} cannot be ended: pid {pids} survived SIGKILL",
            hint=f"ps -o pid,stat,wchan,args -p {pids}",
        )


def close_pipes(child: Child) -> None:
    """Close this side of the pipes of an ended child."""
    for pipe in (child.process.stdin, child.process.stdout):
        if pipe is not None:
            # What was still to be written to a dead process is of no use to anyone.
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
