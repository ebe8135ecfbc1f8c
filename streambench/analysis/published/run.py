"""What is published of a run as a whole, and of each of its trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from streambench.analysis.eligible import trials_at_another_speed
from streambench.analysis.published.common import NamedVariantFacts, point_data, says
from streambench.model.capacity import MachineCapacity
from streambench.model.cluster_facts import ClusterFacts
from streambench.model.conditions import Conditions
from streambench.model.kafka_facts import KafkaFacts
from streambench.model.machine import MachineUsage
from streambench.model.observed import ByMonitoring
from streambench.model.trial import Certificate, Completed, RoleUsage, TrialRecord, WarmedUp
from streambench.results.bundle import Bundle
from streambench.results.schema import METHOD


@dataclass(frozen=True)
class RunFacts:
    """What was asked for, and where it ran."""

    title: Annotated[str, says("title of the workload")]
    workload: Annotated[str, says("name of the workload")]
    command: Annotated[str, says("command that made the run")]
    started_at: Annotated[str, says("ISO 8601, UTC")]
    bundle_schema: Annotated[int, says("version of the bundle's schema")]
    method: Annotated[int, says("version of the method (docs/method.md) by which it was measured")]
    analysed_by_method: Annotated[
        int, says("version of the method by which this analysis was made")
    ]
    partial: Annotated[bool, says("the run was interrupted")]
    quick: Annotated[bool, says("engines were cold and windows few: nothing is ranked")]
    conditions: Annotated[Conditions, says("asked of every engine alike")]
    environment: Annotated[Mapping[str, str], says("machine and system")]
    versions: Annotated[Mapping[str, str], says("version of each component")]
    kafka: Annotated[
        KafkaFacts | None, says("what a Kafka of the user's says of itself; null: there was none")
    ]
    clusters: Annotated[
        Mapping[str, ClusterFacts],
        says("what a cluster of the user's says of itself, by engine; empty: there was none"),
    ]
    rate_per_s: Annotated[
        int | None, says("records per second; null: a replay has its own arrivals")
    ]
    shape: Annotated[str | None, says("how the rate goes; null: it is constant")]
    seed: Annotated[int, says("seed of the load")]
    records: Annotated[int, says("number of records in the load")]
    records_without_key: Annotated[
        int, says("how many of them lack a value of their group, and are left out of every result")
    ]
    trace_sha256: Annotated[str, says("SHA-256 of the load's bytes, before stamping")]
    warm_up_s: Annotated[float, says("least time at the rate before the measured part")]
    measured_s: Annotated[float, says("length of the undisturbed measured part")]
    recovery_s: Annotated[float, says("length of the part from the first fault on")]
    repeats: Annotated[
        int, says("trials of each variant; while rounds are repeated until something, at most")
    ]
    faults: Annotated[tuple[str, ...], says("as they were asked for")]
    planned: Annotated[tuple[str, ...], says("labels of all variants, in the order asked for")]
    named: Annotated[
        Mapping[str, NamedVariantFacts],
        says("named variants by label; an earlier run recorded none"),
    ]


@dataclass(frozen=True)
class TrialFacts:
    """One trial by itself."""

    number: Annotated[int, says("unique in the run")]
    round: Annotated[int, says("round of the interleaved repeats")]
    variant: Annotated[str, says("its label")]
    point: Annotated[Mapping[str, float], says("axis → value; empty where nothing is varied")]
    outcome: Annotated[str, says("completed, invalid, failed, unsupported or left-out")]
    why: Annotated[str | None, says("why it was not completed")]
    right: Annotated[
        bool | None, says("whether every row was right; null: its rows were not judged")
    ]
    right_before_fault: Annotated[
        bool, says("whether it was right up to the first fault, or to the end")
    ]
    measured_windows: Annotated[int, says("windows in the measured part")]
    cold: Annotated[bool, says("too short to be ranked")]
    saturated: Annotated[bool, says("the engine left the machine no room")]
    certificate: Annotated[Certificate | None, says("the generator's word; null: it gave none")]
    other_speed: Annotated[str | None, says("how the machine's speed differed from most trials")]
    trend: Annotated[
        str | None, says("trend of the delay that remained in the measured part, in words")
    ]
    trend_share: Annotated[float | None, says("size of the trend divided by the median delay")]
    trace_sha256: Annotated[str | None, says("SHA-256 of its own load's bytes")]
    warmed_up: Annotated[
        WarmedUp | None, says("how long it was under load before the measured part")
    ]
    usage: Annotated[
        tuple[RoleUsage, ...], says("what its processes used in the measured part, by role")
    ]
    machine: Annotated[MachineUsage | None, says("the whole machine in the measured part")]
    monitored: Annotated[
        ByMonitoring | None,
        says("what Prometheus said of the measured part; null: it was not asked"),
    ]
    measures: Annotated[Mapping[str, float | None], says("by metric; memory in bytes")]


@dataclass(frozen=True)
class CapacityStep:
    """One rate that was tried without an engine; cores are means."""

    rate_per_s: Annotated[int, says("records per second")]
    held: Annotated[bool, says("whether the generator was on time")]
    reason: Annotated[str | None, says("why it was not; null: it was")]
    send_lag_p999_ms: Annotated[float, says("p99.9 of the generator's send lag")]
    player_cores: Annotated[float, says("used by the player")]
    broker_cores: Annotated[float, says("used by the broker")]


@dataclass(frozen=True)
class Capacity:
    """What player and broker carry here without an engine: the bound of every rate."""

    most_per_s: Annotated[
        int | None, says("highest rate that was carried, records per second; null: none")
    ]
    made_at: Annotated[str, says("ISO 8601, UTC")]
    of_this_run: Annotated[bool, says("whether it was tried for this run")]
    steps: Annotated[tuple[CapacityStep, ...], says("rates that were tried, rising")]


def run_facts(bundle: Bundle) -> RunFacts:
    """The run's own record as it is published."""
    run = bundle.run
    same = {
        name: getattr(run, name)
        for name in RunFacts.__dataclass_fields__
        if hasattr(run, name) and name not in ("environment", "versions", "planned", "named")
    }
    return RunFacts(
        **same,
        bundle_schema=run.schema,
        analysed_by_method=METHOD,
        records=run.trace_records,
        records_without_key=run.trace_without_key,
        environment=dict(run.environment),
        versions=dict(run.versions),
        planned=bundle.labels,
        named={label: NamedVariantFacts.of(each) for label, each in run.named.items()},
    )


