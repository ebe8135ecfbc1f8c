"""The records of a trace, for passes from front to back, in memory that does not grow with the file."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Final

_STEP_BYTES: Final = 2**20
# At 20,000 events/s some ten seconds of load: a disk that engines keep busy has that time to read it.
_AHEAD_BYTES: Final = 16 * _STEP_BYTES
# What is in flight, or built and not yet due, is kept.
_BEHIND_BYTES: Final = 4 * _STEP_BYTES


class RecordsFile:
    """A mapped file: what comes next is read before it is needed, what is over is let go.

    The kernel reads ahead without making the caller wait (madvise(2), MADV_WILLNEED). What was let go
    can still be read: it is read from the file again.
    """

    def __init__(self, path: Path) -> None:
        self._size_bytes = path.stat().st_size
        self._asked_bytes = self._gone_bytes = 0
        if not self._size_bytes:  # which cannot be mapped
            self._view = memoryview(b"")
            return
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._view = memoryview(self._map)
        self._move_to(0)

    def section(self, begin: int, length_bytes: int) -> memoryview:
        """The bytes from `begin` on."""
        return self.whole(begin)[begin : begin + length_bytes]

    def whole(self, begin: int) -> memoryview:
        """The whole file, of which the bytes from `begin` on are read next."""
        if not self._gone_bytes <= begin <= self._asked_bytes - _AHEAD_BYTES + _STEP_BYTES:
            self._move_to(begin)
        return self._view

    def _move_to(self, begin: int) -> None:
        if begin < self._gone_bytes:  # another pass
            self._asked_bytes = self._gone_bytes = 0
        at = begin - begin % _STEP_BYTES
        self._advise("MADV_WILLNEED", max(self._asked_bytes, at), at + _AHEAD_BYTES)
        self._asked_bytes = at + _AHEAD_BYTES
        self._advise("MADV_DONTNEED", self._gone_bytes, at - _BEHIND_BYTES)
        self._gone_bytes = max(self._gone_bytes, at - _BEHIND_BYTES)

    def _advise(self, advice: str, begin: int, end: int) -> None:
        end = min(end, self._size_bytes)
        if hasattr(mmap, advice) and begin < end:
            self._map.madvise(getattr(mmap, advice), begin, end - begin)
