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
    from benchmarks import judge
    from streambench.load.trace import Trace
    from streambench.model.plan import EventClock
    from streambench.oracle.expected import expect

    expected = expect(Trace.open(ref), clicks().query, EventClock(clock))
    judge.write_rows(path, expected, expected.table.num_rows, batch_rows=BATCH_ROWS)


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
        from streambench.trial.job import RunningJob
        from streambench.trial.job_spec import JobSpec
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
