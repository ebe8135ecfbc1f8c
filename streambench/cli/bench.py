"""The steps of `streambench run`, `curve` and `sweep` after their options were understood."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from streambench.cli.console import err
from streambench.cli.preparing import capacity_here, check_heaps, set_up, traces_dir
from streambench.cli.reporting import reported
from streambench.cli.requirements import end_by_requirements
from streambench.cli.until import ending_by, ends_words
from streambench.experiment.curves import in_one_job, rising, run_curves
from streambench.experiment.estimate import curve_s, run_s
from streambench.experiment.execute import LeavesOut, execute, run_record
from streambench.experiment.faults import longest_jitter_ms
from streambench.experiment.loads import LOADS, Loads, LoadsPolicy, measured_ms, records_of
from streambench.experiment.request import Request
from streambench.experiment.session import Session
from streambench.experiment.sweep import doubled
from streambench.load.resolve import resolve
from streambench.model.errors import ExitCode
from streambench.model.experiment import Single, Sweep
from streambench.model.sweep import Axis, AxisName
from streambench.model.trial import Completed, Failed, Invalid, TraceRef, TrialRecord
from streambench.results.bundle import read_bundle
from streambench.trial.workspace import Workspaces, workspace
from streambench.workload.durations import about
from streambench.workload.schema import MAX_RATE_PER_S


def bench(
    requests: Sequence[Request],
    axes: tuple[Axis, ...] = (),
    leaves_out: LeavesOut | None = None,
    *,
    cold: bool = False,
    workspaces: Workspaces = workspace,
    policy: LoadsPolicy = LOADS,
    compiled: Callable[[TraceRef], None] | None = None,
) -> ExitCode:
    """Set up, run every trial, write the report; returns what the shell is told.

    There is one request for each point of the sweep along `axes`; a run without one has one. Rates are
    loads of one job where they may be, unless `cold` asks for a job a point. Of jobs a point, `leaves_out`
    says of each trial whether those before it told the answer; by default all are made. `workspaces` makes
    the place of each job. `compiled` hears of the loads before any job is made, and may refuse them.
    """
    requests, artifacts = set_up(requests)
    check_heaps(requests)
    first = requests[0]
    together = not cold and in_one_job(requests, axes)
    with Loads(traces_dir(), policy) as loads:
        loads.check_room(requests)
        expected_s = expected_s_of(requests, together=together)
        at_most = together or leaves_out is not None or first.until is not None
        show_plan(requests, axes, f"{'at most' if at_most else 'about'} {about(expected_s)}")
        capacity = capacity_here(first, artifacts) if axes and not first.is_replay else None
        warming = loads.at_once(first)
        if compiled is not None:
            own = (loads.measured(first), warming, loads.rising(first), loads.settling(first))
            for load in filter(None, own):
                compiled(load.ref)
        run = run_record(
            first,
            loads.measured(first),
            Sweep(axes, together) if axes else Single(),
            warnings=tuple(warning for each in requests for warning in each.warnings),
            capacity=capacity,
            warming=warming,
        )
        with reported(first.out, run, expected_s) as (writer, observer):
            session = Session(loads, artifacts, writer, observer, workspaces)
            if together:
                records = run_curves(requests, session)
            else:
                enough = None if first.until is None else ending_by(writer.folder, first.until)
                records = execute(requests, session, leaves_out, enough)
            if first.until is not None:
                made = len({record.round for record in records})
                writer.update(dataclasses.replace(run, repeats=made))
    found = exit_code(records)
    if first.requirements and found is ExitCode.OK:
        return end_by_requirements(read_bundle(writer.folder), first.requirements)
    return found


def auto_axis(request: Request) -> Axis:
    """The workload's own rate and its doubles, up to what this machine carries without an engine.

    `request` is of generated load. How fast an engine works off what lies there already would not tell
    where to end: some bore half as much again, some less. With brokers of the user's that is not tried:
    rates end where no engine bears them.
    """
    (request,), artifacts = set_up((request,))
    capacity = capacity_here(request, artifacts)
    most_per_s = (None if capacity is None else capacity.most_per_s) or MAX_RATE_PER_S
    return Axis(AxisName.RATE, doubled(request.load_rate_per_s, most_per_s))


def exit_code(records: tuple[TrialRecord, ...]) -> ExitCode:
    """0 fine (unsupported included), 1 something wrong or failed, 4 nothing but invalid trials."""
    # What dirt did is what was asked for, and no failure of the run.
    records = tuple(record for record in records if not record.dirt)
    failed = any(isinstance(record.outcome, Failed) for record in records)
    if failed or any(record.verdict and not record.verdict.right for record in records):
        return ExitCode.FAILED
    ran = [record for record in records if isinstance(record.outcome, Completed | Invalid)]
    if ran and all(isinstance(record.outcome, Invalid) for record in ran):
        return ExitCode.INVALID
    return ExitCode.OK


def expected_s_of(requests: Sequence[Request], *, together: bool) -> float:
    """About how long all trials take; rates that are `together` are loads of one job."""
    if not together:
        return sum(run_s(each, _load_s(each)) for each in requests)
    return sum(curve_s(rates) for rates in rising(requests))


def show_plan(requests: Sequence[Request], axes: tuple[Axis, ...], minutes: str) -> None:
    """Say what is about to be done, and how many `minutes` it takes, in words."""
    request = requests[0]
    load_s = _load_s(request)
    up_to = "" if request.until is None else "up to "
    engines = ", ".join(c.variant.asked for c in request.contenders)
    where = "each" if not axes else f"at each of {len(requests)} points"
    records = sorted({records_of(each) for each in requests})
    counts = f"{records[0]:,}" if len(records) == 1 else f"{records[0]:,} to {records[-1]:,}"
    err.print(f"{request.workload.title}: {engines}", style="bold", markup=False)
    err.print(
        f"{counts} records in {load_s:.0f} s for each, {request.conditions.guarantee.value}, "
        f"{request.conditions.workers} workers, {up_to}{request.repeats} trial(s) {where}: {minutes}",
        markup=False,
    )
    if request.until is not None:
        err.print(ends_words(request.until), markup=False)
    told = [note for each in requests for note in (*each.length_notes, *each.warnings)]
    for note in dict.fromkeys(told):
        err.print(note, markup=False)
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
    load = resolve(
        request.workload, duration_ms=measured_ms(request), rate_per_s=request.rate_per_s
    )
    return load.duration_ms / 1000
