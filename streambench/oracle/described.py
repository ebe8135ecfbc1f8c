"""The columns of an expectation beside what is counted: when each row can come, and whether it must."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.model.columns import ResultColumn
from streambench.model.plan import EventClock
from streambench.model.windows import Sessions
from streambench.model.workload import Query
from streambench.oracle.bounds import values_of
from streambench.oracle.clocks import TraceClocks, earliest_quanta
from streambench.oracle.having import held
from streambench.oracle.same_start import SESSIONS
from streambench.oracle.sessions import LAST_EVENT
from streambench.oracle.waits import partitions_waited_for

MAY = "may"


def described(
    counted: pa.Table, query: Query, clock: EventClock, clocks: TraceClocks, partitions: int
) -> pa.Table:
    """The table of an expectation (`Expected.table`), from what was counted of each row.

    `counted` has key, window_start_ms, partition, records, newest_quantum, must_records, possible_records,
    the values' bounds and, of sessions, the last event.
    """
    window = query.window
    # Of a session the last event tells when it closes, of any other window its start.
    tells = counted.column(LAST_EVENT if isinstance(window, Sessions) else "window_start_ms")
    tells_ms = tells.to_numpy()
    closing_event_ms = window.closes_at(tells_ms, query.grace_ms)
    row_partition = counted.column("partition").to_numpy()
    earliest = earliest_quanta(
        clocks,
        clock,
        closing_event_ms=closing_event_ms,
        partition=row_partition,
        partitions=partitions,
    )
    waited_for = partitions_waited_for(
        clocks,
        clock,
        closing_event_ms=closing_event_ms,
        partition=row_partition,
        partitions=partitions,
    )
    must = counted.column("must_records").to_numpy() > 0
    hidden = {}
    if query.having is not None:
        columns = {each.alias: ResultColumn.of(each) for each in query.judged}
        found = held(query.having, counted, columns)
        must = must & found.surely
        possible = counted.column("possible_records").to_numpy() > 0
        hidden = {MAY: pa.array(possible & found.maybe)}
    fixed = {
        "key": counted.column("key"),
        "window_start_ms": counted.column("window_start_ms"),
        "closing_quantum": _quanta(clocks.passing.first_quantum(closing_event_ms)),
        "earliest_quantum": _quanta(earliest),
        "waits_for_partition": _quanta(waited_for),
        "newest_quantum": counted.column("newest_quantum").cast(pa.int32()),
        "records": counted.column("records"),
        "must_records": counted.column("must_records"),
        "possible_records": counted.column("possible_records"),
        "must": pa.array(must),
    }
    if isinstance(window, Sessions):
        fixed["slot_ms"] = pa.array(window.slot(tells_ms))
    if SESSIONS in counted.column_names:
        fixed[SESSIONS] = counted.column(SESSIONS)
    values = {name: counted.column(name) for name in values_of(query)}
    return pa.table(fixed | hidden | values)


def _quanta(found: npt.NDArray[np.int64]) -> pa.Array:
    """Quanta or partitions as int32, null where −1."""
    return pa.array(found, pa.int32(), mask=found < 0)
