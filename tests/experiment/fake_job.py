"""A job that bears a set rate, without an engine or a broker: loads are over at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.engines.protocol import Readings
from streambench.kafka.broker import Broker
from streambench.kafka.send_log import write_send_log
from streambench.kafka.send_times import SendLogMeta, SendTimes, write_send_times
from streambench.load.trace import Trace
from streambench.model.clocks import ClockBound
from streambench.model.errors import EngineFailed
from streambench.model.machine import MachineUsage
from streambench.model.trial import RoleUsage, Segment
from streambench.oracle.expected import expect
from streambench.trial.job import RunningJob
from streambench.trial.job_spec import JobSpec
from streambench.trial.load import Load, Played
from streambench.trial.observer import Observer, Phase
from streambench.trial.since_asked import EngineWord
from streambench.trial.testbed import Testbed
from streambench.trial.without_engine import Again
from streambench.trial.workspace import Workspace
from tests.oracle.stand_in import OFFSET_MS, T0_MS, right_rows

DELAY_MS = 20
NS_PER_MS = 1_000_000
Clocks: TypeAlias = tuple[ClockBound, ...] | Callable[[int], tuple[ClockBound, ...]]
DIED = EngineFailed("worker-1 died by itself", stage="load")
QUIET = MachineUsage(0.5, 0.0, 0.0, 0.0, (), None, None, None)


class FakeSampler:
    """A machine that is busy as set, and a worker."""

    def __init__(self, machine: MachineUsage) -> None:
        self._machine = machine

    def stop(self) -> None:
        """Nothing runs."""

    def between(self, start_ns: int, end_ns: int) -> tuple[RoleUsage, ...]:
        return (RoleUsage("worker", 1, (end_ns - start_ns) / 2e9, 0.5, 1e8, 2e8),)

    def machine(self, start_ns: int, end_ns: int) -> MachineUsage:
        return self._machine

    def samples(self) -> pa.Table:
        return pa.table({"monotonic_ns": pa.array([0, 10**18], pa.int64())})


class FakeJob:
    """Works off `bears_per_s` events/s; what comes faster is ever later. It dies at `dies_at_per_s`, by
    `dies_of`.

    The load generator is `load_late_ms` late, on a `machine` that is busy as set.
    """

    def __init__(
        self,
        spec: JobSpec,
        place: Workspace,
        observer: Observer,
        *,
        bears_per_s: int,
        dies_at_per_s: int | None = None,
        dies_of: Exception = DIED,
        load_late_ms: int = 0,
        machine: MachineUsage = QUIET,
        delay_ms: int = DELAY_MS,
        clocks: Clocks = (),
    ) -> None:
        self._delay_ms = delay_ms
        self._clocks = clocks
        self._load_late_ms = load_late_ms
        self.spec = spec
        self.shown = observer
        self.sampler = FakeSampler(machine)
        self.launched_ns = 0
        self.loads: list[Load] = []
        self._place = place
        self._bears_per_s = bears_per_s
        self._dies_at_per_s = dies_at_per_s
        self._dies_of = dies_of
        data = place.scratch / "data"
        data.mkdir(exist_ok=True)
        broker = Broker("127.0.0.1:1", cast("object", None), place.scratch, data, (), (), data)  # type: ignore[arg-type]
        self.testbed = SimpleNamespace(broker=broker, input_topic="input", output_topic="output")

    def ready(self, trace: Trace) -> float:
        return 1.5

    def ask(self) -> EngineWord:
        return EngineWord(Readings(), 0)

    def aborted_rows(self) -> int:
        return 0

    def again(self, segment: Segment, load: Played) -> Again:
        return cast(Again, SimpleNamespace(play=lambda: None))

    def shown_by(self, observer: Observer) -> None:
        self.shown = observer

    def play(self, load: Load) -> Played:
        assert load.phase is not Phase.AT_ONCE
        self.loads.append(load)
        rate = load.trace.meta.rate_per_s or 0
        if rate == self._dies_at_per_s:
            raise self._dies_of
        return self._played(load, at_pace=True)

    def play_at_once(self, load: Load) -> Played:
        self.loads.append(load)
        return self._played(load, at_pace=False)

    def _late_ms(self, trace: Trace, at_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """How long what is due then waits for what came before it; both in ms since T0."""
        offered = np.repeat(trace.offered_by_second, 1_000) / 1_000
        surplus = np.cumsum(offered - self._bears_per_s / 1_000)
        backlog = surplus - np.minimum.accumulate(np.minimum(surplus, 0.0))
        at = np.clip(at_ms, 0, min(len(backlog), trace.meta.duration_ms) - 1)
        return np.rint(backlog[at] * 1_000 / self._bears_per_s).astype(np.int64)

    def _played(self, load: Load, *, at_pace: bool) -> Played:
        expected = expect(load.trace, self.spec.query, self.spec.plan.event_clock)
        rows = right_rows(expected, delay_ms=self._delay_ms)
        at = rows.column("appended_ms").to_numpy()
        due_ms = at - T0_MS
        if at_pace:
            late = self._late_ms(load.trace, due_ms)
        else:  # all is there, and takes its time
            mean_per_s = load.trace.ref.records * 1_000 / load.trace.meta.duration_ms
            late = np.rint(due_ms * (mean_per_s / self._bears_per_s - 1)).astype(np.int64)
        for name, values in (
            ("appended_ms", at + late),
            ("visible_ns", (at + late + 1) * NS_PER_MS),
        ):
            rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array(values))
        log = self._place.scratch / f"load-{len(self.loads)}.parquet"
        clocks = self._clocks(len(self.loads)) if callable(self._clocks) else self._clocks
        return Played(
            trace=load.trace,
            start_realtime_ns=T0_MS * NS_PER_MS,
            event_offset_ms=OFFSET_MS,
            rows=rows,
            malformed_count=0,
            send_log=_send_log(load.trace, log, self._load_late_ms, clocks),
            complete=True,
            quiet_ns=(10, 20),
        )


def _send_log(trace: Trace, path: Path, late_ms: int, clocks: tuple[ClockBound, ...] = ()) -> Path:
    """A send log in which each batch was written so late, and acknowledged a ms later."""
    batches = trace.batches
    count = len(batches)
    due_ns = (batches["quantum"].astype(np.int64) + 1) * trace.meta.quantum_ms * NS_PER_MS
    times = SendTimes(count, count)
    written_ns = due_ns + late_ms * NS_PER_MS
    np.asarray(times.possible_ns)[:] = written_ns
    np.asarray(times.written_ns)[:] = written_ns
    np.asarray(times.acked_ns)[:] = written_ns + NS_PER_MS
    noted = path.with_suffix(".npz")
    write_send_times(
        noted,
        quantum=batches["quantum"],
        partition=batches["partition"],
        records=batches["count"],
        frame_of_batch=np.arange(count, dtype=np.int32),
        due_ns_of_frame=due_ns,
        times=times,
        meta=SendLogMeta(
            start_realtime_ns=T0_MS * NS_PER_MS,
            realtime_minus_monotonic_start_ns=0,
            realtime_minus_monotonic_end_ns=0,
            drift_ns=0,
            retried=0,
            errors={},
            failure=None,
            records_acknowledged=trace.ref.records,
            ended_ns=int(written_ns[-1]) + NS_PER_MS,
            wall_s=1.0,
            cpu_s=0.1,
            requests=count,
            clocks=clocks,
        ),
    )
    write_send_log([noted], path)
    return path


class FakeRuns:
    """Launches fake jobs, and remembers them; `ends_by` is raised when one is stopped.

    `delays_ms` are those of the jobs in their order; where there are no more of them, `stops_at` is raised.
    `clocks` are found of every load, or by its number in the job, from 1.
    """

    def __init__(
        self,
        bears_per_s: int,
        dies_at_per_s: int | None = None,
        load_late_ms: int = 0,
        machine: MachineUsage = QUIET,
        ends_by: Exception | None = None,
        delays_ms: Sequence[int] | None = None,
        stops_at: BaseException | None = None,
        clocks: Clocks = (),
        dies_of: Exception = DIED,
    ) -> None:
        self._dies_of = dies_of
        self._clocks = clocks
        self._delays_ms = delays_ms
        self._stops_at = stops_at
        self._ends_by = ends_by
        self._bears_per_s = bears_per_s
        self._dies_at_per_s = dies_at_per_s
        self._load_late_ms = load_late_ms
        self._machine = machine
        self.jobs: list[FakeJob] = []

    @contextmanager
    def __call__(
        self,
        spec: JobSpec,
        place: Workspace,
        observer: Observer,
        *,
        before: Callable[[Testbed], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> Iterator[RunningJob]:
        if self._stops_at is not None and len(self.jobs) == len(self._delays_ms or ()):
            raise self._stops_at
        job = FakeJob(
            spec,
            place,
            observer,
            bears_per_s=self._bears_per_s,
            dies_at_per_s=self._dies_at_per_s,
            dies_of=self._dies_of,
            load_late_ms=self._load_late_ms,
            machine=self._machine,
            delay_ms=DELAY_MS if self._delays_ms is None else self._delays_ms[len(self.jobs)],
            clocks=self._clocks,
        )
        self.jobs.append(job)
        yield cast(RunningJob, job)
        if after is not None:
            after()
        if self._ends_by is not None:
            raise self._ends_by
