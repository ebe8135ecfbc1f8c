from __future__ import annotations

import random

import pytest
from kafka.partitioner.default import murmur2 as kafka_murmur2

from streambench.load.partition import keys_by_partition, murmur2, partition_of


# From the tests of Kafka's own Java client (UtilsTest.testMurmur2).
@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_gives_what_the_java_client_gives(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed & 0xFFFFFFFF


def test_murmur2_gives_what_kafka_python_gives_at_every_length() -> None:
    rng = random.Random(1)
    for length in range(60):
        key = rng.randbytes(length)
        assert murmur2(key) == kafka_murmur2(key) & 0xFFFFFFFF


def test_a_key_belongs_to_the_partition_of_its_positive_hash() -> None:
    assert partition_of(b"21", 4) == (-973932308 & 0x7FFFFFFF) % 4


def test_keys_are_put_to_their_partitions_in_their_order() -> None:
    keys = [f"c{i}" for i in range(100)]
    placed = keys_by_partition(keys, 3)
    assert sorted(key for here in placed for key in here) == sorted(keys)
    for number, here in enumerate(placed):
        assert list(here) == [key for key in keys if partition_of(key.encode(), 3) == number]
