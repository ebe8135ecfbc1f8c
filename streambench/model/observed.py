"""What somebody else's monitoring says that processes elsewhere used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ObservedUsage:
    """One process or container by Prometheus; None is what it does not tell.

    `role` is a value of `model.plan.Role`, or None where the names do not say. `seen_s` is how long its
    samples span: processor time and bytes are those between the first and the last one. `memory_is` says
    which memory, in words. `scraped` is how many times Prometheus has it at once: all figures are of one
    of them.
    """

    role: str | None
    target: str
    seen_s: float
    cpu_s: float | None = None
    memory_mean_bytes: float | None = None
    memory_peak_bytes: float | None = None
    memory_is: str | None = None
    received_bytes: float | None = None
    sent_bytes: float | None = None
    scraped: int = 1

    @property
    def cores_mean(self) -> float | None:
        """Mean cores over what was seen."""
        return None if self.cpu_s is None or self.seen_s <= 0 else self.cpu_s / self.seen_s


@dataclass(frozen=True)
class ByMonitoring:
    """What Prometheus said of the measured part; `why` is in words why it said nothing, else None."""

    usage: tuple[ObservedUsage, ...] = ()
    why: str | None = None
