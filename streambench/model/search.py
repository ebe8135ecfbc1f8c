"""A search for the highest rate that an engine bears: what is asked, what was tried, what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from streambench.model.conditions import Variant
from streambench.model.pace import Limit, Pace
from streambench.model.phases import PhaseTime


@dataclass(frozen=True)
class SearchTerms:
    """`precision` is the greatest ratio, less one, between what passed and what failed.

    `cold`: what was found is confirmed by a fresh job, not by the one that was searched with.
    """

    limit: Limit | None
    precision: float
    budget_s: float  # for one engine
    cold: bool = True  # every bundle before there was a choice


@dataclass(frozen=True)
class RateProbe:
    """One rate, tried for a while in the running job.

    `pace` None: the instrument failed, so it says nothing of the engine. `within_limit` is None
    without a limit, when the engine did not keep up, or when it hangs on how far clocks were apart.
    `clocks_unknown`: of that nothing is known, so no rate can be held against the limit.
    """

    rate_per_s: int
    measured_s: float
    windows: int
    pace: Pace | None
    why: str
    right: bool | None = None
    within_limit: bool | None = None
    send_lag_p999_ms: float | None = None
    idle_share: float | None = None  # of the engine's machine, while it was measured
    measures: Mapping[str, float | None] = field(default_factory=dict)
    trend: str | None = None  # a remaining trend of the delay, in words
    load: int | None = None  # its number in the job; None: a bundle that kept no loads
    clocks_unknown: bool = False

    @property
    def passed(self) -> bool:
        """Whether it was right and is shown to have kept up."""
        return self.pace is Pace.KEPT_UP and self.right is True


@dataclass(frozen=True)
class RampRecord:
    """A load that rose evenly, in events/s; `onset_per_s` is where the lag began to grow for good.

    None: it did not, or it could not be told. `load` is its number in the job.
    """

    first_per_s: int
    last_per_s: int
    onset_per_s: int | None = None
    load: int | None = None


def last_of_each_rate(probes: Sequence[RateProbe]) -> tuple[RateProbe, ...]:
    """A longer probe, or one after the generator was late, replaces the one before it."""
    return tuple({probe.rate_per_s: probe for probe in probes}.values())


@dataclass(frozen=True)
class Confirmation:
    """A longer trial at a rate that passed; `trial` is its number in the bundle.

    `fresh`: it had a job of its own. `spoilt`: the instrument failed, so it is no word on the rate.
    """

    rate_per_s: int
    trial: int
    held: bool
    why: str
    limited: bool = False  # it was to keep the limit, too
    fresh: bool = True
    spoilt: bool = False


@dataclass(frozen=True)
class SearchRecord:
    """What the search found for one variant; None is not known.

    `drain_per_s` is the at-once rate: how fast a warm job worked off records that came at once.
    It depends on how many of them fell into each window (`drain_records_per_window`, the mean).
    `lag_bounded_per_s` and `within_limit_per_s` are confirmed rates.
    """

    variant: Variant
    drain_per_s: float | None = None
    drain_records: int = 0
    probes: tuple[RateProbe, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    lag_bounded_per_s: int | None = None
    within_limit_per_s: int | None = None
    ended: str = "not finished"
    drain_records_per_window: float | None = None
    job: int | None = None  # in which its loads were played; None: none was kept
    ramp: RampRecord | None = None  # the last load that rose; those before were borne to their ends
    earlier_ramps: tuple[RampRecord, ...] = ()
    timeline: tuple[PhaseTime, ...] = ()  # until it ended, without what confirmed it

    @property
    def limit_unknown(self) -> bool:
        """Whether no rate can be held against the limit, as nobody knows how far clocks are apart."""
        return any(probe.clocks_unknown for probe in self.probes)

    @property
    def ramps(self) -> tuple[RampRecord, ...]:
        """All loads that rose, in their order."""
        return (*self.earlier_ramps, *(() if self.ramp is None else (self.ramp,)))

    @property
    def label(self) -> str:
        """The variant's label."""
        return self.variant.label
