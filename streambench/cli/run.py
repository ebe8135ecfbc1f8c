"""`streambench run`: one load, on every engine."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from streambench.cli.commands import with_options
from streambench.cli.dirt import DirtOption, dirt
from streambench.cli.monitoring import PrometheusOption, look_at_prometheus, prometheus_url
from streambench.cli.options import MeasuredOptions, RateOption, ShapeOption, examples
from streambench.cli.places import placed
from streambench.cli.requirements import RequireOption, requirements
from streambench.cli.shapes import load_shape
from streambench.cli.until import UntilOption, refuse_unknowable, rounds_until
from streambench.model.errors import ExitCode

EXAMPLES = examples(
    "streambench run --quick",
    "streambench run --rate 50k --repeat 3 --require 'delay_p99 < 500ms'",
    "streambench run flights --engine flink,kafka-streams --until 'p99 ±10%'",
)


@dataclass(frozen=True)
class RunAsked(MeasuredOptions):
    """The options of `run`."""

    rate_per_s: RateOption = None
    shape: ShapeOption = None
    require: RequireOption = None
    until: UntilOption = None
    prometheus: PrometheusOption = None
    dirt: DirtOption = None


def _run(asked: RunAsked) -> ExitCode:
    """Run a workload on every engine and prove every result."""
    from streambench.cli.bench import bench
    from streambench.experiment.build import single

    options = dataclasses.replace(
        asked.options(),
        rate_per_s=asked.rate_per_s,
        shape=None if asked.shape is None else load_shape(asked.shape),
        requirements=requirements(asked.require or ()),
        prometheus=prometheus_url(asked.prometheus),
    )
    if asked.dirt:
        # Nobody asked for the usual faults, and what they do is not what dirt does.
        options = dataclasses.replace(options, dirt=dirt(asked.dirt), faults=options.faults or ())
    if asked.until is not None:
        until, most = rounds_until(asked.until, asked.repeat, quick=asked.quick)
        options = dataclasses.replace(options, until=until, repeats=most)
    request = single(options)
    refuse_unknowable(request)
    look_at_prometheus(request.prometheus)
    with placed(asked.where, (request,), wait=asked.wait) as ground:
        return bench(
            ground.told((request,)), workspaces=ground.workspaces, compiled=ground.compiled
        )


run = with_options(RunAsked, _run)
