from __future__ import annotations

import struct
from pathlib import Path

from streambench.kafka.block_file import BlockFile, RawRow
from streambench.kafka.blocks import encode_block
from streambench.kafka.fetch import Batch, Fetched, batches, committed, data_only, parse_fetch

from .log_pieces import ABORT, COMMIT, batch, in_transaction, marker

A, B = 7, 8


def fetched(*pieces: bytes, aborted: tuple[tuple[int, int], ...] = ()) -> Fetched:
    return Fetched(0, 0, 100, aborted, b"".join(pieces))


def offsets(found: object) -> list[int]:
    assert hasattr(found, "__iter__")
    return [one.base_offset for one in found if isinstance(one, Batch)]


def test_batches_of_an_aborted_transaction_are_left_out_up_to_its_marker() -> None:
    log = fetched(
        in_transaction(0, A),
        in_transaction(1, B),
        in_transaction(2, A),
        marker(3, A, ABORT),
        in_transaction(4, A),
        marker(5, B, COMMIT),
        marker(6, A, COMMIT),
        aborted=((A, 0),),
    )
    assert offsets(committed(log)) == [1, 4]
    assert offsets(data_only(log)) == [0, 1, 2, 4]


def test_a_producers_rows_before_its_aborted_transaction_are_kept() -> None:
    log = fetched(
        in_transaction(0, A),
        marker(1, A, COMMIT),
        in_transaction(2, A),
        marker(3, A, ABORT),
        in_transaction(4, A),
        marker(5, A, ABORT),
        aborted=((A, 4), (A, 2)),
    )
    assert offsets(committed(log)) == [0]


def test_rows_outside_transactions_are_kept_whatever_is_aborted_around_them() -> None:
    log = fetched(
        in_transaction(0, A), batch(1, b"k", b"v"), marker(2, A, ABORT), aborted=((A, 0),)
    )
    assert offsets(committed(log)) == [1]


def test_a_batch_that_is_cut_off_is_left_for_the_next_fetch() -> None:
    first, second = batch(0, b"k", b"v"), batch(1, b"k", b"v")
    for cut in range(len(second)):
        found = list(batches(first + second[:cut]))
        assert [(one.base_offset, one.next_offset, one.records) for one in found] == [(0, 1, 1)]


def test_an_answer_is_read_partition_by_partition() -> None:
    records = batch(5, b"k", b"v")
    body = struct.pack(">ihii", 0, 0, 0, 1) + struct.pack(">h", 1) + b"t" + struct.pack(">i", 2)
    body += struct.pack(">ihqqqi", 0, 0, 6, 6, 0, 1) + struct.pack(">qq", A, 4)
    body += struct.pack(">i", len(records)) + records
    body += struct.pack(">ihqqqi", 1, 6, -1, -1, -1, -1) + struct.pack(">i", -1)
    error, found = parse_fetch(body)
    assert error == 0
    assert found == [Fetched(0, 0, 6, ((A, 4),), records), Fetched(1, 6, -1, (), b"")]


def _block(visible_ns: int, *pieces: tuple[int, bytes]) -> bytes:
    return encode_block(
        visible_ns,
        [(partition, one) for partition, piece in pieces for one in batches(piece)],
    )


FIRST = _block(77, (0, batch(0, b"k", b"value", timestamp_ms=1_000)), (3, batch(9, b"", b"x")))
SECOND = _block(88, (1, batch(5, b"c", b"y", timestamp_ms=1_002)))


def test_blocks_come_back_as_the_rows_that_went_in(tmp_path: Path) -> None:
    path = tmp_path / "rows.bin"
    path.write_bytes(FIRST + SECOND)
    blocks = BlockFile(path)
    assert blocks.count() == 3
    assert list(blocks.take()) == [
        RawRow(0, 0, 1_000, 77, b"k", b"value"),
        RawRow(3, 9, 1_000, 77, b"", b"x"),
        RawRow(1, 5, 1_002, 88, b"c", b"y"),
    ]


def test_many_rows_come_in_parts_and_each_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.bin"
    small = _block(1, (0, batch(0, b"k", b"v" * 3_000_000)))
    large = _block(2, (1, batch(1, b"k", b"v" * 20_000_000)))
    with path.open("wb") as file:
        for block in (small, small, large, *[small] * 9, large):
            file.write(block)
    blocks = BlockFile(path)
    parts = list(iter(lambda: [row.partition for row in blocks.take()], []))
    assert [partition for part in parts for partition in part] == [0, 0, 1, *[0] * 9, 1]
    assert len(parts) > 3
    assert max(map(len, parts)) < 7


def test_a_block_cut_anywhere_is_left_until_its_end_is_there(tmp_path: Path) -> None:
    path = tmp_path / "rows.bin"
    for cut in range(len(SECOND)):
        path.write_bytes(FIRST + SECOND[:cut])
        blocks = BlockFile(path)
        assert blocks.count() == 2
        assert len(blocks.take()) == 2
        assert not len(blocks.take())
        with path.open("ab") as file:
            file.write(SECOND[cut:])
        assert blocks.count() == 3
        assert [row.offset for row in blocks.take()] == [5]
