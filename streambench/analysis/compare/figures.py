"""What a side of a comparison has to be compared: each figure with its values, or why there are none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from streambench.analysis import ranking
from streambench.analysis.clock_errors import CLOCKS_UNKNOWN, doubt_of, widest
from streambench.analysis.compare.difference import (
    CompareTerms,
    Range,
    Sample,
    range_of,
    sure_range,
)
from streambench.analysis.drain_clocks import drain_doubt
from streambench.analysis.drain_figures import DRAIN_FIGURES, WARM_RATE
from streambench.analysis.drains import rank_drains
from streambench.analysis.eligible import delay_stem, unusable
from streambench.analysis.recoveries import QUANTUM_MS, between_closings_ms, kinds, recovered
from streambench.analysis.searches import RATE_FLOOR_PER_S, FoundRate, bracket, found_rates
from streambench.analysis.sweeps import at
from streambench.analysis.variants import RIGHT_SO_FAR, Standing, standings
from streambench.model.experiment import BacklogDrain, RateSearch, Single, Sweep
from streambench.model.fault import FaultKind
from streambench.model.metrics import BY_NAME, Better, Metric
from streambench.model.numbers import number
from streambench.model.sweep import grid, point_words
from streambench.model.trial import TrialRecord
from streambench.results.bundle import Bundle

# What is compared beside the tail of the delay, test by test.
_BESIDE: Final = (
    "first_row_p99_ms",
    "engine_part_p99_ms",
    "engine_cpu_s_per_million",
    "engine_and_broker_cpu_s_per_million",
    "engine_memory_peak_bytes",
    "broker_bytes_per_event",
    "checkpoint_bytes_per_event",
    "gc_pause_ms",
    "submit_to_first_result_s",
)
# What a delay that has not settled yet says nothing against.
_WHILE_WARMING: Final = frozenset(_BESIDE[2:])
FLOORS: Final[Mapping[str, float]] = {
    "ms": ranking.DELAY_FLOOR_MS,
    "s": 0.1,
    "CPU-s per million events": 0.01,
    "MiB": 2.0**20,
    "bytes per event": 0.1,
}
"""By unit, below what a difference says nothing: how fine a figure is known."""


@dataclass(frozen=True)
class Figure:
    """A figure that two sides may have in common: `key` tells it from the others of a comparison.

    A `primary` one answers the question that is asked; the others describe.
    """

    key: str
    label: str
    unit: str
    terms: CompareTerms
    primary: bool = False
    digits: int = 0


@dataclass(frozen=True)
class SideFigure:
    """A figure of one side: its values over the trials, or why there are none that may be compared.

    `shown`: between which bounds a search showed the value to lie; None where trials tell it.
    """

    figure: Figure
    sample: Sample | None
    why: str | None = None
    shown: Range | None = None

    def within(self) -> Range:
        """The value with its bounds, by what was shown or else by the spread of the trials.

        Raises ValueError where there is no value.
        """
        if self.sample is None:
            raise ValueError(f"{self.figure.label} has no value")
        return self.shown or range_of(self.sample, self.figure.terms)

    def surely(self) -> Range:
        """The same, wherever the clocks were that it was taken by. Raises ValueError as `within` does."""
        if self.sample is None or self.shown is not None:
            return self.within()
        return sure_range(self.sample, self.figure.terms)

    @property
    def clock_words(self) -> str:
        """What is to be said where clocks alone leave a question open; empty where there is one."""
        if self.sample is None or self.sample.doubt.none:
            return ""
        return self.sample.doubt.words(self.figure.unit, self.figure.digits)


def beyond_words(shown: Range) -> str:
    """What is known above a confirmed rate, to follow it in a sentence."""
    return "" if shown.high is None else f", fell behind at {number(shown.high + 1)}"


def run_of(bundle: Bundle) -> str:
    """What tells a run from others, wherever its bundle lies: when it and its first load began."""
    first = next((trial.record.start_realtime_ns for trial in bundle.trials), None)
    return f"{bundle.run.started_at}/{first}"


def measured(bundle: Bundle, label: str) -> dict[str, SideFigure]:
    """All figures of a variant of a bundle, by key."""
    return {each.figure.key: each for each in _measured(bundle, label)}


def _measured(bundle: Bundle, label: str) -> Iterator[SideFigure]:
    match bundle.run.experiment:
        case Single():
            yield from _of_trials(bundle, label)
            for kind in kinds(bundle):
                yield _late_time(bundle, label, kind)
        case Sweep(axes=axes):
            for point in grid(axes):
                there = at(bundle, point)
                for each in _of_trials(there, label):
                    yield _at_point(each, point_words(point))
        case RateSearch():
            yield _found_rate(bundle, label)
        case BacklogDrain():
            yield from _drained(bundle, label)
        case other:
            assert_never(other)


def _at_point(each: SideFigure, where: str) -> SideFigure:
    figure = each.figure
    figure = replace(figure, key=f"{figure.key} at {where}", label=f"{figure.label} at {where}")
    return replace(each, figure=figure)


def _of_trials(bundle: Bundle, label: str) -> Iterator[SideFigure]:
    stand = next((each for each in standings(bundle) if each.label == label), None)
    stem = delay_stem(bundle)
    tails = (f"{stem}_p99_ms", f"{stem}_max_ms", f"{stem}_p50_ms")
    for name in (*tails, *_BESIDE):
        metric = BY_NAME[name]
        figure = Figure(
            name,
            metric.label,
            metric.unit,
            CompareTerms(
                FLOORS[metric.unit],
                ranking.DELAY_FACTORS.get(name),
                lower_is_better=metric.better is not Better.HIGHER,
            ),
            primary=name in tails[:2],
            digits=metric.digits,
        )
        yield _of_metric(figure, metric, stand, bundle)


def _of_metric(
    figure: Figure, metric: Metric, stand: Standing | None, bundle: Bundle
) -> SideFigure:
    why = _why_not(metric, stand, bundle)
    if stand is None or why is not None:
        return SideFigure(figure, None, why)
    fewest = min((record.measured_windows for record in stand.records), default=0)
    if fewest < metric.windows:
        return SideFigure(figure, None, f"it needs {metric.windows} windows, and had {fewest}")
    ordered = sorted(stand.records, key=lambda record: record.round)
    values = [record.measures.get(metric.name) for record in ordered]
    return _sampled(figure, values, ordered, bundle)


def _why_not(metric: Metric, stand: Standing | None, bundle: Bundle) -> str | None:
    """Why a metric of a variant is not compared; None when it is."""
    if stand is None:
        return "there is no trial of it"
    if stand.status not in RIGHT_SO_FAR:
        return stand.words
    if metric.name in _WHILE_WARMING:
        return unusable(bundle, stand.records)
    return stand.unranked


def _late_time(bundle: Bundle, label: str, kind: FaultKind) -> SideFigure:
    burst = kind is FaultKind.BURST
    figure = Figure(
        f"{'caught_up_ms' if burst else 'late_time_ms'} after {kind.value}",
        f"{'time until all was out' if burst else 'late time'} after {kind.value}",
        "ms",
        CompareTerms(
            QUANTUM_MS + (0 if burst else between_closings_ms(bundle)), ranking.LATE_TIME_FACTOR
        ),
        primary=True,
    )
    one = next((each for each in recovered(bundle, kind) if each.standing.label == label), None)
    if one is None or one.unranked is not None:
        return SideFigure(figure, None, "it was not hit" if one is None else one.unranked)
    numbers = dict.fromkeys(each.trial.record.number for each in one.hits)
    by_number = {each.trial.record.number: each.trial.record for each in one.hits}
    return _sampled(figure, one.values, [by_number[number] for number in numbers], bundle)


def _found_rate(bundle: Bundle, label: str) -> SideFigure:
    figure = Figure(
        "rate_per_s",
        "confirmed rate",
        "events/s",
        CompareTerms(RATE_FLOOR_PER_S, ranking.RATE_FACTOR, lower_is_better=False),
        primary=True,
    )
    one = next((each for each in found_rates(bundle).variants if each.label == label), None)
    if one is None or one.rate_per_s is None or one.unranked is not None:
        why = "no rate was confirmed" if one is None or one.rate_per_s is None else one.unranked
        return SideFigure(figure, None, why)
    sample = Sample((float(one.rate_per_s),), (0,), run_of(bundle))
    return SideFigure(figure, sample, shown=_bracketed(one, one.rate_per_s))


def _bracketed(one: FoundRate, rate_per_s: int) -> Range:
    """A rate that was confirmed is borne; one that fell behind is not, and rates are whole numbers."""
    failed = None if one.record is None else bracket(one.record).failed
    return Range(float(rate_per_s), float(rate_per_s), None if failed is None else failed - 1.0)


def _drained(bundle: Bundle, label: str) -> Iterator[SideFigure]:
    one = next(each for each in rank_drains(bundle).variants if each.label == label)
    for found in DRAIN_FIGURES:
        figure = Figure(
            found.key,
            found.label,
            found.unit,
            CompareTerms(found.floor, found.single_factor, lower_is_better=found.lower_is_better),
            primary=found.key == WARM_RATE,
            digits=found.digits,
        )
        drains = [(each.round, each.warm if found.warm else each.cold) for each in one.rounds]
        finished = [(number, found.value(drain)) for number, drain in drains if drain is not None]
        if one.place.why is not None or len(finished) < len(drains):
            yield SideFigure(figure, None, one.place.why or "not every drain was finished")
            continue
        known = [(number, value) for number, value in finished if value is not None]
        if len(known) < len(finished):
            yield SideFigure(figure, None, "it is not known of every drain")
            continue
        rounds = tuple(number for number, _ in known)
        doubt = widest(
            [drain_doubt(bundle, each, found.value, warm=found.warm) for each in one.rounds]
        )
        if doubt is None:
            yield SideFigure(figure, None, CLOCKS_UNKNOWN)
            continue
        values = tuple(value for _, value in known)
        yield SideFigure(figure, Sample(values, rounds, run_of(bundle), doubt))


def _sampled(
    figure: Figure,
    values: Sequence[float | None],
    records: Sequence[TrialRecord],
    bundle: Bundle,
) -> SideFigure:
    known = tuple(value for value in values if value is not None and math.isfinite(value))
    if len(known) < len(values) or not known:
        return SideFigure(figure, None, "it is not known in every trial")
    doubt = doubt_of(records, figure.key)
    if doubt is None:
        return SideFigure(figure, None, CLOCKS_UNKNOWN)
    rounds = tuple(record.round for record in records)
    return SideFigure(figure, Sample(known, rounds, run_of(bundle), doubt))
