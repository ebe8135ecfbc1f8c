"""A transaction whose answer never comes ends all the same."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, ProducerFencedError
from kafka.producer.transaction_manager import TransactionalRequestResult

from streambench.engines.common.bounded_producer import BoundedProducer


class Manager:
    """Begins whatever it is asked to, and never ends it by itself."""

    def __init__(self) -> None:
        self.result = TransactionalRequestResult()
        self.asked: list[str] = []

    def begin_commit(self) -> Any:
        self.asked.append("commit")
        return self.result

    def begin_abort(self) -> Any:
        self.asked.append("abort")
        return self.result

    def send_offsets_to_transaction(self, offsets: Any, group: Any) -> Any:
        self.asked.append(f"{offsets} of {group}")
        return self.result


class Sender:
    def __init__(self) -> None:
        self.woken = 0

    def wakeup(self) -> None:
        self.woken += 1


class Unconnected(BoundedProducer):
    """Only what is tested."""

    LIMIT_S = 0.01

    def __init__(self) -> None:
        self._transaction_manager = Manager()
        self._sender = Sender()

    def __del__(self) -> None:
        """Nothing to close."""


@pytest.fixture
def producer() -> Any:
    return Unconnected()


def test_without_an_answer_each_step_times_out(producer: Any) -> None:
    with pytest.raises(KafkaTimeoutError, match="commit"):
        producer.commit_transaction()
    with pytest.raises(KafkaTimeoutError, match="abort"):
        producer.abort_transaction()
    with pytest.raises(KafkaTimeoutError, match="offsets"):
        producer.send_offsets_to_transaction("o", "g")
    assert producer._transaction_manager.asked == ["commit", "abort", "o of g"]
    assert producer._sender.woken == 3


def test_an_answer_in_time_is_the_answer(producer: Any) -> None:
    producer.LIMIT_S = 60.0
    result = producer._transaction_manager.result
    threading.Timer(0.01, result.done).start()
    producer.commit_transaction()
    result.done(error=ProducerFencedError())
    with pytest.raises(ProducerFencedError):
        producer.commit_transaction()


def test_what_it_waits_for_is_there_in_this_version() -> None:
    from kafka.producer.transaction_manager import TransactionManager

    for name in ("begin_commit", "begin_abort", "send_offsets_to_transaction"):
        assert callable(getattr(TransactionManager, name))
