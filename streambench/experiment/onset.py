"""Where an engine's lag begins to grow under a load that rises evenly: an estimate of what it bears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class OnsetPolicy:
    """A window is late when its delay is `late_ms` above what the first `usual_share` of them had.

    Where that share's own delays lie further apart, more is needed. Windows that are more than
    `asked_ms` late are not asked: with so much lying there, some engines work in larger batches.
    """

    late_ms: float = 500.0
    usual_share: float = 0.3
    least_usual: int = 5
    asked_ms: float = 6_000.0


ONSET = OnsetPolicy()


def onset_s(
    due_s: Floats, delay_ms: Floats, nothing_s: float, policy: OnsetPolicy = ONSET
) -> float | None:
    """Since when (s since T0) the lag grows for good; None where it does not, or cannot be told.

    `due_s` are the windows' closing instants, ascending, `delay_ms` their result delays (infinite:
    never complete). Going backwards, the rate would have been nothing `nothing_s` before T0.

    1. The delay of the first windows is the usual one.
    2. The late windows at the end are what lag made, if the last window is one of them.
    3. A rate r(t) = a (t + n) that an engine bears until time o leaves a backlog of a (t - o)² / 2. It is
       worked off at r(o). So a window at t is late by (t - o)² / (2 (o + n)), which each of them solves
       for o.
    4. The median of these is the onset.
    """
    usual = delay_ms[: max(policy.least_usual, int(policy.usual_share * len(delay_ms)))]
    usual = usual[np.isfinite(usual)]
    if len(usual) < policy.least_usual or len(delay_ms) <= len(usual):
        return None
    base_ms = float(np.median(usual))
    spread_ms = float(np.quantile(usual, 0.9)) - base_ms
    late = delay_ms > base_ms + max(policy.late_ms, 2 * spread_ms)
    in_time = np.flatnonzero(~late)
    first = int(in_time[-1]) + 1 if len(in_time) else 0
    if first == len(delay_ms):
        return None
    before_s = float(due_s[max(0, first - 1)])
    late_s = (delay_ms[first:] - base_ms) / 1000
    asked = late_s <= policy.asked_ms / 1000
    if not asked.any():
        return before_s
    at_s, by_s = due_s[first:][asked], late_s[asked]
    began_s = at_s + by_s - np.sqrt(by_s * (2 * (at_s + nothing_s) + by_s))
    return float(np.clip(np.median(began_s), 0.0, before_s))
