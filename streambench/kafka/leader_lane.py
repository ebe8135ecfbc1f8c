"""One leader's share of a delivery: its connection, and the requests for the partitions that it leads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from streambench.kafka.connection import Connection
from streambench.kafka.frames import Frame
from streambench.kafka.wire import Buffer


@dataclass
class LeaderLane:
    """Requests in the order in which they go out: `again` first, then `built`.

    `refused` were answered with a retriable error, or stood behind one; `rest` is what of `writing` the
    kernel has not taken yet.
    """

    node: int
    connection: Connection
    most_in_flight: int
    answered_at_ns: int
    again: deque[Frame] = field(default_factory=deque)
    built: deque[Frame] = field(default_factory=deque)
    in_flight: deque[Frame] = field(default_factory=deque)
    refused: list[Frame] = field(default_factory=list)
    refusal: str = ""
    writing: Frame | None = None
    rest: Sequence[Buffer] = ()

    def next_frame(self) -> Frame | None:
        """What is to be written next; None when nothing may be, or nothing is left.

        While requests are written again one at a time is in flight: nothing can overtake another.
        None goes out while a new log-in waits for those that are.
        """
        if self.refused or (self.in_flight and self.connection.renewal_is_due()):
            return None
        repeating = self.again or (self.in_flight and self.in_flight[0].attempts > 1)
        if len(self.in_flight) >= (1 if repeating else self.most_in_flight):
            return None
        if self.again:
            return self.again[0]
        return self.built[0] if self.built else None

    def begin(self, frame: Frame) -> None:
        """Take a frame from its queue, to be written now."""
        (self.again or self.built).popleft()
        self.writing, self.rest = frame, frame.parts

    def unanswered(self) -> Iterator[Frame]:
        """All that has no acknowledgement: of each partition in its order."""
        yield from self.refused
        yield from self.in_flight
        if self.writing is not None:
            yield self.writing
        yield from self.again
        yield from self.built
