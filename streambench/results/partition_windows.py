"""When each window was complete, partition by partition of the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.load.partition import partition_of
from streambench.results.paced_windows import closings_apart_ms
from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged
from streambench.results.schema import PARTITIONS
from streambench.results.windows import closes_earlier_ms

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PartitionWindows:
    """Judged windows in the order of their closing; instants in ms since T0.

    A key's rows belong to the partition that holds its input, wherever the engine wrote them.
    `complete_ms` and `has_rows` are (partitions, windows): when the last row that must exist came
    right (NaN: one never did), and whether there is such a row. `whole_ms` is over all partitions.
    `records` counts the input of each window; `start_ms` are the windows' starts in event time. Windows
    that only the flush closes are left out.
    """

    start_ms: Floats
    closing_ms: Floats
    complete_ms: Floats
    has_rows: Flags
    records: Floats

    @property
    def apart_ms(self) -> float | None:
        """How long it is from one closing to the next; None when there are fewer than two windows."""
        return closings_apart_ms(self.start_ms, self.closing_ms)

    @property
    def whole_ms(self) -> Floats:
        """When all partitions of a window were complete; NaN when one never was."""
        known = np.where(self.has_rows, self.complete_ms, -np.inf)
        return np.asarray(known.max(axis=0))


def partition_windows(
    judged: Judged, expected: Expected, *, partitions: int, start_realtime_ns: int, visible: bool
) -> PartitionWindows:
    """Gather first right rows; `visible` takes a committed reader's stamps instead of the append's."""
    table = expected.table
    starts, window = np.unique(expected.slots_ms, return_inverse=True)
    partition = _partitions(table.column("key"), partitions)
    must = table.column("must").to_numpy(zero_copy_only=False).astype(np.bool_)

    first = judged.rows.filter(judged.rows.column("first_right"))
    row = first.column("expected_index").to_numpy().astype(np.int64)
    if visible:
        stamp_ms = (first.column("visible_ns").to_numpy() - start_realtime_ns) / 1e6
    else:
        stamp_ms = first.column("appended_ms").to_numpy() - start_realtime_ns / 1e6
    quantum = np.full(len(starts), -1, dtype=np.int64)
    closing_quantum = table.column("closing_quantum").fill_null(-1).to_numpy().astype(np.int64)
    np.maximum.at(quantum, window, closing_quantum)
    due_ms = np.where(quantum >= 0, expected.due_ms(np.maximum(quantum, 0)), np.nan)
    stamp_ms = stamp_ms + closes_earlier_ms(closing_quantum, due_ms[window], expected)[row]
    counted = must[row]
    row, stamp_ms = row[counted], stamp_ms[counted]

    shape = (partitions, len(starts))
    wanted, came = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    np.add.at(wanted, (partition[must], window[must]), 1)
    np.add.at(came, (partition[row], window[row]), 1)
    last_ms = np.full(shape, -np.inf)
    np.maximum.at(last_ms, (partition[row], window[row]), stamp_ms)

    closes = (quantum >= 0) & (wanted.sum(axis=0) > 0)
    known = expected.inputs.column("window_start_ms").to_numpy()
    records = expected.inputs.column("records").to_numpy()[np.searchsorted(known, starts)]
    complete_ms = np.where(came >= wanted, last_ms, np.nan)
    return PartitionWindows(
        start_ms=starts[closes].astype(np.float64),
        closing_ms=due_ms[closes],
        complete_ms=complete_ms[:, closes],
        has_rows=(wanted > 0)[:, closes],
        records=records[closes].astype(np.float64),
    )


def to_table(windows: PartitionWindows) -> pa.Table:
    """As columns for the bundle: one row for each window of each partition that must have rows."""
    partition, window = np.nonzero(windows.has_rows)
    delay_ms = windows.complete_ms[partition, window] - windows.closing_ms[window]
    columns = {
        "partition": partition,
        "window_start_ms": windows.start_ms[window].astype(np.int64),
        "closing_ms": windows.closing_ms[window],
        "complete_ms": pa.array(delay_ms, from_pandas=True),
        "records": windows.records[window].astype(np.int64),
    }
    return pa.table(columns, schema=pa.schema(list(PARTITIONS.items())))


def from_table(table: pa.Table) -> PartitionWindows:
    """The inverse of `to_table`."""
    starts, first, window = np.unique(
        table.column("window_start_ms").to_numpy(), return_index=True, return_inverse=True
    )
    partition = table.column("partition").to_numpy()
    closing_ms = table.column("closing_ms").to_numpy()
    delay_ms = np.asarray(table.column("complete_ms").cast(pa.float64()).to_numpy())
    shape = (int(partition.max(initial=-1)) + 1, len(starts))
    has_rows, complete_ms = np.zeros(shape, dtype=np.bool_), np.full(shape, np.nan)
    has_rows[partition, window] = True
    complete_ms[partition, window] = closing_ms + delay_ms
    return PartitionWindows(
        start_ms=starts.astype(np.float64),
        closing_ms=closing_ms[first],
        complete_ms=complete_ms,
        has_rows=has_rows,
        records=table.column("records").to_numpy()[first].astype(np.float64),
    )


def of_whole_windows(table: pa.Table, delay: str) -> PartitionWindows:
    """From a bundle's table of windows, as if the input had one partition: late when any was.

    `delay` names the column of delays; `records` are not known and counted as 0.
    """
    known = table.filter(table.column("closing_ms").is_valid()).sort_by("window_start_ms")
    closing_ms = known.column("closing_ms").cast(pa.float64()).to_numpy()
    delay_ms = known.column(delay).cast(pa.float64()).to_numpy()
    return PartitionWindows(
        start_ms=known.column("window_start_ms").to_numpy().astype(np.float64),
        closing_ms=closing_ms,
        complete_ms=(closing_ms + delay_ms)[np.newaxis, :],
        has_rows=np.ones((1, len(closing_ms)), dtype=np.bool_),
        records=np.zeros(len(closing_ms)),
    )


def _partitions(keys: pa.ChunkedArray, partitions: int) -> npt.NDArray[np.int64]:
    """The partition of each key, as Kafka's own partitioner has it."""
    coded = pa.chunked_array([keys]).combine_chunks().dictionary_encode()
    of_code = [partition_of(str(key).encode(), partitions) for key in coded.dictionary.to_pylist()]
    found: npt.NDArray[np.int64] = np.asarray(of_code, dtype=np.int64)[coded.indices.to_numpy()]
    return found
