from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from kafka.record.default_records import DefaultRecordBatch

from streambench.load.batch import HEADER_BYTES, stamp_header
from streambench.load.columns import (
    PADDING,
    ByteColumn,
    ByteTable,
    Numbers,
    Strings,
    StringTable,
    decimal_text,
)
from streambench.load.encode import Piece, block_records, encode_records, encode_single

BASE_MS = 1_764_000_000_000


def read_back(records: bytes, *, count: int, base_ms: int, max_ms: int) -> DefaultRecordBatch:
    header = stamp_header(
        records,
        count=count,
        base_ms=BASE_MS + base_ms,
        max_ms=BASE_MS + max_ms,
        producer_id=7,
        producer_epoch=3,
        base_sequence=11,
    )
    assert len(header) == HEADER_BYTES == 61
    batch = DefaultRecordBatch(header + records)
    assert batch.validate_crc()
    return batch


def strings(values: list[str], codes: list[int]) -> Strings:
    return Strings(StringTable(values), np.array(codes, np.int64))


def test_the_header_says_what_was_stamped() -> None:
    batch = read_back(encode_single(b"k", b"v"), count=1, base_ms=5, max_ms=5)
    assert (batch.magic, batch.compression_type, batch.is_transactional) == (2, 0, False)
    assert (batch.base_offset, batch.last_offset_delta, batch.records_count) == (0, 0, 1)
    assert (batch.first_timestamp, batch.max_timestamp) == (BASE_MS + 5, BASE_MS + 5)
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (7, 3, 11)
    assert batch.size_in_bytes == HEADER_BYTES + len(encode_single(b"k", b"v"))


def test_a_changed_byte_breaks_the_crc() -> None:
    records = encode_single(b"key", b"value")
    header = stamp_header(
        records, count=1, base_ms=0, max_ms=0, producer_id=-1, producer_epoch=-1, base_sequence=-1
    )
    assert not DefaultRecordBatch(header + records.replace(b"key", b"kex")).validate_crc()


@pytest.mark.parametrize("size", [0, 1, 63, 64, 8_191, 8_192, 70_000])
def test_a_single_record_is_read_back_whatever_its_length(size: int) -> None:
    (record,) = read_back(encode_single(b"k" * 5, b"v" * size), count=1, base_ms=3, max_ms=3)
    assert (record.key, record.value, record.timestamp) == (b"kkkkk", b"v" * size, BASE_MS + 3)


def test_every_record_of_uneven_batches_is_read_back() -> None:
    rng = np.random.default_rng(3)
    names = ["a", "", "ÿ" * 40, "日本", 'quo"te', "x" * 200, "line\nbreak"]
    starts = np.array([0, 1, 3, 300, 301, 20_000])
    count = 20_300
    name = strings(names, rng.integers(0, len(names), count).tolist())
    number = Numbers(rng.integers(-(2**63), 2**63 - 1, count))
    small = Numbers(rng.integers(-3, 4, count))
    event_ms = rng.integers(-50, 100_000_000, count)
    value: list[Piece] = [
        *(b'{"name":', name.json()),
        *(b',"number":', number.json()),
        *(b',"small":', small.json(), b"}"),
    ]
    encoded = encode_records(key=name.keys(), value=value, event_ms=event_ms, batch_starts=starts)
    assert len(encoded.data) == encoded.lengths.sum()
    ends = np.cumsum(encoded.lengths)
    bounds = pairwise([*starts.tolist(), count])
    for i, (first, last) in enumerate(bounds):
        data = encoded.data[ends[i] - encoded.lengths[i] : ends[i]].tobytes()
        assert encoded.base_ms[i] == event_ms[first:last].min()
        assert encoded.max_ms[i] == event_ms[first:last].max()
        batch = read_back(
            data,
            count=last - first,
            base_ms=int(encoded.base_ms[i]),
            max_ms=int(encoded.max_ms[i]),
        )
        read = list(batch)
        assert [record.offset for record in read] == list(range(last - first))
        for at, record in enumerate(read, start=first):
            expected_name = names[int(name.codes[at])]
            assert record.timestamp == BASE_MS + event_ms[at]
            assert record.key == expected_name.encode()
            assert json.loads(record.value) == {
                "name": expected_name,
                "number": int(number.values[at]),
                "small": int(small.values[at]),
            }


def test_a_varint_byte_that_looks_like_padding_is_kept() -> None:
    # A delta of 0x3FFF << 6 or so has 0xFF as a middle byte of its varint.
    deltas = np.array([0, *range(1_040_000, 1_056_000, 7), 2**40 - 1])
    count = len(deltas)
    key = ByteColumn(ByteTable.of([b"k"]), np.zeros(count, np.int64))
    encoded = encode_records(key=key, value=[b"{}"], event_ms=deltas, batch_starts=np.array([0]))
    assert np.count_nonzero(encoded.data == 0xFF) > 0
    batch = read_back(encoded.data.tobytes(), count=count, base_ms=0, max_ms=int(deltas.max()))
    assert [record.timestamp - BASE_MS for record in batch] == deltas.tolist()


