"""Faults: what is made to happen to a running job, and what became of it (docs/method.md, recovery)."""

from __future__ import annotations

import enum
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from streambench.model.verdict import Damage


class FaultKind(enum.Enum):
    """Each is the same act for every engine."""

    WORKER_KILL = "worker-kill"
    WORKER_PAUSE = "worker-pause"
    COORDINATOR_KILL = "coordinator-kill"
    BROKER_RESTART = "broker-restart"
    BURST = "burst"
    RESCALE = "rescale"
    COMMAND = "command"


OF_ITS_PROCESSES: Final = frozenset(
    {
        FaultKind.WORKER_KILL,
        FaultKind.WORKER_PAUSE,
        FaultKind.COORDINATOR_KILL,
        FaultKind.RESCALE,
    }
)
"""What is done to an engine's own processes: those that streambench started."""

# Those that have a length, and how long they are where nobody says.
USUAL_LENGTHS_MS: Final[Mapping[FaultKind, int]] = {
    FaultKind.WORKER_PAUSE: 5_000,
    FaultKind.BROKER_RESTART: 2_000,
    FaultKind.BURST: 5_000,
}


# Nobody is hit, or nobody knows who: no process is known to come back.
NOBODY_KNOWN: Final = (FaultKind.BURST, FaultKind.COMMAND)


@dataclass(frozen=True)
class Fault:
    """What is asked for; `at_ms` counts from the beginning of the measured part, without jitter.

    Of several `times` each next one comes when the engine has recovered, or at a time-out. `lasts_ms`:
    how long a worker is paused or the broker away, or how many ms of load come at once; None for an
    act that has no length. `command`: what the shell runs, where the fault is a command of the user's.
    """

    kind: FaultKind
    at_ms: int
    times: int = 1
    lasts_ms: int | None = None
    command: str | None = None

    @property
    def asked(self) -> str:
        """The option that asks for it, as it can be typed."""
        if self.command is None:
            return f"--fault {self}"
        return f"--fault-command {shlex.quote(f'{self.command}@{_seconds(self.at_ms)}')}"

    def __str__(self) -> str:
        if self.command is not None:
            return f"{self.kind.value} '{self.command}'@{_seconds(self.at_ms)}"
        length = "" if self.lasts_ms is None else f":{_seconds(self.lasts_ms)}"
        times = "" if self.times == 1 else f"*{self.times}"
        return f"{self.kind.value}{length}{times}@{_seconds(self.at_ms)}"


@dataclass(frozen=True)
class Strike:
    """One act of a fault, as drawn: the same for every engine.

    `at_ms` is since T0, jitter included; for a repeated fault's later acts (`after_previous`) it is
    the jitter after the recovery from the act before. `victim` in [0, 1) chooses among the processes
    that could be hit.
    """

    kind: FaultKind
    at_ms: float
    victim: float
    lasts_ms: int | None = None
    after_previous: bool = False
    command: str | None = None


@dataclass(frozen=True)
class Hit:
    """One act as it was done; instants in ms since T0, None: did not happen.

    `victim` is a process's name (or words where no process is hit), `exit_code` what its end was
    (−N: signal N). Of a `command` the exit is its own, `output` are its last lines, and whom it hit is
    not known: None, and no pids. `over_ms` is when the act itself was over: the dead process was started again, the
    paused one continued, the broker served again, the load had come, the command ended. `phase_in_window_ms` and
    `phase_in_commit_ms`: how far into a window, and how long after T0 modulo the commit interval.
    """

    kind: FaultKind
    victim: str | None
    pids: tuple[int, ...]
    at_ms: float
    at_realtime_ns: int
    over_ms: float | None = None
    exit_code: int | None = None
    phase_in_window_ms: float = 0.0
    phase_in_commit_ms: float = 0.0
    command: str | None = None
    output: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartitionOutage:
    """What one input partition went through; instants in ms after the hit.

    `begin_ms` is None when it kept flowing, `end_ms` when it was not back for good within what was
    observed. `late_time_ms`: length of event time whose results came late; None: not known.
    """

    partition: int
    begin_ms: float | None
    end_ms: float | None
    late_time_ms: float | None = None


@dataclass(frozen=True)
class Recovery:
    """What followed one hit; instants in ms *after the hit*, None: not within the part observed, or unknown.

    A window whose result delay is above `band_ms`, or that never came, is late. `late_time_ms` is the
    length of event time of the late windows, as the mean over partitions; None where no window was late
    though the fault need not have delayed one beyond the band (`could_delay_ms`: by how much it could).
    `disturbed` says whether any window was late. `outage_begin_ms` is the closing instant of the first
    late window, and `timely_ms` the first timely output of a partition that was late; both None when
    none was, but for single ones (docs/method.md). `caught_up_ms`: no later window is late.
    `back_for_good_ms`: from here on every partition stays within the band; 0 when none left it.
    `detected_ms` is the engine's own word. `catch_up_per_s` is known of a burst only: after a death
    partitions catch up at different times, and a rate over all of them would flatter.
    """

    hit: Hit
    band_ms: float
    disturbed: bool
    detected_ms: float | None
    back_ms: float | None
    outage_begin_ms: float | None
    timely_ms: float | None
    caught_up_ms: float | None
    worst_delay_ms: float | None
    observed_ms: float  # how long after the hit the trial looked on
    catch_up_per_s: float | None
    partitions: tuple[PartitionOutage, ...]
    damage: Damage
    late_time_ms: float | None = None
    back_for_good_ms: float | None = None
    could_delay_ms: float | None = None

    @property
    def over(self) -> bool:
        """Whether the outage, if there was one, ended within what was observed."""
        return self.outage_begin_ms is None or self.caught_up_ms is not None


def _seconds(ms: int) -> str:
    return f"{ms // 1000}s" if ms % 1000 == 0 else f"{ms}ms"
