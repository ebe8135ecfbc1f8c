"""From what was asked for to checked requests: bad input is refused here, before anything starts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from streambench.experiment.contenders import chosen, contender
from streambench.experiment.declared import declared_where_asked
from streambench.experiment.dirt import MISSING_S
from streambench.experiment.dirt_asked import clean, dirt_of, each_kind
from streambench.experiment.lengths import (
    CONFIRM_WINDOWS,
    PROBE_WINDOWS,
    MeasuredLength,
    lengths_unasked,
    measured_length,
    search_budget_s,
)
from streambench.experiment.loads import WARMING_PER_S
from streambench.experiment.not_drained import refuse_moves
from streambench.experiment.phases import closings, lock_warnings, unlocked
from streambench.experiment.request import Request
from streambench.experiment.settling_asked import settling
from streambench.experiment.surprising import surprising
from streambench.experiment.sweep import Terms, at, sweep_example
from streambench.experiment.unused import (
    USUAL_SEED,
    refuse_long_warm_up,
    refuse_unused_restart,
    refuse_unused_seed,
)
from streambench.model.conditions import Conditions
from streambench.model.dirt import NO_DIRT, Dirt
from streambench.model.errors import UsageError
from streambench.model.fault import Fault
from streambench.model.pace import Limit
from streambench.model.plan import Plan
from streambench.model.search import SearchTerms
from streambench.model.shape import Shape
from streambench.model.sweep import Axis, AxisName, Point, grid
from streambench.model.workload import Replay, Workload, shaped
from streambench.trial.schedule import duration_ms, spans
from streambench.workload.as_load import as_load, as_load_words, at_its_own_rate, refuse_rests
from streambench.workload.durations import about, show_duration
from streambench.workload.lateness import with_lateness
from streambench.workload.paced import at_rate, key_of_copies
from streambench.workload.parse import declared_text, load_named
from streambench.workload.schema import MAX_RATE_PER_S
from streambench.workload.validate import check, findings, least_duration_ms

_MOST_UNASKED_S: Final = 86_400.0
_USUAL_RECORDS: Final = 1_000_000
_LEAST_RECORDS: Final = 10_000
_DRAINED_S: Final = 60


@dataclass(frozen=True)
class Options:
    """What can be chosen of an experiment; what is None follows from the workload.

    No `engines` are all of them. `measured_s` is all that is measured, faults included. `faults` None are
    the usual ones, which only a run of the usual length has; () are none. `shape` takes the place of a
    constant rate.
    """

    workload: str = "clicks"
    engines: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()  # ENGINE:KEY=VALUE
    conditions: Conditions = field(default_factory=Conditions)
    rate_per_s: int | None = None
    shape: Shape | None = None
    measured_s: float | None = None
    warm_up_s: float | None = None
    faults: tuple[Fault, ...] | None = None
    quick: bool = False
    repeats: int = 1
    seed: int = USUAL_SEED
    out: Path = Path("results")
    command: str = ""  # as it was typed, for the report
    requirements: tuple[str, ...] = ()  # what an engine must meet
    until: str | None = None  # what ends the rounds before there are `repeats`
    prometheus: str | None = None  # address of one that watches processes elsewhere
    dirt: Dirt = NO_DIRT  # beside what the workload declares
    any_length: str | None = None  # what plays loads of any length, where something does, in words


def single(options: Options) -> Request:
    """One load. Raises UsageError for what cannot be carried out, as all of these do."""
    request = make_request(_of_each_kind(options))
    dirt = dirt_of(options.dirt, request)
    if not dirt:
        return settling(request)
    return dataclasses.replace(request, dirt=dirt, missing_s=MISSING_S)


def sweep(options: Options, axes: Sequence[Axis]) -> tuple[Request, ...]:
    """A request for each point of the grid.

    A sweep has no faults unless they are asked for, measures less, and its jobs are given records at
    once before they are measured.
    """
    options = dataclasses.replace(options, faults=options.faults or ())
    requests = [clean(make_request(options, point, swept=True)) for point in grid(axes)]
    made = tuple(
        dataclasses.replace(each, warmed=not (each.quick or each.is_replay)) for each in requests
    )
    for each in made:
        if each.warmed:
            _check_reach(
                each.workload,
                most_per_s=WARMING_PER_S,
                who="a job's warm-up",
                instead=f"streambench sweep {each.workload.name}",
            )
    return made


def chosen_rates(options: Options) -> Request:
    """A load of the workload's own rate, for a curve whose rates are chosen later: it bears all of them."""
    if options.faults:
        raise UsageError(
            "a curve has no faults unless its rates are named",
            hint=f"streambench curve --rates 5k,10k,20k {options.faults[0].asked}",
        )
    if options.conditions.restart_delay_ms != 0:
        raise UsageError(
            "--restart says when a dead process is started again, and a curve has no faults unless its "
            "rates are named",
            hint="streambench curve --rates 5k,10k,20k --fault worker-kill@25s --restart 5s",
        )
    request = _of_any_length(options, "a curve")
    refuse_rests(request.workload, "a curve that chooses its rates")
    request = _told(request, chosen=True)
    _check_reach(request.workload, most_per_s=MAX_RATE_PER_S, who="a curve")
    return request


