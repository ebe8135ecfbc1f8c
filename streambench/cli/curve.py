"""`--rates auto`: rates for a curve that goes beyond what the engines bear."""

from __future__ import annotations

from streambench.cli.console import say
from streambench.cli.preparing import set_up
from streambench.experiment.null_trial import null_trial
from streambench.experiment.request import Request
from streambench.model.sweep import Axis, AxisName
from streambench.workload.schema import MAX_RATE_PER_S

AUTO = "auto"


def auto_axis(request: Request) -> Axis:
    """The workload's own rate and its doubles, up to what this machine carries without an engine.

    `request` is of generated load. How fast an engine works off what lies there already would not tell
    where to end: some bore half as much again, some less.
    """
    (request,), artifacts = set_up((request,))
    most_per_s = MAX_RATE_PER_S
    if (lab := next(iter(artifacts.values()), None)) is not None:
        carried = null_trial(request.workload, lab, told=say)
        most_per_s = carried.most_per_s or MAX_RATE_PER_S
    return Axis(AxisName.RATE, doubled(request.load_rate_per_s, most_per_s))


def doubled(first_per_s: int, most_per_s: int) -> tuple[float, ...]:
    """A rate and its doubles, and at last `most_per_s`."""
    rates = [float(first_per_s)]
    while 2 * rates[-1] < most_per_s:
        rates.append(2 * rates[-1])
    if rates[-1] < most_per_s:
        rates.append(float(most_per_s))
    return tuple(rates)
