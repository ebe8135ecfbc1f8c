"""Where the records of many uncompressed batches lie, without an object for each of them.

A record has no fixed length, so those of one batch can only be walked one after another. Batches are
walked side by side: one step for the next record of each (format: kafka.apache.org, message format v2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

# Fewer batches than these are walked more quickly by Python than by numpy.
_SIDE_BY_SIDE: Final = 16
_MORE: Final = 0x80


@dataclass(frozen=True)
class Places:
    """One entry a record, batch after batch: what stands in it, and where its key and value are.

    `timestamp_delta` and `offset_delta` count from the batch's base. A key or value is
    data[begin:end]; one that is null has the end −1.
    """

    timestamp_delta: Int64s
    offset_delta: Int64s
    key_begin: Int64s
    key_end: Int64s
    value_begin: Int64s
    value_end: Int64s


def places(data: bytes, first: Int64s, counts: Int64s) -> Places:
    """Walk all batches: the first record of each is at `first`, and it has `counts` of them."""
    found = np.empty((6, int(counts.sum())), dtype=np.int64)
    before = np.cumsum(counts) - counts  # where each batch's records begin in `found`
    order = np.argsort(-counts, kind="stable")
    at, before, left = first[order].copy(), before[order], counts[order]
    step = 0
    walked = len(order) and int(left[0])
    array = np.frombuffer(data, np.uint8)
    while step < walked:
        wide = int(np.searchsorted(-left, -step))  # of so many batches there is a further one
        if wide < _SIDE_BY_SIDE:
            _walk_each(data, at[:wide], before[:wide] + step, left[:wide] - step, found)
            break
        at[:wide] = _walk_one(array, at[:wide], before[:wide] + step, found)
        step += 1
    return Places(*found)


def _walk_one(data: Bytes, at: Int64s, to: Int64s, found: Int64s) -> Int64s:
    """The next record of each batch; returns where the one behind it begins."""
    length, at = _varints(data, at)
    after = at + length
    timestamp, at = _varints(data, at + 1)  # one byte of attributes
    offset, at = _varints(data, at)
    key_length, key = _varints(data, at)
    value_length, value = _varints(data, key + np.maximum(key_length, 0))
    found[0, to], found[1, to] = timestamp, offset
    found[2, to], found[3, to] = key, np.where(key_length < 0, -1, key + key_length)
    found[4, to], found[5, to] = value, np.where(value_length < 0, -1, value + value_length)
    return after


def _varints(data: Bytes, at: Int64s) -> tuple[Int64s, Int64s]:
    """The zigzag varints that begin at each place, and where each ends."""
    byte = data[at]
    value = (byte & 0x7F).astype(np.int64)
    at = at + 1
    more = np.flatnonzero(byte & _MORE)
    shift = 7
    while len(more):
        byte = data[at[more]]
        value[more] |= (byte & 0x7F).astype(np.int64) << shift
        at[more] += 1
        more = more[(byte & _MORE) != 0]
        shift += 7
    return (value >> 1) ^ -(value & 1), at


def _walk_each(data: bytes, first: Int64s, to: Int64s, counts: Int64s, found: Int64s) -> None:
    for at, begin, count in zip(first.tolist(), to.tolist(), counts.tolist(), strict=True):
        for row in range(begin, begin + count):
            length, at = _varint(data, at)
            after = at + length
            timestamp, at = _varint(data, at + 1)
            offset, at = _varint(data, at)
            key_length, key = _varint(data, at)
            value_length, value = _varint(data, key + max(key_length, 0))
            key_end = -1 if key_length < 0 else key + key_length
            value_end = -1 if value_length < 0 else value + value_length
            found[:, row] = (timestamp, offset, key, key_end, value, value_end)
            at = after


def _varint(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    value, shift = byte & 0x7F, 7
    at += 1
    while byte & _MORE:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
    return (value >> 1) ^ -(value & 1), at
