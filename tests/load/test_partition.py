from __future__ import annotations

import random

import numpy as np
import pytest
from kafka.partitioner.default import murmur2 as kafka_murmur2

from streambench.load.columns import ByteTable, StringTable
from streambench.load.murmur import partitions_of
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


@pytest.mark.parametrize("partitions", [1, 4, 1_000])
@pytest.mark.parametrize("longest", [0, 3, 4, 61])
def test_many_keys_are_placed_as_each_alone(partitions: int, longest: int) -> None:
    rng = random.Random(longest)
    # No byte of UTF-8 is 255, which fills up a table.
    keys = [bytes(rng.randrange(255) for _ in range(n % (longest + 1))) for n in range(200)]
    table = ByteTable.of(keys)
    assert partitions_of(table.matrix, table.lengths, partitions).tolist() == [
        partition_of(key, partitions) for key in keys
    ]
    none = np.empty((0, longest), np.uint8)
    assert len(partitions_of(none, np.empty(0, np.int64), partitions)) == 0


def test_keys_are_put_to_their_partitions_in_their_order() -> None:
    keys = [f"c{i}" for i in range(100)]
    placed = keys_by_partition(keys, 3)
    assert sorted(key for here in placed for key in here) == sorted(keys)
    for number, here in enumerate(placed):
        assert list(here) == [key for key in keys if partition_of(key.encode(), 3) == number]


def test_a_key_much_longer_than_all_others_has_a_partition_too() -> None:
    keys = [f"k{at}".encode() for at in range(100_000)]
    keys[7] = b"x" * 1_000_000
    table = ByteTable.of(keys)
    assert list(table.long) == [7]
    found = table.partitions(5)
    assert [found[at] for at in (6, 7, 8)] == [partition_of(keys[at], 5) for at in (6, 7, 8)]


def test_keys_much_longer_than_most_go_where_they_belong() -> None:
    values = [f"k{at}" for at in range(50_000)] + ["long" * 50_000, "other" * 60_000]
    table = StringTable(values)
    assert len(table.raw.long) == 2
    wanted = [partition_of(value.encode(), 7) for value in values]
    assert table.partitions(7).tolist() == wanted
