"""The few Kafka requests that streambench speaks itself, as bytes: metadata, producer id, produce.

Only versions before the flexible encoding are used: their layout is fixed, so `struct` is enough.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

CLIENT_ID: Final = "streambench"

_PRODUCE, _PRODUCE_VERSION = 0, 7
_LIST_OFFSETS, _LIST_OFFSETS_VERSION = 2, 1
_METADATA, _METADATA_VERSION = 3, 4
_INIT_PRODUCER_ID, _INIT_PRODUCER_ID_VERSION = 22, 1
_SASL_HANDSHAKE, _SASL_HANDSHAKE_VERSION = 17, 1
_SASL_AUTHENTICATE, _SASL_AUTHENTICATE_VERSION = 36, 1

SPOKEN: Final = {
    "Produce": (_PRODUCE, _PRODUCE_VERSION),
    "ListOffsets": (_LIST_OFFSETS, _LIST_OFFSETS_VERSION),
    "Metadata": (_METADATA, _METADATA_VERSION),
    "InitProducerId": (_INIT_PRODUCER_ID, _INIT_PRODUCER_ID_VERSION),
}
"""What a broker must take: by name the API key, and the one version that is sent."""
SPOKEN_TO_LOG_IN: Final = {
    "SaslHandshake": (_SASL_HANDSHAKE, _SASL_HANDSHAKE_VERSION),
    "SaslAuthenticate": (_SASL_AUTHENTICATE, _SASL_AUTHENTICATE_VERSION),
}
"""The same where clients log in."""

# size of what follows, API key, API version, correlation id
_REQUEST: Final = struct.Struct(">ihhi")
ANSWER_HEAD: Final = struct.Struct(">ii")
"""What an answer begins with: how many bytes follow the first number, and the correlation id."""
_SIZE_FIELD_BYTES: Final = 4
_INT16: Final = struct.Struct(">h")
_INT32: Final = struct.Struct(">i")
_INT64: Final = struct.Struct(">q")
_PARTITION: Final = struct.Struct(">ii")  # index, bytes of its record batch
_PARTITION_RESULT: Final = struct.Struct(
    ">ihqqq"
)  # index, error, base offset, append time, log start
_PARTITION_LEADER: Final = struct.Struct(">hii")  # error, index, leader
_PRODUCER_ID_RESULT: Final = struct.Struct(">ihqh")  # throttle, error, producer id, epoch
_LIST_PARTITION: Final = struct.Struct(">iq")  # index, timestamp
_LIST_RESULT: Final = struct.Struct(">ihqq")  # index, error, timestamp, offset
_ANY: Final = -1
_LATEST: Final = -1
_ACKS_ALL: Final = -1
_PRODUCE_TIMEOUT_MS: Final = 30_000
_JOINED_BYTES: Final = 64 << 10
_MAKE_NONE: Final = b"\0"


Buffer: TypeAlias = bytes | bytearray | memoryview


class ErrorCode(enum.IntEnum):
    """Errors that are told apart or likely to be seen; any other number is fatal, too."""

    NONE = 0
    OFFSET_OUT_OF_RANGE = 1
    CORRUPT_MESSAGE = 2
    UNKNOWN_TOPIC_OR_PARTITION = 3
    LEADER_NOT_AVAILABLE = 5
    NOT_LEADER_OR_FOLLOWER = 6
    REQUEST_TIMED_OUT = 7
    MESSAGE_TOO_LARGE = 10
    COORDINATOR_LOAD_IN_PROGRESS = 14
    NETWORK_EXCEPTION = 13
    NOT_ENOUGH_REPLICAS = 19
    NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20
    INVALID_TIMESTAMP = 32
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45
    DUPLICATE_SEQUENCE_NUMBER = 46
    INVALID_PRODUCER_EPOCH = 47
    KAFKA_STORAGE_ERROR = 56
    UNKNOWN_PRODUCER_ID = 59
    FENCED_LEADER_EPOCH = 74
    UNKNOWN_LEADER_EPOCH = 75
    TOPIC_AUTHORIZATION_FAILED = 29
    GROUP_AUTHORIZATION_FAILED = 30
    CLUSTER_AUTHORIZATION_FAILED = 31
    UNSUPPORTED_SASL_MECHANISM = 33
    ILLEGAL_SASL_STATE = 34
    SASL_AUTHENTICATION_FAILED = 58
    OFFSET_NOT_AVAILABLE = 78
    INVALID_RECORD = 87


ACKNOWLEDGED: Final = frozenset({ErrorCode.NONE, ErrorCode.DUPLICATE_SEQUENCE_NUMBER})
"""A duplicate is a batch that the broker already holds: its first answer was lost."""

RETRIABLE: Final = frozenset(
    {
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,  # a restarted broker that has not loaded it yet
        ErrorCode.LEADER_NOT_AVAILABLE,
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.REQUEST_TIMED_OUT,
        ErrorCode.NETWORK_EXCEPTION,
        ErrorCode.NOT_ENOUGH_REPLICAS,
        ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        ErrorCode.KAFKA_STORAGE_ERROR,
    }
)


FETCH_RETRIABLE: Final = RETRIABLE | {
    ErrorCode.OFFSET_NOT_AVAILABLE,
    ErrorCode.FENCED_LEADER_EPOCH,
    ErrorCode.UNKNOWN_LEADER_EPOCH,
}


def error_name(code: int) -> str:
    """Return `code` with its name where it has one here, e.g. `INVALID_TIMESTAMP (32)`."""
    try:
        return f"{ErrorCode(code).name} ({code})"
    except ValueError:
        return f"error {code}"


@dataclass(frozen=True)
class ProducerIdentity:
    """What the broker knows an idempotent producer by."""

    producer_id: int
    epoch: int


@dataclass(frozen=True)
class ClusterMetadata:
    """The brokers that serve (node id → host, port); `controller_id` is None while there is none.

    `leaders` has the node of each partition of the topic that was asked for, None while it has no leader.
    """

    brokers: dict[int, tuple[str, int]]
    controller_id: int | None
    leaders: dict[int, int | None] = field(default_factory=dict)


def string(text: str) -> bytes:
    """Encode a string (not null) as Kafka's protocol wants it."""
    encoded = text.encode()
    return _INT16.pack(len(encoded)) + encoded


