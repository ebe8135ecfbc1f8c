"""What a run bundle holds, and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, get_args

import pyarrow as pa
from pydantic import TypeAdapter

from streambench.model.capacity import MachineCapacity
from streambench.model.cluster_facts import ClusterFacts
from streambench.model.conditions import Conditions, NamedVariant
from streambench.model.dirt import DirtShare, DirtyInstant
from streambench.model.drain import DrainRecord
from streambench.model.experiment import BacklogDrain, Experiment, RateSearch, Single, Sweep
from streambench.model.kafka_facts import KafkaFacts
from streambench.model.plan import Program, Setting
from streambench.model.search import SearchRecord, SearchTerms
from streambench.model.sweep import Axis
from streambench.model.trial import Outcome, TrialRecord

SCHEMA = 1  # 1: first version
# Version of docs/method.md by which a run was measured. 2: late time over all partitions and stretches
# in place of the time to the first timely output, with a robust band.
METHOD = 2
# Fields that bundles of before call otherwise.
_RENAMED: Mapping[str, str] = {"null_trial": "capacity"}
# From this version on a trial with a fault records late time, and keeps its partitions' windows.
FIRST_WITH_PARTITIONS = 2

WINDOWS: Mapping[str, Any] = {
    "window_start_ms": pa.int64(),  # since the epoch, as in the output
    "closing_ms": pa.float64(),  # closing instant, since T0
    "first_row_ms": pa.float64(),  # delays after the closing instant; null: not seen
    "complete_ms": pa.float64(),
    "visible_first_ms": pa.float64(),
    "visible_complete_ms": pa.float64(),
    "event_latency_ms": pa.float64(),  # after the due instant of the newest contributing record
    "own_clock_wait_ms": pa.float64(),  # earliest lawful instant by the engine's clock − closing
    "expected_rows": pa.int64(),
    "right_rows": pa.int64(),
    "purpose": pa.string(),  # value of model.trial.Purpose
}
"""Columns of `windows.parquet`: one row per window."""

SERIES: Mapping[str, Any] = {
    "t_s": pa.int64(),  # second since T0
    "offered": pa.int64(),  # records due, written, acknowledged, processed in this second
    "written": pa.int64(),
    "acknowledged": pa.int64(),
    "processed": pa.int64(),
    "excess_lag_ms": pa.float64(),
}
"""Columns of `series.parquet`: one row per second."""

PARTITIONS: Mapping[str, Any] = {
    "partition": pa.int64(),  # of the input
    "window_start_ms": pa.int64(),  # since the epoch
    "closing_ms": pa.float64(),  # closing instant of the window, since T0
    "complete_ms": pa.float64(),  # delay of the partition's last row after it; null: never complete
    "records": pa.int64(),  # input records of the window, over all partitions
}
"""Columns of `partitions.parquet`: one row per window and partition, of trials with a fault.

