"""What overlapping windows cost the oracle: expecting the same records in tumbling and in hopping windows.

    .venv/bin/python benchmarks/windows.py [--records 5000000]

Both windows have the same length; a record is in one of the former and in five of the latter. Turns alternate
in one process, and the first of each is not counted.
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
from streambench.model.windows import Hopping, Tumbling, Window
from streambench.model.workload import Workload
from streambench.oracle.expected import expect
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

RATE_PER_S = 100_000
TURNS = 3
WINDOWS: dict[str, Window] = {
    "tumbling 500 ms": Tumbling(500),
    "hopping 500 ms every 100 ms": Hopping(500, 100),
}


def main() -> None:
    """Print the median seconds of each kind of window, and their ratio."""
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
    medians = [statistics.median(each[1:]) for each in took.values()]
    for name, median in zip(WINDOWS, medians, strict=True):
        print(f"{name:32} {median:6.2f} s for {records:,} records")
    print(f"{'ratio':32} {medians[1] / medians[0]:6.2f}")


def seconds(trace: Trace, workload: Workload, window: Window) -> float:
    """How long the expectation takes."""
    query = replace(workload.query, window=window)
    begun = time.perf_counter()
    expect(trace, query, EventClock.PER_PARTITION)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
