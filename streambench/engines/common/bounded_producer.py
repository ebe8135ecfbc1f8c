"""kafka-python's producer, whose transactions end in time, one way or another."""

from __future__ import annotations

from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError


class BoundedProducer(KafkaProducer):  # type: ignore[misc]
    """Raises KafkaTimeoutError after `LIMIT_S` where kafka-python waits without end.

    That is what it does when the broker goes away inside a transaction: it finds it again, but not the
    answer to what it had asked. What became of the transaction is then unknown; a new producer of the
    same transactional id settles it. There is no public way; the version is pinned.
    """

    LIMIT_S = 10.0

    def send_offsets_to_transaction(self, offsets: Any, group_metadata: Any) -> None:
        """As in KafkaProducer. Raises KafkaError."""
        manager = self._transaction_manager
        self._wait(manager.send_offsets_to_transaction(offsets, group_metadata), "offsets")

    def commit_transaction(self) -> None:
        """As in KafkaProducer. Raises KafkaError."""
        self._wait(self._transaction_manager.begin_commit(), "commit")

    def abort_transaction(self) -> None:
        """As in KafkaProducer. Raises KafkaError."""
        self._wait(self._transaction_manager.begin_abort(), "abort")

    def _wait(self, result: Any, what: str) -> None:
        self._sender.wakeup()
        if not result.wait(timeout_ms=self.LIMIT_S * 1000):
            raise KafkaTimeoutError(f"no answer to a transaction's {what} for {self.LIMIT_S:.0f} s")
