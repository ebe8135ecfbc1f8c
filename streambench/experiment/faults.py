"""From the faults that were asked for to strikes at drawn instants, the same for every engine."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from streambench.model.conditions import Conditions
from streambench.model.errors import UsageError
from streambench.model.fault import USUAL_LENGTHS_MS, Fault, FaultKind, Strike
from streambench.model.windows import Window
from streambench.model.workload import Workload
from streambench.results.statistics import WINDOWS_FOR_ANY_PERCENTILE
from streambench.trial.recovery_timeout import WINDOWS_AFTERWARDS, recovery_timeout_s

# Without --fault a run measures steadily, then kills a worker, then lets seconds of load come at once.
_AFTER_BURST_MS = 15_000
# What closes so shortly before a fault may come after it, and belongs to neither part. The same for
# every engine: to leave out just the windows that were late would flatter the slow.
GUARD_MS = 3_000
# After the last act of a repeated fault so much must be seen that "settled" can be told.
_AFTERWARDS_MS = 6_000
# Where the whole job starts anew there is more to be seen: Spark's driver alone takes 24 s on two cores,
# and only then begins to catch up.
_WHOLE_JOB_MS = 25_000


_OF_THE_WHOLE_JOB = (FaultKind.COORDINATOR_KILL, FaultKind.RESCALE, FaultKind.COMMAND)


@dataclass(frozen=True)
class DrawnFaults:
    """Strikes in their order, and the load held back for bursts, in ms of the load's own time."""

    strikes: tuple[Strike, ...]
    holds: tuple[tuple[int, int], ...]


