"""The topic in which a meeting is held: one partition that many write and all read from its beginning."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Final, Protocol

from kafka.record import MemoryRecords

from streambench.kafka.broker_config import MAX_MESSAGE_BYTES
from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.fetch import Isolation, data_only
from streambench.kafka.follower import FetchFailed, Follower
from streambench.kafka.one_record import Appended, OneRecords, RecordRefused, pieces_of
from streambench.kafka.secured import NotLetIn
from streambench.kafka.topics import TopicSpec
from streambench.model.kafka_access import KafkaAccess

_TIMEOUT_S: Final = 5.0
LOST_S: Final = 60.0
"""So long the log may be away."""

_PAUSE_S: Final = 0.1


class LogLost(Exception):
    """The topic cannot be written or read; `gone`: there is no such topic."""

    def __init__(self, why: str, *, gone: bool = False) -> None:
        super().__init__(why)
        self.gone = gone


class MeetingLog(Protocol):
    """What a meeting needs of a log; tests have one in memory."""

    def append(self, value: bytes) -> Appended:
        """Write a record, from any thread. Raises LogLost."""
        ...

    def read(self) -> list[bytes]:
        """What came since the last call, after half a second at most. Raises LogLost."""
        ...

    def give_up(self) -> None:
        """What cannot be written now is not tried again, for all is over."""
        ...

    def close(self) -> None:
        """Read and write no more."""
        ...


def meeting_topic(name: str, replication: int, min_insync: int) -> TopicSpec:
    """Kept for good, and stamped by the broker."""
    return TopicSpec(
        name,
        1,
        {
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
            "min.insync.replicas": str(min_insync),
        },
        replication,
    )


class TopicLog:
    """A topic of one partition, without idempotence: a record may come twice, when an answer was lost."""

    def __init__(self, access: KafkaAccess, topic: str) -> None:
        self._topic = topic
        self._cluster = Cluster(access)
        self._follower = Follower(Cluster(access), topic, 1, Isolation.READ_UNCOMMITTED)
        self._records = OneRecords(topic)
        self._writing = threading.Lock()
        self._leader: tuple[Connection, int] | None = None  # with its node
        self._given_up = False

    def append(self, value: bytes) -> Appended:
        """Write a record; tries again for a minute."""
        pieces = pieces_of(0, value)
        until_s = time.monotonic() + LOST_S
        with self._writing:
            while True:
                try:
                    return self._written(pieces)
                except (OSError, ConnectionLost, NotLetIn) as lost:
                    self._leave()
                    if self._given_up or time.monotonic() > until_s:
                        raise LogLost(str(lost)) from lost
                    time.sleep(_PAUSE_S)

    def _written(self, pieces: list[bytes]) -> Appended:
        if self._leader is None:
            node = self._cluster.leaders(self._topic, timeout_s=_TIMEOUT_S).get(0)
            if node is None:
                raise ConnectionLost(f"topic {self._topic} has no leader")
            self._leader = self._cluster.connect_to(node, timeout_s=_TIMEOUT_S), node
        self._leader[0].renew_if_due()
        try:
            return self._records.write(*self._leader, pieces)
        except RecordRefused as refused:
            raise LogLost(str(refused)) from refused

    def _leave(self) -> None:
        if self._leader is not None:
            self._leader[0].close()
            self._leader = None

    def read(self) -> list[bytes]:
        """What came; in the order of the log."""
        try:
            return [
                value
                for _arrived_ns, fetched in self._follower.fetch()
                for one in fetched
                for batch in data_only(one)
                for value in _values(batch.data)
            ]
        except FetchFailed as failed:
            raise LogLost(f"topic {self._topic} cannot be read: {failed}") from failed
        except (OSError, ConnectionLost, NotLetIn) as lost:
            raise LogLost(str(lost), gone=self._is_gone()) from lost

    def exists(self) -> bool:
        """Whether there is such a topic. Raises ConnectionLost, NotLetIn."""
        return bool(self._cluster.leaders(self._topic, timeout_s=_TIMEOUT_S))

    def _is_gone(self) -> bool:
        with contextlib.suppress(OSError, ConnectionLost, NotLetIn):
            return not Cluster(self._cluster.access).leaders(self._topic, timeout_s=_TIMEOUT_S)
        return False

    def give_up(self) -> None:
        """Try nothing again."""
        self._given_up = True

    def close(self) -> None:
        """Close the connections."""
        with self._writing:
            self._leave()
        self._follower.close()


def _values(batch: bytes) -> Iterator[bytes]:
    records = MemoryRecords(batch)
    while (found := records.next_batch()) is not None:
        for record in found:
            if record.value is not None:
                yield bytes(record.value)
