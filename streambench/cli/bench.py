"""The steps of `streambench run` after its options were understood."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import ExitStack

from streambench.cli.console import err, out
from streambench.cli.fetching import announce, fetch_one
from streambench.cli.live import LiveDisplay, live
from streambench.experiment.estimate import run_s
from streambench.experiment.execute import execute, run_record
from streambench.experiment.faults import longest_jitter_ms
from streambench.experiment.request import Contender, Request
from streambench.load.resolve import resolve
from streambench.load.trace import Trace, compile_trace
from streambench.model.conditions import Variant
from streambench.model.errors import ExitCode
from streambench.model.plan import Artifacts, Plan, Unsupported, Whose
from streambench.model.sweep import Axis
from streambench.model.trial import Completed, Failed, Invalid, TrialRecord
from streambench.report.terminal import render
from streambench.report.write import write
from streambench.results.bundle import BundleWriter, read_bundle
from streambench.runtime.artifacts import Resolved
from streambench.runtime.environments import InterpreterMissing
from streambench.runtime.memory import check_disk, check_memory
from streambench.runtime.paths import cache_dir
from streambench.trial.lab import LAB_ARTIFACTS, LAB_HEAP_MIB
from streambench.trial.schedule import duration_ms

# A trial's own files: the broker's log, both row files, the engine's state and logs.
_SCRATCH_BYTES_PER_RECORD = 400
# As much load as compiles the broker's write path; it is played as fast as it goes.
_BROKER_WARM_UP_MS = 10_000


def bench(requests: Sequence[Request], axes: tuple[Axis, ...] = ()) -> ExitCode:
    """Set up, run every trial, write the report; returns what the shell is told.

    There is one request for each point of the sweep along `axes`; a run without one has one.
    """
    requests, artifacts = _set_up(requests)
    _check_memory(requests)
    first = requests[0]
    largest = max(_records(request) for request in requests)
    check_disk(first.out, largest * _SCRATCH_BYTES_PER_RECORD)
    _show_plan(requests, axes)
    writer = BundleWriter.create(first.out, run_record(first, _compiled(first), (), axes))
    try:
        with ExitStack() as stack:
            shown = live()
            if shown is not None:
                stack.enter_context(shown)
            records = execute(
                requests,
                compiled=_compiled,
                broker_warm_up=_broker_warm_up,
                artifacts=artifacts,
                writer=writer,
                observer=LiveDisplay(shown),
            )
        writer.finish()
    finally:  # what is finished is reported, even when the rest was interrupted
        path = write(writer.folder)[0]
        out.print(render(read_bundle(writer.folder)))
        err.print(f"report: {path}", soft_wrap=True, markup=False)
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


def _set_up(
    requests: Sequence[Request],
) -> tuple[tuple[Request, ...], dict[Variant, Resolved]]:
    """Fetch what is missing; an engine whose interpreter cannot be had becomes unsupported."""
    every = {c.variant: c for r in requests for c in r.contenders if isinstance(c.plan, Plan)}
    announce([LAB_ARTIFACTS, *(c.engine.requires(c.variant) for c in every.values())])
    artifacts: dict[Variant, Resolved] = {}
    gaps: dict[Variant, Unsupported] = {}
    for variant, contender in every.items():
        try:
            artifacts[variant] = fetch_one(_with_lab(contender))
        except InterpreterMissing as error:
            gaps[variant] = Unsupported(Whose.MACHINE, error.message, error.hint)

    def known(contender: Contender) -> Contender:
        gap = gaps.get(contender.variant)
        return contender if gap is None else dataclasses.replace(contender, plan=gap)

    found = tuple(
        dataclasses.replace(request, contenders=tuple(map(known, request.contenders)))
        for request in requests
    )
    return found, artifacts


def _with_lab(contender: Contender) -> Artifacts:
    own = contender.engine.requires(contender.variant)
    return Artifacts(
        java=True,
        jar_sets=(*LAB_ARTIFACTS.jar_sets, *own.jar_sets),
        python_env=own.python_env,
    )


def _compiled(request: Request) -> Trace:
    return _load(request, None if request.is_replay else duration_ms(request.spans))


def _broker_warm_up(request: Request) -> Trace:
    return _load(request, None if request.is_replay else _BROKER_WARM_UP_MS)


def _load(request: Request, load_ms: int | None) -> Trace:
    return compile_trace(
        request.workload,
        duration_ms=load_ms,
        seed=request.seed,
        cache=cache_dir() / "traces",
        rate_per_s=request.rate_per_s,
    )


def _records(request: Request) -> int:
    load_ms = None if request.is_replay else duration_ms(request.spans)
    return resolve(request.workload, duration_ms=load_ms, rate_per_s=request.rate_per_s).records


def _check_memory(requests: Sequence[Request]) -> None:
    heaps = [c.plan.heap_mib for r in requests for c in r.contenders if isinstance(c.plan, Plan)]
    check_memory(max(heaps, default=0) + LAB_HEAP_MIB)


def _show_plan(requests: Sequence[Request], axes: tuple[Axis, ...]) -> None:
    request = requests[0]
    load_s = _load_s(request)
    total_s = sum(run_s(each, _load_s(each)) for each in requests)
    engines = ", ".join(c.engine.name for c in request.contenders)
    each_ms = "each" if not axes else f"at each of {len(requests)} points"
    records = sorted({_records(each) for each in requests})
    counts = f"{records[0]:,}" if len(records) == 1 else f"{records[0]:,} to {records[-1]:,}"
    err.print(f"{request.workload.title}: {engines}", style="bold", markup=False)
    err.print(
        f"{counts} records in {load_s:.0f} s for each, {request.conditions.guarantee.value}, "
        f"{request.conditions.workers} workers, {request.repeats} trial(s) {each_ms}: "
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
