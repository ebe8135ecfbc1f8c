"""What the tool's own process holds in each stage of a run like the default one, without an engine.

    python benchmarks/memory_stages.py [--seconds 120] [--report BUNDLE]

`clicks` is compiled and, for each event clock in turn, expected, awaited, judged, measured and stored, by
the code that a trial uses, in one fresh process. The rows are what a right engine would write, in the
reader's own file; another process writes them. Told are the peak of resident memory within each stage and
what is left after it. `--report` adds a stage: a copy of this bundle is rendered. Linux only: the system's
own mark of the peak is set back before each stage.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

RATE_PER_S = 20_000
WARM_UP_S = 16
T0_MS = 1_764_000_000_000
NS_PER_MS = 1_000_000
BATCH_ROWS = 50
SILENCE_S = 0.3


def write_rows(ref: Any, clock: str, path: Path) -> None:
    """The reader's file with what a right engine writes; run by a process of its own."""
    import numpy as np
    from kafka.record.default_records import DefaultRecordBatchBuilder

    from streambench.kafka.blocks import encode_block
    from streambench.kafka.fetch import batches
    from streambench.load.trace import Trace
    from streambench.model.columns import bound_columns
    from streambench.model.plan import EventClock
    from streambench.oracle.expected import expect

    expected = expect(Trace.open(ref), clicks().query, EventClock(clock))
    table = expected.table.filter(expected.table.column("must"))
    closing = table.column("earliest_quantum").fill_null(expected.quanta).to_numpy()
    appended = T0_MS + (closing.astype(np.int64) + 1) * expected.quantum_ms + 10
    names = [aggregate.alias for aggregate in expected.aggregates]
    columns = [table.column(bound_columns(name)[0]).to_pylist() for name in names]
    keys, starts = table.column("key").to_pylist(), table.column("window_start_ms").to_pylist()
    with path.open("wb") as file:
        for first in range(0, table.num_rows, BATCH_ROWS):
            builder = DefaultRecordBatchBuilder(
                magic=2, compression_type=0, is_transactional=0, producer_id=-1,
                producer_epoch=-1, base_sequence=-1, batch_size=1 << 20,
            )  # fmt: skip
            last = min(first + BATCH_ROWS, table.num_rows)
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
            file.write(encode_block(int(appended[last - 1] + 1) * NS_PER_MS, [(0, batch)]))


def clicks() -> Any:
    from streambench.workload.locate import find, shipped_root
    from streambench.workload.parse import load_workload

    return load_workload(find("clicks", (shipped_root(),)))


class Stages:
    """Prints the peak of resident memory within each stage, and what is left after it."""

    def __init__(self) -> None:
        self.peak_mib = 0
        print(f"{'stage':<34} {'peak MiB':>9} {'after':>7}", flush=True)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        Path("/proc/self/clear_refs").write_text("5")
        yield
        status = Path("/proc/self/status").read_text()
        peak, left = (int(re.findall(rf"{key}:\s+(\d+)", status)[0]) for key in ("VmHWM", "VmRSS"))
        self.peak_mib = max(self.peak_mib, peak >> 10)
        print(f"{name:<34} {peak >> 10:>9,} {left >> 10:>7,}", flush=True)