def rate_search(
    options: Options,
    *,
    limit: Limit | None,
    precision: float,
    budget_s: float | None,
    cold: bool = False,
) -> tuple[Request, SearchTerms]:
    """A search and what it keeps to; `budget_s` is for all engines, and `precision` a share.

    `cold`: a fresh job confirms. Where records may be late one does in any case, as some engines tell of
    their clock once, for the whole job.
    """
    request = _told(_of_any_length(options, "a search for a rate"), chosen=True)
    refuse_rests(request.workload, "a search for a rate")
    _check_reach(request.workload, most_per_s=MAX_RATE_PER_S, who="a search for a rate")
    if budget_s is None:
        budget_s = _usual_budget_s(request.workload)
    engine_s = budget_s / max(1, len(request.contenders))
    cold = cold or request.workload.late_records_possible
    return request, SearchTerms(limit, precision, engine_s, cold)


def drain(options: Options, records: int | None) -> tuple[Request, int]:
    """A drain and how many records are there: None are a million, or more where windows are long."""
    request = _of_any_length(options, "a drain")
    refuse_moves(request.workload)
    request = _told(_filling_windows(request, records or _USUAL_RECORDS), chosen=False)
    in_windows = least_duration_ms(request.workload) * request.load_rate_per_s / 1_000
    least = max(_LEAST_RECORDS, math.ceil(in_windows))
    usual = max(_USUAL_RECORDS, least)
    if records is not None and records < least:
        raise UsageError(
            f"a drain needs at least {least:,} records, not {records:,}",
            hint=f"streambench drain --records {usual}",
        )
    return request, records or usual


def _of_any_length(options: Options, what: str) -> Request:
    return clean(make_request(dataclasses.replace(options, faults=(), any_length=what)))


def _told(request: Request, *, chosen: bool) -> Request:
    """The same, with what is done with its file in words, where it has one."""
    if not isinstance(request.workload.input, Replay):
        return request
    told = as_load_words(request.workload, request.rate_per_s, chosen=chosen)
    return dataclasses.replace(request, warnings=(told, *request.warnings))


def _filling_windows(request: Request, records: int) -> Request:
    """A drain of a small file has as many windows as a minute of it, and copies of its records in them."""
    load = request.workload.input
    if request.rate_per_s is not None or not isinstance(load, Replay):
        return request
    if load.looped is None or load.looped.key is None:
        return request
    rate_per_s = max(load.looped.rate_per_s, round(records / _DRAINED_S))
    return dataclasses.replace(request, rate_per_s=min(rate_per_s, MAX_RATE_PER_S))


