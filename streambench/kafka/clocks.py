"""The distance of the machine's two clocks: instants are monotonic, the kernel and Kafka count real time."""

from __future__ import annotations

import time
from typing import Final

_READINGS: Final = 9


def realtime_minus_monotonic_ns() -> int:
    """Return the distance of the two clocks, from the tightest of several readings."""
    best_spread_ns, best = 1 << 62, 0
    for _ in range(_READINGS):
        before = time.monotonic_ns()
        realtime = time.time_ns()
        after = time.monotonic_ns()
        if after - before < best_spread_ns:
            best_spread_ns, best = after - before, realtime - (before + after) // 2
    return best
