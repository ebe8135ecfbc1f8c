"""How far a trial's figures may be off by the clocks that they were taken by."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from streambench.model.clocks import Offset
from streambench.model.trial import TrialRecord

CLOCKS_UNKNOWN: Final = "how far the clocks that it was taken by are from each other is not known"
# By what a figure's name begins with, whether it ends by the clock of who reads.
_BY_VISIBLE: Final = {
    "delay_": False,
    "first_row_": False,
    "engine_part_": False,
    "event_latency_": False,
    "visible_": True,
}


@dataclass(frozen=True)
class Doubt:
    """What was found of a value minus what is true of it: between the two, in the value's own unit."""

    low: float
    high: float

    @property
    def none(self) -> bool:
        """Whether it is surely right."""
        return self.low == self.high == 0

    def words(self, unit: str, digits: int) -> str:
        """From where to where, outwards."""
        scale = 10**digits
        low, high = math.floor(self.low * scale) / scale, math.ceil(self.high * scale) / scale
        return f"clocks may have it off by {low:+,.{digits}f} to {high:+,.{digits}f} {unit}"


NO_DOUBT: Final = Doubt(0.0, 0.0)
"""Of what was found by one clock."""
ANY_DOUBT: Final = Doubt(-math.inf, math.inf)
"""Of what was found by clocks of which nothing is known."""


def doubt_of(records: Iterable[TrialRecord], metric: str) -> Doubt | None:
    """What clocks may have done to a figure of any of these trials; None where nobody knows."""
    return widest([_error_of(record, metric) for record in records])


def widest(errors: Sequence[Offset | Doubt | None]) -> Doubt | None:
    """What holds of all of them; None where one is not known. Of none there is no doubt."""
    bounds: list[tuple[float, float]] = []
    for each in errors:
        match each:
            case None:
                return None
            case Doubt(low=low, high=high):
                bounds.append((low, high))
            case Offset(low_ms=low, high_ms=high):
                bounds.append((low, high))
    if not bounds:
        return NO_DOUBT
    return Doubt(min(low for low, _ in bounds), max(high for _, high in bounds))


def _error_of(record: TrialRecord, metric: str) -> Offset | Doubt | None:
    """A figure that is no delay goes by one clock."""
    for begin, visible in _BY_VISIBLE.items():
        if metric.startswith(begin):
            return record.delay_error(visible=visible)
    return NO_DOUBT
