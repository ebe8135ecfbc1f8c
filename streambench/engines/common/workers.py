"""A job whose workers are plain child processes that write a JSON line about themselves each second."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from streambench.engines.common.launch import start
from streambench.engines.protocol import Embedded, Target
from streambench.model.plan import Plan, Role
from streambench.runtime.supervisor import Child, Supervisor

# What one worker wrote of itself: numbers, words, lists of them.
Reading: TypeAlias = Mapping[str, Any]

_LAST_BYTES = 16 * 1024


@dataclass(frozen=True)
class Workers:
    """The processes of one job, and the files in which they write about themselves."""

    supervisor: Supervisor
    children: tuple[Child, ...]
    readings: tuple[Path, ...]

    @classmethod
    def start(cls, plan: Plan, at: Embedded) -> Workers:
        """Start all processes of a plan that `prepare` filled in: all or none of them run afterwards.

        Each writes to the file that `readings_of` names.
        """
        children: list[Child] = []
        try:
            for process in plan.processes:
                children.append(start(process, at))
        except BaseException:
            at.supervisor.stop(*children)
            raise
        readings = tuple(at.log_dir / f"{child.name}.jsonl" for child in children)
        return cls(at.supervisor, tuple(children), readings)

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
        for child, path in zip(self.children, self.readings, strict=True):
            line = _last_line(path)
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
