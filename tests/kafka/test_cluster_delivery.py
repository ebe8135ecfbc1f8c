"""The sending loop for several brokers, against scripted ones: leaders move, die and answer too late."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from streambench.kafka.cluster import Cluster
from streambench.kafka.cluster_delivery import ClusterDelivery
from streambench.kafka.delivery import DeliveryFailed
from streambench.kafka.frames import ControlFrames, ControlRecord
from streambench.kafka.partition_logs import PartitionLogs
from streambench.kafka.send_times import UNSET, SendTimes
from streambench.kafka.sequences import Sequences
from streambench.kafka.wire import ErrorCode, ProduceLayout, ProducerIdentity
from streambench.model.kafka_access import KafkaAccess

PARTITIONS = 3
RECORDS = 60
NODES = (1, 2)
_PRODUCE, _LIST_OFFSETS, _METADATA = 0, 2, 3
_SEQUENCE_AT = 53  # of the base sequence in a batch
_TOPIC = b"t"
_OF_ANOTHER = 99
# Of the partitions in a produce request, behind its size.
_COUNT_AT = 8 + 2 + len("streambench") + 2 + 2 + 4 + 4 + 2 + len(_TOPIC)

Happens = Callable[["ScriptedCluster", int, int], str | None]
"""What becomes of the n-th produce request that comes to a node; None: the usual."""


@dataclass
class ScriptedCluster:
    """Brokers that share the logs of a topic's partitions, batches of one record each."""

    happens: Happens
    leader_of: dict[int, int] = field(default_factory=lambda: {0: 1, 1: 2, 2: 1})
    logs: dict[int, list[int]] = field(default_factory=lambda: {p: [] for p in range(PARTITIONS)})
    requests: int = 0
    dead: set[int] = field(default_factory=set)
    leaderless: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._servers = {node: socket.create_server(("127.0.0.1", 0)) for node in NODES}
        self._threads = [threading.Thread(target=self._serve, args=(node,)) for node in NODES]
        for thread in self._threads:
            thread.start()

    @property
    def bootstrap(self) -> str:
        return ",".join("{}:{}".format(*server.getsockname()) for server in self._servers.values())

    def close(self) -> None:
        for server in self._servers.values():
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        for thread in self._threads:
            thread.join(10)

    def move(self, *partitions: int, to: int) -> None:
        self.leader_of |= dict.fromkeys(partitions, to)

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
                with self._lock:
                    body = None if node in self.dead else self._answer(node, request)
                if body is None:
                    return
                connected.sendall(struct.pack(">i", 4 + len(body)) + request[4:8] + body)

    def _answer(self, node: int, request: bytes) -> bytes | None:
        kind = int.from_bytes(request[:2], "big")
        if kind == _METADATA:
            return self._metadata()
        if kind == _LIST_OFFSETS:
            partition = int.from_bytes(request[-12:-8], "big")
            error = 0 if self.leader_of[partition] == node else ErrorCode.NOT_LEADER_OR_FOLLOWER
            found = struct.pack(">ihqq", partition, error, -1, len(self.logs[partition]))
            return struct.pack(">ih", 1, 1) + _TOPIC + struct.pack(">i", 1) + found
        self.requests += 1
        fate = self.happens(self, node, self.requests)
        if fate == "hang up" or node in self.dead:
            return None
        results = b"".join(self._appended(node, *batch) for batch in _batches(request))
        if fate == "append and hang up":
            return None
        count = len(_batches(request))
        topics = struct.pack(">ih", 1, 1) + _TOPIC + struct.pack(">i", count)
        return topics + results + b"\0\0\0\0"

    def _appended(self, node: int, partition: int, sequence: int) -> bytes:
        log, error, offset = self.logs[partition], 0, -1
        known = len(log) - log.count(_OF_ANOTHER)
        if self.leader_of[partition] != node or partition in self.leaderless:
            error = int(ErrorCode.NOT_LEADER_OR_FOLLOWER)
        elif sequence < known:
            error, offset = int(ErrorCode.DUPLICATE_SEQUENCE_NUMBER), log.index(sequence)
        elif sequence > known:
            error = int(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
        else:
            offset = len(log)
            log.append(sequence)
        return struct.pack(">ihqqq", partition, error, offset, -1, 0)

    def _metadata(self) -> bytes:
        alive = [node for node in NODES if node not in self.dead]
        found = struct.pack(">ii", 0, len(alive))
        for node in alive:
            host, port = self._servers[node].getsockname()
            found += struct.pack(">ih", node, len(host)) + host.encode()
            found += struct.pack(">ih", port, -1)
        found += struct.pack(">hiih", -1, 1, 1, 0) + struct.pack(">h", 1) + _TOPIC + b"\0"
        found += struct.pack(">i", PARTITIONS)
        for partition, leader in sorted(self.leader_of.items()):
            shown = -1 if partition in self.leaderless or leader in self.dead else leader
            found += struct.pack(">hiiii", 0, partition, shown, 0, 0)
        return found


def _batches(request: bytes) -> list[tuple[int, int]]:
    """Partition and base sequence of each batch of a produce request."""
    (count,) = struct.unpack_from(">i", request, _COUNT_AT)
    at = _COUNT_AT + 4
    found = []
    for _ in range(count):
        partition, size_bytes = struct.unpack_from(">ii", request, at)
        at += 8
        (sequence,) = struct.unpack_from(">i", request, at + _SEQUENCE_AT)
        found.append((partition, sequence))
        at += size_bytes
    return found


@pytest.fixture
def play() -> Iterator[Callable[[Happens], tuple[ScriptedCluster, ClusterDelivery, SendTimes]]]:
    made: list[ScriptedCluster] = []

    def run(happens: Happens) -> tuple[ScriptedCluster, ClusterDelivery, SendTimes]:
        made.append(ScriptedCluster(happens))
        cluster = Cluster(KafkaAccess(made[-1].bootstrap))
        frames = ControlFrames(
            [ControlRecord(n % PARTITIONS, 1, b"k", b"v") for n in range(RECORDS)],
            layout=ProduceLayout("t"),
            sequences=Sequences(ProducerIdentity(9, 0), [0] * PARTITIONS),
        )
        times = SendTimes(len(frames), len(frames.partition_of))
        delivery = ClusterDelivery(
            cluster,
            "t",
            frames,
            times,
            logs=PartitionLogs(cluster, "t", range(PARTITIONS)),
            t0_ns=time.monotonic_ns(),
            progress=lambda records, quantum: None,
            watch_fd=None,
        )
        delivery.run()
        return made[-1], delivery, times

    yield run
    for one in made:
        one.close()


def usual(cluster: ScriptedCluster, node: int, number: int) -> None:
    """Nothing happens."""


def leader_moves(cluster: ScriptedCluster, node: int, number: int) -> None:
    if number == 5:
        cluster.move(0, to=2)


def leader_moves_to_and_fro(cluster: ScriptedCluster, node: int, number: int) -> None:
    if number % 6 == 0:
        cluster.move(0, 1, to=NODES[number // 6 % 2])


def broker_dies(cluster: ScriptedCluster, node: int, number: int) -> str | None:
    if number == 8:
        cluster.dead.add(1)
        cluster.move(0, 2, to=2)
    return None


def answer_is_lost(cluster: ScriptedCluster, node: int, number: int) -> str | None:
    return "append and hang up" if number in (3, 9) else None


def request_is_lost(cluster: ScriptedCluster, node: int, number: int) -> str | None:
    return "hang up" if number in (2, 3, 11) else None


def nobody_leads_for_a_while(cluster: ScriptedCluster, node: int, number: int) -> None:
    if number == 4:
        cluster.leaderless.add(1)
        threading.Timer(0.2, cluster.leaderless.clear).start()


@pytest.mark.parametrize(
    "happens",
    [
        usual,
        leader_moves,
        leader_moves_to_and_fro,
        broker_dies,
        answer_is_lost,
        request_is_lost,
        nobody_leads_for_a_while,
    ],
    ids=lambda happens: happens.__name__,
)
def test_every_record_is_there_once_and_in_order(
    play: Callable[[Happens], tuple[ScriptedCluster, ClusterDelivery, SendTimes]],
    happens: Happens,
) -> None:
    cluster, delivery, times = play(happens)
    each = RECORDS // PARTITIONS
    assert cluster.logs == {partition: list(range(each)) for partition in range(PARTITIONS)}
    assert delivery.records_acknowledged == RECORDS
    assert UNSET not in list(times.acked_ns)
    assert UNSET not in list(times.written_ns)
    for possible, written, acked in zip(
        times.possible_ns, times.written_ns, times.acked_ns, strict=True
    ):
        assert possible <= written <= acked
    assert sorted(times.base_offset) == sorted(list(range(each)) * PARTITIONS)
    assert bool(delivery.retried_batches) is (happens is not usual)
    assert bool(delivery.errors) is (happens is not usual)


def another_writer(cluster: ScriptedCluster, node: int, number: int) -> str | None:
    if number == 6:
        cluster.logs[0].append(_OF_ANOTHER)
        return "hang up"
    return None


def test_a_log_that_another_one_writes_to_ends_the_play(
    play: Callable[[Happens], tuple[ScriptedCluster, ClusterDelivery, SendTimes]],
) -> None:
    # What it wrote is taken for ours, and the next batch does not follow; or its place shows at once.
    with pytest.raises(DeliveryFailed, match=r"has another writer|OUT_OF_ORDER_SEQUENCE"):
        play(another_writer)
