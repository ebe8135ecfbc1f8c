"""What other windows than tumbling ones cost the oracle: expecting the same records in each kind.

    .venv/bin/python benchmarks/windows.py [--records 5000000]

The hopping windows have the length of the tumbling ones, and a record is in five of them. Sessions end after
a tenth of that length. Turns alternate in one process, and the first of each is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from streambench.load.trace import Trace, compile_trace
from streambench.model.plan import EventClock
from streambench.model.windows import Hopping, Sessions, Tumbling, Window
from streambench.model.workload import Workload
from streambench.oracle.expected import expect
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

RATE_PER_S = 100_000
TURNS = 3
WINDOWS: dict[str, Window] = {
    "tumbling 500 ms": Tumbling(500),
    "hopping 500 ms every 100 ms": Hopping(500, 100),
    "sessions, gap 50 ms": Sessions(50),
}


def main() -> None:
    """Print the median seconds of each kind of window, and their ratio to the first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=5_000_000)
    records = parser.parse_args().records
    workload = load_workload(shipped_root() / "clicks")
    with tempfile.TemporaryDirectory() as folder:
        trace = compile_trace(
            workload,
            duration_ms=records * 1_000 // RATE_PER_S,
            seed=1,
            cache=Path(folder),
            rate_per_s=RATE_PER_S,
        )
        took: dict[str, list[float]] = {name: [] for name in WINDOWS}
        for _ in range(1 + TURNS):
            for name, window in WINDOWS.items():
                took[name].append(seconds(trace, workload, window))
    base: float | None = None
    for name, each in took.items():
        median = statistics.median(each[1:])
        base = base or median
        print(
            f"{name:32} {median:6.2f} s for {records:,} records, {median / base:5.2f} times the first"
        )


def seconds(trace: Trace, workload: Workload, window: Window) -> float:
    """How long the expectation takes."""
    query = replace(workload.query, window=window)
    begun = time.perf_counter()
    expect(trace, query, EventClock.PER_PARTITION)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
