"""From options to a checked request: bad input is refused here, before anything starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streambench.cli.reach import check_reach
from streambench.engines.protocol import Engine
from streambench.engines.registry import CONTENDERS, contender_named, engine_named
from streambench.experiment.faults import (
    check_faults,
    default_faults,
    longest_jitter_ms,
    needed_ms,
    steady_ms,
)
from streambench.experiment.lengths import (
    LONGEST_WINDOW_FOR_FAULTS_MS,
    UsualLengths,
    quick_lengths,
    sweep_lengths,
    usual_lengths,
)
from streambench.experiment.loads import WARMING_PER_S
from streambench.experiment.phases import closings, lock_warnings, unlocked
from streambench.experiment.request import Contender, Request
from streambench.experiment.sweep import Terms, at
from streambench.model.conditions import Conditions, Variant
from streambench.model.errors import UsageError
from streambench.model.fault import Fault, FaultKind
from streambench.model.plan import Plan, Unsupported
from streambench.model.shape import Shape
from streambench.model.sweep import Axis, AxisName, Point, grid
from streambench.model.workload import Replay, Workload
from streambench.trial.schedule import duration_ms, spans
from streambench.workload.durations import show_duration
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from streambench.workload.validate import check


def make_request(
    *,
    workload: str,
    engines: Sequence[str],
    settings: Sequence[str],
    conditions: Conditions,
    rate_per_s: int | None,
    measured_s: float | None,
    warm_up_s: float | None,
    faults: tuple[Fault, ...] | None,
    quick: bool,
    repeats: int,
    seed: int,
    out: Path,
    command: str,
    point: Point = (),
    shape: Shape | None = None,
    swept: bool = False,
) -> Request:
    """Resolve every name and plan every engine; raises UsageError for what cannot be carried out.

    `measured_s` is all that is measured, faults included. Without `faults` (None) a run of the default
    length has its usual ones after the steady part; () are none. `point` is where in a sweep it is, `shape`
    the user's own in place of a constant rate. `swept`: its default lengths are those of a sweep.
    """
    loaded = load_workload(find(workload))
    if shape is not None:
        rate_is_set = rate_per_s is not None or AxisName.RATE in dict(point)
        loaded = _shaped(loaded, shape, rate_is_set=rate_is_set)
    terms = at(point, Terms(loaded, conditions, rate_per_s))
    parsed, conditions, rate_per_s = terms.workload, terms.conditions, terms.rate_per_s
    conditions = dataclasses.replace(conditions, partitions=parsed.partitions)
    if conditions.workers > parsed.partitions:
        raise UsageError(
            f"{conditions.workers} workers cannot share {parsed.partitions} partitions: "
            "some would have nothing to do",
            hint=f"streambench run {workload} --workers {parsed.partitions}",
        )
    _refuse_for_replay(parsed, rate_per_s=rate_per_s, measured_s=measured_s)
    by_engine = _settings(settings)
    chosen = _chosen(engines or CONTENDERS, by_engine)
    engines_run = [engine for engine, _ in chosen]
    usual = _usual(parsed, quick=quick, swept=swept, faults=faults)
    warm_up = warm_up_s or usual.warm_up_ms / 1000
    asked_ms = None if measured_s is None else round(measured_s * 1000)
    closing = closings(parsed, asked_ms or usual.measured_ms)
    unlocking = unlocked(closing, conditions, chosen=AxisName.COMMIT in dict(point))
    conditions = unlocking.conditions
    default_faults_apply = faults is None and measured_s is None and not quick
    length = _length(
        parsed,
        conditions,
        engines_run,
        faults=None if default_faults_apply else faults or (),
        asked_ms=asked_ms,
        usual_ms=usual.measured_ms,
    )
    total_ms = None
    if not isinstance(parsed.input, Replay):
        total_ms = duration_ms(
            spans(
                parsed,
                warm_up_ms=round(warm_up * 1000),
                measured_ms=length.steady_ms,
                recovery_ms=length.recovery_ms,
            )
        )
    check(parsed, rate_per_s=rate_per_s, duration_ms=total_ms, partitions=parsed.partitions)
    contenders = []
    for engine, variant in chosen:
        plan = _lacking(engine, length.faults) or engine.plan(parsed, conditions, variant)
        wider = _wider(engine, parsed, conditions, variant) if _rescales(length.faults) else None
        contenders.append(Contender(engine, variant, plan, wider))
    return Request(
        workload=parsed,
        workload_text=(parsed.folder / "workload.toml").read_text(),
        contenders=tuple(contenders),
        conditions=conditions,
        rate_per_s=rate_per_s,
        warm_up_s=warm_up,
        measured_s=length.steady_ms / 1000,
        recovery_s=length.recovery_ms / 1000,
        faults=length.faults,
        quick=quick,
        repeats=repeats,
        seed=seed,
        out=out,
        command=command,
        point=point,
        warnings=(
            *((unlocking.told,) if unlocking.told else ()),
            *lock_warnings(
                [(c.title, c.plan) for c in contenders if isinstance(c.plan, Plan)],
                closing,
                conditions,
            ),
        ),
        length_notes=tuple(
            note for note in (usual.why if length.is_usual else None, length.no_faults) if note
        ),
    )


def make_requests(
    axes: Sequence[Axis],
    *,
    measured_s: float | None,
    warm_up_s: float | None,
    faults: tuple[Fault, ...] | None,
    quick: bool,
    **same: Any,
) -> tuple[Request, ...]:
    """A request for each point of the grid, one without axes; takes what `make_request` takes.

    A sweep has no faults unless they are asked for, measures less, and its jobs are given records at
    once before they are measured.
    """
    if axes:
        faults = faults or ()
    swept = bool(axes)
    requests = (
        make_request(
            measured_s=measured_s,
            warm_up_s=warm_up_s,
            faults=faults,
            quick=quick,
            point=point,
            swept=swept,
            **same,
        )
        for point in grid(axes)
    )
    warmed = bool(axes) and not quick
    planned = tuple(
        dataclasses.replace(each, warmed=warmed and not each.is_replay) for each in requests
    )
    for each in planned:
        if each.warmed:
            check_reach(each.workload, most_per_s=WARMING_PER_S, who="a job's warm-up")
    return planned


def _usual(
    workload: Workload, *, quick: bool, swept: bool, faults: tuple[Fault, ...] | None
) -> UsualLengths:
    """The lengths that nobody asked for; a sweep with faults measures as long as a run."""
    if quick:
        return quick_lengths(workload)
    if not swept:
        return usual_lengths(workload)
    found = sweep_lengths(workload)
    if not faults:
        return found
    return dataclasses.replace(usual_lengths(workload), warm_up_ms=found.warm_up_ms)


@dataclass(frozen=True)
class _Length:
    """`is_usual`: what is measured undisturbed is as long as nobody asked for.

    `no_faults` says why the usual faults are left out.
    """

    faults: tuple[Fault, ...]
    steady_ms: int
    recovery_ms: int
    is_usual: bool
    no_faults: str | None = None


def _length(
    workload: Workload,
    conditions: Conditions,
    engines: Sequence[Engine],
    *,
    faults: tuple[Fault, ...] | None,
    asked_ms: int | None,
    usual_ms: int,
) -> _Length:
    """How long is measured, and how much of it before the first fault; faults None are the usual ones."""
    no_faults = None
    if faults is None:
        no_faults = _no_faults_why(workload)
        usual = () if no_faults else _usual_faults(workload, usual_ms, conditions)
        faults = tuple(f for f in usual if not any(engine.lacks(f.kind) for engine in engines))
    if not faults:
        return _Length((), asked_ms or usual_ms, 0, asked_ms is None, no_faults)
    total_ms = asked_ms or max(usual_ms, needed_ms(faults, conditions, workload.query.window))
    check_faults(
        faults,
        workload,
        measured_ms=total_ms,
        longest_jitter_ms=longest_jitter_ms(workload, conditions),
    )
    before_ms = steady_ms(faults)
    return _Length(faults, before_ms, total_ms - before_ms, is_usual=before_ms == usual_ms)


def _usual_faults(workload: Workload, usual_ms: int, conditions: Conditions) -> tuple[Fault, ...]:
    if isinstance(workload.input, Replay):
        return ()
    return default_faults(usual_ms, conditions, workload.query.window)


def _no_faults_why(workload: Workload) -> str | None:
    """Why a run of generated load makes no fault unasked: an outage would not be seen in its windows."""
    window_ms = workload.query.window.advance_ms
    if isinstance(workload.input, Replay) or window_ms <= LONGEST_WINDOW_FOR_FAULTS_MS:
        return None
    return (
        f"no fault is made unasked: an outage can be told to within a window, which is "
        f"{show_duration(window_ms)} here"
    )


def _lacking(engine: Engine, faults: tuple[Fault, ...]) -> Unsupported | None:
    """Why this engine cannot have one of the faults."""
    return next((gap for fault in faults if (gap := engine.lacks(fault.kind)) is not None), None)


def _rescales(faults: tuple[Fault, ...]) -> bool:
    return any(fault.kind is FaultKind.RESCALE for fault in faults)


def _wider(
    engine: Engine, workload: Workload, conditions: Conditions, variant: Variant
) -> Plan | None:
    """The plan with one worker more; UsageError when there is no partition for it."""
    workers = conditions.workers + 1
    if workers > workload.partitions:
        raise UsageError(
            f"a rescaling to {workers} workers needs as many partitions; {workload.name} has "
            f"{workload.partitions}",
            hint=f"streambench run {workload.name} --workers {workload.partitions - 1} "
            "--fault rescale@25s",
        )
    plan = engine.plan(workload, dataclasses.replace(conditions, workers=workers), variant)
    return plan if isinstance(plan, Plan) else None


def _shaped(workload: Workload, shape: Shape, *, rate_is_set: bool) -> Workload:
    """The workload with another course of its rate; UsageError where that contradicts something."""
    if isinstance(workload.input, Replay):
        raise UsageError(
            f"--shape does not fit {workload.name}: a replayed file has its own arrivals",
            hint="streambench run clicks --shape sine:20k:15k:60s",
        )
    if rate_is_set:
        raise UsageError("--rate and --rates fix what --shape varies", hint="leave out one of them")
    return dataclasses.replace(workload, input=workload.input.shaped(shape))


def _refuse_for_replay(
    workload: Workload, *, rate_per_s: int | None, measured_s: float | None
) -> None:
    if not isinstance(workload.input, Replay):
        return
    for option, value in (("--rate", rate_per_s), ("--duration", measured_s)):
        if value is not None:
            raise UsageError(
                f"{option} does not fit {workload.name}: a replayed file has its own arrivals",
                hint=f"edit speed_up, begin and end in {workload.folder / 'workload.toml'}",
            )


def _chosen(
    names: Sequence[str], settings: Mapping[str, tuple[tuple[str, str], ...]]
) -> list[tuple[Engine, Variant]]:
    """Engines and variants by their names; an engine's settings go to all of its variants that are run."""
    chosen = [contender_named(name) for name in names]
    for name in settings:
        if not any(engine.name == name for engine, _ in chosen):
            raise UsageError(f"--set names {name}, which is not run", hint=f"add --engine {name}")
    return [
        (engine, dataclasses.replace(variant, settings=settings.get(engine.name, ())))
        for engine, variant in chosen
    ]


def _settings(texts: Sequence[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for text in texts:
        name, colon, assignment = text.partition(":")
        key, equals, value = assignment.partition("=")
        if not (name and colon and key and equals):
            raise UsageError(
                f"'{text}' is not a setting",
                hint="write --set ENGINE:KEY=VALUE, e.g. --set kafka-streams:num.stream.threads=2",
            )
        engine = engine_named(name)  # refuses an unknown name, with the nearest
        before, colon, _ = key.partition(":")
        if colon and before in {each.name for each in engine.variants}:
            raise UsageError(
                f"'{text}' names one variant; a setting is for all variants of {name} that are run",
                hint=f"--set {name}:{key.removeprefix(before + ':')}={value}",
            )
        found[name] = (*found.get(name, ()), (key, value))
    return found
