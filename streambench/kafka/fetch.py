"""Reading a topic by fetch requests of our own: arrival is stamped before anything is decoded.

kafka-python decodes while it polls, about 10 µs a row: of a window's 1,000 rows that come at once
the stamp would be 10 ms late. Here a row costs the reader nothing but its bytes.
"""

from __future__ import annotations

import enum
import struct
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from streambench.kafka.wire import FETCH_RETRIABLE, request, string

_FETCH, _FETCH_VERSION = 1, 10
SPOKEN_TO_READ: Final = {"Fetch": (_FETCH, _FETCH_VERSION)}
"""What a broker must take for its topics to be read, as `wire.SPOKEN`."""
_MAX_WAIT_MS: Final = 500
_MIN_BYTES: Final = 1
_MAX_BYTES: Final = 50 << 20
MOST_PARTITION_BYTES: Final = 4 << 20
_NO_SESSION: Final = (0, -1)
_ANY: Final = -1

_REQUEST: Final = struct.Struct(">iiiibii")  # replica, wait, min, max, isolation, session, epoch
_PARTITION: Final = struct.Struct(">iiqqi")  # index, leader epoch, offset, log start, max bytes
_ANSWER: Final = struct.Struct(">ihii")  # throttle, error, session, topics
_FETCHED: Final = struct.Struct(
    ">ihqqqi"
)  # index, error, high watermark, stable, log start, aborted
_ABORTED: Final = struct.Struct(">qq")  # producer id, first offset
_INT16: Final = struct.Struct(">h")
_INT32: Final = struct.Struct(">i")

_BATCH: Final = struct.Struct(">qi")  # base offset, bytes that follow
_LENGTH_FIELDS_BYTES: Final = 12
_DETAILS: Final = struct.Struct(">hi")  # attributes, last offset delta
_DETAILS_AT: Final = 21
_PRODUCER: Final = struct.Struct(">qhii")  # producer id, epoch, base sequence, records
_PRODUCER_AT: Final = 43
_RECORDS_AT: Final = 61
_TRANSACTIONAL: Final = 0x10
_CONTROL: Final = 0x20
_ABORT_MARKER: Final = 0


class Isolation(enum.IntEnum):
    """Which rows are handed out."""

    READ_UNCOMMITTED = 0
    READ_COMMITTED = 1


class Fetched(NamedTuple):
    """What one answer holds of a partition; `aborted` are (producer id, first offset)."""

    partition: int
    error: int
    high_watermark: int
    aborted: tuple[tuple[int, int], ...]
    records: bytes


class Batch(NamedTuple):
    """A whole record batch, as the broker keeps it."""

    base_offset: int
    next_offset: int
    records: int
    producer_id: int
    transactional: bool
    control: bool
    data: bytes


class FetchLayout:
    """Builds fetch requests for partitions of one topic, at most so many bytes of each in an answer."""

    def __init__(
        self, topic: str, isolation: Isolation, partition_bytes: int = MOST_PARTITION_BYTES
    ) -> None:
        self._partition_bytes = partition_bytes
        self._head = (
            _REQUEST.pack(_ANY, _MAX_WAIT_MS, _MIN_BYTES, _MAX_BYTES, int(isolation), *_NO_SESSION)
            + _INT32.pack(1)  # one topic
            + string(topic)
        )

    def request(self, correlation_id: int, wanted_from: Sequence[tuple[int, int]]) -> bytes:
        """Return a request for what begins at (partition, offset), once a partition."""
        wanted = _INT32.pack(len(wanted_from)) + b"".join(
            _PARTITION.pack(partition, _ANY, offset, _ANY, self._partition_bytes)
            for partition, offset in wanted_from
        )
        forgotten = _INT32.pack(0)
        return request(_FETCH, _FETCH_VERSION, correlation_id, self._head + wanted + forgotten)


def parse_fetch(body: bytes) -> tuple[int, list[Fetched]]:
    """Return the answer's own error code (0 is none) and what it holds of each partition."""
    _throttle_ms, error, _session, topics = _ANSWER.unpack_from(body)
    at = _ANSWER.size
    found: list[Fetched] = []
    for _ in range(topics):
        (name_bytes,) = _INT16.unpack_from(body, at)
        at += _INT16.size + name_bytes
        (partitions,) = _INT32.unpack_from(body, at)
        at += _INT32.size
        for _ in range(partitions):
            partition, code, high, _stable, _start, aborted_count = _FETCHED.unpack_from(body, at)
            at += _FETCHED.size
            aborted_bytes = max(aborted_count, 0) * _ABORTED.size
            aborted = tuple(_ABORTED.iter_unpack(body[at : at + aborted_bytes]))
            at += aborted_bytes
            (size_bytes,) = _INT32.unpack_from(body, at)
            at += _INT32.size
            records = body[at : at + max(size_bytes, 0)]
            at += len(records)
            found.append(Fetched(partition, code, high, aborted, records))
    return error, found


def retriable(code: int) -> bool:
    """Whether a fetch with this error is to be tried again."""
    return code in FETCH_RETRIABLE


def batches(records: bytes) -> Iterator[Batch]:
    """Yield the whole batches of a fetched piece of log; its last one may have been cut off."""
    at = 0
    while at + _RECORDS_AT <= len(records):
        base_offset, follow_bytes = _BATCH.unpack_from(records, at)
        end = at + _LENGTH_FIELDS_BYTES + follow_bytes
        if end > len(records):
            return
        attributes, last_delta = _DETAILS.unpack_from(records, at + _DETAILS_AT)
        producer_id, _epoch, _sequence, count = _PRODUCER.unpack_from(records, at + _PRODUCER_AT)
        yield Batch(
            base_offset,
            base_offset + last_delta + 1,
            count,
            producer_id,
            bool(attributes & _TRANSACTIONAL),
            bool(attributes & _CONTROL),
            records[at:end],
        )
        at = end


def committed(fetched: Fetched) -> Iterator[Batch]:
    """Yield the batches of data that belong to no aborted transaction.

    The broker hands out nothing behind an open transaction, and names the aborted ones of the piece
    of log that it hands out: a producer's batches from the first offset of its aborted transaction
    up to the marker that ends it.
    """
    beginning = deque(sorted(fetched.aborted, key=lambda aborted: aborted[1]))
    aborting: set[int] = set()
    for batch in batches(fetched.records):
        while beginning and beginning[0][1] < batch.next_offset:
            aborting.add(beginning.popleft()[0])
        if batch.control:
            if _marker(batch.data) == _ABORT_MARKER:
                aborting.discard(batch.producer_id)
        elif not (batch.transactional and batch.producer_id in aborting):
            yield batch


def data_only(fetched: Fetched) -> Iterator[Batch]:
    """Yield all batches of data, whatever became of their transactions."""
    return (batch for batch in batches(fetched.records) if not batch.control)


def _marker(batch: bytes) -> int:
    """The type of a control batch's only record: 0 aborts, 1 commits."""
    at = _after_varint(batch, _RECORDS_AT) + 1  # its length, its attributes
    for _ in ("timestamp delta", "offset delta", "key length"):
        at = _after_varint(batch, at)
    (kind,) = _INT16.unpack_from(batch, at + _INT16.size)  # the key: version, type
    return int(kind)


def _after_varint(data: bytes, at: int) -> int:
    while data[at] & 0x80:
        at += 1
    return at + 1
