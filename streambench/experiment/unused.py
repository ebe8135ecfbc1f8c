"""Options that would do nothing in a run, or leave nothing of it: refused, never silently ignored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streambench.model.conditions import Conditions
from streambench.model.errors import UsageError
from streambench.model.fault import Fault, FaultKind
from streambench.model.workload import Replay, Workload
from streambench.trial.schedule import cool_down_ms
from streambench.workload.durations import show_duration
from streambench.workload.source import survey

USUAL_SEED: Final = 1
# After these somebody is dead, or may be, and is started again.
_KILLS: Final = (FaultKind.WORKER_KILL, FaultKind.COORDINATOR_KILL, FaultKind.COMMAND)


def refuse_unused_restart(
    workload: Workload, conditions: Conditions, faults: Sequence[Fault]
) -> None:
    """Raise UsageError where a restart is put off and no fault of the run kills anything."""
    if conditions.restart_delay_ms == 0 or any(fault.kind in _KILLS for fault in faults):
        return
    delay_ms = conditions.restart_delay_ms
    written = "never" if delay_ms is None else show_duration(delay_ms).replace(" ", "")
    what = "nothing fails in this run" if not faults else "no fault of this run kills a process"
    hint = f"streambench run --fault worker-kill@25s --restart {written}"
    if workload.pace is None and workload.late_records_possible:  # then nothing is made to fail
        hint = f"streambench run {workload.name}"
    raise UsageError(f"--restart says when a dead process is started again, and {what}", hint=hint)


def refuse_unused_seed(workload: Workload, seed: int) -> None:
    """Raise UsageError where a seed is given to a file, of which nothing is drawn."""
    if workload.pace is None and seed != USUAL_SEED:
        raise UsageError(
            f"--seed does not fit {workload.name}: nothing of a replayed file is drawn",
            hint=f"streambench run {workload.name}",
        )


def refuse_long_warm_up(workload: Workload, warm_up_s: float | None) -> None:
    """Raise UsageError where a warm-up that was asked for takes all of a replayed file."""
    if warm_up_s is None or workload.pace is not None:
        return
    assert isinstance(workload.input, Replay), "generated load has a pace"
    found = survey(workload.input, workload.fields, workload.query.group_by)
    played_ms = (found.last_arrival_ms - found.first_arrival_ms) / workload.input.speed_up
    left_ms = played_ms - cool_down_ms(workload)
    if warm_up_s * 1_000 >= left_ms:
        raise UsageError(
            f"--warm-up leaves nothing to be measured: {workload.name} is played in "
            f"{show_duration(round(played_ms / 1_000) * 1_000)}, of which the last "
            f"{show_duration(cool_down_ms(workload))} are for windows to close",
            hint=f"streambench run {workload.name}",
        )
