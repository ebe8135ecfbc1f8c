"""A trace small enough to be written by hand, and rows as a right engine would write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.columns import bound_columns, value_column
from streambench.model.expression import (
    Comparison,
    ComparisonOperator,
    FieldReference,
    FieldType,
    Literal,
)
from streambench.model.plan import EventClock
from streambench.model.windows import Hopping, Tumbling, Window
from streambench.model.workload import Query
from streambench.oracle.expected import Expected
from streambench.oracle.keyed_windows import KeyedWindows

T0_MS = 1_764_000_000_000
OFFSET_MS = T0_MS
QUANTUM_MS = 5

VALUE = FieldReference("value", FieldType.BIGINT)
COUNT = Aggregate("n", AggregateFunction.COUNT, None)
SUM = Aggregate("total", AggregateFunction.SUM, VALUE)
MIN = Aggregate("least", AggregateFunction.MIN, VALUE)
MAX = Aggregate("greatest", AggregateFunction.MAX, VALUE)
WINDOWS = (Tumbling(100), Tumbling(100, 33), Hopping(100, 40), Hopping(120, 40, 7))
CLOCKS = tuple(
    clock
    for clock in EventClock
    if clock not in (EventClock.AFTER_REPARTITION, EventClock.OF_ITS_OWN)
)
"""Those that go by the partitions of the input."""
ONLY_VIEWS = Comparison(
    ComparisonOperator.EQ, FieldReference("action", FieldType.STRING), Literal("view")
)


@dataclass(frozen=True)
class Meta:
    partitions: int
    quantum_ms: int
    quanta: int


@dataclass(frozen=True)
class StandIn:
    columns_glob: str
    meta: Meta


@dataclass(frozen=True)
class Record:
    quantum: int
    partition: int
    event_ms: int
    key: str = "a"
    value: int = 1
    action: str = "view"


def query(
    *aggregates: Aggregate,
    window: Window = Tumbling(100),  # noqa: B008
    grace_ms: int = 0,
    filtered: bool = True,
) -> Query:
    return Query(
        where=ONLY_VIEWS if filtered else None,
        group_by=(FieldReference("key", FieldType.STRING),),
        window=window,
        grace_ms=grace_ms,
        aggregates=aggregates or (COUNT, SUM, MIN, MAX),
    )


def trace_of(
    folder: Path, records: Sequence[Record], *, partitions: int, quanta: int = 100
) -> StandIn:
    """Records in the order of the log; their position is counted per partition."""
    positions: dict[int, int] = {}
    position = []
    for record in records:
        position.append(positions.get(record.partition, 0))
        positions[record.partition] = position[-1] + 1
    table = pa.table(
        {
            "quantum": pa.array([r.quantum for r in records], pa.int32()),
            "partition": pa.array([r.partition for r in records], pa.int16()),
            "position": pa.array(position, pa.int64()),
            "event_ms": pa.array([r.event_ms for r in records], pa.int64()),
            "key": pa.array([r.key for r in records], pa.string()),
            "value": pa.array([r.value for r in records], pa.int64()),
            "action": pa.array([r.action for r in records], pa.string()),
        }
    )
    folder.mkdir(exist_ok=True)
    pq.write_table(table, folder / "part.parquet")
    return StandIn(str(folder / "*.parquet"), Meta(partitions, QUANTUM_MS, quanta))


def steady_trace(
    folder: Path,
    *,
    duration_ms: int = 2_000,
    per_quantum: int = 8,
    keys: int = 12,
    partitions: int = 4,
    disorder_ms: int = 20,
    seed: int = 7,
) -> StandIn:
    """A load whose event times follow the due instants, `disorder_ms` behind at most."""
    rng = np.random.default_rng(seed)
    quanta = duration_ms // QUANTUM_MS
    records = []
    for quantum in range(quanta):
        for _ in range(per_quantum):
            key = int(rng.integers(keys))
            due_ms = quantum * QUANTUM_MS + float(rng.random()) * QUANTUM_MS
            records.append(
                Record(
                    quantum=quantum,
                    partition=key % partitions,
                    event_ms=int(np.floor(due_ms - disorder_ms * float(rng.random()))),
                    key=f"k{key}",
                    value=int(rng.integers(1, 100)),
                    action="view" if rng.random() < 0.7 else "click",
                )
            )
    return trace_of(folder, records, partitions=partitions, quanta=quanta)


def keyed_windows(places: Iterable[tuple[str | None, int]]) -> KeyedWindows:
    """Plain pairs of a key and a window start as a set in columns."""
    keys, starts = list(zip(*places, strict=True)) or ((), ())
    columns = {"key": pa.array(keys, pa.string()), "window_start_ms": pa.array(starts, pa.int64())}
    return KeyedWindows.of(pa.table(columns))


def pairs(places: KeyedWindows) -> list[tuple[str | None, int]]:
    """A set in columns as plain pairs, in its order."""
    table = places.table
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def right_rows(expected: Expected, *, delay_ms: int = 10) -> pa.Table:
    """What a right engine writes `delay_ms` after its own clock closes each window."""
    table = expected.table.filter(expected.table.column("must"))
    closing = table.column("earliest_quantum").fill_null(expected.quanta).to_numpy()
    appended = T0_MS + (closing.astype(np.int64) + 1) * expected.quantum_ms + delay_ms
    return pa.table(
        {
            "partition": pa.array(np.zeros(table.num_rows), pa.int32()),
            "offset": pa.array(np.arange(table.num_rows), pa.int64()),
            "appended_ms": pa.array(appended, pa.int64()),
            "visible_ns": pa.array((appended + 1) * 1_000_000, pa.int64()),
            "key": table.column("key"),
            "window_start_ms": pa.array(
                table.column("window_start_ms").to_numpy() + OFFSET_MS, pa.int64()
            ),
        }
        | {
            value_column(aggregate.alias): table.column(bound_columns(aggregate.alias)[0])
            for aggregate in expected.aggregates
        }
    )
