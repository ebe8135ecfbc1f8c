"""The steps of `streambench drain` after its options were understood."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from streambench.cli.console import err
from streambench.cli.preparing import check_heaps, load, set_up, traces_dir
from streambench.cli.reporting import reported
from streambench.experiment.drain_all import drain_all
from streambench.experiment.execute import run_record
from streambench.experiment.loads import Loads
from streambench.experiment.request import Request
from streambench.experiment.session import Session
from streambench.model.drain import DrainRecord
from streambench.model.errors import ExitCode
from streambench.model.experiment import BacklogDrain
from streambench.model.trial import TraceRef
from streambench.trial.workspace import Workspaces, workspace


def drain(
    request: Request,
    records: int,
    *,
    workspaces: Workspaces = workspace,
    compiled: Callable[[TraceRef], None] | None = None,
) -> ExitCode:
    """Set up, drain every engine of so many `records`, write the report; returns what the shell is told.

    `workspaces` makes the place of each job. `compiled` hears of the load before any job is made, and may
    refuse it.
    """
    # As many events as the workload's rate makes: a window holds what it usually holds.
    load_ms = math.ceil(records * 1_000 / request.load_rate_per_s)
    (request,), artifacts = set_up((request,))
    check_heaps((request,))
    trace = load(request, load_ms)
    if compiled is not None:
        compiled(trace.ref)
    engines = ", ".join(contender.variant.asked for contender in request.contenders)
    err.print(f"{request.workload.title}: {engines}", style="bold", markup=False)
    err.print(
        f"{trace.ref.records:,} records of {trace.meta.duration_ms / 1000:.0f} s, there at once: by a "
        "job that is launched then, and by the same job when it is warm",
        markup=False,
    )
    for warning in request.warnings:
        err.print(warning, markup=False)
    per_window = trace.records_in(request.workload.played_window.advance_ms)
    run = run_record(request, trace, BacklogDrain(trace.ref.records, per_window))
    with Loads(traces_dir()) as loads, reported(request.out, run) as (writer, observer):
        found = drain_all(
            request,
            trace,
            Session(loads, artifacts, writer, observer, workspaces),
            told=lambda drains: writer.update(dataclasses.replace(run, drains=drains)),
        )
    return _exit_code(found)


def _exit_code(found: tuple[DrainRecord, ...]) -> ExitCode:
    spoilt = any(not drain.right for record in found for drain in record.drains)
    failed = any(record.ended is not None and record.drains for record in found)
    return ExitCode.FAILED if spoilt or failed else ExitCode.OK
