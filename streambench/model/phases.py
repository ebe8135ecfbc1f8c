"""What took how long."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PhaseTime:
    """A phase of a trial or of a job: when it began, in s since the whole did, and how long it took."""

    phase: str
    note: str | None
    begun_s: float
    took_s: float