def make_request(options: Options, point: Point = (), *, swept: bool = False) -> Request:
    """Resolve every name and plan every engine at a point of a sweep; () is no point.

    `swept`: what nobody gave a length is as long as in a sweep.
    """
    terms = _terms(options, point, swept=swept)
    workload, rate_per_s = dataclasses.replace(terms.workload, dirt=None), terms.rate_per_s
    refuse_unused_seed(workload, options.seed)
    declared = declared_where_asked(options.engines, workload, terms.conditions)
    who = chosen(options.engines, options.settings, declared)
    usual = lengths_unasked(workload, quick=options.quick, swept=swept, faulty=bool(options.faults))
    warm_up_s = options.warm_up_s or usual.warm_up_ms / 1000
    asked_ms = None if options.measured_s is None else round(options.measured_s * 1000)
    closing = closings(workload, asked_ms or usual.measured_ms)
    unlocking = unlocked(closing, terms.conditions, chosen=AxisName.COMMIT in dict(point))
    conditions = unlocking.conditions
    with_usual_faults = options.faults is None and asked_ms is None and not options.quick
    length = measured_length(
        workload,
        conditions,
        [engine for engine, _ in who],
        faults=None if with_usual_faults else options.faults or (),
        asked_ms=asked_ms,
        usual_ms=usual.measured_ms,
    )
    check(
        workload,
        rate_per_s=rate_per_s,
        duration_ms=_whole_ms(workload, warm_up_s, length),
        partitions=workload.partitions,
    )
    refuse_unused_restart(workload, terms.conditions, length.faults)
    refuse_long_warm_up(workload, options.warm_up_s)
    contenders = tuple(contender(*each, workload, conditions, length.faults) for each in who)
    plans = [(each.title, each.plan) for each in contenders if isinstance(each.plan, Plan)]
    surprises = (*terms.told, *surprising(workload))
    told = (*surprises, unlocking.told, *lock_warnings(plans, closing, conditions))
    notes = (usual.why if length.is_usual else None, length.no_faults)
    return Request(
        workload=workload,
        workload_text=declared_text(options.workload),
        contenders=contenders,
        conditions=conditions,
        rate_per_s=rate_per_s,
        warm_up_s=warm_up_s,
        measured_s=length.steady_ms / 1000,
        recovery_s=length.recovery_ms / 1000,
        faults=length.faults,
        quick=options.quick,
        repeats=options.repeats,
        seed=options.seed,
        out=options.out,
        command=options.command,
        point=point,
        warnings=tuple(warning for warning in told if warning),
        length_notes=tuple(note for note in notes if note),
        requirements=options.requirements,
        until=options.until,
        prometheus=options.prometheus,
        dirt=terms.workload.dirt or NO_DIRT,
    )


def _of_each_kind(options: Options) -> Options:
    """The same, where the workload asks for one record of each kind; what the user asked for stays."""
    each = each_kind(load_named(options.workload))
    if each is None or options.dirt:
        return options
    return dataclasses.replace(
        options,
        engines=options.engines or each.engines,
        measured_s=options.measured_s or each.measured_s,
        warm_up_s=options.warm_up_s or each.warm_up_s,
        faults=options.faults or (),
    )


def _terms(options: Options, point: Point, *, swept: bool) -> Terms:
    """The workload, the engines' terms and the rate at a point."""
    loaded = load_named(options.workload)
    if isinstance(loaded.input, Replay) and (what := _needs_a_load(options, loaded, swept=swept)):
        loaded = as_load(loaded, options.rate_per_s, what)
    if options.shape is not None:
        if options.rate_per_s is not None or AxisName.RATE in dict(point):
            raise UsageError(
                "--shape gives the load a rate that changes, and another rate is fixed",
                hint="streambench run --rate 20k"
                if options.rate_per_s is not None
                else sweep_example(AxisName.RATE),
            )
        loaded = _shaped(loaded, options.shape)
    terms = at(point, Terms(loaded, options.conditions, options.rate_per_s))
    partitions = terms.workload.partitions
    if terms.conditions.workers > partitions:
        raise UsageError(
            f"{terms.conditions.workers} workers cannot share {partitions} partitions: "
            "some would have nothing to do",
            hint=f"streambench sweep workers=1,{partitions}"
            if AxisName.WORKERS in dict(point)
            else f"streambench run --workers {partitions}",
        )
    conditions = dataclasses.replace(terms.conditions, partitions=partitions)
    terms = dataclasses.replace(terms, conditions=conditions)
    if terms.workload.pace is None:
        return _of_replay(terms)
    if not isinstance(terms.workload.input, Replay) or options.any_length is not None:
        return terms
    swept_rates = AxisName.RATE in dict(point)
    told = as_load_words(terms.workload, terms.rate_per_s, chosen=swept_rates)
    return dataclasses.replace(terms, told=(told,))


