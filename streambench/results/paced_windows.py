"""How far windows lie apart on the load's own clock, which a replay lets run faster than event time."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

# Event time that goes by as fast as the load, but for a quantum at either end.
_AS_FAST: Final = 0.01

Floats = npt.NDArray[np.float64]


def closings_apart_ms(start_ms: Floats, closing_ms: Floats) -> float | None:
    """How long it is from one window's closing to the next, in ms of the load; None for fewer than two.

    `start_ms` (event time, ascending) and `closing_ms` (since T0) have one entry a window. A window
    that is missing leaves a gap in both. Single closings come a quantum early or late, so it is told by
    the first and the last: how fast event time went, times the least distance of two starts.
    """
    if len(start_ms) < 2:
        return None
    begin_apart_ms, closed_apart_ms = np.diff(start_ms), np.diff(closing_ms)
    pace = float(closed_apart_ms.sum() / begin_apart_ms.sum())
    usual = float(np.median(closed_apart_ms / begin_apart_ms))
    if min(abs(pace - 1), abs(usual - 1)) < _AS_FAST:
        pace = 1.0
    return pace * float(begin_apart_ms.min())
