"""What clocks may have done to an excess lag: whether it grew must be shown wherever they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streambench.model.clocks import Offset

SWING: Final = "lag_clock_swing_ms"
# The steepest line through what lies in a band rises by so much of its height over its length.
_STEEPEST: Final = 1.5


def lag_by_clocks(
    measures: Mapping[str, float | None], error: Offset | None, measured_s: float
) -> Mapping[str, float | None]:
    """The figures of a lag's growth that clocks change; nothing where it goes by one clock.

    A clock that is off by the same all the while moves no slope. At worst it went from one bound of `error`
    to the other in the middle of the measured part. Where the error is not known (None) it is taken for
    the same all the while.
    """
    if error is None or error.low_ms == error.high_ms or measured_s <= 0:
        return {}
    swing_ms = error.high_ms - error.low_ms
    wider = _STEEPEST * swing_ms / measured_s
    found: dict[str, float | None] = {SWING: swing_ms}
    for bound, by in (("lower", -wider), ("upper", wider)):
        name = f"lag_slope_{bound}_ms_per_s"
        if (value := measures.get(name)) is not None:
            found[name] = value + by
    return found
