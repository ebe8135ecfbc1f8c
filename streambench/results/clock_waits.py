"""Windows that an engine's own event clock kept open for one partition's sake (docs/method.md, delay split)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from streambench.model.trial import ClockWait
from streambench.oracle.expected import Expected
from streambench.results.windows import WindowTimes

Floats = npt.NDArray[np.float64]

# From here on a wait is told in words, with the partition. Below, the figures of the split say enough.
TOLD_FROM_MS = 1_000.0


def clock_waits(
    times: WindowTimes, wanted: npt.NDArray[np.bool_], expected: Expected
) -> tuple[ClockWait, ...]:
    """What is to be told of the `wanted` windows: one entry a partition that was waited for, by its number."""
    return tuple(_waits(times, wanted, expected))


def _waits(
    times: WindowTimes, wanted: npt.NDArray[np.bool_], expected: Expected
) -> Iterator[ClockWait]:
    wait_ms = times.own_clock_ms - times.closing_ms
    told = wanted & (wait_ms >= TOLD_FROM_MS) & (times.waited_for >= 0)
    for partition in np.unique(times.waited_for[told]):
        held = told & (times.waited_for == partition)
        longest_ms = float(wait_ms[held].max())
        began_ms, ended_ms = _silence(
            expected,
            int(partition),
            float(times.closing_ms[held].min()),
            float(times.own_clock_ms[held].max()),
        )
        load_end_ms = float(expected.quanta * expected.quantum_ms)
        silent = ended_ms - began_ms >= longest_ms / 2
        yield ClockWait(
            clock=expected.clock,
            partition=int(partition),
            windows=int(np.count_nonzero(held)),
            longest_ms=longest_ms,
            silent_from_ms=began_ms if silent else None,
            silent_until_ms=ended_ms if silent and ended_ms < load_end_ms else None,
        )


def _silence(
    expected: Expected, partition: int, first_ms: float, last_ms: float
) -> tuple[float, float]:
    """The longest time without a record that moves this partition's clock, of those that meet [first_ms, last_ms]."""
    due_ms = expected.due_ms(expected.moving_quanta.get(partition, np.empty(0, dtype=np.int64)))
    load_end_ms = float(expected.quanta * expected.quantum_ms)
    edges_ms: Floats = np.r_[0.0, due_ms, load_end_ms]
    begins_ms, ends_ms = edges_ms[:-1], edges_ms[1:]
    meets = (ends_ms > first_ms) & (begins_ms < last_ms)
    longest = int(np.argmax(np.where(meets, ends_ms - begins_ms, -1.0)))
    return float(begins_ms[longest]), float(ends_ms[longest])
