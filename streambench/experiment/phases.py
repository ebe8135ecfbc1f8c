"""Whether commits meet the closings of windows at all phases, or always at the same few."""

from __future__ import annotations

import math
from collections.abc import Iterable

from streambench.experiment.request import Request
from streambench.model.conditions import Guarantee
from streambench.model.workload import Replay, Workload

# With so many phases, evenly spread, a median is within a twentieth of the interval of its true value.
_ENOUGH = 10


def phase_warnings(requests: Iterable[Request]) -> tuple[str, ...]:
    """A sentence for each commit interval of a run that meets the windows at a few phases only.

    Nothing under at-least-once, where rows do not wait for a commit.
    """
    found = []
    for request in requests:
        conditions = request.conditions
        if conditions.guarantee is not Guarantee.EXACTLY_ONCE:
            continue
        interval_ms = conditions.commit_interval_ms
        every_ms = closing_interval_ms(request.workload)
        phases = phase_count(interval_ms, every_ms)
        if phases < _ENOUGH:
            met = "one phase" if phases == 1 else f"{phases} phases"
            found.append(
                f"With a window each {every_ms} ms and a commit each {interval_ms} ms, an engine that "
                f"commits on a fixed beat meets the closings at {met} only: which, and so how long "
                "rows wait for their commit, is the accident of its start"
            )
    return tuple(dict.fromkeys(found))


def phase_count(interval_ms: int, every_ms: int) -> int:
    """At how many phases of a beat of `interval_ms` an event falls that comes each `every_ms`."""
    return interval_ms // math.gcd(interval_ms, every_ms)


def closing_interval_ms(workload: Workload) -> int:
    """How often a window closes, in ms of the run: a replay is faster than its event times."""
    advance_ms = workload.query.window.advance_ms
    if isinstance(workload.input, Replay):
        return max(1, round(advance_ms / workload.input.speed_up))
    return advance_ms