def test_a_vectorised_record_equals_a_single_one() -> None:
    name = strings(["c12"], [0])
    encoded = encode_records(
        key=name.keys(),
        value=[b'{"campaign":', name.json(), b"}"],
        event_ms=np.array([42]),
        batch_starts=np.array([0]),
    )
    assert encoded.data.tobytes() == encode_single(b"c12", b'{"campaign":"c12"}')


def texts_of(table: ByteTable) -> list[bytes]:
    """Its strings, without the padding wherever that stands; each is as long as it says."""
    found = [bytes(row[row != PADDING]) for row in table.matrix]
    assert [len(text) for text in found] == table.lengths.tolist()
    return found


@pytest.mark.parametrize("scale", [0, 1, 2, 4, 9, 18])
def test_numbers_become_their_decimal_text(scale: int) -> None:
    rng = np.random.default_rng(scale)
    ranges = ((0, 9), (-5, 5), (1, 500_000), (-(10**9), 10**9), (0, 2**40), (-(2**63), 2**63 - 1))
    for low, high in ranges:
        units = np.r_[low, high, rng.integers(low, high, 200, endpoint=True)]
        texts = texts_of(ByteTable.of_decimals(units, scale))
        assert texts == [decimal_text(unit, scale).encode() for unit in units.tolist()]
    edges = [
        sign * 10**digits + near for digits in range(19) for sign in (-1, 1) for near in (-1, 0)
    ]
    texts = texts_of(ByteTable.of_decimals(np.array(edges), scale))
    assert texts == [decimal_text(unit, scale).encode() for unit in edges]
    assert texts_of(ByteTable.of_decimals(np.zeros(0, np.int64), scale)) == []


def test_whole_numbers_have_no_point() -> None:
    numbers = [0, -1, 9, 10, -(2**63), 2**63 - 1]
    table = ByteTable.of_integers(np.array(numbers, np.int64))
    assert texts_of(table) == [str(number).encode() for number in numbers]
    column = ByteColumn(table, np.arange(len(numbers)))
    assert [column.one(at) for at in range(len(numbers))] == texts_of(table)


def test_a_long_string_widens_no_other_record() -> None:
    """100,000 lines of which one is a megabyte would else take 100 GB."""
    names = [f"n{at}" for at in range(100_000)]
    names[50_000] = "x" * 1_000_000
    table = StringTable(names)
    for each in (table.raw, table.json):
        assert each.matrix.nbytes <= 16 * sum(map(len, names))
        assert list(each.long) == [50_000]
    column = Strings(table, np.arange(len(names)))
    assert block_records(column.keys(), [column.json()]) * column.keys().width <= 1 << 24


def test_many_long_strings_take_as_much_as_they_are_long() -> None:
    table = StringTable(["a", *(f"{at}" + "y" * 1_000_000 for at in range(8))])
    assert table.raw.matrix.nbytes <= 1 << 20
    assert block_records(ByteColumn(table.raw, np.zeros(1, np.int64)), [b"z" * 10**6]) == 15


def test_records_with_long_strings_are_the_same_bytes_as_single_ones() -> None:
    names = ["a", "b" * 70_000, "c", "d" * 300_000, ""]
    rng = np.random.default_rng(5)
    codes = np.r_[rng.integers(0, 3, 40), 3, 3, rng.integers(0, 5, 30), 1]
    name = Strings(StringTable(names), codes)
    other = Strings(StringTable(["p", "q" * 90_000]), rng.integers(0, 2, len(codes)))
    assert name.keys().table.long
    assert other.json().table.long
    event_ms = rng.integers(0, 10**9, len(codes))
    starts = np.array([0, 7, 41, 42])
    encoded = encode_records(
        key=name.keys(),
        value=[b'{"a":', name.json(), b',"b":', other.json(), b"}"],
        event_ms=event_ms,
        batch_starts=starts,
    )
    ends = np.cumsum(encoded.lengths)
    for i, (first, last) in enumerate(pairwise([*starts.tolist(), len(codes)])):
        data = encoded.data[ends[i] - encoded.lengths[i] : ends[i]].tobytes()
        batch = read_back(
            data, count=last - first, base_ms=int(encoded.base_ms[i]), max_ms=int(encoded.max_ms[i])
        )
        for at, record in enumerate(batch, start=first):
            assert record.timestamp == BASE_MS + event_ms[at]
            assert record.key == names[codes[at]].encode()
            b = other.table.values[int(other.codes[at])]
            assert json.loads(record.value) == {"a": names[codes[at]], "b": b}
