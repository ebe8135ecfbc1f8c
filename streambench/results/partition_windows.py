"""When each window was complete, partition by partition of the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.load.partition import partition_of
from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PartitionWindows:
    """Judged windows in the order of their closing; instants in ms since T0.

    A key's rows belong to the partition that holds its input, wherever the engine wrote them.
    `complete_ms` and `has_rows` are (partitions, windows): when the last row that must exist came
    right (NaN: one never did), and whether there is such a row. `whole_ms` is over all partitions.
    `records` counts the input of each window. Windows that only the flush closes are left out.
    """

    closing_ms: Floats
    complete_ms: Floats
    has_rows: Flags
    records: Floats

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
    starts, window = np.unique(table.column("window_start_ms").to_numpy(), return_inverse=True)
    partition = _partitions(table.column("key"), partitions)
    must = table.column("must").to_numpy(zero_copy_only=False).astype(np.bool_)

    first = judged.rows.filter(judged.rows.column("first_right"))
    row = first.column("expected_index").to_numpy().astype(np.int64)
    if visible:
        stamp_ms = (first.column("visible_ns").to_numpy() - start_realtime_ns) / 1e6
    else:
        stamp_ms = first.column("appended_ms").to_numpy() - start_realtime_ns / 1e6
    counted = must[row]
    row, stamp_ms = row[counted], stamp_ms[counted]

    shape = (partitions, len(starts))
    wanted, came = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    np.add.at(wanted, (partition[must], window[must]), 1)
    np.add.at(came, (partition[row], window[row]), 1)
    last_ms = np.full(shape, -np.inf)
    np.maximum.at(last_ms, (partition[row], window[row]), stamp_ms)

    quantum = np.full(len(starts), -1, dtype=np.int64)
    closing_quantum = table.column("closing_quantum").fill_null(-1).to_numpy().astype(np.int64)
    np.maximum.at(quantum, window, closing_quantum)
    closes = (quantum >= 0) & (wanted.sum(axis=0) > 0)
    known = expected.inputs.column("window_start_ms").to_numpy()
    records = expected.inputs.column("records").to_numpy()[np.searchsorted(known, starts)]
    complete_ms = np.where(came >= wanted, last_ms, np.nan)
    return PartitionWindows(
        closing_ms=expected.due_ms(quantum[closes]),
        complete_ms=complete_ms[:, closes],
        has_rows=(wanted > 0)[:, closes],
        records=records[closes].astype(np.float64),
    )


def _partitions(keys: pa.ChunkedArray, partitions: int) -> npt.NDArray[np.int64]:
    """The partition of each key, as Kafka's own partitioner has it."""
    coded = pa.chunked_array([keys]).combine_chunks().dictionary_encode()
    of_code = [partition_of(str(key).encode(), partitions) for key in coded.dictionary.to_pylist()]
    found: npt.NDArray[np.int64] = np.asarray(of_code, dtype=np.int64)[coded.indices.to_numpy()]
    return found
