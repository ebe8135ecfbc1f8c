"""The steps of `streambench run` after its options were understood."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from streambench.cli.console import err, say
from streambench.cli.preparing import (
    SCRATCH_BYTES_PER_RECORD,
    broker_warm_up,
    check_heaps,
    compiled,
    records_of,
    set_up,
    warming,
)
from streambench.cli.reporting import reported
from streambench.experiment.estimate import run_s
from streambench.experiment.execute import execute, run_record
from streambench.experiment.faults import longest_jitter_ms
from streambench.experiment.null_trial import null_trial
from streambench.experiment.request import Request
from streambench.load.resolve import resolve
from streambench.model.drain import DrainRecord
from streambench.model.errors import ExitCode
from streambench.model.sweep import Axis
from streambench.model.trial import Completed, Failed, Invalid, TrialRecord
from streambench.runtime.memory import check_disk
from streambench.runtime.paths import cache_dir
from streambench.trial.schedule import duration_ms


def bench(
    requests: Sequence[Request],
    axes: tuple[Axis, ...] = (),
    drains: tuple[DrainRecord, ...] = (),
) -> ExitCode:
    """Set up, run every trial, write the report; returns what the shell is told.

    There is one request for each point of the sweep along `axes`; a run without one has one. `drains`
    are those by which the rates were chosen.
    """
    requests, artifacts = set_up(requests)
    check_heaps(requests)
    first = requests[0]
    largest = max(records_of(request) for request in requests)
    check_disk(first.out, largest * SCRATCH_BYTES_PER_RECORD)
    _show_plan(requests, axes)
    lab = next(iter(artifacts.values()), None)
    carried = None
    if axes and lab is not None and not first.is_replay:
        carried = null_trial(first.workload, lab, cache_dir(), told=say)
    at_once = warming(first)
    warming_records = 0 if at_once is None else at_once.ref.records
    run = run_record(
        first, compiled(first), (), axes, carried=carried, warming_records=warming_records
    )
    run = dataclasses.replace(run, drains=drains)
    with reported(first.out, run) as (writer, observer):
        records = execute(
            requests,
            compiled=compiled,
            warming=warming,
            broker_warm_up=broker_warm_up,
            artifacts=artifacts,
            writer=writer,
            observer=observer,
        )
    return exit_code(records)


def exit_code(records: tuple[TrialRecord, ...]) -> ExitCode:
    """0 fine (unsupported included), 1 something wrong or failed, 4 nothing but invalid trials."""
    outcomes = [record.outcome for record in records]
    ran = [outcome for outcome in outcomes if isinstance(outcome, Completed | Failed | Invalid)]
    if ran and all(isinstance(outcome, Invalid) for outcome in ran):
        return ExitCode.INVALID
    for outcome in ran:
        if isinstance(outcome, Failed):
            return ExitCode.FAILED
        if isinstance(outcome, Completed) and not outcome.verdict.right:
            return ExitCode.FAILED
    return ExitCode.OK


def _show_plan(requests: Sequence[Request], axes: tuple[Axis, ...]) -> None:
    request = requests[0]
    load_s = _load_s(request)
    total_s = sum(run_s(each, _load_s(each)) for each in requests)
    engines = ", ".join(c.engine.name for c in request.contenders)
    where = "each" if not axes else f"at each of {len(requests)} points"
    records = sorted({records_of(each) for each in requests})
    counts = f"{records[0]:,}" if len(records) == 1 else f"{records[0]:,} to {records[-1]:,}"
    err.print(f"{request.workload.title}: {engines}", style="bold", markup=False)
    err.print(
        f"{counts} records in {load_s:.0f} s for each, {request.conditions.guarantee.value}, "
        f"{request.conditions.workers} workers, {request.repeats} trial(s) {where}: "
        f"about {max(1, round(total_s / 60))} min",
        markup=False,
    )
    if request.faults:
        err.print(
            f"faults: {', '.join(map(str, request.faults))} of the measured part, each up to "
            f"{longest_jitter_ms(request.workload, request.conditions) / 1000:.2g} s later, "
            "at drawn instants",
            markup=False,
        )
    if request.quick:
        err.print("--quick: engines stay cold; results are checked but not ranked")


def _load_s(request: Request) -> float:
    load_ms = None if request.is_replay else duration_ms(request.spans)
    load = resolve(request.workload, duration_ms=load_ms, rate_per_s=request.rate_per_s)
    return load.duration_ms / 1000
