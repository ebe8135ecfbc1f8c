"""Options that commands share, each declared once: a command's options are the fields of one value."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from streambench.cli.faults import faults, restart_delay_ms
from streambench.cli.foreign_kafka import refuse_broker_version
from streambench.cli.parameters import duration_s, folder, names, rate, whole
from streambench.cli.places import PlaceOptions, Whereabouts
from streambench.kafka.broker_versions import broker_version
from streambench.model.conditions import (
    MOST_WORKERS,
    USUAL_BROKER,
    Conditions,
    Guarantee,
    Profile,
)

if TYPE_CHECKING:
    from streambench.experiment.build import Options

RateOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--rate", parser=rate, metavar="RATE", help="Events per second, e.g. 20k."),
]
ShapeOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--shape",
        metavar="SHAPE",
        help="A rate that changes, e.g. ramp:5k:40k.",
    ),
]
RepeatOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--repeat",
        metavar="TIMES",
        parser=whole(1, 100),
        help="Trials of each engine.  [default: 1]",
    ),
]


@dataclass(frozen=True)
class CommonOptions(PlaceOptions):
    """What every experiment can be told.

    `line` is the whole command line, as it can be typed again.
    """

    workload: Annotated[str, typer.Argument(metavar="WORKLOAD", help="A workload's name.")] = (
        "clicks"
    )
    engine: Annotated[
        list[str] | None,
        typer.Option(
            "--engine",
            "-e",
            metavar="ENGINE[@VERSION][:VARIANT]",
            help="Only these engines, versions or variants, e.g. flink:spare (repeat, or use commas).",
        ),
    ] = None
    workers: Annotated[
        int,
        typer.Option(
            metavar="COUNT", parser=whole(1, MOST_WORKERS), help="Workers of each engine."
        ),
    ] = 2
    guarantee: Annotated[Guarantee, typer.Option(help="What must hold when something dies.")] = (
        Guarantee.AT_LEAST_ONCE
    )
    profile: Annotated[
        Profile,
        typer.Option(help="Failures are noticed alike, or as shipped."),
    ] = Profile.TUNED
    broker: Annotated[
        str,
        typer.Option(metavar="VERSION", parser=broker_version, help="Version of Kafka."),
    ] = USUAL_BROKER
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="ENGINE:KEY=VALUE", help="A setting of one engine."),
    ] = None
    seed: Annotated[
        int, typer.Option(metavar="NUMBER", parser=whole(0), help="Seed of the load.")
    ] = 1
    to: Annotated[
        Path, typer.Option("--out", parser=folder, metavar="FOLDER", help="Where bundles go.")
    ] = Path("results")
    wait: Annotated[bool, typer.Option("--wait", help="Wait while another run is going on.")] = (
        False
    )
    line: str = ""

    @cached_property
    def where(self) -> Whereabouts:
        """What of the user's is to be used. Raises UsageError."""
        found = self.where_for(self.workers)
        if found.kafka is not None:
            refuse_broker_version(self.broker)
        return found

    def options(self) -> Options:
        """The same as the experiment takes it. Raises UsageError."""
        from streambench.experiment.build import Options

        where = self.where
        return Options(
            workload=self.workload,
            engines=names(self.engine or []),
            settings=tuple(self.setting or []),
            conditions=Conditions(
                guarantee=self.guarantee,
                workers=self.workers,
                profile=self.profile,
                broker_version=self.broker,
                foreign_kafka=None if where.kafka is None else where.kafka.told,
                foreign_clusters=where.foreign_clusters,
            ),
            seed=self.seed,
            out=self.to,
            command=self.line,
        )


@dataclass(frozen=True)
class MeasuredOptions(CommonOptions):
    """What can be told where delays are measured, and something may fail meanwhile."""

    duration: Annotated[
        float | None,
        typer.Option(parser=duration_s, metavar="TIME", help="Measured part, e.g. 60s."),
    ] = None
    warm_up: Annotated[
        float | None,
        typer.Option(parser=duration_s, metavar="TIME", help="Load before it, e.g. 20s."),
    ] = None
    repeat: RepeatOption = None
    quick: Annotated[
        bool, typer.Option("--quick", help="A short look: cold, checked, never ranked.")
    ] = False
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND@TIME",
            help="worker-kill@25s, worker-kill*3@25s, worker-pause:5s@25s, coordinator-kill@25s, "
            "broker-restart:2s@25s, rescale@25s, burst:5s@30s, or none.",
        ),
    ] = None
    fault_command: Annotated[
        list[str] | None,
        typer.Option(metavar="COMMAND@TIME", help="What the shell runs then, as a fault."),
    ] = None
    restart: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="When a dead process is started again: at-once, never or 5s."
        ),
    ] = "at-once"

    def options(self) -> Options:
        """The same as the experiment takes it. Raises UsageError."""
        common = super().options()
        return dataclasses.replace(
            common,
            conditions=dataclasses.replace(
                common.conditions, restart_delay_ms=restart_delay_ms(self.restart)
            ),
            measured_s=self.duration,
            warm_up_s=self.warm_up,
            faults=faults(self.fault or [], self.fault_command or []),
            quick=self.quick,
            repeats=self.repeat or 1,
        )


def examples(*lines: str) -> str:
    """The end of a command's help; what begins with a command is shown as it is typed."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
