"""How long reading and judging result rows takes: 1,000,000 rows, from the reader's file to a verdict.

    python benchmarks/judge.py [--rows 1000000]

The load is `clicks` over 100,000 keys; the rows are what a right engine would write, in batches as the
broker hands them out. Expecting (DuckDB over the load) is told apart: it grows with the load, not with
the rows.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from kafka.record.default_records import DefaultRecordBatchBuilder

from streambench.experiment.sweep import Terms, at
from streambench.kafka.block_file import BlockFile
from streambench.kafka.blocks import encode_block
from streambench.kafka.fetch import batches
from streambench.kafka.raw_rows import NO_ROWS
from streambench.kafka.rows import decode
from streambench.load.trace import compile_trace
from streambench.model.columns import bound_columns
from streambench.model.conditions import Conditions, Guarantee
from streambench.model.plan import EventClock
from streambench.model.sweep import AxisName
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import judge
from streambench.results.windows import window_times
from streambench.workload.locate import find, shipped_root
from streambench.workload.parse import load_workload

RATE_PER_S, KEYS, BATCH_ROWS = 100_000, 100_000, 500
T0_MS = 1_764_000_000_000


def write_rows(path: Path, expected: Expected, rows: int, *, batch_rows: int = BATCH_ROWS) -> int:
    """The reader's file with `rows` right rows; how many there are."""
    table = expected.table.filter(expected.table.column("must")).slice(0, rows)
    closing = table.column("earliest_quantum").fill_null(expected.quanta).to_numpy()
    appended = T0_MS + (closing.astype(np.int64) + 1) * expected.quantum_ms + 10
    names = [aggregate.alias for aggregate in expected.aggregates]
    columns = [table.column(bound_columns(name)[0]).to_pylist() for name in names]
    keys, starts = table.column("key").to_pylist(), table.column("window_start_ms").to_pylist()
    with path.open("wb") as file:
        for first in range(0, table.num_rows, batch_rows):
            builder = DefaultRecordBatchBuilder(
                magic=2, compression_type=0, is_transactional=0, producer_id=-1,
                producer_epoch=-1, base_sequence=-1, batch_size=1 << 20,
            )  # fmt: skip
            last = min(first + batch_rows, table.num_rows)
            for index in range(first, last):
                value = {"campaign": keys[index], "window_start": starts[index] + T0_MS}
                value |= {name: column[index] for name, column in zip(names, columns, strict=True)}
                builder.append(
                    index - first,
                    timestamp=int(appended[index]),
                    key=keys[index].encode(),
                    value=json.dumps(value).encode(),
                    headers=[],
                )
            (batch,) = batches(bytes(builder.build()))
            file.write(encode_block(int(appended[last - 1] + 1) * 1_000_000, [(0, batch)]))
    return int(table.num_rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    arguments = parser.parse_args()
    clicks = load_workload(find("clicks", (shipped_root(),)))
    workload = at(((AxisName.KEYS, KEYS),), Terms(clicks, Conditions(), None)).workload
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        # A window of half a second holds some 10,500 rows at this rate and skew.
        duration_ms = max(2_000, arguments.rows * 500 // 10_000)
        trace = compile_trace(
            workload, duration_ms=duration_ms, seed=1, cache=folder, rate_per_s=RATE_PER_S
        )
        times = {}
        begun = time.monotonic()
        expected = expect(trace, workload.query, EventClock.PER_PARTITION)
        times["expecting (DuckDB)"] = time.monotonic() - begun
        rows = write_rows(folder / "rows", expected, arguments.rows)
        begun = time.monotonic()
        raw = list(iter(BlockFile(folder / "rows").take, NO_ROWS))
        times["reading the file"] = time.monotonic() - begun
        begun = time.monotonic()
        table = pa.concat_tables([decode(part, workload.query).table for part in raw])
        times["decoding the JSON"] = time.monotonic() - begun
        begun = time.monotonic()
        judged = judge(
            table,
            expected,
            guarantee=Guarantee.AT_LEAST_ONCE,
            start_realtime_ms=T0_MS,
            event_offset_ms=T0_MS,
        )
        window_times(judged, expected, start_realtime_ns=T0_MS * 1_000_000)
        times["judging"] = time.monotonic() - begun
    print(f"{rows:,} rows of {trace.meta.records:,} records, right: {judged.verdict.right}")
    for name, took_s in times.items():
        print(f"{name:<20} {took_s:7.2f} s")
    print(f"{'reading and judging':<20} {sum(list(times.values())[1:]):7.2f} s")


if __name__ == "__main__":
    main()
