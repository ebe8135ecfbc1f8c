"""Which partition a key belongs to: murmur2, as in every Kafka client."""

from __future__ import annotations

from collections.abc import Iterable

_MASK = 0xFFFFFFFF
_M = 0x5BD1E995
_SEED = 0x9747B28C


def murmur2(data: bytes) -> int:
    """Return the 32-bit murmur2 hash (unsigned) with the seed that Kafka's Java client uses."""
    length = len(data)
    hashed = _SEED ^ length
    whole = length & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little")
        k = (k * _M) & _MASK
        k ^= k >> 24
        k = (k * _M) & _MASK
        hashed = ((hashed * _M) & _MASK) ^ k
    if whole < length:
        hashed ^= int.from_bytes(data[whole:], "little")
        hashed = (hashed * _M) & _MASK
    hashed ^= hashed >> 13
    hashed = (hashed * _M) & _MASK
    return hashed ^ (hashed >> 15)


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition in [0, `partitions`) where any Kafka client puts `key`."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def keys_by_partition(keys: Iterable[str], partitions: int) -> tuple[tuple[str, ...], ...]:
    """Return, for each partition, those of `keys` that belong to it, in their order."""
    found: list[list[str]] = [[] for _ in range(partitions)]
    for key in keys:
        found[partition_of(key.encode(), partitions)].append(key)
    return tuple(tuple(partition) for partition in found)
