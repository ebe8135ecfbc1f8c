"""How fast an engine works off records that are there already: cold and warm told apart."""

from __future__ import annotations

from dataclasses import dataclass

from streambench.model.conditions import Variant
from streambench.model.phases import PhaseTime


@dataclass(frozen=True)
class Drain:
    """One lot of records, worked off.

    `took_s` is from the beginning (the launch when cold, the first byte written when warm) until the
    last window was complete, `first_s` until the first one was. `peak_per_s` is the busiest second's.
    """

    warm: bool
    records: int
    took_s: float
    first_s: float
    peak_per_s: float
    cpu_s: float | None  # of all the engine's processes; None: they run elsewhere
    right: bool
    load: int | None = None  # its number in the job; None: a bundle that kept no loads

    @property
    def per_s(self) -> float:
        """Records per second from the beginning to the last window."""
        return self.records / self.took_s

    @property
    def cpu_s_per_million(self) -> float | None:
        """What a million records took of the processor."""
        return None if self.cpu_s is None else self.cpu_s / self.records * 1e6


@dataclass(frozen=True)
class DrainRecord:
    """What was drained by one variant; `ended` says what went wrong, None when nothing did."""

    variant: Variant
    round: int = 0
    drains: tuple[Drain, ...] = ()
    ended: str | None = None
    job: int | None = None  # in which it was drained; None: no load was kept
    timeline: tuple[PhaseTime, ...] = ()

    @property
    def cold(self) -> Drain | None:
        """The drain that began with the launch; None when it was not finished."""
        return next((drain for drain in self.drains if not drain.warm), None)

    @property
    def warm(self) -> Drain | None:
        """The last of the warm ones: those before it compiled and filled caches."""
        return next((drain for drain in reversed(self.drains) if drain.warm), None)

    @property
    def label(self) -> str:
        """The variant's label."""
        return self.variant.label
