"""Whole plans as text files: a change of what is run shows as a difference that somebody reads.

UPDATE_SNAPSHOTS=1 writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

from streambench.model.plan import Plan

FOLDER = Path(__file__).parent / "snapshots"


def as_text(plan: Plan) -> str:
    """Everything that is in a plan, in a form for reading."""
    lines = [f"{plan.engine} {plan.version}", f"clock: {plan.event_clock.name}", "", "# processes"]
    for process in plan.processes:
        restart = (
            f"restart after {process.restart_delay_ms} ms" if process.restart else "no restart"
        )
        lines.append(
            f"{process.name} ({process.role.value}, heap {process.heap_mib} MiB, {restart})"
        )
        lines += [f"    {argument}" for argument in process.argv]
        lines += [f"    {name}={value}" for name, value in sorted(process.env.items())]
    lines += ["", "# symbols", *(f"{name} = {text}" for name, text in sorted(plan.symbols.items()))]
    lines += ["", "# warnings", *plan.warnings, "", "# settings"]
    for s in plan.settings:
        mark = ", recovery" if s.recovery else ""
        lines.append(f"[{s.scope}] {s.name} = {s.value} ({s.origin.value}{mark})")
    for program in plan.programs:
        lines += ["", f"# {program.name} ({program.language})", program.text]
    return "\n".join(lines)


def matches_snapshot(plan: Plan, name: str) -> None:
    """Compare with `snapshots/{name}.txt`, or write it when UPDATE_SNAPSHOTS is set."""
    matches_text(as_text(plan), name)


def matches_text(text: str, name: str) -> None:
    """The same for a text."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text
