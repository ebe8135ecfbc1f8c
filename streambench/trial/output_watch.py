"""Has the running job recovered? Asked while the load goes on, so cheaply: only new rows are decoded."""

from __future__ import annotations

import time

import numpy as np

from streambench.engines.protocol import Job, State
from streambench.kafka.reader import Reader
from streambench.kafka.rows import decode
from streambench.model.workload import Query
from streambench.oracle.keyed_windows import KeyedWindows

# Windows due so long ago must be complete by now: even a micro-batch engine at rest shows them.
SLACK_MS = 3_000
# So much event time (a window where that is longer) must have come out whole, and for so many looks in
# succession.
SPAN_MS = 3_000
LOOKS = 3


class OutputWatch:
    """Counts the keys of each window that came since `restart`.

    The windows of `must_come` are relative to the trace's origin; the load's event times follow its
    due instants, so that window start + size + grace is about when a row is due. This only decides
    when the next act of a repeated fault may come; what is reported is judged afterwards.
    """

    def __init__(
        self,
        reader: Reader,
        job: Job,
        query: Query,
        must_come: KeyedWindows,
        *,
        event_offset_ms: int,
        start_monotonic_ns: int,
    ) -> None:
        self._blocks = reader.follow_anew()
        self._job = job
        self._query = query
        starts_ms, keys = np.unique(must_come.starts_ms, return_counts=True)
        self._due = dict(zip(starts_ms.tolist(), keys.tolist(), strict=True))
        self._event_offset_ms = event_offset_ms
        self._start_ns = start_monotonic_ns
        self._seen: dict[int, set[str]] = {}
        self._good_looks = 0

    def restart(self) -> None:
        """Forget what came: from here on it is looked at anew."""
        self._blocks.skip()
        self._seen.clear()
        self._good_looks = 0

    def recovered(self) -> bool:
        """Whether, for a while now, what was due has come and the engine says that it runs."""
        while len(rows := self._blocks.take()):
            table = decode(rows, self._query).table
            for key, start_ms in zip(
                table.column("key").to_pylist(),
                table.column("window_start_ms").to_pylist(),
                strict=True,
            ):
                self._seen.setdefault(start_ms - self._event_offset_ms, set()).add(key)
        good = self._whole() and self._job.healthy().state is State.RUNNING
        self._good_looks = self._good_looks + 1 if good else 0
        return self._good_looks >= LOOKS

    def _whole(self) -> bool:
        now_ms = (time.monotonic_ns() - self._start_ns) / 1e6
        newest_ms = now_ms - SLACK_MS - self._query.window.horizon_ms(self._query.grace_ms)
        # What was complete before `restart` is not seen anew: a span without a new window is not whole.
        span_ms = max(SPAN_MS, self._query.window.advance_ms)
        wanted = [w for w in self._due if newest_ms - span_ms < w <= newest_ms]
        return bool(wanted) and all(
            len(self._seen.get(start_ms, ())) >= self._due[start_ms] for start_ms in wanted
        )
