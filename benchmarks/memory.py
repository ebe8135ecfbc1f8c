"""How the memory of judging grows with a trial's length: peak memory at 1, 4 and 16 times 30 s.

    python benchmarks/memory.py [--seconds 30]

Each length is compiled, expected, judged and measured by a process of its own, whose peak resident
memory is told, less what it had before it began. The load is on disk and mapped; what may grow are the
columns that the oracle needs: a row of the expectation and a result row for each key and window.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from streambench.load.trace import compile_trace
from streambench.model.columns import bound_columns, value_column
from streambench.model.conditions import Guarantee
from streambench.model.plan import EventClock
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import judge
from streambench.results.windows import window_times
from streambench.workload.locate import find, shipped_root
from streambench.workload.parse import load_workload

RATE_PER_S = 20_000
T0_MS = 1_764_000_000_000
TIMES = (1, 4, 16)


def right_rows(expected: Expected) -> pa.Table:
    """What a right engine writes."""
    table = expected.table.filter(expected.table.column("must"))
    closing = table.column("earliest_quantum").fill_null(expected.quanta).to_numpy()
    appended = T0_MS + (closing.astype(np.int64) + 1) * expected.quantum_ms + 10
    count = table.num_rows
    columns = {
        "partition": pa.array(np.zeros(count), pa.int32()),
        "offset": pa.array(np.arange(count), pa.int64()),
        "appended_ms": pa.array(appended, pa.int64()),
        "visible_ns": pa.array((appended + 1) * 1_000_000, pa.int64()),
        "key": table.column("key"),
        "window_start_ms": pa.array(table.column("window_start_ms").to_numpy() + T0_MS),
    }
    for aggregate in expected.aggregates:
        low, _, _ = bound_columns(aggregate.alias)
        columns[value_column(aggregate.alias)] = table.column(low)
    return pa.table(columns)


def one_length(seconds: int, told: multiprocessing.Queue[tuple[int, int, int]]) -> None:
    clicks = load_workload(find("clicks", (shipped_root(),)))
    before_bytes = peak_bytes()
    with tempfile.TemporaryDirectory() as scratch:
        trace = compile_trace(
            clicks,
            duration_ms=seconds * 1_000,
            seed=1,
            cache=Path(scratch),
            rate_per_s=RATE_PER_S,
        )
        expected = expect(trace, clicks.query, EventClock.PER_PARTITION)
        rows = right_rows(expected)
        judged = judge(
            rows,
            expected,
            guarantee=Guarantee.AT_LEAST_ONCE,
            start_realtime_ms=T0_MS,
            event_offset_ms=T0_MS,
        )
        window_times(judged, expected, start_realtime_ns=T0_MS * 1_000_000)
        assert judged.verdict.right
        told.put((trace.meta.records, rows.num_rows, peak_bytes() - before_bytes))


def peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=30)
    arguments = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    print(
        f"{'length':>8} {'records':>12} {'rows':>10} {'MiB':>8} {'bytes/record':>13} {'bytes/row':>10}"
    )
    for times in TIMES:
        told = spawn.Queue()
        child = spawn.Process(target=one_length, args=(arguments.seconds * times, told))
        child.start()
        records, rows, used_bytes = told.get(timeout=600)
        child.join()
        print(
            f"{arguments.seconds * times:>6} s {records:>12,} {rows:>10,} {used_bytes / 2**20:>8,.0f} "
            f"{used_bytes / records:>13,.0f} {used_bytes / rows:>10,.0f}"
        )


if __name__ == "__main__":
    main()
