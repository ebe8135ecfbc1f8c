"""Faults: what is made to happen to a running job, and what became of it (docs/method.md, recovery)."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from streambench.model.verdict import Damage


class FaultKind(enum.Enum):
    """Each is the same act for every engine."""

    WORKER_KILL = "worker-kill"
    WORKER_PAUSE = "worker-pause"
    COORDINATOR_KILL = "coordinator-kill"
    BROKER_RESTART = "broker-restart"
    BURST = "burst"
    RESCALE = "rescale"


@dataclass(frozen=True)
class Fault:
    """What is asked for; `at_ms` counts from the beginning of the measured part, without jitter.

    Of several `times` each next one comes when the engine has recovered, or at a time-out. `lasts_ms`:
    how long a worker is paused or the broker away, or how many ms of load come at once; None for an
    act that has no length.
    """

    kind: FaultKind
    at_ms: int
    times: int = 1
    lasts_ms: int | None = None

    def __str__(self) -> str:
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


@dataclass(frozen=True)
class Hit:
    """One act as it was done; instants in ms since T0, None: did not happen.

    `victim` is a process's name (or words where no process is hit), `exit_code` what its end was
    (−N: signal N). `over_ms` is when the act itself was over: the dead process was started again, the
    paused one continued, the broker served again, the load had come. `phase_in_window_ms` and
    `phase_in_commit_ms`: how far into a window, and how long after T0 modulo the commit interval.
    """

    kind: FaultKind
    victim: str
    pids: tuple[int, ...]
    at_ms: float
    at_realtime_ns: int
    over_ms: float | None = None
    exit_code: int | None = None
    phase_in_window_ms: float = 0.0
    phase_in_commit_ms: float = 0.0


@dataclass(frozen=True)
class PartitionOutage:
    """One input partition's outage; None: it kept flowing (`begin_ms`), or never came back (`end_ms`)."""

    partition: int
    begin_ms: float | None
    end_ms: float | None


@dataclass(frozen=True)
class Recovery:
    """What followed one hit; instants in ms *after the hit*, None: not within the trial, or unknown.

    `band_ms`: up to this result delay an output is timely. `detected_ms` is the engine's own word.
    The outage reaches from the closing instant of the first window that was not timely
    (`outage_begin_ms`) to the first timely output of a partition that was hit (`timely_ms`); both are
    None when every window was timely (`disturbed` is False). `caught_up_ms`: no window is late any
    more (less than a window before `timely_ms` when the next one has yet to close); `settled_ms`: from
    here on the delay stays within its band. `catch_up_per_s` is known of a burst only: after a death
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
    settled_ms: float | None
    worst_delay_ms: float | None
    observed_ms: float  # how long after the hit the trial looked on
    catch_up_per_s: float | None
    partitions: tuple[PartitionOutage, ...]
    damage: Damage

    @property
    def outage_ms(self) -> float | None:
        """Length of the outage; None when there was none or it did not end."""
        if self.outage_begin_ms is None or self.timely_ms is None:
            return None
        return self.timely_ms - self.outage_begin_ms


def _seconds(ms: int) -> str:
    return f"{ms // 1000}s" if ms % 1000 == 0 else f"{ms}ms"
