"""What a trial needs of whoever plays its loads: processes beside it, or shards on other hosts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from streambench.kafka.frames import ControlRecord
from streambench.kafka.progress import PlayProgress
from streambench.kafka.send_times import SendLogMeta
from streambench.model.trial import TraceRef


class Play(Protocol):
    """A play under way; see `Playing`."""

    def progress(self) -> PlayProgress:
        """How far it has come. Raises InstrumentFailed when a player has ended."""
        ...

    def wait(self, timeout_s: float) -> SendLogMeta:
        """Wait for its end and its send log. Raises InstrumentFailed."""
        ...


class PlaysLoads(Protocol):
    """Writes traces and control records into one topic; see `Player`."""

    def connected(self) -> None:
        """Wait until it is ready to write; once. Raises InstrumentFailed."""
        ...

    def send(self, records: Sequence[ControlRecord]) -> None:
        """Write records outside a trace. Raises InstrumentFailed."""
        ...

    def prepare(self, ref: TraceRef) -> None:
        """Have a trace where it is played from: nothing of it is due before. Raises InstrumentFailed."""
        ...

    def play(
        self,
        ref: TraceRef,
        *,
        start_realtime_ns: int,
        event_offset_ms: int,
        send_log: Path,
        unthrottled: bool = False,
        holds: Sequence[tuple[int, int]] = (),
        quanta: tuple[int, int] | None = None,
    ) -> Play:
        """Begin to play. Raises InstrumentFailed."""
        ...

    def gauge_us(self, ref: TraceRef, quanta: tuple[int, int]) -> float | None:
        """How fast the machine is; None where it cannot be told. Raises InstrumentFailed."""
        ...

    def close(self) -> None:
        """Write no more."""
        ...