def request(key: int, version: int, correlation_id: int, body: bytes) -> bytes:
    """Return a whole request: size, header, `body`."""
    tail = string(CLIENT_ID) + body
    size_bytes = _REQUEST.size - _SIZE_FIELD_BYTES + len(tail)
    return _REQUEST.pack(size_bytes, key, version, correlation_id) + tail


def metadata_request(correlation_id: int, topic: str | None = None) -> bytes:
    """Return a request for the cluster's brokers and controller, and for one topic or none.

    A topic that is not there is not made by the question, whatever `auto.create.topics.enable` says.
    """
    topics = _INT32.pack(0) if topic is None else _INT32.pack(1) + string(topic)
    return request(_METADATA, _METADATA_VERSION, correlation_id, topics + _MAKE_NONE)


def parse_metadata(body: bytes) -> ClusterMetadata:
    """Read the answer to `metadata_request` (after its correlation id)."""
    at = 2 * _INT32.size  # behind the throttle time and the count
    brokers: dict[int, tuple[str, int]] = {}
    for _ in range(_INT32.unpack_from(body, _INT32.size)[0]):
        (node,) = _INT32.unpack_from(body, at)
        host, at = _read_string(body, at + _INT32.size)
        (port,) = _INT32.unpack_from(body, at)
        _rack, at = _read_string(body, at + _INT32.size)
        brokers[node] = (host, port)
    _cluster, at = _read_string(body, at)
    (controller,) = _INT32.unpack_from(body, at)
    leaders = _read_leaders(body, at + _INT32.size)
    return ClusterMetadata(brokers, controller if controller >= 0 else None, leaders)


