"""Faults that are commands of the user's: run by the shell, waited for, and ended with all they started."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streambench.model.errors import InstrumentFailed
from streambench.model.plan import Role
from streambench.runtime.supervisor import Child, Death, Supervisor
from streambench.runtime.waiting import tail

# `kubectl delete` waits for the end of a pod, which may take its grace of 30 s.
COMMAND_TIMEOUT_S: Final = 60.0
SHELL: Final = ("/bin/sh", "-c")
_LINES: Final = 5
_LINE_LENGTH: Final = 300
_POLL_S: Final = 0.005
_PATIENCE_S: Final = 1.0


@dataclass(frozen=True)
class EndedCommand:
    """A command that ended well: when, and the last lines of what it wrote."""

    monotonic_ns: int
    exit_code: int
    output: tuple[str, ...]


class FaultCommands:
    """Runs commands as children of `supervisor`, each with a log of its own in `log_dir`."""

    def __init__(self, supervisor: Supervisor, log_dir: Path, timeout_s: float) -> None:
        self._supervisor = supervisor
        self._log_dir = log_dir
        self._timeout_s = timeout_s
        self._names: list[str] = []

    @property
    def begun(self) -> bool:
        """Whether one was started."""
        return bool(self._names)

    def owns(self, death: Death) -> bool:
        """Whether a command's shell ended, and nothing else died."""
        return death.name in self._names

    def start(self, text: str) -> Child:
        """Let the shell run `text`. Raises EnvironmentLacks where there is no shell."""
        name = f"fault-command-{len(self._names) + 1}"
        self._names.append(name)  # before its death can be seen
        log = self._log_dir / f"{name}.log"
        return self._supervisor.start(name, Role.TOOL, (*SHELL, text), log=log)

    def wait(self, child: Child, text: str, stopping: threading.Event) -> EndedCommand:
        """Wait until it has ended with 0.

        Raises InstrumentFailed where it ends otherwise, takes too long, or `stopping` comes before.
        """
        deadline_s = time.monotonic() + self._timeout_s
        while (death := self._death_of(child)) is None:
            if stopping.is_set():
                raise InstrumentFailed(f"still running when the load had been played: {text}")
            if time.monotonic() > deadline_s:
                self._supervisor.stop(child, patience_s=_PATIENCE_S)
                raise InstrumentFailed(
                    f"ended by streambench, for it ran for {self._timeout_s:g} s: {text}"
                    f"{_said(_last_lines(child.log))}"
                )
            stopping.wait(_POLL_S)
        output = _last_lines(child.log)
        if death.returncode != 0:
            took_s = (death.monotonic_ns - child.started_monotonic_ns) / 1e9
            raise InstrumentFailed(
                f"ended with exit {death.returncode} after {took_s:.2f} s: {text}{_said(output)}"
            )
        return EndedCommand(death.monotonic_ns, death.returncode, output)

    def end(self) -> None:
        """End what still runs of them. Raises InstrumentFailed when something resists."""
        self._supervisor.stop_named(self._names, patience_s=_PATIENCE_S)

    def _death_of(self, child: Child) -> Death | None:
        return next((each for each in self._supervisor.deaths() if each.pid == child.pid), None)


def _last_lines(log: Path) -> tuple[str, ...]:
    lines = (line.rstrip()[:_LINE_LENGTH] for line in tail(log, _LINES).splitlines())
    return tuple(line for line in lines if line)


def _said(lines: tuple[str, ...]) -> str:
    return f"; it said: {' | '.join(lines)}" if lines else ""
