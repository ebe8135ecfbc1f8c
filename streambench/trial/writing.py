"""A load and its flush records in the input topic, whether or not a job is there."""

from __future__ import annotations

import time
from typing import Final, NamedTuple

from streambench.load.probes import Probe
from streambench.load.trace import Trace
from streambench.model.workload import Query
from streambench.trial.load import Written
from streambench.trial.ready import send_to_every_partition
from streambench.trial.schedule import earliest_start_ms, event_offset_ms, event_times
from streambench.trial.testbed import Testbed

_NS_PER_MS: Final = 1_000_000
# For what the player writes behind the last due instant.
PLAY_GRACE_S: Final = 120.0


class Begun(NamedTuple):
    """The T0 of a load that was played, by the realtime and the monotonic clock, and what was added to event times."""

    realtime_ns: int
    monotonic_ns: int
    event_offset_ms: int


def played_at_once(testbed: Testbed, query: Query, trace: Trace, not_before_ms: int = 0) -> Begun:
    """Write a load as fast as it goes.

    Event times begin at `not_before_ms` (since the epoch) or now: they may lie ahead of the clock.
    Raises InstrumentFailed.
    """
    testbed.player.prepare(trace.ref)
    testbed.clocks.begin(paced=False)
    free_ms = earliest_start_ms(trace, query, not_before_ms)
    start_ms = max(time.time_ns() // _NS_PER_MS, free_ms)
    offset_ms = event_offset_ms(
        trace, query, start_realtime_ms=start_ms, not_before_ms=not_before_ms
    )
    playing = testbed.player.play(
        trace.ref,
        start_realtime_ns=time.time_ns(),
        event_offset_ms=offset_ms,
        send_log=testbed.scratch / f"load-{offset_ms}.parquet",
        unthrottled=True,
    )
    begun_ns = playing.wait(timeout_s=PLAY_GRACE_S).start_realtime_ns
    monotonic_ns = begun_ns - (time.time_ns() - time.monotonic_ns())
    return Begun(begun_ns, monotonic_ns, offset_ms)


def flushed(
    testbed: Testbed, query: Query, probes: tuple[Probe, ...], trace: Trace, begun: Begun
) -> Written:
    """Close the last windows of a load that was played."""
    times = event_times(trace, query)
    offset_ms = begun.event_offset_ms
    send_to_every_partition(testbed, probes, event_ms=times.flush_ms + offset_ms)
    return Written(
        *begun,
        testbed.scratch / f"load-{offset_ms}.parquet",
        free_from_ms=times.free_from_ms + offset_ms,
    )