def _read_leaders(body: bytes, at: int) -> dict[int, int | None]:
    """The leader of each partition of the answer's topics."""
    leaders: dict[int, int | None] = {}
    (topics,) = _INT32.unpack_from(body, at)
    at += _INT32.size
    for _ in range(topics):
        _name, at = _read_string(body, at + _INT16.size)  # behind its error
        (partitions,) = _INT32.unpack_from(body, at + 1)  # behind "is internal"
        at += 1 + _INT32.size
        for _ in range(partitions):
            _error, partition, leader = _PARTITION_LEADER.unpack_from(body, at)
            leaders[partition] = leader if leader >= 0 else None
            at += _PARTITION_LEADER.size
            for _replicas_and_in_sync in range(2):
                (count,) = _INT32.unpack_from(body, at)
                at += (1 + max(count, 0)) * _INT32.size
    return leaders


def sasl_handshake_request(correlation_id: int, mechanism: str) -> bytes:
    """Return a request to log in by a mechanism."""
    body = string(mechanism)
    return request(_SASL_HANDSHAKE, _SASL_HANDSHAKE_VERSION, correlation_id, body)


def parse_sasl_handshake(body: bytes) -> tuple[int, tuple[str, ...]]:
    """Return the error code (0 is none) and the mechanisms that the broker knows."""
    (error,) = _INT16.unpack_from(body)
    (count,) = _INT32.unpack_from(body, _INT16.size)
    at = _INT16.size + _INT32.size
    known = []
    for _ in range(count):
        name, at = _read_string(body, at)
        known.append(name)
    return error, tuple(known)


def sasl_authenticate_request(correlation_id: int, sent: bytes) -> bytes:
    """Return a request with the next bytes of a log-in."""
    body = _INT32.pack(len(sent)) + sent
    return request(_SASL_AUTHENTICATE, _SASL_AUTHENTICATE_VERSION, correlation_id, body)


def parse_sasl_authenticate(body: bytes) -> tuple[int, str, bytes, int]:
    """Return the error code (0 is none), the broker's words, its bytes of the log-in, and the session's length.

    That is in milliseconds, after which the client must have logged in anew (KIP-368); 0: need not.
    """
    (error,) = _INT16.unpack_from(body)
    words, at = _read_string(body, _INT16.size)
    (length,) = _INT32.unpack_from(body, at)
    begin = at + _INT32.size
    end = begin + max(length, 0)
    (session_ms,) = _INT64.unpack_from(body, end)
    return error, words, body[begin:end], session_ms


def _read_string(body: bytes, at: int) -> tuple[str, int]:
    """Return the (nullable) string at `at` and where it ends."""
    (length,) = _INT16.unpack_from(body, at)
    begin = at + _INT16.size
    end = begin + max(length, 0)
    return body[begin:end].decode(), end


def init_producer_id_request(correlation_id: int) -> bytes:
    """Return a request for a fresh, not transactional, producer id."""
    body = _INT16.pack(-1) + _INT32.pack(60_000)
    return request(_INIT_PRODUCER_ID, _INIT_PRODUCER_ID_VERSION, correlation_id, body)


def parse_init_producer_id(body: bytes) -> tuple[int, ProducerIdentity]:
    """Return the error code (0 is none) and the identity that the broker gave."""
    _throttle_ms, error, producer_id, epoch = _PRODUCER_ID_RESULT.unpack_from(body)
    return error, ProducerIdentity(producer_id, epoch)


def log_end_request(correlation_id: int, topic: str, partition: int) -> bytes:
    """Return a request for the offset that the partition's next record will have."""
    body = (
        _INT32.pack(_ANY)  # not a replica
        + _INT32.pack(1)
        + string(topic)
        + _INT32.pack(1)
        + _LIST_PARTITION.pack(partition, _LATEST)
    )
    return request(_LIST_OFFSETS, _LIST_OFFSETS_VERSION, correlation_id, body)


def parse_log_end(body: bytes) -> tuple[int, int]:
    """Return the error code (0 is none) and the offset."""
    (name_bytes,) = _INT16.unpack_from(body, _INT32.size)
    at = _INT32.size + _INT16.size + name_bytes + _INT32.size
    _partition, error, _timestamp_ms, offset = _LIST_RESULT.unpack_from(body, at)
    return error, offset


