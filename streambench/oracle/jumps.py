"""By how much the event clock of a partition jumps in one step, at most."""

from __future__ import annotations

import numpy as np

from streambench.model.workload import Query
from streambench.oracle.clocks import read_clocks
from streambench.oracle.columns import TraceColumns, duckdb_session


def longest_jump_ms(trace: TraceColumns, query: Query, flush_ms: int) -> int:
    """The longest step of any partition's clock, the one to the flush record included; never too short.

    A clock moves with records that pass `where`. `flush_ms` is relative to the trace's origin.
    """
    with duckdb_session() as connection:
        clocks = read_clocks(connection, trace, query)
    jumps_ms = [
        int(np.diff(steps.event_ms, append=flush_ms).max(initial=0))
        for steps in clocks.passing_by_partition.values()
    ]
    return max(jumps_ms, default=0)
