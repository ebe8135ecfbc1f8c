"""`streambench curve`: delay and cost against the rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from streambench.cli.alone import alone
from streambench.cli.axes import rate_axis
from streambench.cli.commands import with_options
from streambench.cli.foreign_kafka import ground_of
from streambench.cli.options import MeasuredOptions, examples
from streambench.model.errors import ExitCode

AUTO = "auto"
EXAMPLES = examples(
    "streambench curve",
    "streambench curve --rates 5k,10k,20k --repeat 3",
    "streambench curve payments --engine flink,spark --quick",
)


@dataclass(frozen=True)
class CurveAsked(MeasuredOptions):
    """The options of `curve`."""

    rates: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="These rates, e.g. 5k,10k,20k; auto: doubled until no engine bears it.",
        ),
    ] = AUTO
    cold: Annotated[
        bool,
        typer.Option(
            "--cold", help="A fresh job for each rate, not one that gets rate after rate."
        ),
    ] = False


def _curve(asked: CurveAsked) -> ExitCode:
    """Show delay and cost against the rate."""
    from streambench.cli.bench import auto_axis, bench
    from streambench.experiment.build import chosen_rates, sweep
    from streambench.experiment.overload import beyond_reach

    options = asked.options()
    if asked.rates.strip() != AUTO:
        axes = (rate_axis(asked.rates),)
        requests = sweep(options, axes)
        with alone(wait=asked.wait), ground_of(asked.there, requests) as ground:
            requests = ground.told(requests)
            return bench(requests, axes, cold=asked.cold, workspaces=ground.workspaces)
    request = chosen_rates(options)
    with alone(wait=asked.wait), ground_of(asked.there, (request,)) as ground:
        axes = (auto_axis(request),)
        requests = ground.told(sweep(options, axes))
        places = ground.workspaces
        return bench(requests, axes, beyond_reach, cold=asked.cold, workspaces=places)


curve = with_options(CurveAsked, _curve)
