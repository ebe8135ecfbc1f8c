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

from streambench.engines.protocol import State
from streambench.load.probes import Probe
from streambench.load.trace import Trace
from streambench.model.conditions import Conditions
from streambench.model.errors import EngineFailed
from streambench.model.workload import Query
from streambench.runtime.waiting import wait_until
from streambench.trial.deaths import fail_on_death
from streambench.trial.drain import drain
from streambench.trial.observer import Observer, Phase, Status
from streambench.trial.ready import send_to_every_partition
from streambench.trial.running import NS_PER_S, Running
from streambench.trial.schedule import event_offset_ms, event_times

# The player stamps and lays out its first frames between the order and T0.
_LEAD_S = 1.5
_POLL_S = 0.5
_PLAY_GRACE_S = 120.0
# An engine that was given more than it can bear has to work it off before the next load.
_DRAIN_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Played:
    """What became of one load; `start_realtime_ns` is its T0, `complete` that all its rows came."""

    trace: Trace
    start_realtime_ns: int
    event_offset_ms: int
    rows: pa.Table
    malformed: int
    send_log: Path
    complete: bool


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
        self._played = 0

    def play(
        self,
        trace: Trace,
        must_come: frozenset[tuple[str, int]],
        *,
        phase: Phase,
        note: str,
        at_once: bool = False,
    ) -> Played:
        """Play `trace` and wait for all of its rows; `must_come` as in `conduct`.

        `at_once` ignores the due instants: everything is written as fast as it goes. Raises
        EngineFailed when the job dies, InstrumentFailed when the load cannot be written.
        """
        lab, job = self._running.lab, self._running.job
        start_ns = self._start_ns()
        offset_ms = event_offset_ms(trace, self._query, start_realtime_ms=start_ns // 1_000_000)
        self._played += 1
        send_log = lab.scratch / f"load-{self._played}.parquet"
        playing = lab.player.play(
            trace.ref,
            start_realtime_ns=start_ns,
            event_offset_ms=offset_ms,
            send_log=send_log,
            unthrottled=at_once,
        )
        duration_s = trace.meta.duration_ms / 1000
        rate_per_s = None if at_once else trace.meta.records / duration_s

        def finished() -> bool:
            fail_on_death(self._running.supervisor, stage="load")
            left_s = max(0.0, (start_ns - time.time_ns()) / NS_PER_S + duration_s)
            self._observer.status(
                Status(
                    phase,
                    rate_per_s=rate_per_s,
                    rows_read=lab.reader.rows_read(),
                    left_s=None if at_once else left_s,
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
        meta = playing.wait(timeout_s=10)
        if at_once:  # T0 is when it began
            start_ns = meta.start_realtime_ns
        times = event_times(trace, self._query)
        send_to_every_partition(lab.player, self._probes, event_ms=times.flush_ms + offset_ms)
        self._not_before_ms = (
            times.flush_ms + self._query.window.size_ms + self._query.grace_ms + offset_ms
        )
        self._observer.status(Status(Phase.DRAIN, rows_read=lab.reader.rows_read(), note=note))
        drained = drain(
            supervisor=self._running.supervisor,
            reader=lab.reader,
            query=self._query,
            conditions=self._conditions,
            must_come={(key, window_ms + offset_ms) for key, window_ms in must_come},
            timeout_s=_DRAIN_TIMEOUT_S,
        )
        return Played(
            trace=trace,
            start_realtime_ns=start_ns,
            event_offset_ms=offset_ms,
            rows=drained.rows,
            malformed=drained.malformed_count,
            send_log=send_log,
            complete=not drained.timed_out,
        )

    def _start_ns(self) -> int:
        earliest_s = max(time.time_ns() / NS_PER_S + _LEAD_S, self._not_before_ms / 1000)
        return math.ceil(earliest_s) * NS_PER_S
