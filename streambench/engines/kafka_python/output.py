"""Writing rows and committing what they were made of, with either guarantee.

kafka-python's `flush` does not raise for records that could not be delivered, and after a recoverable
sequence error its producer begins anew without them: every record's own future is asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeAlias

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import CommitFailedError, KafkaError
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata

from streambench.engines.kafka_python.windows import Mark

# Failed transactions in succession, without one that went through, before giving up whole.
_FAILURES = 3
# Above kafka-python's delivery time-out of 120 s, after which a record fails by itself.
_DELIVERY_S = 150.0
# A transaction that takes longer has been aborted by the broker (its time-out is a few seconds).
_TRANSACTION_S = 10.0
_CLOSE_S = 5.0

# Partition, key and value.
Rows: TypeAlias = Iterable[tuple[int, bytes, bytes]]
Marks: TypeAlias = Mapping[TopicPartition, Mark]


class Output(Protocol):
    """Where closed windows go."""

    def write(self, rows: Rows, marks: Marks) -> None:
        """Write rows and commit marks. Raises KafkaError: then nothing may be taken as committed."""

    def recover(self) -> None:
        """Make the next write possible after one that failed."""

    def close(self) -> None:
        """End without waiting for much."""


class GivenUp(RuntimeError):
    """The output cannot go on in this process; a new one may."""


class PlainOutput:
    """At least once: rows, then the commit. What dies in between is written again."""

    def __init__(self, producer: KafkaProducer, consumer: KafkaConsumer, topic: str) -> None:
        self._producer = producer
        self._consumer = consumer
        self._topic = topic

    def write(self, rows: Rows, marks: Marks) -> None:
        """Write, then commit. Raises KafkaError."""
        _membership(self._consumer)  # else the commit would fail after the rows are out
        _send(self._producer, self._topic, rows, limit_s=_DELIVERY_S)
        self._consumer.commit(_offsets(marks))

    def recover(self) -> None:
        """Nothing is left behind by a failed write but rows that will come twice."""

    def close(self) -> None:
        """End the producer."""
        _close(self._producer)


class TransactionalOutput:
    """Exactly once: rows and commit in one transaction."""

    def __init__(
        self, new_producer: Callable[[], KafkaProducer], consumer: KafkaConsumer, topic: str
    ) -> None:
        self._new_producer = new_producer
        self._consumer = consumer
        self._topic = topic
        self._begun = False
        self._failures = 0
        self._producer = self._open()

    def write(self, rows: Rows, marks: Marks) -> None:
        """Write and commit in one. Raises KafkaError."""
        # Taken first, and sent with the offsets: the broker refuses it once the group has moved on.
        membership = _membership(self._consumer)
        producer = self._producer
        self._begun = True
        producer.begin_transaction()
        _send(producer, self._topic, rows, limit_s=_TRANSACTION_S)
        producer.send_offsets_to_transaction(_offsets(marks), membership)
        producer.commit_transaction()
        self._begun = False
        self._failures = 0

    def recover(self) -> None:
        """Abort what is open and go on with a new producer of the same transactional id.

        The old one is not used again: offsets that were refused stay in kafka-python's producer
        after the abort and would go out with its next transaction, old as they are then. It must be
        at an end, too, else it might take the id back. Raises GivenUp when it does not end, or when
        one transaction after another fails, as they do when a second process has the id.
        """
        if not self._begun:
            return
        self._begun = False
        self._failures += 1
        if self._failures > _FAILURES:
            raise GivenUp(f"{self._failures} transactions in succession came to nothing")
        with contextlib.suppress(
            KafkaError
        ):  # refused when the broker has aborted it already, or late
            self._producer.abort_transaction()
        _end(self._producer)
        self._producer = self._open()

    def close(self) -> None:
        """End the producer."""
        _close(self._producer)

    def _open(self) -> KafkaProducer:
        producer = self._new_producer()
        producer.init_transactions()  # ends what an earlier producer of this id left open
        return producer


def _send(producer: KafkaProducer, topic: str, rows: Rows, *, limit_s: float) -> None:
    """Send and wait until all are acknowledged. Raises the KafkaError of the first that is not."""
    sent = [
        producer.send(topic, key=key, value=value, partition=partition)
        for partition, key, value in rows
    ]
    if not sent:
        return
    # Without a limit it waits for ever for rows that a bump of the epoch has dropped.
    producer.flush(timeout=limit_s)
    for future in sent:
        future.get(timeout=limit_s)


def _membership(consumer: KafkaConsumer) -> ConsumerGroupMetadata:
    """The consumer's place in its group. Raises CommitFailedError when it has none.

    Offsets sent to a transaction by a consumer without generation pass the broker unchecked, and
    one that was thrown out of its group has none.
    """
    membership = consumer.group_metadata()
    if membership.generation_id < 0 or not membership.member_id:
        raise CommitFailedError("this consumer is not a member of its group any more")
    return membership


def _end(producer: KafkaProducer) -> None:
    """End a producer whose transaction failed. Raises GivenUp when its thread lives on.

    kafka-python's `close` begins with a flush, which never ends when an epoch bump has dropped rows;
    its sender thread is then told to leave them, which `close` itself does only after that flush.
    """
    try:
        producer.close(timeout=_CLOSE_S)
    except KafkaError as error:
        sender = producer._sender  # no public way; the version is pinned
        sender.force_close()
        sender.join(_CLOSE_S)
        if sender.is_alive():
            raise GivenUp(f"a producer that failed could not be ended: {error}") from error


def _close(producer: KafkaProducer) -> None:
    # Every write has waited for its rows: what is still on its way belongs to one that failed.
    with contextlib.suppress(KafkaError):
        producer.close(timeout=_CLOSE_S)


def _offsets(marks: Marks) -> dict[TopicPartition, OffsetAndMetadata]:
    return {
        partition: OffsetAndMetadata(mark.offset, str(mark.closed_ms), -1)
        for partition, mark in marks.items()
    }
