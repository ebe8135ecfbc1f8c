"""The player, as the tool holds it: a process of its own that writes the load."""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streambench.kafka.channel import Channel
from streambench.kafka.frames import ControlRecord
from streambench.kafka.progress import PlayProgress, ProgressFile
from streambench.kafka.send_log import SendLogMeta, read_meta
from streambench.load.trace import Trace
from streambench.load.writer import BATCHES_FILE
from streambench.model.plan import Role
from streambench.model.trial import TraceRef
from streambench.runtime.supervisor import Child, Supervisor

__all__ = ["ControlRecord", "PlayProgress", "Player", "Playing"]

_START_TIMEOUT_S: Final = 60.0
_SEND_TIMEOUT_S: Final = 90.0


class Playing:
    """A play under way."""

    def __init__(self, channel: Channel, progress_path: Path, send_log: Path) -> None:
        self._channel = channel
        self._progress_path = progress_path
        self._progress = ProgressFile.create(progress_path)
        self._send_log = send_log
        self._meta: SendLogMeta | None = None

    def progress(self) -> PlayProgress:
        """How far it has come; cheap. Raises InstrumentFailed when the player has ended."""
        if self._meta is None:
            self._channel.check_alive()
        return self._progress.read()

    def wait(self, timeout_s: float) -> SendLogMeta:
        """Wait until all is acknowledged and the send log is written; may be called again.

        Raises InstrumentFailed when the broker refused a batch, the player ended or took longer.
        """
        if self._meta is None:
            try:
                self._channel.answer(timeout_s)
            finally:
                self._progress_path.unlink(missing_ok=True)
            self._meta = read_meta(self._send_log)
        return self._meta


class Player:
    """Plays traces into one topic, as one idempotent producer, from a process of its own.

    One thing at a time: a play must have been waited for before the next command.
    """

    def __init__(self, supervisor: Supervisor, child: Child, channel: Channel) -> None:
        self._supervisor = supervisor
        self._child = child
        self._channel = channel

    @classmethod
    def start(
        cls,
        supervisor: Supervisor,
        *,
        bootstrap: str,
        topic: str,
        partitions: int,
        log_dir: Path,
    ) -> Player:
        """Start the process and wait until it is connected. Raises InstrumentFailed."""
        argv = (
            *(sys.executable, "-m", "streambench.kafka.player_process"),
            *("--bootstrap", bootstrap, "--topic", topic, "--partitions", str(partitions)),
        )
        child = supervisor.start(
            "player", Role.PLAYER, argv, log=log_dir / "player.log", pipes=True
        )
        channel = Channel(child, "the player")
        channel.answer(_START_TIMEOUT_S)
        return cls(supervisor, child, channel)

    @property
    def child(self) -> Child:
        """Its process."""
        return self._child

    def send(self, records: Sequence[ControlRecord]) -> None:
        """Write records outside the trace, in order; returns when all are acknowledged."""
        self._channel.tell(
            command="send",
            records=[
                {
                    "partition": record.partition,
                    "event_ms": record.event_ms,
                    "key": base64.b64encode(record.key).decode(),
                    "value": base64.b64encode(record.value).decode(),
                }
                for record in records
            ],
        )
        self._channel.answer(_SEND_TIMEOUT_S)

    def play(
        self,
        ref: TraceRef,
        *,
        start_realtime_ns: int,
        event_offset_ms: int,
        send_log: Path,
        unthrottled: bool = False,
        holds: Sequence[tuple[int, int]] = (),
    ) -> Playing:
        """Begin to play: quantum q is due at `start_realtime_ns` + (q + 1) quanta.

        `event_offset_ms` is added to the trace's event times. `send_log` is the Parquet file to be
        written, its metadata beside it as `.json`. `unthrottled` ignores the due instants, to
        measure the player itself. `holds` are [start_ms, end_ms) after `start_realtime_ns` whose load is
        due all at once at their end.
        """
        trace = Trace.open(ref)
        send_log.parent.mkdir(parents=True, exist_ok=True)
        progress_path = send_log.with_suffix(".progress").absolute()
        playing = Playing(self._channel, progress_path, send_log)
        self._channel.tell(
            command="play",
            batches=str((trace.folder / BATCHES_FILE).absolute()),
            records=str(trace.records_path.absolute()),
            quantum_ms=trace.meta.quantum_ms,
            start_realtime_ns=start_realtime_ns,
            event_offset_ms=event_offset_ms,
            send_log=str(send_log.absolute()),
            progress=str(progress_path),
            unthrottled=unthrottled,
            holds=[list(hold) for hold in holds],
        )
        return playing

    def close(self) -> None:
        """End the process, a play under way included (its send log is still written)."""
        self._supervisor.stop(self._child)