def run(seconds: int, report: Path | None, scratch: Path) -> None:
    stage = Stages()
    with stage("importing what `run` needs"):
        from streambench.runtime.memory import give_back_what_is_freed

        give_back_what_is_freed()
        import numpy as np
        import pyarrow as pa

        from streambench.cli import bench, main  # noqa: F401
        from streambench.experiment.assess import own_rows_table
        from streambench.kafka.block_file import BlockFile
        from streambench.load.trace import compile_trace
        from streambench.model.conditions import Conditions, Guarantee
        from streambench.model.plan import EventClock
        from streambench.model.trial import Purpose, Span
        from streambench.oracle.expected import expect
        from streambench.oracle.judge import judge
        from streambench.results.expectations import store
        from streambench.results.files import write_with
        from streambench.results.measure import measure
        from streambench.trial.job import JobSpec, RunningJob
        from streambench.trial.load import Load, Written
        from streambench.trial.observer import Observer
        from streambench.trial.own_rows import OwnRows
        from streambench.trial.rows_due import RowsDue

    workload = clicks()
    with stage("compiling the loads"):
        trace, warming = (
            compile_trace(
                workload, duration_ms=length * 1_000, seed=1, cache=scratch, rate_per_s=RATE_PER_S
            )
            for length in (seconds, WARM_UP_S)
        )
    due_ns = (trace.batches["quantum"].astype(np.int64) + 1) * trace.meta.quantum_ms * NS_PER_MS
    send_log = pa.table(
        {"records": trace.batches["count"].astype(np.int64)}
        | dict.fromkeys(("due_ns", "possible_ns", "written_ns", "acked_ns"), due_ns)
    )
    spans = (Span(Purpose.MEASURED, 4_000, seconds * 1_000),)
    bundle = scratch / "bundle"
    bundle.mkdir()
    known: list[Any] = []
    for clock in EventClock:
        with stage(f"{clock.name.lower()}: expecting"):
            expected = expect(trace, workload.query, clock)
            before = expect(warming, workload.query, clock)
        with stage(f"{clock.name.lower()}: what is due"):
            due, due_before = expected.due(), before.due()
        known.append(due)
        del expected, before
        rows = scratch / "rows"
        spawned(write_rows, trace.ref, clock.value, rows)
        with stage(f"{clock.name.lower()}: rows awaited"):
            reader = SimpleNamespace(poll=BlockFile(rows).take, rows_read=BlockFile(rows).count)
            bed = SimpleNamespace(
                own=OwnRows(), reader=reader, supervisor=SimpleNamespace(deaths=lambda: ())
            )
            spec = SimpleNamespace(query=workload.query, conditions=Conditions(), number=1)
            observer = cast(Observer, SimpleNamespace(status=lambda status: None))
            job = RunningJob(
                cast(JobSpec, spec), cast(Any, bed), cast(Any, None), cast(Any, None), observer, 0
            )
            bed.own.played(due_before, event_offset_ms=T0_MS - 60_000)
            shown = RowsDue(trace, due, workload.query)
            written = Written(T0_MS * NS_PER_MS, 0, T0_MS, rows, 0)
            played = job.await_rows(Load(trace, due, silence_s=SILENCE_S), written)
            assert (played.complete, played.rows.num_rows) == (True, shown.rows)
        with stage(f"{clock.name.lower()}: judged and measured"):
            expected = expect(trace, workload.query, clock)
            judged = judge(
                played.rows,
                expected,
                guarantee=Guarantee.AT_LEAST_ONCE,
                start_realtime_ms=T0_MS,
                event_offset_ms=T0_MS,
                exempt=played.own_rows,
            )
            assert judged.verdict.right
            measured = measure(
                judged,
                expected,
                send_log,
                guarantee=Guarantee.AT_LEAST_ONCE,
                start_realtime_ns=T0_MS * NS_PER_MS,
                event_offset_ms=T0_MS,
                spans=spans,
            )
        with stage(f"{clock.name.lower()}: stored"):
            import pyarrow.parquet as pq

            store(bundle, expected)
            own_rows = own_rows_table(played)
            for table in (judged.rows, measured.windows, measured.series, send_log, own_rows):
                write_with(
                    bundle / "table.parquet",
                    lambda path, table=table: pq.write_table(table, path, compression="zstd"),
                )
        records, count = trace.meta.records, judged.rows.num_rows
        del played, judged, measured, expected, table, own_rows, due, due_before, shown, job, bed
    if report is not None:
        with stage(f"report of {report.name}"):
            from streambench.report.write import write

            shutil.copytree(report, scratch / "copy")
            write(scratch / "copy")
    print(f"{records:,} records, {count:,} rows; peak of all {stage.peak_mib:,} MiB")


def spawned(target: Any, *given: Any) -> None:
    """Run something in a fresh process, so that it leaves nothing in this one."""
    child = multiprocessing.get_context("spawn").Process(target=target, args=given)
    child.start()
    child.join()
    assert child.exitcode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    if not sys.platform.startswith("linux"):
        parser.error("only Linux tells the peak of a part of a process's life")
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        run(arguments.seconds, arguments.report, Path(scratch))
    print(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
