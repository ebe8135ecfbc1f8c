"""Is the job really processing? A probe's row, out of every partition, is the only proof."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.engines.protocol import Job, State
from streambench.kafka.player import ControlRecord
from streambench.kafka.rows import decode
from streambench.load.probes import Probe
from streambench.model.errors import EngineFailed
from streambench.model.workload import Query
from streambench.runtime.waiting import wait_until
from streambench.trial.process_exits import fail_on_exit
from streambench.trial.schedule import EventTimes
from streambench.trial.testbed import Testbed

READY_TIMEOUT_S = 120.0


def records_before_load(probe: Probe) -> int:
    """How many records its partition holds before a job's first load: the probe's and its closer."""
    return len(probe.together) + 1


def send_to_every_partition(testbed: Testbed, probes: Sequence[Probe], *, event_ms: int) -> None:
    """One record on each partition, acknowledged when this returns; `event_ms` since the epoch."""
    _send(testbed, [(probe, (probe.value,)) for probe in probes], event_ms)


def _send(testbed: Testbed, sent: Sequence[tuple[Probe, tuple[bytes, ...]]], event_ms: int) -> None:
    for probe, _ in sent:
        testbed.own.sent(probe.group, event_ms)
    testbed.player.send(
        tuple(
            ControlRecord(partition=probe.partition, event_ms=event_ms, key=key, value=value)
            for probe, values in sent
            for key, value in zip(probe.keys_of(values), values, strict=True)
        )
    )


def wait_for_probe(
    testbed: Testbed,
    *,
    job: Job,
    query: Query,
    probes: Sequence[Probe],
    times: EventTimes,
    event_offset_ms: int,
) -> None:
    """Send the probe and its closer on every partition and wait for each probe's row.

    The reader's own place does not move: what came meanwhile is judged with the first load. Raises EngineFailed when the job fails or is silent for READY_TIMEOUT_S.
    """
    blocks = testbed.reader.follow_anew()
    of_a_row = [(probe, probe.together) for probe in probes]
    _send(testbed, of_a_row, times.probe_ms + event_offset_ms)
    send_to_every_partition(testbed, probes, event_ms=times.closer_ms + event_offset_ms)
    due = {group for probe in probes for group in probe.due}
    missing = {(group, times.probe_ms + event_offset_ms) for group in due}

    def rows_are_out() -> bool:
        fail_on_exit(testbed.supervisor, stage="start")
        if testbed.reader.rows_read():
            table = decode(blocks.take(), query).table
            seen = zip(
                table.column("key").to_pylist(),
                table.column("window_start_ms").to_pylist(),
                strict=True,
            )
            missing.difference_update(seen)
        if not missing:
            return True
        health = job.healthy()
        if health.state is State.FAILED:
            raise EngineFailed(f"the job failed while it started: {health.detail}", stage="start")
        return False

    wait_until(
        rows_are_out,
        what="the probe's row from every partition",
        timeout_s=READY_TIMEOUT_S,
        stage="start",
        poll_s=0.2,
    )
