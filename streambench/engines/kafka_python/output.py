"""Writing rows and committing what they were made of, with either guarantee.

Rows are sent as they come; a commit waits for them. kafka-python's `flush` does not raise for records
that could not be delivered, and after a recoverable sequence error its producer begins anew without
them: every record's own future is asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import CommitFailedError, KafkaError
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata

from streambench.engines.kafka_python.member import GroupMember
from streambench.engines.kafka_python.windows import CommitMark

# Transactions in succession that failed by themselves, without one that went through, before giving up.
_FAILURES = 3
# Above kafka-python's delivery time-out of 120 s, after which a record fails by itself.
_DELIVERY_S = 150.0
# A transaction that takes longer has been aborted by the broker (its time-out is a few seconds).
_TRANSACTION_S = 10.0
_CLOSE_S = 5.0

# Partition, key and value.
Rows: TypeAlias = Iterable[tuple[int, bytes, bytes]]
# The same and the event time, which goes along.
MovedRecords: TypeAlias = Iterable[tuple[int, bytes, bytes, int]]
Marks: TypeAlias = Mapping[TopicPartition, CommitMark]


class Output(Protocol):
    """Where closed windows go."""

    @property
    def pending(self) -> bool:
        """Whether rows were written since the last commit."""

    def write(self, rows: Rows) -> None:
        """Write rows. Raises KafkaError: then nothing since the last commit may be taken as written."""

    def move(self, moved: MovedRecords, topic: str) -> None:
        """Write records to a topic in between. Raises KafkaError: then as above."""

    def commit(self, marks: Marks) -> None:
        """Commit the rows so far and marks. Raises KafkaError: then as above."""

    async def commit_in_callback(self, marks: Marks) -> None:
        """The same within a callback of a rebalance, where the consumer's own calls must not block."""

    def recover(self) -> None:
        """Take back what was not committed, as far as that can be, and make the next write possible."""

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
        self._sent: list[Any] = []

    @property
    def pending(self) -> bool:
        """Whether rows were written since the last commit."""
        return bool(self._sent)

    def write(self, rows: Rows) -> None:
        """Send rows. Raises KafkaError."""
        _membership(self._consumer)  # else the commit would fail after the rows are out
        _send(self._producer, self._topic, rows, self._sent)

    def move(self, moved: MovedRecords, topic: str) -> None:
        """Send records. Raises KafkaError."""
        _membership(self._consumer)
        _send_on(self._producer, topic, moved, self._sent)

    def commit(self, marks: Marks) -> None:
        """Wait for the rows, then commit. Raises KafkaError."""
        self._wait()
        self._consumer.commit(_offsets(marks))

    async def commit_in_callback(self, marks: Marks) -> None:
        """Wait for the rows, then commit on the consumer's own event loop. Raises KafkaError."""
        self._wait()
        await self._consumer.commit_async(_offsets(marks))

    def _wait(self) -> None:
        _membership(self._consumer)
        sent, self._sent = self._sent, []
        _delivered(self._producer, sent, limit_s=_DELIVERY_S)

    def recover(self) -> None:
        """Nothing is left behind by a failed write but rows that will come twice."""
        self._sent = []

    def close(self) -> None:
        """End the producer."""
        _close(self._producer)


class TransactionalOutput:
    """Exactly once: all rows between two commits, and the second commit, in one transaction."""

    def __init__(
        self, new_producer: Callable[[], KafkaProducer], consumer: GroupMember, topic: str
    ) -> None:
        self._new_producer = new_producer
        self._consumer = consumer
        self._topic = topic
        self._begun = False
        self._sent: list[Any] = []
        self._failures = 0
        self._producer = self._open()

    @property
    def pending(self) -> bool:
        """Whether a transaction is open."""
        return self._begun

    def write(self, rows: Rows) -> None:
        """Send rows within the transaction, which begins here if none is open. Raises KafkaError."""
        _membership(self._consumer)
        with self._counting_failures():
            self._begin()
            _send(self._producer, self._topic, rows, self._sent)

    def move(self, moved: MovedRecords, topic: str) -> None:
        """Send records within the transaction. Raises KafkaError."""
        _membership(self._consumer)
        with self._counting_failures():
            self._begin()
            _send_on(self._producer, topic, moved, self._sent)

    def commit(self, marks: Marks) -> None:
        """Commit rows and marks in one. Raises KafkaError."""
        # Sent with the offsets: the broker refuses it once the group has moved on without this member.
        membership = _membership(self._consumer)
        with self._counting_failures():
            self._begin()
            sent, self._sent = self._sent, []
            _delivered(self._producer, sent, limit_s=_TRANSACTION_S)
            try:
                self._producer.send_offsets_to_transaction(_offsets(marks), membership)
            except CommitFailedError:
                self._consumer.rejoin(membership)
                raise
            self._producer.commit_transaction()
        self._begun = False
        self._failures = 0

    async def commit_in_callback(self, marks: Marks) -> None:
        """The same: the producer has a thread of its own. Raises KafkaError."""
        self.commit(marks)

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
        self._sent = []
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

    @contextlib.contextmanager
    def _counting_failures(self) -> Iterator[None]:
        """Those of the transaction itself; a group that has moved on may be joined again without end."""
        try:
            yield
        except CommitFailedError:
            raise
        except KafkaError:
            self._failures += 1
            raise

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._producer.begin_transaction()

    def _open(self) -> KafkaProducer:
        producer = self._new_producer()
        producer.init_transactions()  # ends what an earlier producer of this id left open
        return producer


def _send(producer: KafkaProducer, topic: str, rows: Rows, sent: list[Any]) -> None:
    """Send rows without waiting, and note the future of each. Raises KafkaError."""
    for partition, key, value in rows:
        sent.append(producer.send(topic, key=key, value=value, partition=partition))


def _send_on(producer: KafkaProducer, topic: str, moved: MovedRecords, sent: list[Any]) -> None:
    """The same of records that keep their time. Raises KafkaError."""
    for partition, key, value, event_ms in moved:
        sent.append(
            producer.send(topic, key=key, value=value, partition=partition, timestamp_ms=event_ms)
        )


def _delivered(producer: KafkaProducer, sent: list[Any], *, limit_s: float) -> None:
    """Wait until all are acknowledged. Raises the KafkaError of the first that is not."""
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
        partition: OffsetAndMetadata(mark.offset, mark.text, -1)
        for partition, mark in marks.items()
    }
