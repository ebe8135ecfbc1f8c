"""This host's clock beside that of each broker that leads partitions of a run.

A short-lived topic has a partition on every broker, kept there alone. So each broker stamps records of its
own, wherever the leaders of the run's topics are, and none of them waits for another broker.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import ConnectionLost
from streambench.kafka.meeting.clock import measure
from streambench.kafka.one_record import OneRecords, RecordRefused, pieces_of
from streambench.kafka.secured import NotLetIn
from streambench.kafka.topics import TopicSpec, create_topics
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound, ClocksSeen, UnknownClock
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess

_TIMEOUT_S: Final = 5.0
_AT_ONCE: Final = 8
_A_BROKER: Final = 3
_CONFIG: Final = {"message.timestamp.type": "LogAppendTime", "min.insync.replicas": "1"}
_LOST: Final = (OSError, ConnectionLost, NotLetIn)


class BrokerClocks:
    """Compares this host's clock with those of the brokers that lead the topics `beside`.

    `topic` is its own, and goes with the run's. Whatever hinders it is told by `look`: no run ends by it.
    """

    def __init__(self, access: KafkaAccess, topic: str, beside: Sequence[str]) -> None:
        self._access = access
        self._topic = topic
        self._beside = tuple(beside)
        self._hindered: str | None = None

    def make(self, replication: int = 1) -> None:
        """Make the topic, one replica a partition; where that is not allowed, with as many as the run's have.

        A cluster that lets nobody say where partitions are kept gets some for each broker, and spreads them.
        """
        try:
            self._make(replication)
        except _LOST as lost:
            self._hindered = str(lost)

    def _make(self, replication: int) -> None:
        cluster = Cluster(self._access)
        cluster.leaders(self._beside[0], timeout_s=_TIMEOUT_S)
        nodes = sorted(cluster.brokers)
        copies = min(replication, len(nodes))
        wanted = [_spread(self._topic, nodes, kept) for kept in dict.fromkeys((1, copies))]
        wanted.append(TopicSpec(self._topic, _A_BROKER * len(nodes), _CONFIG, copies))
        for spec in wanted:
            try:
                create_topics(self._access, [spec])
            except InstrumentFailed as failed:
                self._hindered = failed.message
            # One of the brokers may not have answered: the others are compared all the same.
            if cluster.leaders(self._topic, timeout_s=_TIMEOUT_S):
                self._hindered = None
                return

    def look(self, also: Collection[int] = ()) -> ClocksSeen:
        """Each broker that leads now, and `also` others; takes some tenths of a second."""
        if self._hindered is not None:
            return ClocksSeen(unknown=(UnknownClock(None, self._hindered),))
        cluster = Cluster(self._access)
        try:
            leading = {
                node
                for topic in self._beside
                for node in cluster.leaders(topic, timeout_s=_TIMEOUT_S).values()
            }
            own = cluster.leaders(self._topic, timeout_s=_TIMEOUT_S)
        except _LOST as lost:
            return ClocksSeen(unknown=(UnknownClock(None, str(lost)),))
        partition_of = {node: partition for partition, node in own.items() if node is not None}
        wanted = sorted({node for node in leading if node is not None} | set(also))
        if not wanted:
            return ClocksSeen(unknown=(UnknownClock(None, "no broker leads a partition"),))
        with ThreadPoolExecutor(min(_AT_ONCE, len(wanted))) as pool:
            looked = [
                pool.submit(self._compared, cluster, node, partition_of.get(node))
                for node in wanted
            ]
            found = [each.result() for each in looked]
        return ClocksSeen(
            tuple(each for each in found if isinstance(each, ClockBound)),
            tuple(each for each in found if isinstance(each, UnknownClock)),
        )

    def _compared(
        self, cluster: Cluster, node: int, partition: int | None
    ) -> ClockBound | UnknownClock:
        if partition is None:
            return UnknownClock(node, "it leads no partition of the topic for comparing clocks")
        records, pieces = OneRecords(self._topic), pieces_of(partition, b"")
        try:
            leader = cluster.connect_to(node, timeout_s=_TIMEOUT_S)
            try:
                return measure(
                    RUN_HOST_CLOCK,
                    socket.gethostname(),
                    lambda: records.write(leader, node, pieces),
                )
            finally:
                leader.close()
        except (*_LOST, RecordRefused, InstrumentFailed) as lost:
            return UnknownClock(node, str(lost))


def _spread(topic: str, nodes: Sequence[int], replication: int) -> TopicSpec:
    """A partition a broker, led by it; further replicas are on those that follow."""
    kept_by = tuple(
        tuple(nodes[(first + step) % len(nodes)] for step in range(replication))
        for first in range(len(nodes))
    )
    return TopicSpec(topic, len(nodes), _CONFIG, replication, kept_by)
