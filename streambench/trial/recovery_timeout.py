"""How long a job is given to recover before the next fault comes."""

from __future__ import annotations

from typing import assert_never

from streambench.model.conditions import Conditions, Profile
from streambench.model.windows import Window

# The slowest engine takes about 25 s on two cores when all are tuned; as shipped, a dead member of a
# group is missed for 45 s, a TaskManager for 50 s.
_TUNED_S, _DEFAULTS_S = 35.0, 110.0
# Ten windows tell whether a recovery has settled. That so many close is in the times above, for windows
# of half a second.
WINDOWS_AFTERWARDS = 12
_CONTAINED_MS = 6_000


def recovery_timeout_s(conditions: Conditions, window: Window) -> float:
    """Seconds for one recovery; what takes longer is a finding, and the trial goes on.

    More where windows are longer: nothing is seen of an engine until a window closes.
    """
    longer_s = max(0, window.span_ms(WINDOWS_AFTERWARDS) - _CONTAINED_MS) / 1000
    match conditions.profile:
        case Profile.TUNED:
            restart_s = _TUNED_S
        case Profile.DEFAULTS:
            restart_s = _DEFAULTS_S
        case _:
            assert_never(conditions.profile)
    return restart_s + longer_s + (conditions.restart_delay_ms or 0) / 1000
