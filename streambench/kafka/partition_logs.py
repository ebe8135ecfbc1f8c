"""How far the log of each partition goes, by what was acknowledged and by the broker's word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.wire import error_name, log_end_request, parse_log_end

_TIMEOUT_S: Final = 10.0


class PartitionLogs:
    """Log ends of partitions that have one writer: whatever a log holds beyond its end is ours.

    `ends` is where the acknowledged records of each partition end.
    """

    def __init__(self, address: tuple[str, int], topic: str, partitions: Iterable[int]) -> None:
        """Ask where the logs end now. Raises ConnectionLost."""
        self._address = address
        self._topic = topic
        self.ends = self.ask(partitions)

    def ask(self, partitions: Iterable[int]) -> dict[int, int]:
        """Ask the broker for the actual ends. Raises ConnectionLost, also while there is no leader."""
        try:
            connection = Connection(self._address, timeout_s=_TIMEOUT_S)
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        ends: dict[int, int] = {}
        try:
            for partition in partitions:
                error_code, ends[partition] = parse_log_end(
                    connection.call(log_end_request(0, self._topic, partition))
                )
                if error_code:
                    raise ConnectionLost(error_name(error_code))
        finally:
            connection.close()
        return ends
