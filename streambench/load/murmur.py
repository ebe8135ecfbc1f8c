"""The partitions of many keys at once; `workload.partition` has the same for one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_M = np.uint32(0x5BD1E995)
_SEED = np.uint32(0x9747B28C)
_WORD_BYTES = 4


def partitions_of(
    keys: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64], partitions: int
) -> npt.NDArray[np.int64]:
    """The partition in [0, `partitions`) where any Kafka client puts each key.

    `keys` has a row for each, of which the first `lengths` bytes count.
    """
    positive = _murmur2(keys, lengths) & np.uint32(0x7FFFFFFF)
    return positive.astype(np.int64) % partitions


def _murmur2(keys: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
    words = _words(keys, lengths)
    whole, rest = np.divmod(lengths, _WORD_BYTES)
    hashed = lengths.astype(np.uint32) ^ _SEED
    for at in range(int(whole.max(initial=0))):
        k = words[:, at] * _M
        k ^= k >> np.uint32(24)
        k *= _M
        hashed = np.where(at < whole, (hashed * _M) ^ k, hashed)
    # What is left of a key is a word filled up with zeros.
    last = np.take_along_axis(words, whole[:, np.newaxis], axis=1)[:, 0]
    hashed = np.where(rest > 0, (hashed ^ last) * _M, hashed)
    hashed ^= hashed >> np.uint32(13)
    hashed *= _M
    return np.asarray(hashed ^ (hashed >> np.uint32(15)), dtype=np.uint32)


def _words(keys: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.uint32]:
    """The bytes of each key as little-endian words, filled up with zeros to one word more than needed."""
    count, width = keys.shape
    counts = np.arange(width) < lengths[:, np.newaxis]
    filled = np.zeros((count, (width // _WORD_BYTES + 1) * _WORD_BYTES), np.uint8)
    filled[:, :width] = np.where(counts, keys, np.uint8(0))
    return filled.view("<u4")
