"""One trial: what is asked, and everything that is known afterwards."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from streambench.model.clocks import ClockBound, ClocksSeen, Offset, UnknownClock, delay_error
from streambench.model.conditions import Conditions, Variant
from streambench.model.dirt import DirtEffect
from streambench.model.fault import Recovery, Strike
from streambench.model.machine import STRICT, MachineLimits, MachineUsage
from streambench.model.observed import ByMonitoring
from streambench.model.phases import PhaseTime
from streambench.model.plan import EventClock, Program, Setting, Whose
from streambench.model.recipe import Recipe
from streambench.model.sweep import Point
from streambench.model.verdict import Damage, Verdict


@dataclass(frozen=True)
class TraceRef:
    """A compiled load on disk; `sha256` covers every byte that is sent, before stamping.

    `recipe` is what other hosts make the same of; None where it was only opened.
    """

    folder: Path
    sha256: str
    records: int
    duration_ms: int
    recipe: Recipe | None = field(default=None, compare=False, repr=False)


class Purpose(enum.Enum):
    """What a span of the load is for."""

    WARM_UP = "warm-up"
    MEASURED = "measured"  # and undisturbed: it ends before the first fault
    RECOVERY = "recovery"  # from the first fault on
    COOL_DOWN = "cool-down"


@dataclass(frozen=True)
class Span:
    """[start_ms, end_ms) of a trace's own time."""

    purpose: Purpose
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Segment:
    """One trace played into the running job, and what is done to the job meanwhile.

    `holds` are [start_ms, end_ms) of the trace's own time in which the load is held back, to come at
    once at the end: a burst.
    """

    trace: TraceRef
    spans: tuple[Span, ...]
    strikes: tuple[Strike, ...] = ()
    holds: tuple[tuple[int, int], ...] = ()

    def span(self, purpose: Purpose) -> Span:
        """The span with this purpose (KeyError when there is none)."""
        for span in self.spans:
            if span.purpose is purpose:
                return span
        raise KeyError(purpose)


class LoadKind(enum.Enum):
    """What a load of a job was for."""

    MEASURED = "measured"
    WARM_UP = "warm-up"  # at its rate
    RAMP = "ramp"  # it rose, in a search, until the lag grew
    PROBE = "probe"  # of a rate, in a search
    COLD = "worked off cold"  # it lay in the topic when the job was launched
    WARM = "worked off warm"  # it came at once, when the job was running


@dataclass(frozen=True)
class TrialSpec:
    """What is to be tried; `cold` marks a trial too short to be ranked.

    `missing_s` is how long rows that do not come are waited for after the load; None: as long as an
    engine that bears half of the load may take.
    """

    number: int
    round: int
    variant: Variant
    conditions: Conditions
    segment: Segment
    cold: bool
    point: Point = ()
    machine_limits: MachineLimits = STRICT
    missing_s: float | None = None
    kind: LoadKind = LoadKind.MEASURED
    job: int | None = None  # which job of the run it was a load of; None: of its own


@dataclass(frozen=True)
class Certificate:
    """The generator's word about itself: without it no latency is believed (docs/method.md).

    Where several hosts played, `send_lag_p999_ms` is of the shard that was latest.
    """

    held: bool
    reason: str | None
    send_lag_p50_ms: float
    send_lag_p99_ms: float
    send_lag_p999_ms: float
    send_lag_max_ms: float
    acknowledge_p50_ms: float
    acknowledge_p99_ms: float
    batches: int
    retried: int
    clock_drift_ms: float
    exempt_batches: int = 0  # due while no load could be written, by a fault's doing
    only_late: bool = False  # not held, and for no other reason than lateness
    clocks: tuple[ClockBound, ...] = ()  # of each host that played, and of the one that measured
    unknown_clocks: tuple[UnknownClock, ...] = ()  # brokers that could not be compared with it
    by_clocks: bool = False  # not held, and by one clock it would have been


@dataclass(frozen=True)
class RoleUsage:
    """What the processes of one role used during the measured part."""

    role: str
    processes: int
    cpu_s: float
    cores_mean: float
    memory_mean_bytes: float
    memory_peak_bytes: float


@dataclass(frozen=True)
class WithoutEngine:
    """What a part of the load took in the trial's own broker after the engine had gone.

    A bare reader took what the player wrote. `request_us` is the least processor time that the player
    took to make one request; None where it made none.
    """

    records: int
    broker_cpu_s: float
    request_us: float | None


@dataclass(frozen=True)
class LateRecords:
    """Records that could not be counted because their window had closed.

    `dropped` is measured: what the oracle's full aggregate has and the engine's rows have not.
    `predicted` replays the same log with the engine's documented clock; None where the clock cannot
    be replayed. `own_counter` is the engine's own word, in its own unit.
    """

    records: int
    dropped: int | None
    predicted: int | None
    predicted_low: int | None
    predicted_high: int | None
    own_counter: int | None
    own_counter_unit: str | None


@dataclass(frozen=True)
class WarmedUp:
    """How long a job was under load before it was measured.

    `settled`: the delay no longer fell when it ended, as tested; None where that was not tested.
    """

    length_s: float
    settled: bool | None


