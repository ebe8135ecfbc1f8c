"""Has the running job recovered? Asked while the load goes on, so cheaply: only new rows are decoded."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from streambench.engines.protocol import Job, State
from streambench.kafka.reader import Reader
from streambench.kafka.rows import decode
from streambench.model.workload import Query
from streambench.oracle.keyed_windows import KeyedWindows

# Windows due so long ago must be complete by now: even a micro-batch engine at rest shows them.
SLACK_MS = 3_000
# So much of the load (a window where that is longer) must have come out whole, and for so many looks in
# succession.
SPAN_MS = 3_000
LOOKS = 3


@dataclass(frozen=True)
class LoadClock:
    """How a load's time is known: its T0, what is added to its event times, and how fast these go by.

    In a ms of the load `speed` ms of event time go by.
    """

    event_offset_ms: int
    start_monotonic_ns: int
    speed: float = 1.0


class OutputWatch:
    """Knows which rows have come since `restart`.

    The windows of `must_come` are relative to the trace's origin. By the load's `clock`
    window start + size + grace tells about when a row is due. This only decides
    when the next act of a repeated fault may come; what is reported is judged afterwards.
    """

    def __init__(
        self,
        reader: Reader,
        job: Job,
        query: Query,
        must_come: KeyedWindows,
        clock: LoadClock,
    ) -> None:
        self._blocks = reader.follow_anew()
        self._job = job
        self._query = query
        self._speed = clock.speed
        self._must_come = must_come.shifted(clock.event_offset_ms)
        self._due_starts_ms = must_come.starts_ms
        self._came = np.zeros(len(must_come), dtype=np.bool_)
        self._start_ns = clock.start_monotonic_ns
        self._good_looks = 0

    def restart(self) -> None:
        """Forget what came: from here on it is looked at anew."""
        self._blocks.skip()
        self._came[:] = False
        self._good_looks = 0

    def recovered(self) -> bool:
        """Whether, for a while now, what was due has come and the engine says that it runs."""
        while len(rows := self._blocks.take()):
            found = self._must_come.find(decode(rows, self._query).table)
            self._came[found[found >= 0]] = True
        good = self._whole() and self._job.healthy().state is State.RUNNING
        self._good_looks = self._good_looks + 1 if good else 0
        return self._good_looks >= LOOKS

    def _whole(self) -> bool:
        now_ms = (time.monotonic_ns() - self._start_ns) / 1e6
        horizon_ms = self._query.window.horizon_ms(self._query.grace_ms)
        newest_ms = (now_ms - SLACK_MS) * self._speed - horizon_ms
        # What was complete before `restart` is not seen anew: a span without a new window is not whole.
        span_ms = max(SPAN_MS * self._speed, self._query.window.advance_ms)
        wanted = (self._due_starts_ms > newest_ms - span_ms) & (self._due_starts_ms <= newest_ms)
        return bool(wanted.any() and self._came[wanted].all())
