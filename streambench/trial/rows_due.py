"""How far behind a job seems while its load is played: by counting rows, so that nothing is decoded."""

from __future__ import annotations

import numpy as np

from streambench.load.trace import Trace
from streambench.model.windows import Sessions
from streambench.model.workload import Query
from streambench.oracle.expected import Due


class RowsDue:
    """When each row of a load is due, in ms since T0; of a replay and of sessions it is not known.

    This is shown while it runs and decides nothing: rows that came twice count as two.
    """

    def __init__(self, trace: Trace, due: Due, query: Query) -> None:
        self.rows = len(due.must)
        self._at_ms: np.ndarray | None = None
        # A session's start says nothing of its end.
        known = not isinstance(query.window, Sessions)
        if trace.meta.event_time_follows_due and known:
            self._at_ms = query.window.closes_at(np.sort(due.must.starts_ms), query.grace_ms)

    def behind_s(self, rows: int, elapsed_ms: float) -> float | None:
        """Since when a row is due that had not come when `rows` had; 0: none is."""
        if self._at_ms is None:
            return None
        if rows >= self.rows:
            return 0.0
        return max(0.0, elapsed_ms - float(self._at_ms[max(0, rows)])) / 1000
