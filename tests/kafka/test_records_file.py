"""The records of a trace are the file's bytes, wherever a pass is, and little of them is held."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from streambench.kafka.records_file import RecordsFile

MIB = 2**20


def resident_bytes() -> int:
    """Of this process, of mapped files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (kib,) = (int(line.split()[1]) for line in lines if line.startswith("RssFile"))
    return kib * 1024


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "records"
    with made.open("wb") as file:
        for number in range(64):
            file.write(bytes([number]) * MIB)
        file.write(b"end")
    return made


def test_every_pass_reads_the_files_bytes(path: Path) -> None:
    records = RecordsFile(path)
    for _ in range(2):
        for begin in range(0, 64 * MIB, 1_000_003):
            section = bytes(records.section(begin, 10))
            assert section[0] == begin // MIB
    assert bytes(records.section(64 * MIB, 3)) == b"end"
    assert bytes(records.section(5, 2)) == b"\0\0"


def test_a_section_that_is_still_held_can_be_read_after_the_pass_went_on(path: Path) -> None:
    records = RecordsFile(path)
    held = records.section(0, MIB)
    for begin in range(0, 64 * MIB, MIB):
        records.section(begin, 1)
    assert bytes(held) == bytes(MIB)


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    empty = tmp_path / "records"
    empty.touch()
    assert not RecordsFile(empty).section(0, 0)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="there is no /proc")
def test_a_pass_holds_little_of_the_file(path: Path) -> None:
    records = RecordsFile(path)
    before_bytes = resident_bytes()
    most_bytes = 0
    for begin in range(0, 64 * MIB, MIB // 4):
        assert len(bytes(records.section(begin, MIB // 4)[::4096])) == 64  # touches each page
        most_bytes = max(most_bytes, resident_bytes() - before_bytes)
    assert most_bytes < 32 * MIB
