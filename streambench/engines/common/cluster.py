"""A cluster of an engine's own processes: started as a whole, and again where another took a port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from streambench.engines.common.launch import log_of, named, port_was_taken, prepare, stop
from streambench.engines.protocol import Embedded, Job
from streambench.model.errors import EngineFailed
from streambench.model.plan import Plan, Unsupported, Whose

_ATTEMPTS: Final = 3


def other_version(title: str, asked: str, ours: Sequence[str]) -> Unsupported | None:
    """Why a version cannot be run; None where it is among those that there are, the newest first."""
    if asked in ours:
        return None
    return Unsupported(
        Whose.OURS,
        f"streambench runs {title} {', '.join(ours)}, not {asked}",
        hint=f"ask for {ours[0]}",
    )


def start_cluster(
    plan: Plan,
    at: Embedded,
    *,
    leader: str,
    script: Path,
    start: Callable[[Plan, Embedded], Job],
) -> Job:
    """Fill in ports and folders and `start` it; whatever goes wrong, no process of it is left.

    `leader` is the process that owns the ports, `script` is run by the engine's own interpreter. Raises
    EngineFailed.
    """
    names = [process.name for process in plan.processes]
    for attempt in range(1, _ATTEMPTS + 1):
        filled = prepare(plan, at, {"script": str(script)})
        try:
            return start(filled, at)
        except EngineFailed as error:
            stop(names, at)
            taken = port_was_taken(error, [log_of(named(filled, leader), at)])
            if attempt == _ATTEMPTS or not taken:
                raise
        except BaseException:
            stop(names, at)
            raise
    raise AssertionError("the last attempt returns or raises")
