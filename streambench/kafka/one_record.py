"""One record to a partition, and when: sent and acknowledged by our clock, appended by the broker's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.wire import (
    RETRIABLE,
    ProduceLayout,
    error_name,
    parse_appended,
    partition_head,
)
from streambench.load.batch import stamp_header
from streambench.load.encode import encode_single

_NOBODY: Final = -1


class RecordRefused(Exception):
    """A broker takes no such record, and to try again is in vain."""


@dataclass(frozen=True)
class Appended:
    """A record that was written: sent and acknowledged by our clock, appended by the broker's.

    `broker` is the node that appended it; None: not known.
    """

    sent_ns: int
    acked_ns: int
    append_ms: int
    broker: int | None = None


def pieces_of(partition: int, value: bytes) -> list[bytes]:
    """A record for a partition as `OneRecords.write` takes it."""
    section = encode_single(b"", value)
    header = stamp_header(
        section,
        count=1,
        base_ms=0,
        max_ms=0,
        producer_id=_NOBODY,
        producer_epoch=_NOBODY,
        base_sequence=_NOBODY,
    )
    return [partition_head(partition, len(header) + len(section)) + header, section]


class OneRecords:
    """Writes records to one topic one by one, without idempotence: one may come twice if it is sent again."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._layout = ProduceLayout(topic)
        self._correlation_id = 0

    def write(self, leader: Connection, node: int, pieces: Sequence[bytes]) -> Appended:
        """Write `pieces` to broker `node`, which leads their partition.

        Raises ConnectionLost where it may go another time, RecordRefused where it does not.
        """
        self._correlation_id += 1
        parts, _ = self._layout.parts(self._correlation_id, pieces)
        request = b"".join(bytes(part) for part in parts)
        sent_ns = time.time_ns()
        answer = leader.call(request)
        acked_ns = time.time_ns()
        error, append_ms = parse_appended(answer)
        if error in RETRIABLE:
            raise ConnectionLost(error_name(error))
        if error:
            raise RecordRefused(f"topic {self._topic} takes no record: {error_name(error)}")
        return Appended(sent_ns, acked_ns, append_ms, node)
