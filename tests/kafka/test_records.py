"""Records are found where kafka-python finds them, however many batches are walked side by side."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from kafka.record import MemoryRecords
from kafka.record.default_records import DefaultRecordBatchBuilder

from streambench.kafka.block_file import BlockFile
from streambench.kafka.blocks import encode_block
from streambench.kafka.fetch import batches
from streambench.kafka.raw_rows import NO_ROWS, RawRow

_GZIP = 1


def batch(draw: random.Random, *, records: int, base: int, compression: int = 0) -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=compression, is_transactional=0, producer_id=-1, producer_epoch=-1,
        base_sequence=-1, batch_size=1 << 24,
    )  # fmt: skip
    for number in range(records):
        key = None if draw.random() < 0.1 else draw.randbytes(draw.choice((0, 3, 200)))
        value = None if draw.random() < 0.1 else draw.randbytes(draw.choice((0, 60, 20_000)))
        headers = [("h", b"x")] * draw.choice((0, 0, 2))
        stamp_ms = 1_764_000_000_000 + draw.randrange(-100_000, 100_000)
        builder.append(number, timestamp=stamp_ms, key=key, value=value, headers=headers)
    data = bytearray(builder.build())
    data[:8] = base.to_bytes(8, "big")
    return bytes(data)


def by_kafka_python(partition: int, data: bytes, visible_ns: int) -> list[RawRow]:
    return [
        RawRow(partition, each.offset, each.timestamp, visible_ns, each.key, each.value)
        for decoded in MemoryRecords(data)
        for each in decoded
    ]


@pytest.mark.parametrize("compression", [0, _GZIP])
@pytest.mark.parametrize("sizes", [[1], [200], [3] * 40, [1, 2, 300, *[70] * 20], [0, 1]])
def test_rows_are_those_that_kafka_python_finds(
    tmp_path: Path, sizes: list[int], compression: int
) -> None:
    draw = random.Random(len(sizes))
    expected: list[RawRow] = []
    path = tmp_path / "rows"
    with path.open("wb") as file:
        for number, records in enumerate(sizes):
            if not records:
                continue
            packed = compression if number % 2 == 0 else 0
            data = batch(draw, records=records, base=1_000 * number, compression=packed)
            (whole,) = batches(data)
            file.write(encode_block(number + 7, [(number % 4, whole)]))
            expected += by_kafka_python(number % 4, data, number + 7)
    blocks = BlockFile(path)
    rows = [row for part in iter(blocks.take, NO_ROWS) for row in part]
    assert rows == expected
    assert blocks.count() == len(rows) == sum(sizes)
    assert not len(blocks.take())
