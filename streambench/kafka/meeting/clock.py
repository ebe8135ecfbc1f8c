"""A host's clock beside the broker's, by records that the broker stamps when it appends them.

A record is appended after it was sent and before it was acknowledged. The broker's stamp is its clock cut
off to milliseconds. So at one instant the host's clock was between sent and acknowledged, and the broker's
between the stamp and 1 ms later. Of several records all bounds hold, so the narrowest do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from streambench.kafka.one_record import Appended
from streambench.model.clocks import ClockBound
from streambench.model.errors import InstrumentFailed

PROBES: Final = 40
_PROBES_AT_LEAST: Final = 10
# A broker that is far away is not asked for longer: it is the way that makes its bounds wide.
_AT_MOST_S: Final = 0.5
# Not a whole number of milliseconds, so that the stamps' cuts fall on many places.
_PAUSE_S: Final = 0.0013
_NS_PER_MS: Final = 1_000_000
_NS_PER_US: Final = 1_000
_US_PER_MS: Final = 1_000


def bound_of(who: str, host: str, records: Sequence[Appended]) -> ClockBound:
    """The host's clock minus the broker's. Raises InstrumentFailed where the broker stamped none.

    Where no offset fits all records a clock was set meanwhile: then it is anywhere that one of them allows.
    Where several brokers stamped them, each for a while, it is anywhere that one of these allows.
    """
    if not records or any(each.append_ms < 0 for each in records):
        raise InstrumentFailed("the broker does not stamp the records by which clocks are compared")
    brokers = {each.broker for each in records}
    bounds = [_bounds_ns([each for each in records if each.broker == one]) for one in brokers]
    low_ns, high_ns = min(low for low, _ in bounds), max(high for _, high in bounds)
    return ClockBound(
        who,
        host,
        # To the microsecond, and never inwards.
        low_ns // _NS_PER_US / _US_PER_MS,
        -(-high_ns // _NS_PER_US) / _US_PER_MS,
        brokers.pop() if len(brokers) == 1 else None,
    )


def _bounds_ns(records: Sequence[Appended]) -> tuple[int, int]:
    """Between what the host's clock was from that of the one broker which stamped them."""
    lows_ns = [each.sent_ns - (each.append_ms + 1) * _NS_PER_MS for each in records]
    highs_ns = [each.acked_ns - each.append_ms * _NS_PER_MS for each in records]
    low_ns, high_ns = max(lows_ns), min(highs_ns)
    return (low_ns, high_ns) if low_ns <= high_ns else (min(lows_ns), max(highs_ns))


def measure(who: str, host: str, probe: Callable[[], Appended], probes: int = PROBES) -> ClockBound:
    """Write so many probes, and bound the clock by them. Takes a tenth of a second where the broker is near.

    Of a broker that takes 13 ms or more for each there are fewer.
    """
    found: list[Appended] = []
    until_s = time.monotonic() + _AT_MOST_S
    while len(found) < probes:
        found.append(probe())
        if len(found) >= _PROBES_AT_LEAST and time.monotonic() > until_s:
            break
        time.sleep(_PAUSE_S)
    return bound_of(who, host, found)
