"""Following a topic: one connection to each leader, made anew when it is lost or leads no more."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.fetch import (
    MOST_PARTITION_BYTES,
    Fetched,
    FetchLayout,
    Isolation,
    batches,
    parse_fetch,
    retriable,
)
from streambench.kafka.secured import NotLetIn
from streambench.kafka.wire import error_name

_TIMEOUT_S: Final = 10.0
_OUT_OF_RANGE: Final = 1


class FetchFailed(Exception):
    """A broker refused to hand out a partition for good."""


class RecordsGone(FetchFailed):
    """The records that are asked for have been deleted."""


@dataclass
class _Leader:
    """A leader that is asked, the partitions that it leads, and when it was asked."""

    connection: Connection
    partitions: tuple[int, ...]
    asked_s: float = 0.0
    waits: bool = False


class Follower:
    """Fetches a topic from its first offset on, one request at a time from each leader.

    An answer holds at most `partition_bytes` of a partition, or one batch that is larger.
    """

    partition_bytes = MOST_PARTITION_BYTES

    def __init__(self, cluster: Cluster, topic: str, partitions: int, isolation: Isolation) -> None:
        self._cluster = cluster
        self._topic = topic
        self._layout = FetchLayout(topic, isolation, self.partition_bytes)
        self._leaders: list[_Leader] = []
        self._correlation_id = 0
        self.offsets = [0] * partitions

    def fetch(self) -> Iterator[tuple[int, list[Fetched]]]:
        """Ask for what follows; yield when each answer was there (realtime, ns) and what it is.

        A leader answers without rows after half a second. Raises ConnectionLost, after which the next call
        connects again, and FetchFailed.
        """
        try:
            if not self._leaders:
                self._connect()
            for leader in self._leaders:
                self._ask(leader)
            yield from self._answers()
        except (ConnectionLost, NotLetIn):
            self.close()
            raise

    def _ask(self, leader: _Leader) -> None:
        if leader.waits:
            return
        leader.connection.renew_if_due()
        self._correlation_id += 1
        wanted = [(partition, self.offsets[partition]) for partition in leader.partitions]
        leader.connection.send_whole(self._layout.request(self._correlation_id, wanted))
        leader.asked_s = time.monotonic()
        leader.waits = True

    def _answers(self) -> Iterator[tuple[int, list[Fetched]]]:
        by_socket = {leader.connection.socket.fileno(): leader for leader in self._leaders}
        readable, _, _ = select.select([*by_socket], [], [], _TIMEOUT_S)
        now_s = time.monotonic()
        for fileno, leader in by_socket.items():
            if fileno in readable:
                for _correlation_id, body in leader.connection.answers():
                    arrived_ns = time.time_ns()
                    leader.waits = False
                    yield arrived_ns, self._read(body)
            elif now_s - leader.asked_s > _TIMEOUT_S:
                raise ConnectionLost(f"no answer within {_TIMEOUT_S:.0f} s")

    def _read(self, body: bytes) -> list[Fetched]:
        error_code, fetched = parse_fetch(body)
        for code, where in [(error_code, "all"), *((one.error, one.partition) for one in fetched)]:
            if code and retriable(code):
                raise ConnectionLost(error_name(code))
            if code == _OUT_OF_RANGE:
                raise RecordsGone(f"partition {where}: {error_name(code)}")
            if code:
                raise FetchFailed(f"partition {where}: {error_name(code)}")
        for one in fetched:
            for batch in batches(one.records):
                self.offsets[one.partition] = batch.next_offset
        return fetched

    def close(self) -> None:
        """Close the connections; the next `fetch` makes others."""
        for leader in self._leaders:
            leader.connection.close()
        self._leaders = []

    def _connect(self) -> None:
        leaders = self._cluster.leaders(self._topic, timeout_s=_TIMEOUT_S)
        found: dict[int, list[int]] = {}
        for partition in range(len(self.offsets)):
            node = leaders.get(partition)
            if node is None:
                raise ConnectionLost(f"partition {partition} has no leader")
            found.setdefault(node, []).append(partition)
        for node, partitions in found.items():
            connection = self._cluster.connect_to(node, timeout_s=_TIMEOUT_S)
            connection.non_blocking()
            self._leaders.append(_Leader(connection, tuple(partitions)))
