"""A play under way: in one process, or in several that share its partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streambench.kafka.channel import Channel
from streambench.kafka.progress import PlayProgress, ProgressFile
from streambench.kafka.send_log import write_send_log
from streambench.kafka.send_times import SendLogMeta, meta_path, read_meta


@dataclass(frozen=True)
class Part:
    """What one process plays: its channel, its progress, and the file of what it notes down."""

    channel: Channel
    progress_path: Path
    progress: ProgressFile
    send_log: Path


class Playing:
    """A play under way; `send_log` is what its parts' logs become."""

    def __init__(self, parts: Sequence[Part], send_log: Path) -> None:
        self._parts = tuple(parts)
        self._send_log = send_log
        self._answered = 0
        self._meta: SendLogMeta | None = None

    def progress(self) -> PlayProgress:
        """How far it has come, its slowest part; cheap. Raises InstrumentFailed when a player has ended."""
        if self._meta is None:
            for part in self._parts:
                part.channel.check_alive()
        read = [part.progress.read() for part in self._parts]
        newest = [each.quantum for each in read if each.quantum is not None]
        return PlayProgress(
            records_written=sum(each.records_written for each in read),
            quantum=min(newest) if len(newest) == len(read) else None,
            finished=all(each.finished for each in read),
        )

    def wait(self, timeout_s: float) -> SendLogMeta:
        """Wait until all is acknowledged and the send log is written; may be called again.

        Raises InstrumentFailed when the broker refused a batch, a player ended or took longer.
        """
        if self._meta is None:
            for part in self._parts[self._answered :]:
                try:
                    part.channel.answer(timeout_s)
                finally:
                    part.progress_path.unlink(missing_ok=True)
                self._answered += 1
            self._meta = self._merged()
        return self._meta

    def keep(self) -> None:
        """What its processes noted down becomes the send log, though nobody waited for its end."""
        if self._meta is None and all(part.send_log.is_file() for part in self._parts):
            self._meta = self._merged()

    def _merged(self) -> SendLogMeta:
        logs = [part.send_log for part in self._parts]
        write_send_log(logs, self._send_log)
        for log in logs:
            log.unlink()
            meta_path(log).unlink()
        return read_meta(self._send_log)
