"""A running job that is given one load after another: launch → ready → (load → last rows)* → stop.

The event clock must only move forward: a load begins after the last one's flush record.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from streambench.engines.protocol import Job, State
from streambench.kafka.plays import Play
from streambench.kafka.reader import read_uncommitted_count
from streambench.load.trace import Trace
from streambench.model.errors import EngineFailed
from streambench.model.trial import Segment
from streambench.model.windows import played
from streambench.oracle.evidence import ClockEvidence
from streambench.oracle.expected import expect
from streambench.runtime.usage import UsageSampler
from streambench.runtime.waiting import wait_until
from streambench.trial.dirt_watch import DirtWatch
from streambench.trial.injector import Injector, StrikeScene
from streambench.trial.job_spec import JobSpec
from streambench.trial.last_rows import Awaited, quiet_s, read_last_rows
from streambench.trial.load import Load, Played, Struck, Written
from streambench.trial.moves import Moves
from streambench.trial.not_for_others import not_for_others
from streambench.trial.observer import Observer, Phase, Status, launching, phase_at
from streambench.trial.output_watch import LoadClock, OutputWatch
from streambench.trial.process_exits import excused_by, fail_on_exit
from streambench.trial.ready import wait_for_probe
from streambench.trial.recovery_timeout import recovery_timeout_s
from streambench.trial.rows_due import RowsDue
from streambench.trial.schedule import earliest_start_ms, event_offset_ms, event_times
from streambench.trial.servers import servers_of
from streambench.trial.since_asked import EngineWord, SinceAsked
from streambench.trial.testbed import Testbed, TestbedShape, embedded_testbed
from streambench.trial.without_engine import Again
from streambench.trial.workspace import Workspace
from streambench.trial.writing import PLAY_GRACE_S, Begun, flushed, played_at_once

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
# Samples are taken away from the windows' edges, where the engines do their work.
_SAMPLE_OFFSET_S = 0.137
# For the player to stamp and lay out its first frames before T0.
_LEAD_S = 1.5
_POLL_S = 0.5
# A job that is stopped for good has nothing more to write than what is on its way.
_STOPPED_SILENCE_S = 0.5


class RunningJob:
    """A launched job in its testbed, and the sampler of what both of them use."""

    def __init__(
        self,
        spec: JobSpec,
        testbed: Testbed,
        job: Job,
        sampler: UsageSampler,
        observer: Observer,
        launched_ns: int,
    ) -> None:
        self.spec = spec
        self.testbed = testbed
        self.sampler = sampler
        self.launched_ns = launched_ns
        self._job = job
        self.moves: Moves | None = None  # where the job moves records by their group
        self.shown = observer
        self._not_before_ms = 0
        self._rows_taken = 0
        self._rows_before = 0  # those that came before the load that is played
        self._aborted_before = 0
        self._since = SinceAsked()

    def ready(self, trace: Trace) -> float:
        """Wait until every partition's probe came out before `trace`; seconds since the launch.

        Raises EngineFailed.
        """
        query = self.spec.query
        self.shown.status(Status(Phase.READY))
        now_ms = time.time_ns() // _NS_PER_MS
        wait_for_probe(
            self.testbed,
            job=self._job,
            query=query,
            probes=self.spec.probes,
            times=event_times(trace, query),
            event_offset_ms=event_offset_ms(trace, query, start_realtime_ms=now_ms),
        )
        return (time.monotonic_ns() - self.launched_ns) / _NS_PER_S

    def play(self, load: Load) -> Played:
        """Play a load when its records are due and wait for all of its rows.

        Raises EngineFailed when the job dies, InstrumentFailed when the load cannot be written.
        """
        bed, query, trace = self.testbed, self.spec.query, load.trace
        if self.moves is not None:
            self.moves.shared_anew(self._job)
        bed.player.prepare(trace.ref)
        bed.clocks.begin(paced=True)
        start_ns = self._start_ns(trace)
        monotonic_ns = start_ns - (time.time_ns() - time.monotonic_ns())
        offset_ms = event_offset_ms(
            trace,
            query,
            start_realtime_ms=start_ns // _NS_PER_MS,
            not_before_ms=self._not_before_ms,
        )
        send_log = bed.scratch / f"load-{offset_ms}.parquet"
        playing = bed.player.play(
            trace.ref,
            start_realtime_ns=start_ns,
            event_offset_ms=offset_ms,
            send_log=send_log,
            holds=load.holds,
        )
        injector = self._injector(load, offset_ms, monotonic_ns)
        watch = DirtWatch.of(trace, self._job, bed.supervisor, bed.log_dir)
        try:
            with injector:
                self._look_on(load, playing, (injector, watch), monotonic_ns)
            begun = Begun(start_ns, monotonic_ns, offset_ms)
            return self._ended(load, begun, injector, watch)
        finally:
            injector.end_commands()

    def play_at_once(self, load: Load) -> Played:
        """Write a load as fast as it goes and wait for all of its rows. Raises as `play` does."""
        self._rows_before = self.testbed.reader.rows_read()
        self._status(Phase.AT_ONCE, load.note)
        query, trace = self.spec.query, load.trace
        begun = played_at_once(self.testbed, query, trace, self._not_before_ms)
        return self._finish(load, begun)

    def _ended(self, load: Load, begun: Begun, injector: Injector, watch: DirtWatch) -> Played:
        """`_finish`, with what was seen of dirt; a load that it stopped for good has nothing more to come."""
        if watch.stopped is None:
            played = self._finish(load, begun, injector, watch)
        else:
            scratch = self.testbed.scratch / f"load-{begun.event_offset_ms}.parquet"
            written = Written(*begun, scratch, free_from_ms=0)
            over = replace(load, silence_s=_STOPPED_SILENCE_S, missing_s=_STOPPED_SILENCE_S)
            played = self.await_rows(over, written, injector, watch)
        if not played.complete:
            watch.gives_up((time.monotonic_ns() - begun.monotonic_ns) / _NS_PER_MS)
        return replace(played, dirt=watch.over()) if watch.due_ms else played

    def _finish(
        self,
        load: Load,
        begun: Begun,
        injector: Injector | None = None,
        watch: DirtWatch | None = None,
    ) -> Played:
        """Close the last windows of a load that was played, and wait for all of its rows."""
        self._status(Phase.FLUSH, load.note)
        if self.moves is not None:
            self.moves.wait(load.missing_s, None if injector is None else injector.excuses)
        spec = self.spec
        written = flushed(self.testbed, spec.query, spec.probes, load.trace, begun)
        return self.await_rows(load, written, injector, watch)

    def await_rows(
        self,
        load: Load,
        written: Written,
        injector: Injector | None = None,
        watch: DirtWatch | None = None,
    ) -> Played:
        """Wait for all rows of a load that was written. Raises EngineFailed when the job dies."""
        self._not_before_ms = written.free_from_ms
        bed, offset_ms = self.testbed, written.event_offset_ms
        excused = None if injector is None else injector.excuses
        moved, due = None, load.due
        if self.moves is not None:
            all_read = self.moves.wait(load.missing_s, excused)
            anew = self.moves.shared_anew(self._job)
            log = self.moves.log(self.spec.query, event_offset_ms=offset_ms, restarted=anew)
            moved = log if all_read else None
            evidence, clock = ClockEvidence(moved=moved), self.spec.plan.event_clock
            due = expect(load.trace, self.spec.query, clock, evidence).due()
        self._status(Phase.LAST_ROWS, load.note)
        awaited = Awaited(
            due.must.shifted(offset_ms),
            load.missing_s,
            quiet_s(self.spec.conditions) if load.silence_s is None else load.silence_s,
        )
        last = read_last_rows(bed, self.spec.query, awaited, excused_by(injector, watch))
        bed.clocks.end(written.send_log)
        self._rows_taken += last.rows.num_rows
        self._since.played(load.trace.ref.records)
        query = self.spec.query
        own_rows = bed.own.among(last.rows, query.window, by_hand=query.by_hand is not None)
        bed.own.played(due, event_offset_ms=offset_ms)
        struck = Struck()
        if injector is not None:
            struck = Struck(injector.hits, injector.missed, tuple(injector.notes))
        return Played(
            trace=load.trace,
            start_realtime_ns=written.start_realtime_ns,
            event_offset_ms=offset_ms,
            rows=last.rows,
            malformed_count=last.malformed_count,
            malformed=last.malformed,
            send_log=written.send_log,
            complete=not last.timed_out,
            own_rows=own_rows,
            quiet_ns=last.quiet_ns,
            start_monotonic_ns=written.start_monotonic_ns,
            struck=struck,
            moved=moved,
        )

    def ask(self) -> EngineWord:
        """The engine's own word, after a load."""
        return self._since.asked(self._job.readings())

    def aborted_rows(self) -> int:
        """How many rows of aborted transactions were written since this was asked last."""
        bed = self.testbed
        written = read_uncommitted_count(
            bed.kafka, bed.output_topic, self.spec.conditions.partitions
        )
        aborted = max(0, written - self._rows_taken)
        since = aborted - self._aborted_before
        self._aborted_before = aborted
        return max(0, since)

    def again(self, segment: Segment, load: Played) -> Again:
        """A part of a load that was played, once more when the job has gone."""
        return Again(self.testbed, segment, load.event_offset_ms)

    def shown_by(self, observer: Observer) -> None:
        """Let another observer hear of what follows."""
        self.shown = observer

    def _start_ns(self, trace: Trace) -> int:
        """The next full second at which `trace` may begin, since the epoch: behind all loads before it."""
        free_ms = earliest_start_ms(trace, self.spec.query, self._not_before_ms)
        earliest_s = max(time.time_ns() / _NS_PER_S + _LEAD_S, free_ms / 1000)
        return math.ceil(earliest_s) * _NS_PER_S

    def _injector(self, load: Load, offset_ms: int, monotonic_ns: int) -> Injector:
        spec, bed = self.spec, self.testbed
        watch = OutputWatch(
            bed.reader,
            self._job,
            spec.query,
            load.due.must,
            LoadClock(offset_ms, monotonic_ns, spec.speed),
        )
        meta = load.trace.meta
        # A file's first record lies somewhere in its first window.
        first_ms = 0 if meta.event_time_follows_due else meta.min_event_ms
        window = played(spec.query.window, spec.speed, first_ms)
        return Injector(
            load.strikes,
            StrikeScene(
                job=self._job,
                supervisor=bed.supervisor,
                broker=bed.broker,
                start_monotonic_ns=monotonic_ns,
                window=window,
                commit_interval_ms=spec.conditions.commit_interval_ms,
                struck=watch.restart,
                recovered=watch.recovered,
                patience_s=recovery_timeout_s(spec.conditions, window),
                log_dir=bed.log_dir,
                wider=spec.wider,
            ),
        )

    def _look_on(
        self, load: Load, playing: Play, watching: tuple[Injector, DirtWatch], monotonic_ns: int
    ) -> None:
        """Look on while a load is played; end at once when something died, or stopped for good by dirt."""
        injector, watch = watching
        bed, trace = self.testbed, load.trace
        duration_s = trace.meta.duration_ms / 1000
        offered_by_second = trace.offered_by_second
        last_health_ns = 0
        rows_due = RowsDue(trace, load.due, self.spec.query)
        self._rows_before = bed.reader.rows_read()

        def finished() -> bool:
            nonlocal last_health_ns
            fail_on_exit(bed.supervisor, stage="load", excused=excused_by(injector, watch))
            now_ns = time.monotonic_ns()
            elapsed_s = (now_ns - monotonic_ns) / _NS_PER_S
            second = min(max(0, int(elapsed_s)), len(offered_by_second) - 1)
            rows_read = bed.reader.rows_read() - self._rows_before
            self.shown.status(
                Status(
                    phase_at(load.spans, elapsed_s * 1000) or load.phase,
                    rate_per_s=offered_by_second[second],
                    rows_read=rows_read,
                    left_s=max(0.0, duration_s - elapsed_s),
                    note=load.note,
                    load_s=duration_s,
                    rows_due=rows_due.rows,
                    behind_s=rows_due.behind_s(rows_read, elapsed_s * 1000),
                )
            )
            if watch.look(elapsed_s * 1000, rows_read) is not None:
                return True
            if now_ns - last_health_ns > _NS_PER_S:
                last_health_ns = now_ns
                health = self._job.healthy()
                # After a fault an engine that does not come back is a finding, not an end.
                if health.state is State.FAILED and not (injector.begun or watch.begun):
                    raise EngineFailed(f"the job failed: {health.detail}", stage="load")
            return playing.progress().finished

        wait_until(
            finished,
            what="the player to finish",
            timeout_s=duration_s + PLAY_GRACE_S,
            stage="load",
            poll_s=_POLL_S,
        )
        if watch.stopped is None:
            playing.wait(timeout_s=10)

    def _status(self, phase: Phase, note: str | None) -> None:
        rows_read = self.testbed.reader.rows_read() - self._rows_before
        self.shown.status(Status(phase, rows_read=rows_read, note=note))


