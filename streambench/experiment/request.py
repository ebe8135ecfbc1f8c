"""What a user asked for, complete and checked: nothing is decided later."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streambench.engines.common.variants import named_variant, title_of
from streambench.engines.protocol import Engine
from streambench.experiment.faults import draw
from streambench.experiment.settling_policy import SETTLING
from streambench.load.trace import Trace
from streambench.model.cluster_facts import ClusterFacts
from streambench.model.conditions import Conditions, NamedVariant, Variant
from streambench.model.dirt import NO_DIRT, Dirt
from streambench.model.fault import Fault
from streambench.model.kafka_facts import KafkaFacts
from streambench.model.machine import STRICT, MachineLimits
from streambench.model.plan import Plan, Unsupported
from streambench.model.sweep import Point
from streambench.model.trial import Purpose, Segment, Span
from streambench.model.workload import Workload
from streambench.trial.schedule import segment_of, spans


@dataclass(frozen=True)
class Contender:
    """A variant with its engine and its plan, or the reason why there is none.

    `wider` is its plan with one worker more, where a fault rescales the job.
    """

    engine: Engine
    variant: Variant
    plan: Plan | Unsupported
    wider: Plan | None = None

    @property
    def title(self) -> str:
        """Its name as in the report."""
        return title_of(self.engine, self.variant)

    @property
    def named(self) -> NamedVariant | None:
        """The named variant that it is; None for the engine as it usually runs."""
        if self.variant.name is None:
            return None
        return named_variant(self.variant, self.engine.variants)


@dataclass(frozen=True)
class Request:
    """One `streambench run`, or one point of its sweep.

    `warmed`: records come at once before the load, for the job to be compiled by. Near the highest rate
    that it bears a cold job is behind by seconds before that, and has nothing left to catch up with.
    `settles`: the warm-up is a load of its own, played until the delay no longer falls; but for its head,
    which is the measured load's.
    """

    workload: Workload
    workload_text: str
    contenders: tuple[Contender, ...]
    conditions: Conditions
    rate_per_s: int | None  # None: the workload's own
    warm_up_s: float
    measured_s: float  # undisturbed
    recovery_s: float  # from the first fault on
    faults: tuple[Fault, ...]
    quick: bool
    repeats: int
    seed: int
    out: Path
    command: str
    point: Point = ()  # where in a sweep this is
    warmed: bool = False
    settles: bool = False
    warnings: tuple[str, ...] = ()  # for the report: what weakens what the run can say
    length_notes: tuple[str, ...] = ()  # why it is longer than usual, or has no faults, in words
    requirements: tuple[str, ...] = ()  # what an engine must meet
    until: str | None = None  # what ends the rounds before there are `repeats`
    machine_limits: MachineLimits = STRICT
    kafka: KafkaFacts | None = None  # what was found of a Kafka of the user's
    clusters: Mapping[str, ClusterFacts] = field(default_factory=dict)  # of the user's, by engine
    prometheus: str | None = None  # address of one that watches processes elsewhere
    missing_s: float | None = None  # how long rows that do not come are waited for; None: the usual
    dirt: Dirt = NO_DIRT  # at instants of the measured part; the workload itself is without

    @property
    def head_s(self) -> float:
        """How much of the measured load belongs to the warm-up."""
        return SETTLING.head_s if self.settles else self.warm_up_s

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans of the load; of generated load only, for a replay is as long as its file."""
        return spans(
            self.workload,
            warm_up_ms=round(self.head_s * 1000),
            measured_ms=round(self.measured_s * 1000),
            recovery_ms=round(self.recovery_s * 1000),
        )

    @property
    def dirty_workload(self) -> Workload:
        """The workload with its dirt, at instants of the load: what is measured, and nothing before that."""
        if not self.dirt:
            return self.workload
        start_ms = round(self.head_s * 1000)
        instants = tuple(
            dataclasses.replace(each, at_ms=each.at_ms + start_ms) for each in self.dirt.instants
        )
        return dataclasses.replace(
            self.workload, dirt=dataclasses.replace(self.dirt, instants=instants)
        )

    def segment(self, trace: Trace, round_number: int) -> Segment:
        """The load as it is played in one round, with the faults of that round."""
        segment = segment_of(
            trace,
            self.workload,
            warm_up_ms=round(self.head_s * 1000),
            measured_ms=round(self.measured_s * 1000),
            recovery_ms=round(self.recovery_s * 1000),
        )
        struck = draw(
            self.faults,
            self.workload,
            self.conditions,
            measured_start_ms=segment.span(Purpose.MEASURED).start_ms,
            seed=self.seed,
            round_number=round_number,
        )
        return dataclasses.replace(segment, strikes=struck.strikes, holds=struck.holds)

    @property
    def load_rate_per_s(self) -> int:
        """The rate of generated load, asked for or the workload's own; a mean where it has a shape."""
        if self.rate_per_s is not None:
            return self.rate_per_s
        assert self.workload.pace is not None, "a file that is played once has its own arrivals"
        return self.workload.pace.rate_per_s

    @property
    def is_replay(self) -> bool:
        """A file that is played once: as long as it is, at its own rate."""
        return self.workload.pace is None
