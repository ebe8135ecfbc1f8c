"""`streambench run`: the main job."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streambench.cli.console import err
from streambench.cli.faults import faults, restart_delay_ms
from streambench.cli.hints import with_hints_named
from streambench.cli.parameters import duration_s, names, rate
from streambench.cli.shapes import load_shape
from streambench.cli.sweeps import sweep_axes
from streambench.model.conditions import Conditions, Guarantee, Profile
from streambench.model.errors import UsageError
from streambench.model.sweep import Axis
from streambench.runtime.runlock import Holder

if TYPE_CHECKING:
    from streambench.experiment.request import Request


@with_hints_named
def run(
    workload: Annotated[str, typer.Argument(help="A workload's name.")] = "clicks",
    engine: Annotated[
        list[str] | None,
        typer.Option(
            "--engine",
            "-e",
            metavar="ENGINE[:VARIANT]",
            help="Only these engines (repeat, or use commas), or variants of them, e.g. flink:spare.",
        ),
    ] = None,
    rate_per_s: Annotated[
        int | None,
        typer.Option("--rate", parser=rate, metavar="RATE", help="Events per second, e.g. 20k."),
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option(
            metavar="SHAPE",
            help="A rate that changes: ramp:5k:40k, steps:5k:10k:20k, sine:20k:15k:60s, "
            "bursts:10k:60k:10s:1s.",
        ),
    ] = None,
    rates: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="A curve over these rates, e.g. 5k,10k,20k, or auto."),
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=LIST",
            help="Vary one property, e.g. keys=100,10k,1M (also rate, skew, width, partitions, "
            "workers, commit=100ms,970ms); twice for a grid.",
        ),
    ] = None,
    find_rate: Annotated[
        bool, typer.Option("--find-rate", help="Search for the highest rate that each bears.")
    ] = False,
    limit: Annotated[
        str | None,
        typer.Option(metavar="DELAY", help="With --find-rate: what it must keep, e.g. p99=2s."),
    ] = None,
    precision: Annotated[
        float, typer.Option(metavar="PERCENT", help="With --find-rate: how close.")
    ] = 5.0,
    budget: Annotated[
        float | None,
        typer.Option(
            parser=duration_s,
            metavar="TIME",
            help="With --find-rate: for all engines together; 25m, more where windows are long.",
        ),
    ] = None,
    drain: Annotated[
        int | None,
        typer.Option(
            parser=rate, metavar="RECORDS", help="Work off records that are there at once, e.g. 1M."
        ),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(parser=duration_s, metavar="TIME", help="Measured part, e.g. 60s."),
    ] = None,
    warm_up: Annotated[
        float | None,
        typer.Option(parser=duration_s, metavar="TIME", help="Load before it, e.g. 20s."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Workers of each engine.")] = 2,
    repeat: Annotated[int, typer.Option(min=1, max=100, help="Trials of each engine.")] = 1,
    guarantee: Annotated[
        Guarantee, typer.Option(help="What must hold when something dies.")
    ] = Guarantee.AT_LEAST_ONCE,
    quick: Annotated[
        bool, typer.Option("--quick", help="A short look: cold, checked, never ranked.")
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND@TIME",
            help="What is to happen, e.g. worker-kill@25s, worker-kill*3@25s, worker-pause:5s@25s, "
            "coordinator-kill@25s, broker-restart:2s@25s, rescale@25s, burst:5s@30s; none.",
        ),
    ] = None,
    restart: Annotated[
        str, typer.Option(help="When a dead process is started again: at-once, never or a time.")
    ] = "at-once",
    profile: Annotated[
        Profile,
        typer.Option(help="How failures are noticed: tuned alike, or as each engine ships."),
    ] = Profile.TUNED,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the load.")] = 1,
    to: Annotated[Path, typer.Option("--out", help="Where bundles are written.")] = Path("results"),
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="ENGINE:KEY=VALUE", help="A setting of one engine."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait while another run is going on.")
    ] = False,
) -> None:
    """Run a workload on every engine, prove the results, and write a report."""
    from streambench.cli.bench import bench
    from streambench.cli.curve import AUTO, auto_axis
    from streambench.cli.draining import drain as work_off
    from streambench.cli.finding import find, search_terms, usual_budget_s
    from streambench.cli.planning import make_requests
    from streambench.cli.reach import check_reach
    from streambench.experiment.overload import beyond_reach
    from streambench.experiment.request import settling
    from streambench.runtime.runlock import RunLock
    from streambench.runtime.signals import interrupts_unwind
    from streambench.workload.schema import MAX_RATE_PER_S

    auto = rates == AUTO
    axes = sweep_axes(None if auto else rates, sweep or [], rate_per_s)
    if auto and (axes or rate_per_s is not None or shape is not None):
        raise UsageError(
            "--rates auto chooses all rates by itself", hint="leave out --rate, --shape and --sweep"
        )

    def planned(axes: tuple[Axis, ...]) -> tuple[Request, ...]:
        return make_requests(
            axes,
            workload=workload,
            engines=names(engine or []),
            settings=tuple(setting or []),
            conditions=Conditions(
                guarantee=guarantee,
                workers=workers,
                profile=profile,
                restart_delay_ms=restart_delay_ms(restart),
            ),
            rate_per_s=rate_per_s,
            shape=None if shape is None else load_shape(shape),
            measured_s=duration,
            warm_up_s=warm_up,
            faults=() if find_rate or auto or drain is not None else faults(fault or []),
            quick=quick,
            repeats=repeat,
            seed=seed,
            out=to,
            command=shlex.join(["streambench", *sys.argv[1:]]),
        )

    requests = planned(axes)
    if requests[0].is_replay and (find_rate or auto or drain is not None):
        raise UsageError(
            f"{workload} replays a file, which has its own arrivals: no rate of it can be varied",
            hint="streambench run clicks --find-rate",
        )
    if limit is not None and not find_rate:
        raise UsageError(
            "--limit belongs to --find-rate", hint="streambench run --find-rate --limit p99=2s"
        )
    others = axes or auto or fault or duration is not None or quick or shape is not None
    if drain is not None and (others or find_rate):
        raise UsageError(
            "--drain measures nothing else",
            hint="leave out --find-rate, --rates, --sweep, --shape, --fault, --duration and --quick",
        )
    if find_rate and (others or repeat != 1):
        raise UsageError(
            "--find-rate chooses its own rates and lengths, repeats what it finds, and has no faults",
            hint="leave out --rates, --sweep, --shape, --fault, --duration, --repeat and --quick",
        )
    if find_rate or auto:
        who = "--find-rate" if find_rate else "--rates auto"
        check_reach(requests[0].workload, most_per_s=MAX_RATE_PER_S, who=who)
    if find_rate and budget is None:
        budget = usual_budget_s(requests[0].workload)
    terms = search_terms(
        limit=limit,
        precision=precision,
        budget_s=budget or 0.0,
        engines=len(requests[0].contenders),
    )
    with interrupts_unwind(), RunLock(wait=wait, on_wait=say_who_runs):
        if find_rate:
            code = find(requests[0], terms)
        elif drain is not None:
            code = work_off(requests[0], drain)
        elif auto:
            axis = auto_axis(requests[0])
            code = bench(planned((axis,)), (axis,), leaves_out=beyond_reach)
        else:
            code = bench(requests if axes else tuple(map(settling, requests)), axes)
    raise typer.Exit(code)


def say_who_runs(holder: Holder | None) -> None:
    """Tell the user for whom is waited."""
    who = "another run" if holder is None else f"the run with pid {holder.pid}"
    err.print(f"waiting for {who} to end")
