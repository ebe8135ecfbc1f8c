"""A part of a trial's load once more, in the same broker, after the engine has gone.

What the broker then does is the instrument's share of its work. To make the requests of this part is the
same piece of work in every trial of a load, so the player's time for it tells how fast the machine was.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Final

import psutil

from streambench.kafka.broker import BROKER
from streambench.kafka.reader import Reader
from streambench.load.trace import Trace
from streambench.model.errors import InstrumentFailed
from streambench.model.fault import FaultKind
from streambench.model.trial import Purpose, Segment, TrialSpec, WithoutEngine
from streambench.runtime.waiting import wait_until
from streambench.trial.load import Played
from streambench.trial.testbed import Testbed

PART_MS: Final = 2_500
"""How much of the load is played again; with what is around it a trial takes seven seconds longer."""

# Between the order and the first due instant the player stamps its first frames.
_LEAD_NS: Final = 800_000_000
_WAIT_S: Final = 30.0
_POLL_S: Final = 0.01
_NS_PER_MS: Final = 1_000_000


def may_play_again(spec: TrialSpec, load: Played) -> bool:
    """Not in a short look, nor where the broker was started anew and is not as warm as it was."""
    restarted = any(hit.kind is FaultKind.BROKER_RESTART for hit in load.struck.hits)
    return not spec.cold and not restarted


class Again:
    """Plays a part of the measured load again; its reader is started while the engine still ends."""

    def __init__(
        self,
        testbed: Testbed,
        segment: Segment,
        event_offset_ms: int,
        *,
        part_ms: int = PART_MS,
    ) -> None:
        self._testbed = testbed
        self._trace = Trace.open(segment.trace)
        self._event_offset_ms = event_offset_ms
        quantum_ms = self._trace.meta.quantum_ms
        measured = segment.span(Purpose.MEASURED)
        end_ms = min(measured.end_ms, measured.start_ms + part_ms)
        self._quanta = (measured.start_ms // quantum_ms, math.ceil(end_ms / quantum_ms))
        self._reader = Reader.start(
            testbed.supervisor,
            access=testbed.kafka,
            topic=testbed.input_topic,
            partitions=len(self._trace.meta.records_by_partition),
            out=Path(os.devnull),
            log_dir=testbed.scratch / "again",
            name="reader-again",
            from_end=True,
            wait=False,
        )

    def play(self) -> WithoutEngine | None:
        """Play it, and take the reader away; None where nothing was due or the broker did not take it."""
        try:
            return self._play()
        except (InstrumentFailed, psutil.NoSuchProcess):
            return None  # the trial is over, and what it found stands
        finally:
            self._reader.close()

    def _play(self) -> WithoutEngine | None:
        broker = self._testbed.supervisor.current(BROKER)
        first, end = self._quanta
        in_part = self._trace.batches["quantum"]
        if broker is None or not ((in_part >= first) & (in_part < end)).any():
            return None
        self._reader.assigned()
        before_us = self._testbed.player.gauge_us(self._trace.ref, self._quanta)
        start_ns = time.time_ns() + _LEAD_NS
        playing = self._testbed.player.play(
            self._trace.ref,
            start_realtime_ns=start_ns - first * self._trace.meta.quantum_ms * _NS_PER_MS,
            event_offset_ms=self._event_offset_ms,
            send_log=self._testbed.scratch / "again" / "load.parquet",
            quanta=self._quanta,
        )
        process = psutil.Process(broker.pid)
        wait_until(
            lambda: time.time_ns() >= start_ns, what="the load", timeout_s=_WAIT_S, poll_s=_POLL_S
        )
        before = process.cpu_times()
        meta = playing.wait(_WAIT_S)
        after = process.cpu_times()
        # Once more some seconds later: what slows a processor for a while seldom does so both times.
        after_us = self._testbed.player.gauge_us(self._trace.ref, self._quanta)
        gauges_us = [us for us in (before_us, after_us) if us is not None]
        return WithoutEngine(
            records=meta.records_acknowledged,
            broker_cpu_s=after.user + after.system - before.user - before.system,
            request_us=min(gauges_us, default=None),
        )