Under exactly-once delays are by visible stamps, as throughout a recovery.
"""


@dataclass(frozen=True)
class LatePrediction:
    """What one documented event clock drops of a whole data set, by the late-record model.

    `label` is a variant's label; `low`/`high` bound what cannot be replayed exactly.
    """

    label: str
    clock: str
    grace_ms: int
    records: int
    dropped: int | None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class LateModel:
    """Caption facts of a replay with late records, and the model's word on the whole data set.

    `played` says which part was replayed, `whole` what `predictions` are for, in words.
    """

    source: str
    played: str
    whole: str
    speed_up: float
    partitions: int
    grace_ms: int
    batch_ms: int | None
    predictions: tuple[LatePrediction, ...] = ()


@dataclass(frozen=True)
class PlanRecord:
    """What was planned for one variant: known also where no trial of it has a record of its own."""

    settings: tuple[Setting, ...] = ()
    programs: tuple[Program, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunRecord:
    """Everything about a run that is not about one trial.

    `started_at` is ISO 8601, UTC. `planned` holds the labels of all variants, in the order asked for;
    `titles` their engines' names as in the report. `partial` stays true until the run has finished.
    `rate_per_s` is None for a replay, which has its own arrivals. `measured_s` is undisturbed;
    `recovery_s` follows it from the first of the `faults` on, as they were asked for. `repeats` is how many
    rounds there are to be; where they end by `until`, how many there were, once the run has finished.
    """

    schema: int
    title: str
    workload: str
    workload_text: str
    command: str
    started_at: str
    conditions: Conditions
    environment: Mapping[str, str]
    versions: Mapping[str, str]
    trace_sha256: str
    trace_records: int
    seed: int
    rate_per_s: int | None
    warm_up_s: float
    measured_s: float
    quick: bool
    repeats: int
    planned: tuple[str, ...]
    partial: bool = True
    warnings: tuple[str, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    late_model: LateModel | None = None
    method: int = 1  # version of the method; a record that names none is of the first
    recovery_s: float = 0.0
    faults: tuple[str, ...] = ()
    dirt: tuple[DirtyInstant, ...] = ()  # single dirty records, of the measured part
    dirt_shares: tuple[DirtShare, ...] = ()
    axes: tuple[Axis, ...] = ()  # what is varied; each trial says where it stands
    search: SearchTerms | None = None  # what was asked of `searches`; trials confirm them
    searches: tuple[SearchRecord, ...] = ()
    shape: str | None = None  # how the rate goes when it is not constant, in words
    drain_records: int | None = None  # how many are worked off at once, in `drains`
    drains: tuple[DrainRecord, ...] = ()
    capacity: MachineCapacity | None = None  # what this machine carries without an engine
    warming_records: int = 0  # what came at once before each trial, again until the job was warm
    rising_s: float = 0.0  # how long a load then rose to the rate
    settling_s: float = 0.0  # the least that was played at the rate before, in a load of its own
    plans: Mapping[str, PlanRecord] = field(default_factory=dict)  # by label, of the first point
    one_job: bool = False  # the rates of a sweep are loads of one job for each engine
    drain_records_per_window: float | None = None  # the mean over the load that is drained
    requirements: tuple[str, ...] = ()  # as a user wrote them
    named: Mapping[str, NamedVariant] = field(default_factory=dict)  # by label, as they were then
    until: str | None = None  # what ended the rounds, unless they were all made
    rounds_at_most: int | None = None  # how many it might have been
    trace_without_key: int = 0  # records of the trace that are of no group
    kafka: KafkaFacts | None = None  # what brokers of the user's say of themselves
    clusters: Mapping[str, ClusterFacts] = field(default_factory=dict)  # of the user's, by engine
    anonymous: bool = False  # what tells whose it is was left out of this copy

    @property
    def experiment(self) -> Experiment:
        """Which kind it was: a record of schema 1 tells it by which of its fields are filled."""
        if self.search is not None:
            return RateSearch(self.search)
        if self.drain_records is not None:
            return BacklogDrain(self.drain_records, self.drain_records_per_window)
        return Sweep(self.axes, self.one_job) if self.axes else Single()


# Of runs that do not name it: there was one version.
_BROKER_BEFORE = "4.3.1"
_RUN = TypeAdapter(RunRecord)
_TRIAL = TypeAdapter(TrialRecord)


def _kind(outcome: type[Any]) -> str:
    return str(next(f.default for f in fields(outcome) if f.name == "kind"))


_OUTCOMES = {_kind(outcome): TypeAdapter(outcome) for outcome in get_args(Outcome)}


def run_to_json(run: RunRecord) -> str:
    """The text of `run.json`."""
    return _RUN.dump_json(run, indent=2).decode() + "\n"


def run_from_data(data: Any) -> RunRecord:
    """The inverse of `run_to_json` after JSON parsing; raises ValueError when `data` is no run."""
    if isinstance(data, dict):
        data = {_RENAMED.get(name, name): value for name, value in data.items()}
        conditions = data.get("conditions")
        if isinstance(conditions, dict):
            data["conditions"] = {"broker_version": _BROKER_BEFORE, **conditions}
    return _RUN.validate_python(data)


def trial_to_json(record: TrialRecord) -> str:
    """The text of `trial.json`."""
    return _TRIAL.dump_json(record, indent=2).decode() + "\n"


def trial_from_data(data: Any) -> TrialRecord:
    """The inverse of `trial_to_json` after JSON parsing; raises ValueError when `data` is no trial.

    The outcome is chosen by its `kind`, never by which fields happen to fit.
    """
    outcome = data.get("outcome") if isinstance(data, dict) else None
    kind = outcome.get("kind") if isinstance(outcome, dict) else None
    if kind not in _OUTCOMES:
        raise ValueError(f"outcome of unknown kind {kind!r}")
    return _TRIAL.validate_python({**data, "outcome": _OUTCOMES[kind].validate_python(outcome)})
