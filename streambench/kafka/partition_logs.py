"""How far the log of each partition goes, by what was acknowledged and by its leader's word."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Final

from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.wire import error_name, log_end_request, parse_log_end

_TIMEOUT_S: Final = 10.0


class PartitionLogs:
    """Log ends of partitions that have one writer: whatever a log holds beyond its end is ours.

    `ends` is where the acknowledged records of each partition end.
    """

    def __init__(self, cluster: Cluster, topic: str, partitions: Iterable[int]) -> None:
        """Ask where the logs end now. Raises ConnectionLost."""
        self._cluster = cluster
        self._topic = topic
        self.ends = self.ask(partitions)

    def ask(self, partitions: Iterable[int], *, timeout_s: float = _TIMEOUT_S) -> dict[int, int]:
        """Ask the leaders for the actual ends. Raises ConnectionLost, also while there is no leader."""
        leaders = self._cluster.leaders(self._topic, timeout_s=timeout_s)
        connections: dict[int, Connection] = {}
        ends: dict[int, int] = {}
        with ExitStack() as stack:
            for partition in partitions:
                leader = leaders.get(partition)
                if leader is None:
                    raise ConnectionLost(f"partition {partition} has no leader")
                if leader not in connections:
                    connections[leader] = self._cluster.connect_to(leader, timeout_s=timeout_s)
                    stack.callback(connections[leader].close)
                error_code, ends[partition] = parse_log_end(
                    connections[leader].call(log_end_request(0, self._topic, partition))
                )
                if error_code:
                    raise ConnectionLost(error_name(error_code))
        return ends
