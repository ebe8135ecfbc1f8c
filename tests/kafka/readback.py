"""Reads topics back with kafka-python, as any client would, CRCs checked."""

from __future__ import annotations

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord


def read_back(bootstrap: str, topic: str, partitions: int) -> list[list[ConsumerRecord]]:
    """Return all committed records of a topic, by partition, in the order of the log."""
    assigned = [TopicPartition(topic, partition) for partition in range(partitions)]
    found: list[list[ConsumerRecord]] = [[] for _ in assigned]
    consumer = KafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_poll_records=50_000,
    )
    try:
        consumer.assign(assigned)
        ends = consumer.end_offsets(assigned)
        while any(consumer.position(partition) < ends[partition] for partition in assigned):
            for partition, records in consumer.poll(timeout_ms=500).items():
                found[partition.partition] += records
        return found
    finally:
        consumer.close()