def default_faults(steady_ms: int, conditions: Conditions, window: Window) -> tuple[Fault, ...]:
    """What a run without --fault does after its steady part."""
    patience_ms = round(recovery_timeout_s(conditions, window) * 1000)
    kill_ms = steady_ms + GUARD_MS
    burst_ms = USUAL_LENGTHS_MS[FaultKind.BURST]
    # A whole second, for it is printed, and people type it again.
    burst_at_ms = -(-(kill_ms + patience_ms + burst_ms) // 1_000) * 1_000
    return (
        Fault(FaultKind.WORKER_KILL, kill_ms),
        Fault(FaultKind.BURST, burst_at_ms, lasts_ms=burst_ms),
    )


def steady_ms(faults: Sequence[Fault]) -> int:
    """How long is measured undisturbed: until shortly before the first fault, or before load is held."""
    return max(0, min(_begin_ms(fault) for fault in faults) - GUARD_MS)


def needed_ms(faults: Sequence[Fault], conditions: Conditions, window: Window) -> int:
    """How long the measured part must be for all of them to happen and to be looked at."""
    patience_ms = round(recovery_timeout_s(conditions, window) * 1000)
    afterwards_ms = max(_AFTERWARDS_MS, window.span_ms(WINDOWS_AFTERWARDS))
    return max(fault.at_ms + _room_ms(fault, patience_ms, afterwards_ms) for fault in faults)


def check_faults(
    faults: Sequence[Fault], workload: Workload, *, measured_ms: int, longest_jitter_ms: int
) -> None:
    """Refuse what could not happen, or would prove nothing. Raises UsageError."""
    assert workload.pace is not None, "a file that is played once ends when it ends"
    window = workload.played_window
    for fault in faults:
        if fault.at_ms + longest_jitter_ms >= measured_ms:
            raise UsageError(
                f"{fault} comes after the end: the measured part is {measured_ms / 1000:g} s long, and a "
                f"fault may come up to {longest_jitter_ms / 1000:g} s later than asked for",
                hint=f"streambench run {fault.asked} "
                f"--duration {math.ceil((fault.at_ms + longest_jitter_ms) / 1000) + 30}s",
            )
    windows = window.count_in(steady_ms(faults))
    if windows < WINDOWS_FOR_ANY_PERCENTILE:
        first = min(faults, key=_begin_ms)
        least_s = math.ceil((window.span_ms(WINDOWS_FOR_ANY_PERCENTILE) + GUARD_MS) / 1000)
        least_s += (first.at_ms - _begin_ms(first)) // 1000
        raise UsageError(
            f"{first} leaves {windows} windows to be measured before it; what is timely is told by at "
            f"least {WINDOWS_FOR_ANY_PERCENTILE}",
            hint=f"streambench run {_plain_at(first, least_s)}",
        )
    ordered = sorted(faults, key=lambda fault: fault.at_ms)
    for earlier, later in itertools.pairwise(ordered):
        if _begin_ms(later) <= earlier.at_ms + longest_jitter_ms:
            raise UsageError(
                f"{earlier} and {later} are too close: each may come {longest_jitter_ms / 1000:g} s later",
                hint=f"streambench run {earlier.asked} "
                f"{_later_by(later, longest_jitter_ms + GUARD_MS - _begin_ms(later) + earlier.at_ms).asked}",
            )


def longest_jitter_ms(workload: Workload, conditions: Conditions) -> int:
    """A fault comes up to so much later than asked for: no phase of window or commit is preferred."""
    return workload.played_window.span_ms(1) + conditions.commit_interval_ms


def draw(
    faults: Sequence[Fault],
    workload: Workload,
    conditions: Conditions,
    *,
    measured_start_ms: int,
    seed: int,
    round_number: int,
) -> DrawnFaults:
    """Draw the instants and the victims of one round; every engine of it gets the same."""
    drawn = _uniform(seed, round_number)
    jitter_ms = longest_jitter_ms(workload, conditions)
    strikes: list[Strike] = []
    holds: list[tuple[int, int]] = []
    for fault in sorted(faults, key=lambda fault: fault.at_ms):
        for act in range(fault.times):
            late_ms, victim = next(drawn) * jitter_ms, next(drawn)
            at_ms = late_ms if act else measured_start_ms + fault.at_ms + late_ms
            if fault.kind is FaultKind.BURST and fault.lasts_ms is not None:
                # The load is due by quanta, and so is the end of a hold.
                end_ms = math.ceil(at_ms / workload.quantum_ms) * workload.quantum_ms
                holds.append((end_ms - fault.lasts_ms, end_ms))
                at_ms = end_ms
            strikes.append(
                Strike(fault.kind, at_ms, victim, fault.lasts_ms, bool(act), fault.command)
            )
    return DrawnFaults(tuple(strikes), tuple(holds))


def _uniform(seed: int, round_number: int) -> Iterator[float]:
    """Numbers in [0, 1) of a raw PCG64 stream, which no version of numpy changes."""
    stream = np.random.PCG64(np.random.SeedSequence([seed, round_number, 0xFA17]))
    while True:
        yield int(stream.random_raw()) / 2**64


def _later_by(fault: Fault, later_ms: int) -> Fault:
    return replace(fault, at_ms=math.ceil((fault.at_ms + later_ms) / 1_000) * 1_000)


def _plain_at(fault: Fault, at_s: int) -> str:
    """The option that asks for the same act at another instant, once and as long as usual."""
    return Fault(fault.kind, at_s * 1_000, command=fault.command).asked


def _begin_ms(fault: Fault) -> int:
    held_ms = fault.lasts_ms or 0
    return fault.at_ms - held_ms if fault.kind is FaultKind.BURST else fault.at_ms


def _room_ms(fault: Fault, patience_ms: int, afterwards_ms: int) -> int:
    if fault.kind is FaultKind.BURST:
        return max(_AFTER_BURST_MS, afterwards_ms)
    # What a command hits is not known.
    whole_job = fault.kind in _OF_THE_WHOLE_JOB
    each_ms = patience_ms + (fault.lasts_ms or 0) + (_WHOLE_JOB_MS if whole_job else 0)
    return fault.times * each_ms + afterwards_ms * (fault.times > 1)
