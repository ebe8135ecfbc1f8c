"""Kafka records of format 2, a whole chunk in one pass.

Each record is laid out in a row of a padded matrix; then all padding is dropped at once. That costs
a few operations per field and none per record, where a loop over records or batches costs much more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from streambench.load.columns import PADDING, ByteColumn, Bytes, Integers

Piece: TypeAlias = bytes | ByteColumn
"""A part of a record's value: the same bytes in each record, or a column's."""

# So many records at a time, for their rows to stay within the processor's cache; fewer where they are wide.
_BLOCK_RECORDS: Final = 1 << 14
_BLOCK_BYTES: Final = 1 << 24
# What a record has beside its key and value: five numbers of ten bytes at most, and two bytes.
_LONGEST_AROUND: Final = 52
# A length of -1, which is how Kafka writes that there is none.
_NO_KEY: Final = b"\x01"


@dataclass(frozen=True)
class EncodedBatches:
    """Record sections of consecutive batches: `data` end to end, and per batch `lengths` in bytes."""

    data: Bytes
    lengths: Integers
    base_ms: Integers
    max_ms: Integers


def encode_records(
    *,
    key: ByteColumn | None,
    value: Sequence[Piece],
    event_ms: Integers,
    batch_starts: Integers,
) -> EncodedBatches:
    """Encode records that are already in the order of their batches.

    `batch_starts` holds the index of each batch's first record; the first is 0, and no batch is empty.
    Timestamps become deltas to the batch's least one (`base_ms`), offsets count from 0 in each batch. Without a
    `key` no record has one.
    """
    records = len(event_ms)
    sizes = np.diff(batch_starts, append=records)
    base_ms = np.minimum.reduceat(event_ms, batch_starts)
    max_ms = np.maximum.reduceat(event_ms, batch_starts)
    time_delta = event_ms - np.repeat(base_ms, sizes)
    offset_delta = np.arange(records, dtype=np.int64) - np.repeat(batch_starts, sizes)
    blocks: list[Bytes] = []
    lengths = np.empty(records, np.int64)
    at_once = block_records(key, value)
    for start in range(0, records, at_once):
        block = slice(start, min(start + at_once, records))
        data, lengths[block] = _encode_any(
            _of_some(key, block), _taken(value, block), time_delta[block], offset_delta[block]
        )
        blocks += data
    return EncodedBatches(
        np.concatenate(blocks), np.add.reduceat(lengths, batch_starts), base_ms, max_ms
    )


def encode_single(key: bytes | None, value: bytes) -> bytes:
    """Return the record section of a batch of one record, whose timestamp is the batch's base."""
    return _record(key, value, 0, 0)


