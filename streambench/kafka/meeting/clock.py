"""A host's clock beside the broker's, by records that the broker stamps when it appends them.

A record is appended after it was sent and before it was acknowledged. The broker's stamp is its clock cut
off to milliseconds. So at one instant the host's clock was between sent and acknowledged, and the broker's
between the stamp and 1 ms later. Of several records all bounds hold, so the narrowest do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from streambench.kafka.meeting.log import Appended
from streambench.model.clocks import ClockBound
from streambench.model.errors import InstrumentFailed

PROBES: Final = 40
# Not a whole number of milliseconds, so that the stamps' cuts fall on many places.
_PAUSE_S: Final = 0.0013
_NS_PER_MS: Final = 1e6


def bound_of(who: str, host: str, records: Sequence[Appended]) -> ClockBound:
    """The host's clock minus the broker's. Raises InstrumentFailed where the broker stamped none.

    Where no offset fits all records a clock was set meanwhile: then it is anywhere that one of them allows.
    """
    if not records or any(each.append_ms < 0 for each in records):
        raise InstrumentFailed("the broker does not stamp the records by which clocks are compared")
    lows = [each.sent_ns / _NS_PER_MS - each.append_ms - 1 for each in records]
    highs = [each.acked_ns / _NS_PER_MS - each.append_ms for each in records]
    if max(lows) <= min(highs):
        return ClockBound(who, host, round(max(lows), 3), round(min(highs), 3))
    return ClockBound(who, host, round(min(lows), 3), round(max(highs), 3))


def measure(who: str, host: str, probe: Callable[[], Appended], probes: int = PROBES) -> ClockBound:
    """Write so many probes, and bound the clock by them. Takes a tenth of a second."""
    found: list[Appended] = []
    for _ in range(probes):
        found.append(probe())
        time.sleep(_PAUSE_S)
    return bound_of(who, host, found)
