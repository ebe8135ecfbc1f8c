"""`streambench drain`: records that are there already, worked off."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated

import typer

from streambench.cli.commands import with_options
from streambench.cli.options import CommonOptions, RepeatOption, examples
from streambench.cli.parameters import count, rate
from streambench.cli.places import placed
from streambench.model.errors import ExitCode

EXAMPLES = examples(
    "streambench drain",
    "streambench drain --records 5M --engine flink,kafka-streams --repeat 3",
)


@dataclass(frozen=True)
class DrainAsked(CommonOptions):
    """The options of `drain`."""

    records: Annotated[
        int | None,
        typer.Option(
            parser=count,
            metavar="COUNT",
            help="So many are there at once, e.g. 5M; 1M, more where windows are long.",
        ),
    ] = None
    rate_per_s: Annotated[
        int | None,
        typer.Option(
            "--rate",
            parser=rate,
            metavar="RATE",
            help="Events in each second of event time, e.g. 20k.",
        ),
    ] = None
    repeat: RepeatOption = None


def _drain(asked: DrainAsked) -> ExitCode:
    """See how fast records that are there already are worked off."""
    from streambench.cli.draining import drain as work_off
    from streambench.experiment.build import drain as built

    options = dataclasses.replace(
        asked.options(), rate_per_s=asked.rate_per_s, repeats=asked.repeat or 1
    )
    request, records = built(options, asked.records)
    with placed(asked.where, (request,), wait=asked.wait, paced=False) as ground:
        (request,) = ground.told((request,))
        return work_off(request, records, workspaces=ground.workspaces, compiled=ground.compiled)


drain = with_options(DrainAsked, _drain)