def partition_head(partition: int, batch_bytes: int) -> bytes:
    """Return what stands before a batch in a request."""
    return _PARTITION.pack(partition, batch_bytes)


class ProduceLayout:
    """Builds produce requests to one topic, and reads their answers; what never changes is built once."""

    def __init__(self, topic: str) -> None:
        self._constant = (
            string(CLIENT_ID)
            + _INT16.pack(-1)  # no transaction
            + _INT16.pack(_ACKS_ALL)
            + _INT32.pack(_PRODUCE_TIMEOUT_MS)
            + _INT32.pack(1)  # one topic
            + string(topic)
        )
        self._head_bytes = _REQUEST.size - _SIZE_FIELD_BYTES + len(self._constant) + _INT32.size
        self._before_results = 2 * _INT32.size + len(string(topic))
        self._answers: dict[int, AnswerLayout] = {}

    def parts(
        self, correlation_id: int, pieces: Sequence[Buffer]
    ) -> tuple[tuple[Buffer, ...], int]:
        """Return the request as buffers to be written one after another, and their total bytes.

        `pieces` are two a batch, of at least one and at most one a partition: what stands before its
        records (`partition_head` and header), and its records. Those of large requests are passed on as
        they are. A small request is one buffer: that is written in half of the time.
        """
        size_bytes = self._head_bytes + sum(map(len, pieces))
        head = _REQUEST.pack(size_bytes, _PRODUCE, _PRODUCE_VERSION, correlation_id)
        head += self._constant + _INT32.pack(len(pieces) // 2)
        whole_bytes = size_bytes + _SIZE_FIELD_BYTES
        if whole_bytes <= _JOINED_BYTES:
            return (b"".join((head, *pieces)),), whole_bytes
        return (head, *pieces), whole_bytes

    def answer(self, batches: int) -> AnswerLayout:
        """How the answer to a request of so many batches is read."""
        found = self._answers.get(batches)
        if found is None:
            found = self._answers[batches] = AnswerLayout.of(self._before_results, batches)
        return found


@dataclass(frozen=True, slots=True)
class AnswerLayout:
    """Reads a whole answer to a produce request, in as few steps as there are.

    `verdict` reads the correlation id and the error codes. `offsets` reads partition and base offset of
    one batch after the other.
    """

    batches: int
    verdict: struct.Struct
    offsets: struct.Struct

    @classmethod
    def of(cls, before_bytes: int, batches: int) -> AnswerLayout:
        """The layout of so many results, `before_bytes` after the head."""
        return cls(
            batches,
            struct.Struct(f">4xi{before_bytes}x{'4xh24x' * batches}4x"),
            struct.Struct(f">8x{before_bytes}x{'i2xq16x' * batches}4x"),
        )

    def good(self, correlation_id: int) -> tuple[int, ...]:
        """The verdict when all batches were accepted."""
        return (correlation_id, *(0,) * self.batches)


def parse_produce(body: bytes) -> list[tuple[int, int, int]]:
    """Return (partition, error code, base offset) of each batch of a request to one topic."""
    (name_bytes,) = _INT16.unpack_from(body, _INT32.size)
    at = _INT32.size + _INT16.size + name_bytes
    (count,) = _INT32.unpack_from(body, at)
    at += _INT32.size
    results = body[at : at + count * _PARTITION_RESULT.size]
    return [result[:3] for result in _PARTITION_RESULT.iter_unpack(results)]


def parse_appended(body: bytes) -> tuple[int, int]:
    """Return the error code (0 is none) and the append time (ms since the epoch) of a request of one batch.

    The time is −1 where the topic's records keep their own (`message.timestamp.type`).
    """
    (name_bytes,) = _INT16.unpack_from(body, _INT32.size)
    at = 2 * _INT32.size + _INT16.size + name_bytes
    _partition, error, _base_offset, append_ms, _start = _PARTITION_RESULT.unpack_from(body, at)
    return error, append_ms
