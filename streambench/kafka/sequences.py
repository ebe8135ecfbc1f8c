"""The numbers of an idempotent producer: the broker takes batches of a partition in their order only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from streambench.kafka.wire import ProducerIdentity

SEQUENCE_MASK: Final = 0x7FFFFFFF
"""Sequence numbers count up to 2³¹ − 1 and begin again at 0."""


@dataclass
class Sequences:
    """Where the next batch of each partition continues, over all plays and control records."""

    identity: ProducerIdentity
    next_of: list[int] = field(default_factory=list)
    correlation_id: int = 0

    def take(self, partition: int, count: int) -> int:
        """Return the base sequence for `count` records and move past them."""
        base = self.next_of[partition]
        self.next_of[partition] = (base + count) & SEQUENCE_MASK
        return base

    def copy(self) -> Sequences:
        """The same numbers, to be used up apart from these."""
        return Sequences(self.identity, list(self.next_of), self.correlation_id)

    def next_correlation_id(self) -> int:
        """Return a number for the next request."""
        self.correlation_id = (self.correlation_id + 1) & SEQUENCE_MASK
        return self.correlation_id
