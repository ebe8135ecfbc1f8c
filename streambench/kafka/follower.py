"""Following a topic over one connection, made anew when it is lost."""

from __future__ import annotations

import time
from typing import Final

from streambench.kafka.connection import Connection, ConnectionLost, split_address
from streambench.kafka.fetch import (
    Fetched,
    FetchLayout,
    Isolation,
    batches,
    parse_fetch,
    retriable,
)
from streambench.kafka.wire import error_name

_TIMEOUT_S: Final = 10.0


class FetchFailed(Exception):
    """The broker refused to hand out a partition for good."""


class Follower:
    """Fetches a topic from its first offset on, one request at a time."""

    def __init__(self, bootstrap: str, topic: str, partitions: int, isolation: Isolation) -> None:
        self._address = split_address(bootstrap)
        self._layout = FetchLayout(topic, partitions, isolation)
        self._connection: Connection | None = None
        self._correlation_id = 0
        self.offsets = [0] * partitions

    def fetch(self) -> tuple[int, list[Fetched]]:
        """Ask for what follows; return when it was there (realtime, ns) and what it is.

        An answer without rows comes after half a second. Raises ConnectionLost, after which the next
        call connects again, and FetchFailed.
        """
        connection = self._connection or self._connect()
        self._correlation_id += 1
        try:
            body = connection.call(self._layout.request(self._correlation_id, self.offsets))
        except ConnectionLost:
            self.close()
            raise
        arrived_ns = time.time_ns()
        error_code, fetched = parse_fetch(body)
        for code, where in [(error_code, "all"), *((one.error, one.partition) for one in fetched)]:
            if code and retriable(code):
                self.close()
                raise ConnectionLost(error_name(code))
            if code:
                raise FetchFailed(f"partition {where}: {error_name(code)}")
        for one in fetched:
            for batch in batches(one.records):
                self.offsets[one.partition] = batch.next_offset
        return arrived_ns, fetched

    def close(self) -> None:
        """Close the connection; the next `fetch` makes another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Connection:
        try:
            self._connection = Connection(self._address, timeout_s=_TIMEOUT_S)
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        return self._connection
