"""What is published of each variant under one load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from streambench.analysis.clock_waits import longest_clock_waits
from streambench.analysis.eligible import worked_off_a_backlog
from streambench.analysis.metrics import cores_by_role
from streambench.analysis.published.common import (
    DamageCounts,
    MetricFigure,
    RankPlace,
    RankRule,
    says,
)
from streambench.analysis.recoveries import total
from streambench.analysis.variants import Standing, VariantStatus, delay_ranking
from streambench.model.metrics import BY_NAME, METRICS
from streambench.model.trial import TrialRecord
from streambench.results.bundle import Bundle, TrialBundle


@dataclass(frozen=True)
class LateFigures:
    """What one trial dropped as late, without a word."""

    trial: Annotated[int, says("number of the trial")]
    records: Annotated[int, says("records that should count")]
    dropped: Annotated[int | None, says("measured: in no row of the engine; null: not known")]
    predicted: Annotated[int | None, says("by its documented event clock; null: not exactly known")]
    predicted_lowest: Annotated[int | None, says("lower bound of the prediction")]
    predicted_highest: Annotated[int | None, says("upper bound of the prediction")]
    own_counter: Annotated[int | None, says("the engine's own word")]
    own_counter_unit: Annotated[str | None, says("what that counter counts")]


@dataclass(frozen=True)
class ClockWaitFigure:
    """A partition that the engine's event clock waited for, in the trial in which it did longest."""

    partition: Annotated[int, says("number of the input partition")]
    windows: Annotated[int, says("measured windows that waited 1 s or more")]
    longest_ms: Annotated[float, says("longest wait")]
    silent_from_ms: Annotated[
        float | None, says("since T0; null: not silent, its times were behind")
    ]
    silent_until_ms: Annotated[float | None, says("since T0; null: to the end of the load")]


@dataclass(frozen=True)
class VariantResult:
    """One variant: is it right, how late is a result, what does it cost."""

    variant: Annotated[str, says("label of the variant, unique in the run")]
    title: Annotated[str, says("name of the variant in the report")]
    version: Annotated[
        str | None,
        says(
            "version of streambench's engine, in a cluster of the user's that of the client; null: no trial"
        ),
    ]
    settings: Annotated[Mapping[str, str], says("what the user set for it")]
    status: Annotated[VariantStatus, says("status of the worst of its trials")]
    result: Annotated[str, says("the status in words, with the number of trials that have it")]
    reason: Annotated[str | None, says("what went wrong, in words")]
    place: Annotated[RankPlace, says("rank by delay")]
    rows_right: Annotated[int, says("rows that came out right, over its completed trials")]
    rows_expected: Annotated[int, says("rows that were due in these trials")]
    rows_exact: Annotated[
        bool, says("false: records may lawfully be late, so only bounds could be checked")
    ]
    damage: Annotated[DamageCounts, says("damage over its completed trials")]
    guarantee_honoured: Annotated[
        bool | None, says("whether the guarantee was honoured; null: no trial was completed")
    ]
    trials: Annotated[tuple[int, ...], says("numbers of all its trials")]
    trials_in_figures: Annotated[tuple[int, ...], says("numbers of those that figures come from")]
    trials_set_aside: Annotated[
        tuple[int, ...],
        says("numbers of those made at another speed of the machine: they are in no figure"),
    ]
    trials_with_backlog: Annotated[
        tuple[int, ...], says("numbers of those that also worked off a backlog of before")
    ]
    measured_windows: Annotated[
        int | None, says("fewest measured windows of a trial in the figures")
    ]
    metrics: Annotated[
        Mapping[str, MetricFigure], says("every metric by its name (docs/method.md)")
    ]
    cores_by_role: Annotated[
        Mapping[str, float],
        says(
            "median over trials of the mean cores that a role used; empty: the engine runs elsewhere, and is "
            "not seen"
        ),
    ]
    late_records: Annotated[
        tuple[LateFigures, ...], says("one for each trial in which records could be late")
    ]
    clock_waits: Annotated[
        tuple[ClockWaitFigure, ...], says("one for each partition that was waited for")
    ]


def variant_result(stand: Standing) -> VariantResult:
    """A standing as it is published."""
    variant = stand.trials[0].record.variant if stand.trials else None
    records = stand.records
    return VariantResult(
        variant=stand.label,
        title=stand.title,
        version=None if variant is None else variant.version,
        settings={} if variant is None else dict(variant.settings),
        status=stand.status,
        result=stand.words,
        reason=stand.reason,
        place=RankPlace.of(stand),
        rows_right=stand.rows.right,
        rows_expected=stand.rows.expected,
        rows_exact=stand.rows.exact,
        damage=DamageCounts.of(total(verdict.damage for verdict in stand.verdicts)),
        guarantee_honoured=all(verdict.guarantee_honoured for verdict in stand.verdicts)
        if stand.verdicts
        else None,
        trials=_numbers(stand.trials),
        trials_in_figures=_numbers(stand.completed),
        trials_set_aside=_numbers(stand.aside),
        trials_with_backlog=tuple(each.number for each in records if worked_off_a_backlog(each)),
        measured_windows=min((each.measured_windows for each in records), default=None),
        metrics={metric.name: MetricFigure.of(stand.summary(metric.name)) for metric in METRICS},
        cores_by_role=cores_by_role(records),
        late_records=tuple(late for each in records if (late := _late(each)) is not None),
        clock_waits=tuple(
            ClockWaitFigure(
                wait.partition,
                wait.windows,
                wait.longest_ms,
                wait.silent_from_ms,
                wait.silent_until_ms,
            )
            for wait in longest_clock_waits(stand)
        ),
    )


def delay_rule(bundle: Bundle, stands: tuple[Standing, ...]) -> RankRule:
    """By which delay these were ranked."""
    ranking = delay_ranking(bundle, stands)
    return RankRule.of(ranking.basis, ranking.metric, BY_NAME[ranking.metric].unit)


def _numbers(trials: tuple[TrialBundle, ...]) -> tuple[int, ...]:
    return tuple(trial.record.number for trial in trials)


def _late(record: TrialRecord) -> LateFigures | None:
    late = record.late
    if late is None:
        return None
    return LateFigures(
        record.number,
        late.records,
        late.dropped,
        late.predicted,
        late.predicted_low,
        late.predicted_high,
        late.own_counter,
        late.own_counter_unit,
    )