@dataclass(frozen=True)
class ClockWait:
    """Measured windows that the engine's own event clock kept open for one partition's sake.

    `windows` of them waited a second or more, `longest_ms` at most. `silent_from_ms` to
    `silent_until_ms` (ms since T0): the partition got no record that moves its clock; until None: to
    the end of the load; from None: it was not silent, its event times were behind.
    """

    clock: EventClock
    partition: int
    windows: int
    longest_ms: float
    silent_from_ms: float | None = None
    silent_until_ms: float | None = None


@dataclass(frozen=True)
class Completed:
    """The trial ran and was judged; a wrong result is completed, too."""

    verdict: Verdict
    kind: str = "completed"


@dataclass(frozen=True)
class Invalid:
    """The instrument failed: nothing can be said of the engine's times.

    Its rows are judged all the same where all that were due had come: `verdict`, else None. `by_clocks`:
    for no other reason than that clocks were, or may have been, too far apart.
    """

    reason: str
    kind: str = "invalid"
    verdict: Verdict | None = None
    by_clocks: bool = False


@dataclass(frozen=True)
class Failed:
    """The engine failed by itself."""

    stage: str
    reason: str
    hint: str | None = None
    log_tail: str = ""
    kind: str = "failed"


@dataclass(frozen=True)
class NotRun:
    """The combination is unsupported; nothing was started."""

    whose: Whose
    reason: str
    hint: str | None = None
    kind: str = "unsupported"


@dataclass(frozen=True)
class LeftOut:
    """Nothing was started, as what came before had already told the answer."""

    reason: str
    kind: str = "left-out"


Outcome: TypeAlias = Completed | Invalid | Failed | NotRun | LeftOut


@dataclass(frozen=True)
class TrialRecord:
    """Everything about one load of a job that is not a long column; `measures` is keyed by metric name.

    A trial is a job with one such load, or with several (`job`). `expectation` names what its rows are
    judged by, in the bundle. `spans` and `holds` are those of its load.
    """

    number: int
    round: int
    variant: Variant
    outcome: Outcome
    started_at: str  # ISO 8601, UTC
    cold: bool
    start_realtime_ns: int | None = None  # T0; None: the load never began
    event_offset_ms: int | None = None  # added to every event time of the trace
    measures: Mapping[str, float | None] = field(default_factory=dict)
    measured_windows: int = 0
    saturated: bool = False
    trend: str | None = None  # a remaining trend in the measured part, in words
    trend_share: float | None = None  # its size by the median delay; None: no trend, or not known
    certificate: Certificate | None = None
    usage: tuple[RoleUsage, ...] = ()
    machine: MachineUsage | None = None  # in the measured part
    late: LateRecords | None = None
    settings: tuple[Setting, ...] = ()
    programs: tuple[Program, ...] = ()
    warnings: tuple[str, ...] = ()
    recovery_terms: tuple[str, ...] = ()  # who takes over from a worker that died
    readings: Mapping[str, str] = field(default_factory=dict)
    recoveries: tuple[Recovery, ...] = ()
    steady_damage: Damage | None = None  # up to the first hit; None without a fault
    point: Point = ()  # where in a sweep it stands
    trace_sha256: str | None = None  # the bytes of its load, before stamping
    clock_waits: tuple[
        ClockWait, ...
    ] = ()  # what its own event clock waited for, where it was long
    warmed_records: int = 0  # what came at once before T0, for the job to be compiled by
    warmed_up: WarmedUp | None = None
    kind: LoadKind = LoadKind.MEASURED
    job: int | None = None
    records: int | None = None  # of its load
    load_bytes: int | None = None  # of its load, as sent
    expectation: str | None = None
    state_exact: bool = True  # whether its engine restores state exactly under at-least-once
    spans: tuple[Span, ...] = ()
    holds: tuple[tuple[int, int], ...] = ()
    timeline: tuple[PhaseTime, ...] = ()  # what took how long
    dirt: tuple[DirtEffect, ...] = ()  # what each dirty record did, in their order
    monitored: ByMonitoring | None = None  # what Prometheus says of the measured part
    engine_seen: bool = True  # whether `usage` has all of the engine's processes
    # Of a load that came at once: others have a certificate.
    clocks: ClocksSeen = field(default_factory=ClocksSeen)

    def delay_error(self, *, visible: bool) -> Offset | None:
        """What was measured of a delay minus what is true of it; None where nobody knows."""
        return delay_error(self.compared.bounds, self.compared.unknown, visible=visible)

    @property
    def compared(self) -> ClocksSeen:
        """What was found when the clocks were compared by which it was timed."""
        if self.certificate is None:
            return self.clocks
        return ClocksSeen(self.certificate.clocks, self.certificate.unknown_clocks)

    @property
    def verdict(self) -> Verdict | None:
        """The judge's word on its rows; None where they were not judged."""
        match self.outcome:
            case Completed(verdict=verdict) | Invalid(verdict=verdict):
                return verdict
            case Failed() | NotRun() | LeftOut():
                return None

    @property
    def steady_right(self) -> bool:
        """Whether all was right up to the first fault, or to the end where there was none."""
        if not isinstance(self.outcome, Completed):
            return False
        if self.steady_damage is None:
            return self.outcome.verdict.right
        return self.steady_damage.clean_under(self.outcome.verdict.guarantee)
