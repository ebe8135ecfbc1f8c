"""The cases of a calibration as data: each is one run of the scripted engine (docs/calibration.md)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streambench.experiment.search_policy import SearchPolicy
from streambench.model.fault import Fault, FaultKind

WORKLOADS: Final = Path(__file__).parent / "workloads"
PULSE: Final = WORKLOADS / "pulse"
"""Few rows, in windows of 100 ms: a window is complete as soon as its rows begin to come."""
CROWD: Final = WORKLOADS / "crowd"
"""Many rows a window, most keys not in every window."""
RESOLUTION_MS: Final = 100
"""The length of their windows: no lateness is told more finely."""
PARTITIONS: Final = 4
QUANTUM_MS: Final = 5


class Disturbed(enum.Enum):
    """What is done to the instrument or its machine, from outside."""

    PLAYER_STALLS = "the load generator is stopped for a second"
    FOREIGN = "a process that is no part of the run spins on every core"
    SLOWED = "the second of two trials runs on a slowed machine"


@dataclass(frozen=True)
class Case:
    """One run: the scripted engine's settings, its load, and what happens to it.

    `measured_s` is all that is measured, hits included.
    """

    name: str
    settings: tuple[str, ...] = ()
    workload: Path = PULSE
    warm_up_s: float = 1.0
    measured_s: float = 3.0
    faults: tuple[Fault, ...] = ()
    trials: int = 1
    missing_s: float | None = None
    disturbed: Disturbed | None = None


@dataclass(frozen=True)
class Delay:
    """Every result comes so long after its closing instant."""

    delay_ms: int
    case: Case


@dataclass(frozen=True)
class Outage:
    """What one hit is followed by: stalls as (partition, begin, length) in ms, None: all partitions."""

    words: str
    stalls: tuple[tuple[int | None, int, int], ...]

    @property
    def late_ms(self) -> float:
        """The late time, as the mean over partitions."""
        return sum(
            length_ms * (PARTITIONS if partition is None else 1)
            for partition, _, length_ms in self.stalls
        ) / float(PARTITIONS)

    @property
    def stretches(self) -> float:
        """How many late stretches a partition has, in the mean: each is known to within a window."""
        return sum(PARTITIONS if stall[0] is None else 1 for stall in self.stalls) / PARTITIONS

    @property
    def back_ms(self) -> int:
        """When the last stall is over, after the hit."""
        return max(begin_ms + length_ms for _, begin_ms, length_ms in self.stalls)

    @property
    def setting(self) -> str:
        """As the scripted engine is told."""
        return ",".join(
            f"{'' if partition is None else f'{partition}:'}{begin_ms}+{length_ms}"
            for partition, begin_ms, length_ms in self.stalls
        )


DELAYS_MS: Final = (0, 10, 100, 1_000, 2_000)
# Before its first hit the trial of the outages is one of a delay, and so is the first one of two speeds.
OUTAGE_DELAY_MS: Final = 10
SLOWED_DELAY_MS: Final = 2_000
DAMAGE_EVERY: Final = 10_000
# The scripted engine's kinds of damage, and its own word for how often it did each.
DAMAGE: Final = {
    "lose": "rows lost by script",
    "double": "rows doubled by script",
    "raise": "rows raised by script",
    "lower": "rows lowered by script",
    "move": "rows moved by script",
    "invent": "rows invented by script",
}
OUTAGES: Final = (
    Outage("on all partitions", ((None, 0, 3_000),)),
    Outage("on one partition", ((2, 0, 3_000),)),
    Outage("of 3 s and 1.5 s on two partitions", ((0, 0, 3_000), (3, 0, 1_500))),
    Outage("twice, 1 s between", ((None, 0, 3_000), (None, 4_000, 3_000))),
    Outage("beginning 8 s after the hit", ((None, 8_000, 3_000),)),
)
RATE_PER_S: Final = 6_000
PRECISION: Final = 0.05
SEARCH_POLICY: Final = SearchPolicy(
    at_once_per_s=15_000,
    at_once_ms=1_000,
    later_at_once_ms=1_000,
    ramp_ms=6_000,
    settle_ms=1_000,
    least_measured_ms=5_000,
)
SEARCH_BUDGET_S: Final = 150.0

# Twenty windows that end three seconds before the first hit tell what is timely.
_FIRST_HIT_MS: Final = 5_500
# A hit comes up to a window and a commit interval later than asked for; then some windows must be timely.
_AFTER_MS: Final = 2_200


def _delayed(delay_ms: int) -> tuple[str, ...]:
    """A delay counts from the closing instant by the wall clock.

    At 0 that clock closes the windows, too: to read the closing record first takes time.
    """
    by_wall_clock = () if delay_ms else ("by_wall_clock=1",)
    return (f"delay_ms={delay_ms}", f"quantum_ms={QUANTUM_MS}", *by_wall_clock)


def _hits() -> tuple[Fault, ...]:
    """A pause of a millisecond tells the engine that its next stalls begin; it delays nothing itself."""
    faults, at_ms = [], _FIRST_HIT_MS
    for outage in OUTAGES:
        faults.append(Fault(FaultKind.WORKER_PAUSE, at_ms, lasts_ms=1))
        at_ms += outage.back_ms + _AFTER_MS
    return tuple(faults)


DELAY_CASES: Final = tuple(
    Delay(delay_ms, Case(f"delay of {delay_ms:,} ms", _delayed(delay_ms)))
    for delay_ms in DELAYS_MS
    if delay_ms not in (OUTAGE_DELAY_MS, SLOWED_DELAY_MS)
)
DAMAGE_CASE: Final = Case(
    "damaged rows",
    tuple(f"{kind}_every={DAMAGE_EVERY}" for kind in DAMAGE),
    workload=CROWD,
    measured_s=10.0,
    missing_s=4.0,
)
OUTAGE_CASE: Final = Case(
    f"delay of {OUTAGE_DELAY_MS} ms; outages",
    (*_delayed(OUTAGE_DELAY_MS), f"stalls={'/'.join(outage.setting for outage in OUTAGES)}"),
    measured_s=(_hits()[-1].at_ms + OUTAGES[-1].back_ms + _AFTER_MS) / 1000,
    faults=_hits(),
)
RATE_CASE: Final = Case("a rate that a search has to find", (f"records_per_s={RATE_PER_S}",))
STALLED_CASE: Final = Case("a stalled player", disturbed=Disturbed.PLAYER_STALLS)
FOREIGN_CASE: Final = Case("a busy foreign process", disturbed=Disturbed.FOREIGN)
SLOWED_CASE: Final = Case(
    f"delay of {SLOWED_DELAY_MS:,} ms; the machine slowed half-way",
    _delayed(SLOWED_DELAY_MS),
    trials=2,
    disturbed=Disturbed.SLOWED,
)
