"""A job whose workers are plain child processes that write a JSON line about themselves each second."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from streambench.engines.common.launch import start
from streambench.engines.common.symbols import fill_plan
from streambench.engines.protocol import Embedded, Target
from streambench.model.plan import Plan, ProcessPlan, Role
from streambench.runtime.supervisor import Child

# What one worker wrote of itself: numbers, words, lists of them.
Reading: TypeAlias = Mapping[str, Any]

_LAST_BYTES = 16 * 1024


class WorkerGroup(Protocol):
    """The workers of one job, wherever they run, and what they say of themselves."""

    @property
    def restarts(self) -> int:
        """How many of their processes ended without having been asked to."""
        ...

    def targets(self, role: Role) -> tuple[Target, ...]:
        """The live processes of one role that a fault can hit."""
        ...

    def newest(self) -> tuple[Reading | None, ...]:
        """Of each worker the last line that its live process wrote; None before its first."""
        ...

    def totals(self) -> tuple[Reading, ...]:
        """Of every process that ever ran, restarts included, the last line: its counters' ends."""
        ...

    def effective(self) -> dict[tuple[str, str], str]:
        """(scope, name) of a setting → the value that the first worker reported."""
        ...

    def grow(self, plan: Plan) -> None:
        """Start what a wider plan of the same job has beyond those that were started."""
        ...

    def stop(self) -> None:
        """End them; may be called twice."""
        ...


class Workers:
    """The processes of one job, and the files in which they write about themselves."""

    def __init__(self, plan: Plan, at: Embedded) -> None:
        self._at = at
        self._symbols = plan.symbols
        self.supervisor = at.supervisor
        self.children: tuple[Child, ...] = ()

    @classmethod
    def start(cls, plan: Plan, at: Embedded) -> Workers:
        """Start all processes of a plan that `prepare` filled in: all or none of them run afterwards.

        Each writes to the file that `readings_of` names.
        """
        workers = cls(plan, at)
        workers._start(plan.processes)
        return workers

    def grow(self, plan: Plan) -> None:
        """Start what a wider plan of the same job, not filled in, has beyond those that were started."""
        names = {child.name for child in self.children}
        filled = fill_plan(plan, self._symbols)
        self._start(process for process in filled.processes if process.name not in names)

    def _start(self, processes: Iterable[ProcessPlan]) -> None:
        started: list[Child] = []
        try:
            for process in processes:
                started.append(start(process, self._at))
        except BaseException:
            self.supervisor.stop(*started)
            raise
        self.children += tuple(started)

    @property
    def readings(self) -> tuple[Path, ...]:
        """The files in which they write about themselves, in their order."""
        return tuple(self._readings_of(child) for child in self.children)

    def _readings_of(self, child: Child) -> Path:
        return self._at.log_dir / f"{child.name}.jsonl"

    def alive(self) -> tuple[Child, ...]:
        """Those that run now; after a restart the new process stands for the old one."""
        names = {child.name for child in self.children}
        return tuple(child for child in self.supervisor.children() if child.name in names)

    def targets(self, role: Role) -> tuple[Target, ...]:
        """The live processes of one role."""
        return tuple(
            Target(child.name, child.role, child.pid)
            for child in self.alive()
            if child.role is role
        )

    def stop(self) -> None:
        """End them, and whatever was restarted in their place; may be called twice."""
        self.supervisor.stop(*self.children)

    def newest(self) -> tuple[Reading | None, ...]:
        """Of each worker the last line that its *live* process wrote; None before its first."""
        alive = {child.name: child.pid for child in self.alive()}
        lines = []
        for child in self.children:
            line = _last_line(self._readings_of(child))
            mine = line is not None and line.get("pid") == alive.get(child.name)
            lines.append(line if mine else None)
        return tuple(lines)

    def totals(self) -> tuple[Reading, ...]:
        """Of every process that ever ran, restarts included, the last line: its counters' ends."""
        last: dict[tuple[Path, int], Reading] = {}
        for path in self.readings:
            for line in _lines(path):
                if "effective" not in line:
                    last[path, line["pid"]] = line
        return tuple(last.values())

    def effective(self) -> dict[tuple[str, str], str]:
        """(scope, name) of a setting → the value that the first worker reported."""
        for path in self.readings:
            for line in _lines(path):
                if "effective" in line:
                    return {
                        (scope, name): value if isinstance(value, str) else json.dumps(value)
                        for scope, values in line["effective"].items()
                        for name, value in values.items()
                    }
        return {}

    @property
    def restarts(self) -> int:
        """How many of these processes ended without having been asked to."""
        names = {child.name for child in self.children}
        return sum(death.name in names for death in self.supervisor.deaths())


def readings_of(name: str) -> str:
    """Where the worker called `name` writes about itself; holds a symbol."""
    return f"${{log_dir}}/{name}.jsonl"


def _last_line(path: Path) -> Reading | None:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LAST_BYTES))
            block = file.read()
    except FileNotFoundError:
        return None
    # The last piece is empty, or a line that is being written.
    for piece in reversed(block.split(b"\n")[:-1]):
        line = _parsed(piece)
        if line is not None and "effective" not in line:
            return line
    return None


def _lines(path: Path) -> list[Reading]:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    parsed = (_parsed(piece) for piece in text.split(b"\n"))
    return [line for line in parsed if line is not None]


def _parsed(line: bytes) -> Reading | None:
    """A whole JSON object; None for what a killed process left half-written."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) and "pid" in value else None
