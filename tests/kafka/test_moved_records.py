"""What was moved is read from its topic: committed records alone, each with its own time, once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from streambench.kafka.broker import Broker
from streambench.kafka.group_progress import unread
from streambench.kafka.moved_records import NotAllMoved, moved_log, read_moved
from streambench.kafka.topics import TopicSpec, admin_client, create_topics, input_topic_config
from streambench.model.expression import FieldReference, FieldType
from streambench.oracle.evidence import MovedLog
from streambench.runtime.waiting import wait_until
from tests.oracle.stand_in import query

from .conftest import PARTITIONS

pytestmark = pytest.mark.broker

FROM_MS = 1_000_000
LARGE = 100_000
START = (0,) * PARTITIONS


@pytest.fixture
def topic(broker: Broker, request: pytest.FixtureRequest) -> str:
    name = f"moved-{request.node.name}".replace("[", "-").replace("]", "")
    create_topics(broker.access, [TopicSpec(name, PARTITIONS, input_topic_config())])
    return name


def send(producer: KafkaProducer, topic: str, keys: list[str], first_ms: int) -> None:
    for at, key in enumerate(keys):
        producer.send(
            topic,
            key=key.encode(),
            value=b"{}",
            partition=at % PARTITIONS,
            timestamp_ms=FROM_MS + first_ms + at,
        )
    producer.flush()


def found(log: MovedLog) -> list[tuple[int, str, int]]:
    columns = zip(log.partition.tolist(), log.group.tolist(), log.event_ms.tolist(), strict=True)
    return [(partition, log.groups[group], event_ms) for partition, group, event_ms in columns]


def test_records_keep_their_order_and_time_and_are_read_once(
    broker: Broker, topic: str, tmp_path: Path
) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    keys = [f"c{number % 5}" for number in range(100)]
    send(producer, topic, keys, 0)
    file, end = read_moved(broker.access, topic, START, tmp_path)
    log = moved_log(file, query(), offset_ms=FROM_MS, restarted=False)
    assert end == (100 // PARTITIONS,) * PARTITIONS
    assert sorted(found(log)) == sorted((at % PARTITIONS, key, at) for at, key in enumerate(keys))
    for partition in range(PARTITIONS):
        times = [event_ms for own, _, event_ms in found(log) if own == partition]
        assert times == sorted(times)
    assert not file.exists()
    send(producer, topic, ["later"], 500)
    file, _ = read_moved(broker.access, topic, end, tmp_path)
    assert found(moved_log(file, query(), offset_ms=FROM_MS, restarted=True)) == [(0, "later", 500)]
    producer.close()


def test_aborted_records_are_none(broker: Broker, topic: str, tmp_path: Path) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id=f"{topic}-tx")
    producer.init_transactions()
    for keys, end in (
        (["a"] * 20, producer.abort_transaction),
        (["b"] * 12, producer.commit_transaction),
    ):
        producer.begin_transaction()
        send(producer, topic, keys, 0)
        end()
    producer.close()
    file, _ = read_moved(broker.access, topic, START, tmp_path)
    log = moved_log(file, query(), offset_ms=FROM_MS, restarted=False)
    assert Counter(key for _, key, _ in found(log)) == {"b": 12}


def test_an_empty_topic_has_no_entry(broker: Broker, topic: str, tmp_path: Path) -> None:
    file, end = read_moved(broker.access, topic, START, tmp_path)
    log = moved_log(file, query(), offset_ms=0, restarted=False)
    assert (found(log), end) == ([], START)


def test_a_group_of_several_fields_is_told_however_its_engine_wrote_it(
    broker: Broker, topic: str, tmp_path: Path
) -> None:
    asked = query()
    keys = (FieldReference("key", FieldType.STRING), FieldReference("n", FieldType.BIGINT))
    asked = type(asked)(asked.where, keys, asked.window, asked.grace_ms, asked.aggregates)
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    send(producer, topic, ['["a\\u0001b",1]', '["é", 2]', "no array", '["é",2]'], 0)
    producer.close()
    file, _ = read_moved(broker.access, topic, START, tmp_path)
    log = moved_log(file, asked, offset_ms=FROM_MS, restarted=False)
    groups = {event_ms: group for _, group, event_ms in found(log)}
    assert groups == {0: '["a\\u0001b",1]', 1: '["é",2]', 2: "no array", 3: '["é",2]'}


def test_a_group_has_read_what_it_has_committed(broker: Broker, topic: str) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    send(producer, topic, ["a"] * 40, 0)
    producer.close()
    group, places = f"{topic}-group", [(topic, partition) for partition in range(PARTITIONS)]
    # Until the broker has made the topic of its groups' offsets, it does not know.
    wait_until(
        lambda: unread(broker.access, group, places) == 40, what="the coordinator", timeout_s=30
    )
    consumer = KafkaConsumer(
        bootstrap_servers=broker.bootstrap, group_id=group, enable_auto_commit=False
    )
    try:
        partitions = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(partitions)
        consumer.commit({partitions[0]: OffsetAndMetadata(10, "", -1)})
        assert unread(broker.access, group, places) == 30
        consumer.commit({each: OffsetAndMetadata(10, "", -1) for each in partitions})
        assert unread(broker.access, group, places) == 0
    finally:
        consumer.close()


def test_what_was_deleted_is_told(broker: Broker, topic: str, tmp_path: Path) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap)
    send(producer, topic, ["a"] * 40, 0)
    producer.close()
    with admin_client(broker.access) as admin:
        admin.delete_records({TopicPartition(topic, 0): 5})
    with pytest.raises(NotAllMoved):
        read_moved(broker.access, topic, START, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_large_log_is_read_to_its_end(broker: Broker, topic: str, tmp_path: Path) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, linger_ms=50, batch_size=65_536)
    for number in range(LARGE):
        producer.send(
            topic,
            key=b"c%d" % (number % 50),
            value=b"x" * 200,
            partition=number % PARTITIONS,
            timestamp_ms=FROM_MS + number,
        )
    producer.flush()
    producer.close()
    file, end = read_moved(broker.access, topic, START, tmp_path)
    assert end == (LARGE // PARTITIONS,) * PARTITIONS
    log = moved_log(file, query(), offset_ms=FROM_MS, restarted=False)
    assert len(log.event_ms) == LARGE
    for partition in range(PARTITIONS):
        assert (np.diff(log.event_ms[log.partition == partition]) > 0).all()


def test_what_lies_behind_an_open_transaction_is_not_known(
    broker: Broker, topic: str, tmp_path: Path
) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap, transactional_id=f"{topic}-tx")
    producer.init_transactions()
    producer.begin_transaction()
    send(producer, topic, ["a"] * 20, 0)
    with pytest.raises(NotAllMoved, match="not read to their end"):
        read_moved(broker.access, topic, START, tmp_path)
    producer.abort_transaction()
    producer.close()
