"""How much earlier a row is handed over than it is due, so that the broker's stamp is when it is due."""

from __future__ import annotations

import statistics
from collections import deque
from typing import Final

_REMEMBERED: Final = 31
# The broker cuts its stamps to milliseconds: what is appended within one is stamped with its beginning.
_CUT_MS: Final = 0.5


class Lead:
    """Half of the usual round trip of a write, by this process's own clock, less what a stamp is cut by.

    The broker's stamps are no part of it: they are what the engine's delays are there to check.
    """

    def __init__(self) -> None:
        self._round_trips_ms: deque[float] = deque(maxlen=_REMEMBERED)

    def took(self, round_trip_ms: float) -> None:
        """A write was acknowledged so long after it was handed over."""
        self._round_trips_ms.append(round_trip_ms)

    @property
    def ms(self) -> float:
        """By the median of the last writes, as a single one may have met a busy machine."""
        known = self._round_trips_ms
        return max(0.0, statistics.median(known) / 2 - _CUT_MS) if known else 0.0
