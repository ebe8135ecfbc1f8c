"""What Flink itself says of a job at its end: counters and effective settings, by REST."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from streambench.engines.common.asking import AskingPolicy
from streambench.engines.common.http import NoAnswer
from streambench.engines.flink.rest import FlinkRest
from streambench.engines.flink.watch import JobWatch
from streambench.engines.protocol import Readings
from streambench.runtime.waiting import wait_until


def rest_readings(
    watches: Sequence[JobWatch], asking: AskingPolicy, failed_words: Callable[[int], str]
) -> Readings:
    """Its own word on the job that runs (the last of `watches`) and those that it took the place of.

    `failed_words` says in words how many checkpoints failed.
    """
    earlier, watch = watches[:-1], watches[-1]
    ended = [other.last for other in earlier if other.last is not None]
    try:
        late = _settled_late_records(watch.rest, asking)
        status = watch.rest.status()  # after that, for its restarts are a metric, too
        exceptions = watch.exceptions()
        completed = sum(last.completed_checkpoints for last in (*ended, status))
        words = {
            "state": status.state,
            "completed checkpoints": str(completed),
            "failed checkpoints": failed_words(
                sum(last.failed_checkpoints for last in (*ended, status))
            ),
            "submitted again": str(len(earlier)),
        }
        if exceptions:
            at_ms, name = exceptions[0]
            words |= {"last failure": name, "last failure noticed at (ms)": str(at_ms)}
        restarts = None
        if status.restarts is not None:
            restarts = len(earlier) + sum(last.restarts or 0 for last in (*ended, status))
        return Readings(
            words=words,
            effective=watch.rest.effective(),
            late_counter=late,
            late_unit="late partial rows",
            restarts=restarts,
            checkpoint_bytes=sum(last.checkpoint_bytes for last in (*ended, status)),
        )
    except NoAnswer as error:
        return Readings(words={"REST": f"no answer: {error}"})


def _settled_late_records(rest: FlinkRest, asking: AskingPolicy) -> int | None:
    """The counter as it is now: the JobManager fetches metrics only when asked, for the next asker."""
    begun_s = time.monotonic()

    def settled() -> tuple[int | None] | None:
        counter = rest.late_records()
        return (counter,) if time.monotonic() - begun_s > asking.metrics_age_s else None

    (counter,) = wait_until(settled, what="Flink's metrics", timeout_s=30.0, poll_s=0.25)
    return counter
