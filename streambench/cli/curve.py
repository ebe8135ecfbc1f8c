"""`streambench curve`: delay and cost against the rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from streambench.cli.axes import rate_axis
from streambench.cli.commands import with_options
from streambench.cli.options import MeasuredOptions, examples
from streambench.cli.places import placed
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
        with placed(asked.where, requests, wait=asked.wait) as ground:
            return bench(
                ground.told(requests),
                axes,
                cold=asked.cold,
                workspaces=ground.workspaces,
                compiled=ground.compiled,
            )
    request = chosen_rates(options)
    with placed(asked.where, (request,), wait=asked.wait) as ground:
        axes = (auto_axis(request),)
        return bench(
            ground.told(sweep(options, axes)),
            axes,
            beyond_reach,
            cold=asked.cold,
            workspaces=ground.workspaces,
            compiled=ground.compiled,
        )


curve = with_options(CurveAsked, _curve)