@contextmanager
def running_job(
    spec: JobSpec,
    place: Workspace,
    observer: Observer,
    *,
    before: Callable[[Testbed], None] | None = None,
    after: Callable[[], None] | None = None,
) -> Iterator[RunningJob]:
    """Launch a job in a testbed; stop it when the block ends.

    `before` may put something into the topic that the job will find there. `after` is called where all
    went well and the job has gone. Raises EngineFailed when the engine failed, InstrumentFailed when
    streambench did, or when something took more time than `machine_limits` allow others to use.
    """
    observer.status(Status(Phase.TOPICS))
    with ExitStack() as stack:
        testbed = stack.enter_context(
            embedded_testbed(
                place,
                spec.artifacts,
                shape=TestbedShape.of(spec.conditions, spec.most_per_s),
                broker_warm_up=spec.broker_warm_up,
            )
        )
        if before is not None:
            before(testbed)
        sampler = stack.enter_context(
            UsageSampler(
                place.supervisor,
                offset_s=_SAMPLE_OFFSET_S,
                servers=servers_of(testbed.broker, testbed.kafka, spec.plan),
            )
        )
        launching(observer)
        launched_ns = time.monotonic_ns()
        stack.enter_context(not_for_others(sampler, launched_ns, spec.machine_limits))
        job_id = f"{place.prefix or 'streambench-'}{spec.number}-{launched_ns}"
        nice, tell = spec.conditions.engine_nice, partial(launching, observer)
        job = testbed.launch(spec.engine, spec.plan, job_id, nice=nice, tell=tell)
        running = RunningJob(spec, testbed, job, sampler, observer, launched_ns)
        running.moves = Moves.of(testbed, spec.plan, job_id, spec.conditions.partitions)
        try:
            yield running
        finally:
            running.shown.status(Status(Phase.STOP))
            job.stop()
        if after is not None:
            after()
