"""What the valid and right trials of a variant say, rate by rate."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from streambench.analysis.eligible import unusable
from streambench.analysis.scale.commands import curve_of, searchable
from streambench.analysis.scale.values import (
    Amount,
    Borne,
    EngineBasis,
    MeasuredAt,
    NoBasis,
    RefusedRate,
    ScaleFigure,
    TrialLeftOut,
    TrialName,
)
from streambench.analysis.searches import bracket
from streambench.analysis.sweeps import at
from streambench.analysis.variants import title_of
from streambench.model.experiment import BacklogDrain, RateSearch, Single, Sweep
from streambench.model.pace import Pace
from streambench.model.sweep import AxisName, Point
from streambench.model.trial import Completed, Failed, Invalid, LeftOut, NotRun, TrialRecord
from streambench.results.bundle import Bundle
from streambench.results.did_what_came import did_what_came
from streambench.results.sustained import judge_pace

_BEHIND: Final = "it fell behind"


class _Told(enum.Enum):
    """What a load says of the rate at which it came."""

    KEPT_UP = enum.auto()
    DID_WHAT_CAME = enum.auto()  # without being shown to keep up
    NOT_BORNE = enum.auto()
    NOTHING = enum.auto()


@dataclass(frozen=True)
class _Load:
    """A trial, the rate at which its load came, and `why` its figures do not count; None: they do."""

    name: TrialName
    record: TrialRecord
    rate_per_s: float
    told: _Told
    why: str | None
    of_the_edge: bool  # whether it tells which rates are borne


def why_not_planned(bundle: Bundle) -> str | None:
    """Why no trial of a bundle is one of the load that it names; None where they are."""
    match bundle.run.experiment:
        case Single() | RateSearch():
            return None
        case Sweep(axes=axes):
            varied = [axis.name for axis in axes if axis.name is not AxisName.RATE]
            if not varied:
                return None
            return f"it varies {' and '.join(name.value for name in varied)}, not the rate alone"
        case BacklogDrain():
            return "it worked off records that were there already, which is no rate"
        case other:
            assert_never(other)


def engine_basis(bundles: Sequence[Bundle], label: str) -> EngineBasis | NoBasis:
    """What the trials of one variant in bundles on the same terms say together."""
    first = next(bundle for bundle in bundles if label in bundle.labels)
    title = title_of(first, label)
    loads = [load for bundle in bundles for load in _loads(bundle, label)]
    # Of several versions the newest run's.
    version = next((load.record.variant.version for load in loads if load.why is None), None)
    loads = [load for load in loads if load.record.variant.version == version]
    used = [load for load in loads if load.why is None]
    left_out = tuple(
        TrialLeftOut(load.name, load.why)
        for load in loads
        if load.why is not None and not isinstance(load.record.outcome, NotRun | LeftOut)
    )
    if not used:
        why = _first_why(bundles, label)
        command = curve_of(first.run.workload, label, any_rate=searchable(bundles))
        return NoBasis(label, title, why, command)
    figures = {figure: found for figure in ScaleFigure if (found := _highest(used, figure))}
    lowest = _at(used, min(load.rate_per_s for load in used), ScaleFigure.ENGINE_COST)
    cost = figures.get(ScaleFigure.ENGINE_COST)
    several = lowest is not None and cost is not None and lowest.rate_per_s < cost.rate_per_s
    return EngineBasis(
        label,
        title,
        used[0].record.variant.version,
        first.run.conditions.workers,
        first.run.conditions.partitions,
        max(load.rate_per_s for load in used),
        figures,
        lowest if several else None,
        *_edge(loads, _refused_in_searches(bundles, label, version)),
        left_out,
        first.run.conditions.cluster_of(used[0].record.variant.engine) is not None,
    )


def _first_why(bundles: Sequence[Bundle], label: str) -> str:
    """Why one of its trials tells nothing, where all do not."""
    reasons = (load.why for bundle in bundles for load in _loads(bundle, label))
    return next((why for why in reasons if why is not None), "there is no trial of it")


def _loads(bundle: Bundle, label: str) -> Iterator[_Load]:
    """Every trial of a variant with its rate; those of other sweeps and of drains are of no rate."""
    if why_not_planned(bundle) is not None:
        return
    for point in dict.fromkeys(trial.record.point for trial in bundle.of(label)):
        there = at(bundle, point)
        for trial in there.of(label):
            record = trial.record
            told, why = _told(there, record)
            name = TrialName(bundle.name, record.number)
            rate_per_s = _rate(record, point)
            if rate_per_s is None:
                why = why or "its rate is not known"
            tells = rate_per_s is not None and _tells_the_edge(bundle, why)
            yield _Load(name, record, rate_per_s or 0.0, told, why, tells)


def _tells_the_edge(bundle: Bundle, why: str | None) -> bool:
    """Loads of curves and searches do; a plain one only where it fell behind, by the rate alone."""
    run = bundle.run
    if not isinstance(run.experiment, Single):
        return True
    steady = run.rate_per_s is not None and run.shape is None and not run.faults
    return steady and why == _BEHIND


def _rate(record: TrialRecord, point: Point) -> float | None:
    """As asked for, else as it came: a replay has its own arrivals, a shape its mean."""
    asked = dict(point).get(AxisName.RATE)
    return asked if asked is not None else record.measures.get("offered_per_s")


def _told(bundle: Bundle, record: TrialRecord) -> tuple[_Told, str | None]:
    """What it says of its rate, and why its figures do not count."""
    match record.outcome:
        case Invalid(reason=reason):
            return _Told.NOTHING, f"invalid: {reason}"
        case Failed(stage=stage, reason=reason):
            return _Told.NOT_BORNE, f"failed at {stage}: {reason}"
        case NotRun(reason=reason) | LeftOut(reason=reason):
            return _Told.NOTHING, f"not run: {reason}"
        case Completed():
            pass
        case other:
            assert_never(other)
    if not record.steady_right:
        return _Told.NOT_BORNE, "its rows were wrong"
    pace = judge_pace(record.measures, record.measured_windows).pace
    if pace is Pace.FELL_BEHIND:
        return _Told.NOT_BORNE, _BEHIND
    if (why := unusable(bundle, [record])) is not None:
        return _Told.NOTHING, why
    if not did_what_came(record.measures, record.measured_windows):
        return _Told.NOTHING, "it did not do what came: more or less was processed than was due"
    return (_Told.KEPT_UP if pace is Pace.KEPT_UP else _Told.DID_WHAT_CAME), None


def _highest(loads: Sequence[_Load], figure: ScaleFigure) -> MeasuredAt | None:
    """A figure at the highest rate at which some trial knows it."""
    rates = sorted({load.rate_per_s for load in loads}, reverse=True)
    return next((found for rate in rates if (found := _at(loads, rate, figure))), None)


def _at(loads: Sequence[_Load], rate_per_s: float, figure: ScaleFigure) -> MeasuredAt | None:
    here = [load for load in loads if load.rate_per_s == rate_per_s]
    known = [(load, value) for load in here if (value := _value(load.record, figure)) is not None]
    amount = Amount.over([value for _, value in known])
    if amount is None:
        return None
    return MeasuredAt(amount, rate_per_s, tuple(load.name for load, _ in known))


def _value(record: TrialRecord, figure: ScaleFigure) -> float | None:
    if figure is not ScaleFigure.RESULT_ROWS:
        return record.measures.get(figure.value)
    if record.verdict is None or not record.records:
        return None
    return record.verdict.expected_rows / record.records


def _refused_in_searches(
    bundles: Sequence[Bundle], label: str, version: str | None
) -> tuple[float, ...]:
    """What searches of this version say of rates above those that they confirmed."""
    return tuple(
        failed
        for bundle in bundles
        for record in bundle.run.searches
        if record.label == label
        and record.variant.version == version
        and (failed := bracket(record).failed) is not None
    )


def _edge(
    loads: Sequence[_Load], refused: Sequence[float]
) -> tuple[Borne | None, RefusedRate | None]:
    """By the loads of all runs together, as one that did not bear a rate outweighs another that did."""
    told = [load for load in loads if load.of_the_edge]
    kept = [load for load in told if load.told is _Told.KEPT_UP]
    failed = [load.rate_per_s for load in told if load.told is _Told.NOT_BORNE]
    lowest = min((*failed, *refused), default=None)
    below = [load for load in kept if lowest is None or load.rate_per_s < lowest]
    highest = max((load.rate_per_s for load in below), default=None)
    borne = None
    if highest is not None:
        borne = Borne(highest, tuple(load.name for load in below if load.rate_per_s == highest))
    if lowest is None:
        return borne, None
    above = (load.rate_per_s for load in kept if load.rate_per_s >= lowest)
    return borne, RefusedRate(lowest, max(above, default=None))
