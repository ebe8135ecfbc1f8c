"""How long a run will take, said before it starts."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.experiment.request import Request
from streambench.experiment.settling_policy import SETTLING
from streambench.experiment.warming import RISING_MS
from streambench.model.plan import Plan

# Measured on two cores: the broker and the trial's own steps, and each JVM or process of an engine.
_AROUND_A_TRIAL_S = 20.0
_PER_PROCESS_S = 3.0
# A part of the load again without the engine, and what is around it.
_AGAIN_S = 4.0
# Records at once, two or three times, and the silence after each.
_AT_ONCE_S = 20.0
# From the last record of one load to the first of the next.
_BETWEEN_LOADS_S = 3.0


def trial_s(request: Request, plan: Plan, replay_s: float) -> float:
    """Seconds of one trial of this plan; `replay_s` is the length of a replay's load."""
    load_s = replay_s if request.is_replay else request.spans[-1].end_ms / 1000
    warming_s = _AT_ONCE_S + RISING_MS / 1000 if request.warmed else 0.0
    if request.settles:
        warming_s += SETTLING.load_s(request.warm_up_s) + _BETWEEN_LOADS_S
    again_s = 0.0 if request.quick else _AGAIN_S
    return warming_s + load_s + again_s + _AROUND_A_TRIAL_S + _PER_PROCESS_S * len(plan.processes)


def curve_s(requests: Sequence[Request]) -> float:
    """Seconds of a curve whose rates are loads of one job an engine, if all of them are played."""
    first = requests[0]
    loads_s = sum(r.spans[-1].end_ms / 1000 + _BETWEEN_LOADS_S + _AGAIN_S for r in requests)
    warming_s = _AT_ONCE_S if first.warmed else 0.0
    each = (
        warming_s + loads_s + _AROUND_A_TRIAL_S + _PER_PROCESS_S * len(contender.plan.processes)
        for contender in first.contenders
        if isinstance(contender.plan, Plan)
    )
    return first.repeats * sum(each)


def run_s(request: Request, replay_s: float) -> float:
    """Seconds of the whole run."""
    each = (
        trial_s(request, contender.plan, replay_s)
        for contender in request.contenders
        if isinstance(contender.plan, Plan)
    )
    return request.repeats * sum(each)
