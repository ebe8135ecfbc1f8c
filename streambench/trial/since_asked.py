"""What an engine says of its checkpoints counts from its start; a load's part is what came since."""

from __future__ import annotations

from dataclasses import dataclass, replace

from streambench.engines.protocol import Readings


@dataclass(frozen=True)
class EngineWord:
    """The engine's own word after a load; `records` came since it was asked before.

    Of `readings`, the bytes of checkpoints are those since then, too.
    """

    readings: Readings
    records: int


class SinceAsked:
    """Remembers what was said before, in a job that is given several loads."""

    def __init__(self) -> None:
        self._records = 0
        self._checkpoint_bytes = 0

    def played(self, records: int) -> None:
        """A load of so many records was played."""
        self._records += records

    def asked(self, readings: Readings) -> EngineWord:
        """The engine was asked; what it said counts from its start."""
        records, self._records = self._records, 0
        if readings.checkpoint_bytes is None:
            return EngineWord(readings, records)
        since_bytes = readings.checkpoint_bytes - self._checkpoint_bytes
        self._checkpoint_bytes = readings.checkpoint_bytes
        return EngineWord(replace(readings, checkpoint_bytes=since_bytes), records)
