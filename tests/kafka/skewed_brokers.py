"""Brokers by their answers alone, each with a clock and a way to it that are set."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from streambench.kafka.topics import TopicSpec
from streambench.kafka.wire import CLIENT_ID, ErrorCode
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess

_METADATA = 3
# Behind API key, version and correlation id.
_CLIENT_AT = 8
_NO_STAMP = -1


@dataclass
class SkewedBroker:
    """`ahead_ms` is its clock minus this machine's. A record takes `there_ms` to it, at most, and `back_ms`."""

    ahead_ms: float = 0.0
    there_ms: float = 0.0
    back_ms: float = 0.0
    error: ErrorCode = ErrorCode.NONE
    stamps: bool = True
    produced: int = 0


@dataclass
class SkewedBrokers:
    """A cluster; `leaders` has the leader of each partition of each topic."""

    brokers: dict[int, SkewedBroker]
    leaders: dict[str, dict[int, int]]
    refused_replications: set[int] = field(default_factory=set)
    chooses: list[int] | None = None  # the leaders of a topic where nobody may say which
    breaks_off: bool = False  # when a topic was made
    made: list[TopicSpec] = field(default_factory=list)
    away: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._drawn = random.Random(18)
        self._servers = {node: socket.create_server(("127.0.0.1", 0)) for node in self.brokers}
        self._threads = [
            threading.Thread(target=self._serve, args=(node,)) for node in self.brokers
        ]
        for thread in self._threads:
            thread.start()

    @property
    def access(self) -> KafkaAccess:
        """Any of them answers for all."""
        at = (server.getsockname() for server in self._servers.values())
        return KafkaAccess(",".join(f"{host}:{port}" for host, port in at))

    def create_topics(self, access: KafkaAccess, topics: Sequence[TopicSpec]) -> None:
        """What stands in for the admin client."""
        for topic in topics:
            self.made.append(topic)
            if topic.replication in self.refused_replications or (
                topic.kept_by and self.chooses is not None
            ):
                raise InstrumentFailed("topics could not be made: PolicyViolationError")
            leaders = [nodes[0] for nodes in topic.kept_by] or self.chooses or []
            self.leaders[topic.name] = dict(enumerate(leaders))
            if self.breaks_off:
                raise InstrumentFailed("topics could not be made: 111 ECONNREFUSED")

    def close(self) -> None:
        for server in self._servers.values():
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        for thread in self._threads:
            thread.join(10)

    def _serve(self, node: int) -> None:
        while True:
            try:
                connected, _ = self._servers[node].accept()
            except OSError:
                return
            thread = threading.Thread(target=self._answer_all, args=(node, connected))
            self._threads.append(thread)
            thread.start()

    def _answer_all(self, node: int, connected: socket.socket) -> None:
        with contextlib.suppress(OSError), connected, connected.makefile("rb") as stream:
            while head := stream.read(4):
                request = stream.read(int.from_bytes(head, "big"))
                if node in self.away:
                    return
                if int.from_bytes(request[:2], "big") == _METADATA:
                    body = self._metadata(request)
                else:
                    body = self._produced(node, request)
                connected.sendall(struct.pack(">i", 4 + len(body)) + request[4:8] + body)

    def _produced(self, node: int, request: bytes) -> bytes:
        broker = self.brokers[node]
        broker.produced += 1
        time.sleep(self._drawn.uniform(0, broker.there_ms) / 1000)
        stamp_ms = int((time.time_ns() / 1e6 + broker.ahead_ms) // 1)
        time.sleep(self._drawn.uniform(0, broker.back_ms) / 1000)
        # Behind "no transaction", acks, the time-out and the count of topics.
        topic, at = _string(request, _CLIENT_AT + 2 + len(CLIENT_ID) + 2 + 2 + 4 + 4)
        (partition,) = struct.unpack_from(">i", request, at + 4)
        error = int(broker.error)
        if self.leaders[topic].get(partition) != node:
            error = int(ErrorCode.NOT_LEADER_OR_FOLLOWER)
        found = struct.pack(
            ">ihqqq", partition, error, 0, stamp_ms if broker.stamps else _NO_STAMP, 0
        )
        name = topic.encode()
        return struct.pack(">ih", 1, len(name)) + name + struct.pack(">i", 1) + found + b"\0" * 4

    def _metadata(self, request: bytes) -> bytes:
        alive = [node for node in self.brokers if node not in self.away]
        found = struct.pack(">ii", 0, len(alive))
        for node in alive:
            host, port = self._servers[node].getsockname()
            found += struct.pack(">ih", node, len(host)) + host.encode()
            found += struct.pack(">ih", port, -1)
        at = _CLIENT_AT + 2 + len(CLIENT_ID)
        (count,) = struct.unpack_from(">i", request, at)
        asked = [_string(request, at + 4)[0]] if count else []
        found += struct.pack(">hii", -1, alive[0], len(asked))
        for topic in asked:
            name = topic.encode()
            leaders = self.leaders.get(topic, {})
            found += struct.pack(">hh", 0, len(name)) + name + b"\0"
            found += struct.pack(">i", len(leaders))
            for partition, leader in leaders.items():
                shown = leader if leader in alive else -1
                found += struct.pack(">hiiii", 0, partition, shown, 0, 0)
        return found


def _string(request: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">h", request, at)
    return request[at + 2 : at + 2 + length].decode(), at + 2 + length
