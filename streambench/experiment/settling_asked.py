"""Whether the warm-up of a run is played until the delay no longer falls."""

from __future__ import annotations

import dataclasses

from streambench.experiment.request import Request
from streambench.experiment.settling_policy import SETTLING


def settling(request: Request) -> Request:
    """The same, its warm-up played until the delay no longer falls, where that can be tested.

    It needs a rate that does not change, and windows enough in the time asked for.
    """
    pace = request.workload.pace
    if pace is None or request.quick or request.warmed:
        return request
    changes = pace.shape is not None and request.rate_per_s is None
    if changes or not SETTLING.can_test(request.warm_up_s, request.workload.played_window):
        return request
    return dataclasses.replace(request, settles=True)
