"""For which partition an engine's own event clock waits before it closes a window."""

from __future__ import annotations

from typing import assert_never

import numpy as np
import numpy.typing as npt

from streambench.model.plan import EventClock
from streambench.oracle.clocks import TraceClocks

Int64s = npt.NDArray[np.int64]
_NEVER = np.iinfo(np.int64).max


def partitions_waited_for(
    clocks: TraceClocks,
    clock: EventClock,
    *,
    closing_event_ms: Int64s,
    partition: Int64s,
    partitions: int,
) -> Int64s:
    """The partition whose clock is the last that must reach the closing event time; −1: none is waited for.

    `closing_event_ms` is window end + grace and `partition` that of the key, one entry a row of the
    expectation. A clock over all partitions waits for none of them.
    """
    match clock:
        case EventClock.PER_PARTITION | EventClock.AFTER_REPARTITION:
            return partition.astype(np.int64)
        case EventClock.MIN_OF_PARTITIONS:
            return _slowest(clocks, closing_event_ms, partitions)
        case EventClock.GLOBAL_PER_BATCH | EventClock.OF_ITS_OWN:
            return np.full(len(partition), -1, dtype=np.int64)
        case _:
            assert_never(clock)


def _slowest(clocks: TraceClocks, event_ms: Int64s, partitions: int) -> Int64s:
    moving = clocks.passing_by_partition
    silent = set(range(partitions)) - moving.keys()
    if silent:  # no record of it ever moves the clock
        return np.full(len(event_ms), min(silent), dtype=np.int64)
    numbers = np.array(sorted(moving), dtype=np.int64)
    reached = np.stack([moving[int(number)].first_quantum(event_ms) for number in numbers])
    last = np.where(reached < 0, _NEVER, reached).argmax(axis=0)
    return np.asarray(numbers[last], dtype=np.int64)