def _needs_a_load(options: Options, loaded: Workload, *, swept: bool) -> str | None:
    """What a file that is played once does not bear, in words; None: nothing was asked for that needs more.

    In a sweep a file is played once at each point, by a job of its own, where it has late records or no
    keys for copies.
    """
    if options.any_length is not None:
        return options.any_length
    may_be_copied = isinstance(key_of_copies(loaded), int)
    if swept and may_be_copied and not with_lateness(loaded).late_records_possible:
        return "a sweep"
    asked = {
        "--fault": options.faults,
        "--duration": options.measured_s,
        "--shape": options.shape,
    }
    return next((name for name, value in asked.items() if value), None)


def _of_replay(terms: Terms) -> Terms:
    """The terms of a replay at the rate that was asked for; it knows then whether records may be late."""
    workload, told = terms.workload, terms.told
    if terms.rate_per_s is not None:
        paced = at_rate(workload, terms.rate_per_s)
        workload, told = paced.workload, (*told, paced.told)
    return Terms(with_lateness(workload), terms.conditions, None, told)


def _shaped(workload: Workload, shape: Shape) -> Workload:
    """The workload with another course of its rate."""
    return dataclasses.replace(workload, input=shaped(workload.input, shape))


def _whole_ms(workload: Workload, warm_up_s: float, length: MeasuredLength) -> int | None:
    """How long the load is with what is around the measured part; None for a replay."""
    if workload.pace is None:
        return None
    return duration_ms(
        spans(
            workload,
            warm_up_ms=round(warm_up_s * 1000),
            measured_ms=length.steady_ms,
            recovery_ms=length.recovery_ms,
        )
    )


def _check_reach(
    workload: Workload, *, most_per_s: int, who: str, instead: str | None = None
) -> None:
    """Raise UsageError, before anything starts, for what would only fail at a rate chosen later.

    `who` is what chooses rates up to `most_per_s`. `instead` is for files of whose records there can be no
    copies; None: a run at the file's own rate.
    """
    if isinstance(workload.input, Replay) and isinstance(why := key_of_copies(workload), str):
        raise UsageError(
            f"{who} does not fit {workload.name}: it needs rates above the file's own, records would come"
            f" several times, under keys of their own, and {why}",
            hint=instead or at_its_own_rate(workload),
        )
    for finding in findings(workload, rate_per_s=most_per_s):
        if finding.fatal:
            raise UsageError(
                f"workload '{workload.name}' does not bear what {who} may try, up to"
                f" {most_per_s:,} events/s: {finding.message}",
                hint=f"streambench run {workload.name} --rate 1k, or smaller numbers in workload.toml",
            )


def _usual_budget_s(workload: Workload) -> float:
    """What a search may take when nobody said; UsageError where that is more than a day."""
    budget_s = search_budget_s(workload)
    if budget_s > _MOST_UNASKED_S:
        window = show_duration(workload.query.window.advance_ms)
        raise UsageError(
            f"a search with windows of {window} takes about {about(budget_s)}: each rate is tried for "
            f"{PROBE_WINDOWS} windows, and what is found for {CONFIRM_WINDOWS}",
            hint=f"streambench find-rate --budget {math.ceil(budget_s / 3600)}h, or a shorter `window` "
            "in workload.toml",
        )
    return budget_s
