"""How far a play has come, in a few bytes of shared memory: cheap to write 200 times a second."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

# records written, newest quantum written (-1: none yet), finished
_LAYOUT: Final = struct.Struct("<qqq")


@dataclass(frozen=True)
class PlayProgress:
    """Records handed to the broker's socket so far, and the newest quantum among them (None: none)."""

    records_written: int
    quantum: int | None
    finished: bool


class ProgressFile:
    """A mapped file of three whole numbers; the player writes it, the tool reads it."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _LAYOUT.size)
        self._words = memoryview(self._map).cast("q")

    @classmethod
    def create(cls, path: Path) -> ProgressFile:
        """Make the file, at zero records."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_LAYOUT.pack(0, -1, 0))
        return cls(path)

    @classmethod
    def attach(cls, path: Path) -> ProgressFile:
        """Map a file that `create` made."""
        return cls(path)

    def advance(self, records: int, quantum: int) -> None:
        """Add `records`, written with `quantum`."""
        self._words[0] += records
        self._words[1] = quantum

    def finish(self) -> None:
        """Say that nothing more will come."""
        self._words[2] = 1

    def read(self) -> PlayProgress:
        """Return what the writer last said."""
        records, quantum, finished = self._words
        return PlayProgress(records, None if quantum < 0 else quantum, bool(finished))

    def close(self) -> None:
        """Unmap; the file stays."""
        self._words.release()
        self._map.close()

    def __enter__(self) -> ProgressFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
