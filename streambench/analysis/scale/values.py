"""What was measured for a plan: amounts, at which rate, and in which trials."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Amount:
    """A figure between its least and its greatest value; one value where both are the same."""

    low: float
    high: float

    @staticmethod
    def over(values: Sequence[float]) -> Amount | None:
        """The range of what was measured; None for nothing."""
        return Amount(min(values), max(values)) if values else None

    @staticmethod
    def just(value: float) -> Amount:
        """One value."""
        return Amount(value, value)

    def times(self, factor: float) -> Amount:
        """Both ends by a factor."""
        return Amount(self.low * factor, self.high * factor)

    def plus(self, other: Amount) -> Amount:
        """Ends added to ends: at worst both are at theirs."""
        return Amount(self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class TrialName:
    """A trial of a bundle, as a reader finds it."""

    bundle: str
    number: int


class ScaleFigure(enum.Enum):
    """What a trial measures that a plan goes by; the values are names of `TrialRecord.measures`, or ours."""

    ENGINE_COST = "engine_cpu_s_per_million"
    BROKER_COST = "broker_cpu_s_per_million"
    WRITTEN_BYTES = "broker_bytes_per_event"  # output and internal topics
    RESULT_ROWS = "result_rows_per_event"


@dataclass(frozen=True)
class MeasuredAt:
    """A figure over the trials at one rate, events/s."""

    amount: Amount
    rate_per_s: float
    trials: tuple[TrialName, ...]


@dataclass(frozen=True)
class Borne:
    """The highest rate below all that were refused with which an engine was shown to keep up."""

    rate_per_s: float
    trials: tuple[TrialName, ...]


@dataclass(frozen=True)
class RefusedRate:
    """The lowest rate that an engine was seen not to bear, in whichever run.

    `kept_up_per_s` is the highest rate from there on that it kept up with all the same; None: none.
    """

    rate_per_s: float
    kept_up_per_s: float | None


@dataclass(frozen=True)
class TrialLeftOut:
    """A trial that a plan does not go by, and why."""

    trial: TrialName
    why: str


@dataclass(frozen=True)
class EngineBasis:
    """What was measured of one variant.

    `figures` are each from the highest rate at which it is known. `at_lowest` is what a million events
    cost the engine at the lowest rate, where several were tried. `borne` None: no search or curve told it.
    `refused` None: no rate was refused. Rates between the two were not tried, or not decided.
    `elsewhere`: streambench did not start its processes, or not here, so what they took was not seen.
    """

    label: str
    title: str
    version: str
    workers: int
    partitions: int
    rate_per_s: float  # the highest of them
    figures: Mapping[ScaleFigure, MeasuredAt]
    at_lowest: MeasuredAt | None
    borne: Borne | None
    refused: RefusedRate | None
    left_out: tuple[TrialLeftOut, ...] = ()
    elsewhere: bool = False


@dataclass(frozen=True)
class NoBasis:
    """A variant of which no trial tells anything, why, and the command that would."""

    label: str
    title: str
    why: str
    command: str


@dataclass(frozen=True)
class PlayerBasis:
    """The most that one process carried without an engine, events/s; its CPU-seconds per million there.

    `edge_seen`: more was tried, and was not certified.
    """

    most_per_s: float
    cost: Amount
    edge_seen: bool
    bundle: str


@dataclass(frozen=True)
class LoadBasis:
    """Bytes of a record as sent, and which share of all records has the busiest key; None: not known.

    `made_again`: from the declaration in the bundle, as the trials did not note it.
    """

    bytes_per_record: float | None
    busiest_share: float | None
    made_again: bool


@dataclass(frozen=True)
class ScaleBasis:
    """What all bundles of a plan say together; they are on the same terms, by the same machine.

    `elsewhere` names what ran on others: the broker, if `broker_elsewhere`, and engines.
    """

    workload: str
    guarantee: str
    bundles: tuple[str, ...]
    first_day: str  # ISO 8601, of the earliest and the latest run
    last_day: str
    processor: str
    cores: int | None
    memory: str
    replication: int  # of the topics that were measured
    broker_elsewhere: bool
    elsewhere: tuple[str, ...]
    engines: tuple[EngineBasis, ...]
    unknown: tuple[NoBasis, ...]
    player: PlayerBasis | None
    load: LoadBasis
    searchable: (
        bool  # whether curves and searches take this workload: not where records may be late
    )
