"""The windows of a case, instant by instant: slow and obvious, and of nothing that streambench computes with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spans:
    """Windows of `size_ms` that begin every `every_ms`, from an offset on; sessions have a `gap_ms` alone."""

    size_ms: int = 0
    every_ms: int = 0
    offset_ms: int = 0
    gap_ms: int = 0

    @property
    def text(self) -> str:
        """As it is written."""
        if self.gap_ms:
            return f'{{ session = "{self.gap_ms} ms" }}'
        offset = f', offset = "{self.offset_ms} ms"' if self.offset_ms else ""
        if self.size_ms == self.every_ms:
            return f'{{ tumbling = "{self.size_ms} ms"{offset} }}'
        return f'{{ hopping = "{self.size_ms} ms", every = "{self.every_ms} ms"{offset} }}'

    @property
    def length_ms(self) -> int:
        """The length of a window, of sessions their gap."""
        return self.gap_ms or self.size_ms

    def starts_ms(self, at_ms: int) -> list[int]:
        """Of all windows with this instant in them, the oldest first."""
        assert not self.gap_ms
        start_ms = at_ms
        while (start_ms - self.offset_ms) % self.every_ms:
            start_ms -= 1 if self.every_ms < 2_000 else (start_ms - self.offset_ms) % self.every_ms
        found = []
        while start_ms > at_ms - self.size_ms:
            found.append(start_ms)
            start_ms -= self.every_ms
        return found[::-1]

    def in_time(self, at_ms: int, clock_ms: int, grace_ms: int) -> bool:
        """Whether an event is late for none of its windows, nor for any session that it may extend."""
        if self.gap_ms:
            # Such a session may have ended a gap ago.
            return at_ms + grace_ms > clock_ms
        return min(self.starts_ms(at_ms), default=at_ms) + self.size_ms + grace_ms > clock_ms
