"""Several loads, one after another, into one warm job: each is played, flushed and waited for.

The event clock must only move forward: a load begins after the last one's flush record.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from streambench.engines.protocol import State
from streambench.load.probes import Probe
from streambench.load.trace import Trace
from streambench.model.conditions import Conditions
from streambench.model.errors import EngineFailed
from streambench.model.workload import Query
from streambench.oracle.expected import Due
from streambench.runtime.waiting import wait_until
from streambench.trial.deaths import fail_on_death
from streambench.trial.drain import drain
from streambench.trial.lab import Lab
from streambench.trial.observer import Observer, Phase, Status
from streambench.trial.ready import send_to_every_partition
from streambench.trial.running import NS_PER_S, Running
from streambench.trial.schedule import earliest_start_ms, event_offset_ms, event_times

# The player stamps and lays out its first frames between the order and T0.
_LEAD_S = 1.5
_POLL_S = 0.5
_PLAY_GRACE_S = 120.0
# Where another load follows: all rows of one have come, and only what comes twice is still waited for. A
# trial's two seconds after each load would be a minute of a search.
BETWEEN_LOADS_S = 0.5
# An engine that was given more than it can bear has to work it off before the next load.
_DRAIN_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Played:
    """What became of one load; `start_realtime_ns` is its T0, `complete` that all its rows came.

    `rows` is all that was read since the load before; `own_rows` holds (key, window start since the
    epoch) of those that are no result of this load.
    """

    trace: Trace
    start_realtime_ns: int
    event_offset_ms: int
    rows: pa.Table
    malformed: int
    send_log: Path
    complete: bool
    own_rows: frozenset[tuple[str, int]] = frozenset()

    @property
    def worked_off_per_s(self) -> float | None:
        """Records per second from the first byte written until the last row was appended.

        None without rows. Result rows leave in bursts, so this is a mean over all of it.
        """
        if not self.rows.num_rows:
            return None
        last_ms = pc.max(self.rows.column("appended_ms")).as_py()
        took_ms = last_ms - self.start_realtime_ns / 1e6
        return None if took_ms <= 0 else self.trace.ref.records * 1000 / took_ms


@dataclass(frozen=True)
class Written:
    """A load that lies in the topic, its flush records behind it; `free_from_ms` is event time."""

    trace: Trace
    start_realtime_ns: int
    event_offset_ms: int
    send_log: Path
    free_from_ms: int


def write_at_once(
    lab: Lab, trace: Trace, query: Query, probes: Sequence[Probe], not_before_ms: int
) -> Written:
    """Write a load and its flush records as fast as it goes.

    Event times begin at `not_before_ms` (since the epoch) or now: they may lie ahead of the clock.
    Raises InstrumentFailed.
    """
    start_ms = max(time.time_ns() // 1_000_000, earliest_start_ms(trace, query, not_before_ms))
    offset_ms = event_offset_ms(trace, query, start_realtime_ms=start_ms)
    send_log = lab.scratch / f"load-{offset_ms}.parquet"
    playing = lab.player.play(
        trace.ref,
        start_realtime_ns=time.time_ns(),
        event_offset_ms=offset_ms,
        send_log=send_log,
        unthrottled=True,
    )
    meta = playing.wait(timeout_s=_PLAY_GRACE_S)
    times = event_times(trace, query)
    send_to_every_partition(lab, probes, event_ms=times.flush_ms + offset_ms)
    free_from_ms = times.free_from_ms + offset_ms
    return Written(trace, meta.start_realtime_ns, offset_ms, send_log, free_from_ms)


class Prober:
    """Plays loads into a running job that has been proved to process."""

    def __init__(
        self,
        running: Running,
        *,
        query: Query,
        conditions: Conditions,
        probes: Sequence[Probe],
        observer: Observer,
    ) -> None:
        self._running = running
        self._query = query
        self._conditions = conditions
        self._probes = probes
        self._observer = observer
        self._not_before_ms = 0

    def play_at_once(
        self,
        trace: Trace,
        due: Due,
        *,
        note: str,
        silence_s: float | None = None,
    ) -> Played:
        """Write `trace` as fast as it goes and wait for all of its rows.

        `silence_s` is how long nothing must come then, by default as long as in a trial. Raises as
        `play` does.
        """
        lab = self._running.lab
        self._observer.status(Status(Phase.AT_ONCE, rows_read=lab.reader.rows_read(), note=note))
        written = write_at_once(lab, trace, self._query, self._probes, self._not_before_ms)
        return self.await_rows(written, due, note=note, silence_s=silence_s)

    def play(self, trace: Trace, due: Due, *, phase: Phase, note: str) -> Played:
        """Play `trace` and wait for all of its rows; `due` are its rows. Another load follows.

        Raises EngineFailed when the job dies, InstrumentFailed when the load cannot be written.
        """
        lab, job = self._running.lab, self._running.job
        start_ns = self.start_ns(trace)
        offset_ms = event_offset_ms(trace, self._query, start_realtime_ms=start_ns // 1_000_000)
        send_log = lab.scratch / f"load-{offset_ms}.parquet"
        playing = lab.player.play(
            trace.ref, start_realtime_ns=start_ns, event_offset_ms=offset_ms, send_log=send_log
        )
        duration_s = trace.meta.duration_ms / 1000

        def finished() -> bool:
            fail_on_death(self._running.supervisor, stage="load")
            self._observer.status(
                Status(
                    phase,
                    rate_per_s=trace.meta.rate_per_s or trace.meta.records / duration_s,
                    rows_read=lab.reader.rows_read(),
                    left_s=max(0.0, (start_ns - time.time_ns()) / NS_PER_S + duration_s),
                    note=note,
                )
            )
            health = job.healthy()
            if health.state is State.FAILED:
                raise EngineFailed(f"the job failed: {health.detail}", stage="load")
            return playing.progress().finished

        wait_until(
            finished,
            what="the player to finish",
            timeout_s=duration_s + _PLAY_GRACE_S,
            stage="load",
            poll_s=_POLL_S,
        )
        playing.wait(timeout_s=10)
        times = event_times(trace, self._query)
        send_to_every_partition(lab, self._probes, event_ms=times.flush_ms + offset_ms)
        written = Written(trace, start_ns, offset_ms, send_log, times.free_from_ms + offset_ms)
        return self.await_rows(written, due, note=note, silence_s=BETWEEN_LOADS_S)

    def await_rows(
        self,
        written: Written,
        due: Due,
        *,
        note: str,
        silence_s: float | None = None,
    ) -> Played:
        """Wait for all rows of a load that was written. Raises EngineFailed when the job dies."""
        self._not_before_ms = written.free_from_ms
        lab, offset_ms = self._running.lab, written.event_offset_ms
        self._observer.status(Status(Phase.LAST_ROWS, rows_read=lab.reader.rows_read(), note=note))
        drained = drain(
            supervisor=self._running.supervisor,
            reader=lab.reader,
            query=self._query,
            conditions=self._conditions,
            must_come={(key, start_ms + offset_ms) for key, start_ms in due.must},
            timeout_s=_DRAIN_TIMEOUT_S,
            silence_s=silence_s,
        )
        own_rows = lab.own.among(drained.rows, self._query.window)
        lab.own.played(due, event_offset_ms=offset_ms)
        return Played(
            trace=written.trace,
            start_realtime_ns=written.start_realtime_ns,
            event_offset_ms=offset_ms,
            rows=drained.rows,
            malformed=drained.malformed_count,
            send_log=written.send_log,
            complete=not drained.timed_out,
            own_rows=own_rows,
        )

    def start_ns(self, trace: Trace) -> int:
        """The next full second at which `trace` may begin, since the epoch: behind all loads before it."""
        free_ms = earliest_start_ms(trace, self._query, self._not_before_ms)
        earliest_s = max(time.time_ns() / NS_PER_S + _LEAD_S, free_ms / 1000)
        return math.ceil(earliest_s) * NS_PER_S
