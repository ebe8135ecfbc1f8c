"""What the generator and the broker carry alone on a machine: the bound of every rate measured on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CarriedRate:
    """One rate that was tried without an engine; cores are means over its load."""

    rate_per_s: int
    held: bool
    reason: str | None
    send_lag_p999_ms: float
    player_cores: float
    broker_cores: float


@dataclass(frozen=True)
class MachineCapacity:
    """Rising rates until one was not certified; `machine` is what the figures belong to.

    `of_this_run`: made for the run that names it. Bundles of before do not say whether it was.
    """

    machine: str
    made_at: str  # ISO 8601, UTC
    steps: tuple[CarriedRate, ...]
    of_this_run: bool = False

    @property
    def most_per_s(self) -> int | None:
        """The highest certified rate; None when there is none."""
        return max((step.rate_per_s for step in self.steps if step.held), default=None)
