"""What is published of the hits of one kind of fault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from streambench.analysis.hits import ObservedHit, late_stretches, records_at_once
from streambench.analysis.phases import RecoveryPhase, instant_ms, phases_of
from streambench.analysis.published.common import (
    DamageCounts,
    RankPlace,
    RankRule,
    SpreadFigure,
    finite,
    says,
)
from streambench.analysis.recoveries import Recovered, basis_of_recoveries, kinds, recovered, spread
from streambench.model.fault import FaultKind, Recovery
from streambench.results.bundle import Bundle

_NAMES = {
    RecoveryPhase.DETECTED: "detected_ms",
    RecoveryPhase.BACK: "back_ms",
    RecoveryPhase.TIMELY: "timely_ms",
    RecoveryPhase.CAUGHT_UP: "caught_up_ms",
    RecoveryPhase.BACK_FOR_GOOD: "back_for_good_ms",
}


@dataclass(frozen=True)
class LateStretch:
    """A stretch after the hit in which results were late."""

    start_ms: Annotated[float, says("after the hit")]
    end_ms: Annotated[float, says("after the hit")]
    share: Annotated[float, says("share of the partitions that were late")]


@dataclass(frozen=True)
class PartitionLateness:
    """What one input partition went through; instants are after the hit."""

    partition: Annotated[int, says("number of the partition")]
    begin_ms: Annotated[float | None, says("when its outage began; null: it kept flowing")]
    back_for_good_ms: Annotated[float | None, says("null: none, or not within the trial")]
    late_time_ms: Annotated[float | None, says("part of the load whose results came late")]


@dataclass(frozen=True)
class HitResult:
    """One act of the fault in one trial; instants are after the hit unless they say otherwise."""

    trial: Annotated[int, says("number of the trial")]
    number: Annotated[int, says("of the hits of this kind in the trial, from 1")]
    set_aside: Annotated[
        bool, says("whether it was at another speed of the machine: then it is in no time")
    ]
    victim: Annotated[str | None, says("process that was hit; null: not known")]
    at_ms: Annotated[float, says("since T0")]
    act_over_ms: Annotated[float | None, says("since T0: when the act itself was over")]
    exit_code: Annotated[
        int | None, says("how the process, or the command, ended; negative: a signal")
    ]
    command: Annotated[str | None, says("what the shell ran, where the fault is a command")]
    command_output: Annotated[tuple[str, ...], says("its last lines")]
    phase_in_window_ms: Annotated[float, says("how far into a window")]
    phase_in_commit_ms: Annotated[float, says("how far into a commit interval")]
    over: Annotated[bool, says("whether the outage, if there was one, ended within the trial")]
    band_ms: Annotated[float, says("a result later than this is late")]
    could_delay_ms: Annotated[float | None, says("by how much the act could delay a result")]
    late_time_ms: Annotated[
        float | None, says("part of the load whose results came later than the band")
    ]
    late_time_by_common_limit_ms: Annotated[
        float | None, says("part of the load whose results came later than the common limit")
    ]
    worst_delay_ms: Annotated[
        float | None, says("greatest result delay; null: a window never came")
    ]
    worked_off_per_s: Annotated[
        float | None, says("records per second that were worked off after a burst")
    ]
    came_at_once: Annotated[
        int | None, says("number of records of a burst; null: no burst, or not known")
    ]
    observed_ms: Annotated[float, says("how long it was looked at after the hit")]
    instants: Annotated[Mapping[str, float | None], says("by phase; null: not known, or never")]
    damage: Annotated[DamageCounts, says("damage of this hit")]
    stretches: Annotated[tuple[LateStretch, ...], says("when results were late")]
    partitions: Annotated[tuple[PartitionLateness, ...], says("one for each input partition")]


@dataclass(frozen=True)
class RecoveryResult:
    """How one variant came through the hits of one kind."""

    variant: Annotated[str, says("label of the variant")]
    place: Annotated[RankPlace, says("rank by what decides")]
    clean: Annotated[bool, says("whether no hit did what the guarantee excludes")]
    damage: Annotated[DamageCounts, says("summed over all hits, those set aside included")]
    aborted_rows: Annotated[
        int | None, says("of aborted transactions in the log, exactly-once only; null: not known")
    ]
    decides_ms: Annotated[
        SpreadFigure, says("over trials: late time; after a burst until all results were out")
    ]
    late_time_by_common_limit_ms: Annotated[
        SpreadFigure, says("the same with one limit for all, over trials")
    ]
    late_time_at_least_ms: Annotated[
        float | None, says("late time as far as it was observed, in the median trial")
    ]
    band_ms: Annotated[
        SpreadFigure, says("a result later than this is late; over hits, as all below")
    ]
    worst_delay_ms: Annotated[
        SpreadFigure,
        says("greatest result delay after the hit; not known where a window never came"),
    ]
    worked_off_per_s: Annotated[
        SpreadFigure, says("records per second that were worked off after a burst")
    ]
    phases: Annotated[Mapping[str, SpreadFigure], says("instants after the hit, by phase")]
    hits: Annotated[tuple[HitResult, ...], says("every hit")]


@dataclass(frozen=True)
class FaultResult:
    """All variants after one kind of fault (docs/method.md, recovery)."""

    fault: Annotated[FaultKind, says("kind of fault")]
    common_limit_ms: Annotated[
        float | None, says("one limit for all variants: the greatest of their bands")
    ]
    late_times_are_upper_bounds: Annotated[bool, says("whether only whole windows are known")]
    rule: Annotated[RankRule, says("how ranks came about")]
    variants: Annotated[tuple[RecoveryResult, ...], says("ranked ones first")]


def fault_results(bundle: Bundle) -> tuple[FaultResult, ...]:
    """Every kind of fault of a run, in the order in which they came."""
    return tuple(_fault(bundle, kind) for kind in kinds(bundle))


def _fault(bundle: Bundle, kind: FaultKind) -> FaultResult:
    every = recovered(bundle, kind)
    basis = basis_of_recoveries(bundle, [one for one in every if one.rank is not None])
    by = "all_results_out_ms" if kind is FaultKind.BURST else "late_time_ms"
    return FaultResult(
        kind,
        every[0].limit_ms,
        any(one.at_most for one in every),
        RankRule.of(basis, by, "ms"),
        tuple(_result(bundle, one) for one in every),
    )


def _result(bundle: Bundle, one: Recovered) -> RecoveryResult:
    def over_hits(values: list[float | None]) -> SpreadFigure:
        return SpreadFigure.from_spread(spread(values))

    after = [hit.recovery for hit in one.hits]
    return RecoveryResult(
        variant=one.standing.label,
        place=RankPlace.of(one),
        clean=one.clean,
        damage=DamageCounts.of(one.damage),
        aborted_rows=one.aborted_rows,
        decides_ms=SpreadFigure.from_spread(one.deciding),
        late_time_by_common_limit_ms=SpreadFigure.from_spread(one.limited),
        late_time_at_least_ms=one.least_ms,
        band_ms=over_hits([each.band_ms for each in after]),
        worst_delay_ms=over_hits([each.worst_delay_ms for each in after]),
        worked_off_per_s=over_hits([each.catch_up_per_s for each in after]),
        phases={
            _NAMES[phase]: SpreadFigure.from_spread(one.phase(phase))
            for phase in phases_of(one.kind)
        },
        hits=tuple(_hit(bundle, hit, set_aside=hit in one.aside) for hit in one.every_hit),
    )


def _hit(bundle: Bundle, each: ObservedHit, *, set_aside: bool) -> HitResult:
    recovery = each.recovery
    hit = recovery.hit
    return HitResult(
        trial=each.trial.record.number,
        number=each.number,
        set_aside=set_aside,
        victim=hit.victim,
        at_ms=hit.at_ms,
        act_over_ms=hit.over_ms,
        exit_code=hit.exit_code,
        command=hit.command,
        command_output=hit.output,
        phase_in_window_ms=hit.phase_in_window_ms,
        phase_in_commit_ms=hit.phase_in_commit_ms,
        over=recovery.over,
        band_ms=recovery.band_ms,
        could_delay_ms=recovery.could_delay_ms,
        late_time_ms=recovery.late_time_ms,
        late_time_by_common_limit_ms=each.limited_ms,
        worst_delay_ms=recovery.worst_delay_ms,
        worked_off_per_s=recovery.catch_up_per_s,
        came_at_once=records_at_once(each) if hit.kind is FaultKind.BURST else None,
        observed_ms=each.until_ms,
        instants={
            _NAMES[phase]: finite(instant_ms(recovery, phase)) for phase in phases_of(hit.kind)
        },
        damage=DamageCounts.of(recovery.damage),
        stretches=_stretches(bundle, each),
        partitions=_partitions(recovery),
    )


def _stretches(bundle: Bundle, each: ObservedHit) -> tuple[LateStretch, ...]:
    return tuple(
        LateStretch(stretch.start_s * 1000, stretch.end_s * 1000, stretch.share)
        for stretch in late_stretches(bundle, each)
    )


def _partitions(recovery: Recovery) -> tuple[PartitionLateness, ...]:
    return tuple(
        PartitionLateness(each.partition, each.begin_ms, each.end_ms, each.late_time_ms)
        for each in recovery.partitions
    )
