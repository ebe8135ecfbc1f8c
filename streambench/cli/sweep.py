"""`streambench sweep`: delay and cost against anything else."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from streambench.cli.axes import sweep_axes
from streambench.cli.commands import with_options
from streambench.cli.options import (
    MeasuredOptions,
    RateOption,
    ShapeOption,
    examples,
)
from streambench.cli.places import placed
from streambench.cli.shapes import load_shape
from streambench.experiment.sweep import sweep_example
from streambench.model.errors import ExitCode, UsageError
from streambench.model.sweep import AxisName

_NAMES = {axis.value for axis in AxisName}
EXAMPLES = examples(
    "streambench sweep keys=100,10k,1M",
    "streambench sweep payments rate=5k,20k workers=1,2",
    "streambench sweep commit=100ms,970ms --guarantee exactly-once",
)


@dataclass(frozen=True)
class SweepAsked(MeasuredOptions):
    """The options of `sweep`; which of the words is the workload is told by the `=`."""

    varied: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=LIST",
            help="rate, keys, skew, width, partitions, workers or commit, and its values; two make "
            "a grid.",
        ),
    ] = None
    rate_per_s: RateOption = None
    shape: ShapeOption = None

    cold: Annotated[
        bool,
        typer.Option(
            "--cold", help="A fresh job for each rate, too, not one that gets all of them."
        ),
    ] = False

    @property
    def words(self) -> tuple[str, ...]:
        """What was written before the options."""
        return (self.workload, *(self.varied or []))


def _sweep(asked: SweepAsked) -> ExitCode:
    """Show delay and cost against one property, or two."""
    from streambench.cli.bench import bench
    from streambench.experiment.build import sweep as built

    varied = [word for word in asked.words if "=" in word]
    workload, *others = [word for word in asked.words if "=" not in word] or ["clicks"]
    _refuse_loose(workload, others)
    axes = sweep_axes(varied)
    options = dataclasses.replace(
        asked.options(),
        workload=workload,
        rate_per_s=asked.rate_per_s,
        shape=None if asked.shape is None else load_shape(asked.shape),
    )
    if asked.rate_per_s is not None and AxisName.RATE in {axis.name for axis in axes}:
        raise UsageError(
            "--rate fixes what rate= varies", hint=f"streambench sweep {' '.join(varied)}"
        )
    if asked.cold and AxisName.RATE not in {axis.name for axis in axes}:
        raise UsageError(
            "--cold is for rates, which share a job else, and none is varied",
            hint=f"streambench sweep {' '.join(varied)}",
        )
    requests = built(options, axes)
    with placed(asked.where, requests, wait=asked.wait) as ground:
        return bench(
            ground.told(requests),
            axes,
            cold=asked.cold,
            workspaces=ground.workspaces,
            compiled=ground.compiled,
        )


def _refuse_loose(workload: str, others: Sequence[str]) -> None:
    """Raise UsageError for a word that is neither the workload nor something and its values."""
    for bare in (word for word in (workload, *others) if word in _NAMES):
        raise UsageError(f"'{bare}' has no values: NAME=LIST", hint=sweep_example(AxisName(bare)))
    if others:
        raise UsageError(
            f"'{others[0]}' is neither the workload nor NAME=LIST",
            hint=sweep_example(AxisName.KEYS),
        )


sweep = with_options(SweepAsked, _sweep)