def block_records(key: ByteColumn | None, value: Sequence[Piece]) -> int:
    """Return how many records are laid out in one matrix, which bounds the memory that it takes."""
    width = (
        _LONGEST_AROUND
        + (0 if key is None else key.width)
        + sum(len(piece) if isinstance(piece, bytes) else piece.width for piece in value)
    )
    return max(1, min(_BLOCK_RECORDS, _BLOCK_BYTES // width))


def _encode_any(
    key: ByteColumn | None, value: Sequence[Piece], time_delta: Integers, offset_delta: Integers
) -> tuple[list[Bytes], Integers]:
    """As `_encode_block`, in pieces; a record with a long string in it is encoded by itself."""
    long = np.zeros(len(time_delta), np.bool_) if key is None else key.long()
    for piece in value:
        if isinstance(piece, ByteColumn):
            long |= piece.long()
    if not long.any():
        data, lengths = _encode_block(key, value, time_delta, offset_delta)
        return [data], lengths
    lengths = np.empty(len(long), np.int64)
    short = np.flatnonzero(~long)
    data = np.empty(0, np.uint8)
    if len(short):
        data, lengths[short] = _encode_block(
            _of_some(key, short), _taken(value, short), time_delta[short], offset_delta[short]
        )
    pieces: list[Bytes] = []
    begin = 0
    ends = np.r_[0, np.cumsum(lengths[short])]
    for at in np.flatnonzero(long).tolist():
        end = int(ends[np.searchsorted(short, at)])
        content = b"".join(p if isinstance(p, bytes) else p.one(at) for p in value)
        one_key = None if key is None else key.one(at)
        record = _record(one_key, content, int(time_delta[at]), int(offset_delta[at]))
        lengths[at] = len(record)
        pieces += [data[begin:end], np.frombuffer(record, np.uint8)]
        begin = end
    return [*pieces, data[begin:]], lengths


def _record(key: bytes | None, value: bytes, time_delta: int, offset_delta: int) -> bytes:
    body = b"".join(
        (
            b"\x00",
            _varint(time_delta),
            _varint(offset_delta),
            _NO_KEY if key is None else _varint(len(key)) + key,
            _varint(len(value)),
            value,
            b"\x00",
        )
    )
    return _varint(len(body)) + body


def _of_some(key: ByteColumn | None, records: Integers | slice) -> ByteColumn | None:
    return None if key is None else key.take(records)


def _taken(value: Sequence[Piece], records: Integers | slice) -> list[Piece]:
    return [piece if isinstance(piece, bytes) else piece.take(records) for piece in value]


def _encode_block(
    key: ByteColumn | None, value: Sequence[Piece], time_delta: Integers, offset_delta: Integers
) -> tuple[Bytes, Integers]:
    """Return the records end to end and each one's length."""
    constant = sum(len(piece) for piece in value if isinstance(piece, bytes))
    value_length = np.full(len(time_delta), constant, np.int64)
    for piece in value:
        if isinstance(piece, ByteColumn):
            value_length += piece.lengths()
    time_field, offset_field = _Varints(time_delta), _Varints(offset_delta)
    value_field = _Varints(value_length)
    # Attributes before and the number of headers after are one byte each.
    body_length = 2 + time_field.lengths + offset_field.lengths
    body_length += value_field.lengths + value_length
    key_parts: list[bytes | ByteColumn | _Varints] = [_NO_KEY]
    if key is None:
        body_length += len(_NO_KEY)
    else:
        key_field = _Varints(key_length := key.lengths())
        body_length += key_field.lengths + key_length
        key_parts = [key_field, key]
    body_field = _Varints(body_length)
    parts: list[bytes | ByteColumn | _Varints] = [
        body_field,
        b"\x00",
        time_field,
        offset_field,
        *key_parts,
        value_field,
        *value,
        b"\x00",
    ]
    width = sum(len(part) if isinstance(part, bytes) else part.width for part in parts)
    rows = np.empty((len(time_delta), width), np.uint8)
    at = 0
    wide: list[tuple[int, _Varints]] = []
    for part in parts:
        if isinstance(part, bytes):
            rows[:, at : at + len(part)] = np.frombuffer(part, np.uint8)
            at += len(part)
            continue
        if isinstance(part, _Varints):
            part.write(rows, at)
            wide.append((at, part))
        else:
            rows[:, at : at + part.width] = part.padded()
        at += part.width
    kept = rows != PADDING
    for at, field in wide:
        field.keep(kept, at)
    return rows[kept], body_length + body_field.lengths


class _Varints:
    """Non-negative whole numbers as Kafka's zigzag varints, seven bits a byte, least first."""

    def __init__(self, numbers: Integers) -> None:
        self._zigzag = numbers << 1
        self.width = max(1, -(-int(self._zigzag.max(initial=0)).bit_length() // 7))
        self.lengths = np.ones(len(numbers), np.int64)
        for byte in range(1, self.width):
            self.lengths += self._zigzag >= 1 << (7 * byte)

    def write(self, rows: Bytes, at: int) -> None:
        """Write the bytes at column `at`, one column each; short numbers leave rubbish behind them."""
        for byte in range(self.width):
            septet = (self._zigzag >> (7 * byte)).astype(np.uint8) & 0x7F
            if byte + 1 < self.width:
                septet |= (self.lengths > byte + 1).astype(np.uint8) << 7
            rows[:, at + byte] = septet

    def keep(self, kept: np.ndarray[tuple[int, int], np.dtype[np.bool_]], at: int) -> None:
        """Mark which bytes count: a varint may hold the byte that is padding elsewhere."""
        for byte in range(self.width):
            kept[:, at + byte] = self.lengths > byte


def _varint(number: int) -> bytes:
    zigzag = number << 1
    encoded = bytearray()
    while zigzag > 0x7F:
        encoded.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    encoded.append(zigzag)
    return bytes(encoded)