def trial_facts(bundle: Bundle) -> tuple[TrialFacts, ...]:
    """Every trial as it is published, in the order of their numbers."""
    odd = trials_at_another_speed(bundle)
    return tuple(_trial(trial.record, odd.get(trial.record.number)) for trial in bundle.trials)


def capacity(of_run: MachineCapacity | None) -> Capacity | None:
    """A machine's capacity as it is published."""
    if of_run is None:
        return None
    steps = tuple(
        CapacityStep(**{name: getattr(step, name) for name in CapacityStep.__dataclass_fields__})
        for step in of_run.steps
    )
    return Capacity(of_run.most_per_s, of_run.made_at, of_run.of_this_run, steps)


def _trial(record: TrialRecord, other_speed: str | None) -> TrialFacts:
    outcome = record.outcome
    completed = isinstance(outcome, Completed)
    return TrialFacts(
        number=record.number,
        round=record.round,
        variant=record.variant.label,
        point=point_data(record.point),
        outcome=outcome.kind,
        why=None if isinstance(outcome, Completed) else outcome.reason,
        right=None if record.verdict is None else record.verdict.right,
        right_before_fault=completed and record.steady_right,
        measured_windows=record.measured_windows,
        cold=record.cold,
        saturated=record.saturated,
        certificate=record.certificate,
        other_speed=other_speed,
        trend=record.trend,
        trend_share=record.trend_share,
        trace_sha256=record.trace_sha256,
        warmed_up=record.warmed_up,
        usage=record.usage,
        machine=record.machine,
        monitored=record.monitored,
        measures=dict(record.measures),
    )
