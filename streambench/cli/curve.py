"""`--rates auto`: rates for a curve, chosen by what the engines work off at once."""

from __future__ import annotations

from contextlib import ExitStack

from streambench.cli.console import err
from streambench.cli.live import LiveDisplay, live
from streambench.cli.preparing import broker_warm_up, check_heaps, load, set_up
from streambench.experiment.drain_all import drain_all
from streambench.experiment.rate_search import rounded
from streambench.experiment.request import Request
from streambench.model.drain import DrainRecord
from streambench.model.errors import EnvironmentLacks
from streambench.model.sweep import Axis, AxisName

AUTO = "auto"
# Of the fastest engine's warm drain, which no engine can bear for long.
SHARES = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
LOAD_MS = 20_000


def auto_axis(request: Request) -> tuple[Axis, tuple[DrainRecord, ...]]:
    """Drain every engine once, then spread rates below the fastest; the same rates for all.

    `request` is of generated load. Raises EnvironmentLacks when no engine could be drained.
    """
    (request,), artifacts = set_up((request,))
    check_heaps((request,))
    err.print("choosing the rates: each engine works off some records at once", markup=False)
    with ExitStack() as stack:
        shown = live()
        if shown is not None:
            stack.enter_context(shown)
        drains = drain_all(
            request,
            load=load(request, LOAD_MS),
            broker_warm_up=broker_warm_up(request),
            artifacts=artifacts,
            observer=LiveDisplay(shown),
            told=lambda drains: None,
        )
    warm = [drain.per_s for record in drains if (drain := record.warm) is not None]
    if not warm:
        raise EnvironmentLacks(
            "no engine worked off the records that the rates are chosen by",
            hint="streambench run --drain 400k",
        )
    rates = sorted({float(rounded(max(warm) * share)) for share in SHARES})
    return Axis(AxisName.RATE, tuple(rates)), drains
