"""`streambench sweep`: delay and cost against anything else."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated

import typer

from streambench.cli.alone import alone
from streambench.cli.axes import sweep_axes
from streambench.cli.commands import with_options
from streambench.cli.options import (
    CommonOptions,
    MeasuredOptions,
    RateOption,
    ShapeOption,
    examples,
)
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
    """The options of `sweep`; which of `workload` and `varied` is the workload is told by the `=`."""

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
    def axes(self) -> tuple[str, ...]:
        """What is varied, as it was written."""
        return tuple(word for word in (self.workload, *(self.varied or [])) if "=" in word)

    @property
    def workloads(self) -> tuple[str, ...]:
        """What else was written; what can be varied is no workload where nothing is varied."""
        words = (word for word in (self.workload, *(self.varied or [])) if "=" not in word)
        return tuple(word for word in words if self.axes or word not in _NAMES)


def _sweep(asked: SweepAsked) -> ExitCode:
    """Show delay and cost against one property, or two."""
    from streambench.cli.bench import bench
    from streambench.experiment.build import sweep as built

    _refuse_loose_words(asked)
    axes = sweep_axes(asked.axes)
    options = dataclasses.replace(
        asked.options(),
        workload=next(iter(asked.workloads), CommonOptions.workload),
        rate_per_s=asked.rate_per_s,
        shape=None if asked.shape is None else load_shape(asked.shape),
    )
    if asked.rate_per_s is not None and AxisName.RATE in {axis.name for axis in axes}:
        raise UsageError(
            "--rate fixes what rate= varies", hint=f"streambench sweep {' '.join(asked.axes)}"
        )
    requests = built(options, axes)
    with alone(wait=asked.wait):
        return bench(requests, axes, cold=asked.cold)


def _refuse_loose_words(asked: SweepAsked) -> None:
    """Raise UsageError for a word that is neither the workload nor something and its values."""
    bare = [word for word in (asked.workload, *(asked.varied or [])) if word in _NAMES]
    if bare and not asked.axes:
        raise UsageError(
            f"'{bare[0]}' has no values: NAME=LIST", hint=sweep_example(AxisName(bare[0]))
        )
    if len(asked.workloads) > 1:
        raise UsageError(
            f"'{asked.workloads[1]}' is neither the workload nor NAME=LIST",
            hint=sweep_example(AxisName.KEYS),
        )


sweep = with_options(SweepAsked, _sweep)
