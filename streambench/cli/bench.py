"""The steps of `streambench run` after its options were understood."""

from __future__ import annotations

import dataclasses
from contextlib import ExitStack

from streambench.cli.console import err, out
from streambench.cli.fetching import announce, fetch_one
from streambench.cli.live import LiveDisplay, live
from streambench.experiment.estimate import run_s
from streambench.experiment.execute import execute, run_record
from streambench.experiment.faults import longest_jitter_ms
from streambench.experiment.request import Contender, Request
from streambench.load.trace import Trace, compile_trace
from streambench.model.conditions import Variant
from streambench.model.errors import ExitCode
from streambench.model.plan import Artifacts, Plan, Unsupported, Whose
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


def bench(request: Request) -> ExitCode:
    """Set up, run every trial, write the report; returns what the shell is told."""
    request, artifacts = _set_up(request)
    _check_memory(request)
    trace = _compiled(request, _load_ms(request))
    broker_warm_up = trace if request.is_replay else _compiled(request, _BROKER_WARM_UP_MS)
    check_disk(request.out, trace.ref.records * _SCRATCH_BYTES_PER_RECORD)
    _show_plan(request, trace)
    writer = BundleWriter.create(request.out, run_record(request, trace, ()))
    try:
        with ExitStack() as stack:
            shown = live()
            if shown is not None:
                stack.enter_context(shown)
            records = execute(
                request,
                trace=trace,
                broker_warm_up=broker_warm_up,
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


def _set_up(request: Request) -> tuple[Request, dict[Variant, Resolved]]:
    """Fetch what is missing; an engine whose interpreter cannot be had becomes unsupported."""
    planned = [c for c in request.contenders if isinstance(c.plan, Plan)]
    announce([LAB_ARTIFACTS, *(c.engine.requires(c.variant) for c in planned)])
    artifacts: dict[Variant, Resolved] = {}
    contenders: list[Contender] = []
    for contender in request.contenders:
        if isinstance(contender.plan, Plan):
            try:
                artifacts[contender.variant] = fetch_one(_with_lab(contender))
            except InterpreterMissing as error:
                gap = Unsupported(Whose.MACHINE, error.message, error.hint)
                contender = dataclasses.replace(contender, plan=gap)
        contenders.append(contender)
    return dataclasses.replace(request, contenders=tuple(contenders)), artifacts


def _with_lab(contender: Contender) -> Artifacts:
    own = contender.engine.requires(contender.variant)
    return Artifacts(
        java=True,
        jar_sets=(*LAB_ARTIFACTS.jar_sets, *own.jar_sets),
        python_env=own.python_env,
    )


def _compiled(request: Request, load_ms: int | None) -> Trace:
    return compile_trace(
        request.workload,
        duration_ms=load_ms,
        seed=request.seed,
        cache=cache_dir() / "traces",
        rate_per_s=request.rate_per_s,
    )


def _check_memory(request: Request) -> None:
    heaps = [c.plan.heap_mib for c in request.contenders if isinstance(c.plan, Plan)]
    check_memory(max(heaps, default=0) + LAB_HEAP_MIB)


def _load_ms(request: Request) -> int | None:
    """Length of generated load; a replay's is its file's."""
    if request.is_replay:
        return None
    return duration_ms(request.spans)


def _show_plan(request: Request, trace: Trace) -> None:
    total_s = run_s(request, trace.meta.duration_ms / 1000)
    engines = ", ".join(c.engine.name for c in request.contenders)
    load_s = trace.meta.duration_ms / 1000
    err.print(f"{request.workload.title}: {engines}", style="bold", markup=False)
    err.print(
        f"{trace.ref.records:,} records in {load_s:.0f} s for each, {request.conditions.guarantee.value}, "
        f"{request.conditions.workers} workers, {request.repeats} trial(s) each: "
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
