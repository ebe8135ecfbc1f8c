"""Which rate is worth a confirming trial, which is minutes long: from the probes, then down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from streambench.experiment.questions import worked_off_share
from streambench.experiment.rate_search import FAR_DOWN, bracket, rounded
from streambench.model.search import RateProbe, SearchRecord, last_of_each_rate

# A rate that left the machine less than this has nothing in reserve for what a minute brings.
SCARCE_IDLE_SHARE: Final = 0.1
_LEAST_SHARE: Final = 0.5


def candidate(
    found: SearchRecord, passed: Callable[[RateProbe], bool], precision: float
) -> int | None:
    """The rate (events/s) at which a confirming trial is likely to hold; None when no probe passed."""
    best, _ = bracket(found.probes, passed)
    if best is None:
        return None
    probes = [p for p in last_of_each_rate(found.probes) if passed(p) and p.rate_per_s <= best]
    roomy = [
        p.rate_per_s for p in probes if p.idle_share is None or p.idle_share >= SCARCE_IDLE_SHARE
    ]
    return min(best, max(rounded(best / (1 + 2 * precision)), *roomy, 1))


def untried(found: SearchRecord) -> int | None:
    """Where no probe passed: well below all of them, for a trial to show what that is worth."""
    tried = [probe.rate_per_s for probe in found.probes]
    return rounded(min(tried) * FAR_DOWN) if tried else None


def next_below(
    rate_per_s: int, precision: float, *, spoilt: bool, slope_ms_per_s: float | None
) -> int:
    """The rate to try after one did not hold; `slope_ms_per_s` is how fast its excess lag grew.

    One precision less when the generator was late, which says nothing of the engine; two when it was the
    engine, or what it left undone.
    """
    if spoilt:
        return rounded(rate_per_s / (1 + precision))
    two_steps = rate_per_s / (1 + 2 * precision)
    share = max(_LEAST_SHARE, worked_off_share(slope_ms_per_s or 0.0))
    return rounded(min(two_steps, rate_per_s * share / (1 + precision)))
