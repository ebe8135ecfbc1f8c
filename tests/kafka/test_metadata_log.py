"""The last word about a broker in a metadata log decides, and a record cut off is none."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from kafka.record import MemoryRecordsBuilder

from streambench.kafka.metadata_log import broker_fenced

FENCED, UNFENCED, UNTOUCHED = 1, -1, 0


def change(broker_id: int, fenced: int) -> bytes:
    """A BrokerRegistrationChangeRecord; a standing that it leaves alone is not written."""
    body = struct.pack(">iq", broker_id, 13)
    tags = bytes([1, 0, 1]) + struct.pack(">b", fenced) if fenced else bytes([0])
    return bytes([1, 17, 2]) + body + tags


def batch(*values: bytes) -> bytes:
    builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=10_000)
    for value in values:
        builder.append(timestamp=1, key=None, value=value)
    builder.close()
    return bytes(builder.buffer())


def write(folder: Path, text: bytes, first_offset: int = 0) -> None:
    log = folder / "__cluster_metadata-0"
    log.mkdir(exist_ok=True)
    (log / f"{first_offset:020}.log").write_bytes(text)


@pytest.mark.parametrize(
    ("changes", "fenced"),
    [
        ((), False),
        (((1, FENCED),), True),
        (((1, FENCED), (1, UNFENCED)), False),
        (((1, UNFENCED), (1, FENCED)), True),
        (((2, FENCED),), False),
        (((1, FENCED), (2, UNFENCED)), True),
        (((1, FENCED), (1, UNTOUCHED)), True),
    ],
)
def test_the_last_change_of_this_broker_decides(
    tmp_path: Path, changes: tuple[tuple[int, int], ...], fenced: bool
) -> None:
    write(tmp_path, b"".join(batch(change(*one)) for one in changes))
    assert broker_fenced(tmp_path, 1) is fenced


def test_other_records_and_later_segments_are_read(tmp_path: Path) -> None:
    another = bytes([1, 2, 0]) + b"whatever a topic is written as"
    write(tmp_path, batch(another, change(1, UNFENCED)))
    write(tmp_path, batch(another, change(1, FENCED)), first_offset=2)
    assert broker_fenced(tmp_path, 1)


def test_a_record_that_is_cut_off_is_not_written_yet(tmp_path: Path) -> None:
    whole = batch(change(1, FENCED))
    for size_bytes in range(len(whole)):
        write(tmp_path, whole[:size_bytes])
        assert not broker_fenced(tmp_path, 1)


def test_no_log_is_no_fence(tmp_path: Path) -> None:
    assert not broker_fenced(tmp_path, 1)
