"""What a line of a plan is: an amount with what it was reckoned from, and what that assumes."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from streambench.analysis.scale.values import Amount, TrialName


class ScaleBound(enum.Enum):
    """What is known of an amount; the values are how it is marked."""

    EXACT = ""
    AT_LEAST = "≥"  # something that was not measured comes on top
    AT_MOST = "≤"  # no higher rate was tried


class ScaleItem(enum.Enum):
    """What a rate needs, in the order of a plan."""

    ENGINE_CORES = "engine cores"
    WORKERS = "workers"
    PARTITIONS = "partitions"
    BUSIEST_KEY = "events/s of the busiest key"
    RESULT_ROWS = "result rows/s"
    BROKER_CORES = "broker cores"
    BROKERS = "brokers"
    ENGINE_IN = "engine network in"
    BROKERS_IN = "broker network in"
    BROKERS_OUT = "broker network out"
    DISK = "broker disk"
    PLAYERS = "player shards"
    PLAYER_CORES = "player cores"


class ScaleInput(enum.Enum):
    """What a line is reckoned from; the values are their units."""

    COST = "CPU-s per million events"
    USED_SHARE = "share in use"
    RATE_OF_EACH = "events/s of each"
    BUSIEST_SHARE = "share of the busiest key"
    ROWS_PER_EVENT = "rows per event"
    ROWS_PER_S = "rows/s as measured"
    RECORD_BYTES = "bytes per record"
    WRITTEN_BYTES = "bytes written per event"
    WRITTEN_BYTES_PER_S = "bytes/s written as measured"
    REPLICAS = "replicas"
    CORES = "cores"


class Assumption(enum.Enum):
    """What a line takes for granted, as a sentence."""

    COST_STAYS = "A million events cost as much at every rate as at the one that was measured."
    IDLE_IN_COST = (
        "The cost is of a rate that may be far from the highest; what waiting takes is in it."
    )
    WORKERS_ADD_UP = "Workers on more machines add up; what they tell each other costs nothing."
    WORKER_AS_MEASURED = "A worker has what one had: its part of its machine, beside the rest."
    KEYS_EVEN = "Keys spread evenly over partitions."
    PARTITION_AS_MEASURED = "A partition bears what one bore; one that was given more may bear it."
    KEYS_AS_DECLARED = "Keys are as many and as uneven as the workload declares."
    KEYS_STAY_OR_GROW = (
        "Between as many results as were measured (keys stay) and as many an event (keys grow)."
    )
    READ_ONCE = "Each record is read once, and each result by one reader."
    LEADERS_ALONE = (
        "What followers take was not measured, as no record had a copy: it comes on top."
    )
    BROKER_AS_MEASURED = "A broker has as many cores as the measured machine."
    COPIES_IN_FULL = "Every copy of a record is sent and kept in full, without compression."
    KEPT_AN_HOUR = "Records are kept for an hour; twice as long takes twice as much."
    PLAYER_ALONE = "A player process has what one had, without an engine beside it."
    LEAST_OF_PLAYER = "No higher rate was tried: a process may carry more, so fewer may do."
    LEAST_OF_ENGINE = "No higher rate was refused: more may be borne, so fewer may do."


@dataclass(frozen=True)
class Unmeasured:
    """Why an amount is not known, and the command that would measure it; None: none does."""

    why: str
    command: str | None


@dataclass(frozen=True)
class ScaleLine:
    """One need of one rate. Bytes are in bytes/s, those of disks in bytes an hour.

    `measured_per_s` is the rate at which the decisive input was measured, in these `trials`. `over`:
    the busiest key has so many times what a partition was seen to bear.
    """

    item: ScaleItem
    amount: Amount | None
    inputs: Mapping[ScaleInput, Amount] = field(default_factory=dict)
    assumptions: tuple[Assumption, ...] = ()
    measured_per_s: float | None = None
    trials: tuple[TrialName, ...] = ()
    bound: ScaleBound = ScaleBound.EXACT
    over: float | None = None
    unknown: Unmeasured | None = None
