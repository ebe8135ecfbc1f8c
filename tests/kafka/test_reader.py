from __future__ import annotations

import time
from pathlib import Path

import pytest
from kafka import KafkaProducer

from streambench.kafka.broker import Broker
from streambench.kafka.reader import Reader, read_uncommitted_count
from streambench.model.errors import InstrumentFailed
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until

from .conftest import PARTITIONS

pytestmark = pytest.mark.broker


@pytest.fixture
def reader(supervisor: Supervisor, broker: Broker, output_topic: str, tmp_path: Path) -> Reader:
    return Reader.start(
        supervisor,
        access=broker.access,
        topic=output_topic,
        partitions=PARTITIONS,
        out=tmp_path / "rows.bin",
        log_dir=tmp_path,
    )


def _produce(producer: KafkaProducer, topic: str, name: str, rows: int) -> None:
    for number in range(rows):
        producer.send(
            topic, key=b"k", value=f"{name}-{number}".encode(), partition=number % PARTITIONS
        )
    producer.flush()


def _wait_for(reader: Reader, rows: int) -> None:
    wait_until(lambda: reader.rows_read() >= rows, what=f"{rows} rows", timeout_s=30)


def test_every_row_is_read_with_its_append_stamp_and_the_instant_it_was_visible(
    reader: Reader, broker: Broker, output_topic: str
) -> None:
    before_ms = time.time_ns() // 1_000_000
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    _produce(producer, output_topic, "row", 100)
    producer.close()
    _wait_for(reader, 100)
    after_ms = time.time_ns() // 1_000_000
    rows = list(reader.poll())
    assert sorted(row.value or b"" for row in rows) == sorted(
        f"row-{number}".encode() for number in range(100)
    )
    assert all(row.key == b"k" for row in rows)
    for row in rows:
        assert before_ms <= row.appended_ms <= row.visible_ns // 1_000_000 <= after_ms
    for partition in range(PARTITIONS):
        assert [row.offset for row in rows if row.partition == partition] == list(range(25))
    assert not len(reader.poll())
    reader.close()


def test_rows_of_open_and_aborted_transactions_are_never_read(
    reader: Reader, broker: Broker, output_topic: str
) -> None:
    producer = KafkaProducer(
        bootstrap_servers=broker.bootstrap, transactional_id=f"{output_topic}-tx"
    )
    producer.init_transactions()
    producer.begin_transaction()
    _produce(producer, output_topic, "aborted", 8)
    producer.abort_transaction()
    producer.begin_transaction()
    _produce(producer, output_topic, "committed", 12)
    plain = KafkaProducer(bootstrap_servers=broker.bootstrap)
    _produce(plain, output_topic, "behind", 4)  # hidden by the open transaction before them
    plain.close()
    assert reader.rows_read() == 0
    begin_commit_ns = time.time_ns()
    producer.commit_transaction()
    producer.close()
    _wait_for(reader, 16)
    rows = list(reader.poll())
    assert len(rows) == 16
    assert not [row for row in rows if (row.value or b"").startswith(b"aborted")]
    # Appended before the commit, visible only after it: the second stamp is the honest one.
    assert all(row.appended_ms * 1_000_000 <= begin_commit_ns <= row.visible_ns for row in rows)
    assert read_uncommitted_count(broker.access, output_topic, PARTITIONS) == 24
    reader.close()


def test_a_reader_from_the_end_has_only_what_comes_after_it(
    supervisor: Supervisor, broker: Broker, output_topic: str, tmp_path: Path
) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    _produce(producer, output_topic, "before", 8)
    late = Reader.start(
        supervisor,
        access=broker.access,
        topic=output_topic,
        partitions=PARTITIONS,
        out=tmp_path / "late.rows",
        log_dir=tmp_path,
        name="reader-late",
        from_end=True,
    )
    _produce(producer, output_topic, "after", 12)
    producer.close()
    _wait_for(late, 12)
    assert {(row.value or b"").partition(b"-")[0] for row in late.poll()} == {b"after"}
    late.close()


def test_an_empty_topic_has_no_rows(broker: Broker, output_topic: str) -> None:
    assert read_uncommitted_count(broker.access, output_topic, PARTITIONS) == 0


def test_a_closed_reader_still_hands_out_what_it_had_read(
    reader: Reader, broker: Broker, output_topic: str, supervisor: Supervisor
) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    _produce(producer, output_topic, "row", 4)
    producer.close()
    _wait_for(reader, 4)
    reader.close()
    reader.close()
    assert len(reader.poll()) == reader.rows_read() == 4
    assert supervisor.deaths() == ()


def test_a_reader_that_dies_is_an_instruments_failure(reader: Reader) -> None:
    reader.child.process.kill()
    reader.child.process.wait()
    with pytest.raises(InstrumentFailed, match="the reader ended"):
        reader.rows_read()
