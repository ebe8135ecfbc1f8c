"""How long a run will take, said before it starts."""

from __future__ import annotations

from streambench.experiment.request import Request
from streambench.model.plan import Plan
from streambench.model.trial import Purpose
from streambench.trial.schedule import spans

# Measured on two cores: the broker and the trial's own steps, and each JVM or process of an engine.
_AROUND_A_TRIAL_S = 14.0
_PER_PROCESS_S = 3.0


def trial_s(request: Request, plan: Plan, replay_s: float) -> float:
    """Seconds of one trial of this plan; `replay_s` is the length of a replay's load."""
    if request.is_replay:
        load_s = replay_s
    else:
        parts = spans(
            request.workload,
            warm_up_ms=round(request.warm_up_s * 1000),
            measured_ms=round(request.measured_s * 1000),
        )
        load_s = max(span.end_ms for span in parts if span.purpose is Purpose.COOL_DOWN) / 1000
    return load_s + _AROUND_A_TRIAL_S + _PER_PROCESS_S * len(plan.processes)


def run_s(request: Request, replay_s: float) -> float:
    """Seconds of the whole run."""
    each = (
        trial_s(request, contender.plan, replay_s)
        for contender in request.contenders
        if isinstance(contender.plan, Plan)
    )
    return request.repeats * sum(each)
