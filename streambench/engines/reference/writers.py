"""The two ways in which the scripted engine writes rows: as any engine does, and to the millisecond."""

from __future__ import annotations

import time
from typing import NamedTuple, Protocol

from streambench.engines.common.bounded_producer import BoundedProducer
from streambench.engines.reference.lead import Lead
from streambench.kafka.frames import ControlRecord
from streambench.kafka.player_process import PlayerProcess

_CLOSE_TIMEOUT_S = 1


class WrittenRow(NamedTuple):
    """A row as it is written."""

    partition: int
    key: bytes
    value: bytes


class Writer(Protocol):
    """Writes rows to the output topic."""

    @property
    def ahead_ms(self) -> float:
        """How much earlier than they are due it wants them."""
        ...

    def write(self, rows: tuple[WrittenRow, ...]) -> None:
        """Hand over rows, in order."""
        ...

    def close(self) -> None:
        """Nothing more comes."""
        ...


class UsualWriter:
    """By kafka-python's producer, which sends in a thread of its own."""

    ahead_ms = 0.0

    def __init__(self, producer: BoundedProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    def write(self, rows: tuple[WrittenRow, ...]) -> None:
        """Hand over rows; they are on their way when this returns."""
        for row in rows:
            self._producer.send(self._topic, key=row.key, value=row.value, partition=row.partition)

    def close(self) -> None:
        """Send what is left."""
        self._producer.close(timeout=_CLOSE_TIMEOUT_S)


class PromptWriter:
    """By the load generator's own requests: kafka-python's thread takes milliseconds to wake and send."""

    def __init__(self, sender: PlayerProcess, *, may_lead: bool) -> None:
        self._sender = sender
        self._may_lead = may_lead
        self._lead = Lead()

    @property
    def ahead_ms(self) -> float:
        """What a write takes; nothing where a row that comes too early would be wrong."""
        return self._lead.ms if self._may_lead else 0.0

    def write(self, rows: tuple[WrittenRow, ...]) -> None:
        """Send rows; they are acknowledged when this returns. Raises DeliveryFailed."""
        begun_s = time.monotonic()
        event_ms = time.time_ns() // 1_000_000
        self._sender.send(
            tuple(ControlRecord(row.partition, event_ms, row.key, row.value) for row in rows)
        )
        self._lead.took((time.monotonic() - begun_s) * 1000)

    def close(self) -> None:
        """Close the connection."""
        self._sender.close()
