from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from streambench.kafka.meeting.messages import Letter, encode
from streambench.kafka.meeting.parcels import CHUNK_BYTES, Parcels, chunks_of, name_of
from streambench.model.errors import InstrumentFailed


@pytest.fixture
def parcels(tmp_path: Path) -> Parcels:
    folder = tmp_path / "arrived"
    folder.mkdir()
    return Parcels(folder)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES - 7])
def test_a_file_arrives_as_it_was_sent(parcels: Parcels, tmp_path: Path, size: int) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(os.urandom(size))
    name = name_of(sent)
    for chunk in chunks_of(sent, name):
        assert not parcels.has("a", name)
        assert len(encode(Letter("a", 1, chunk))) < 1_000_000
        parcels.hear("a", chunk)
    assert parcels.has("a", name)
    assert parcels.file("a", name).read_bytes() == sent.read_bytes()


def test_parcels_of_two_senders_come_between_each_other(parcels: Parcels, tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(os.urandom(2 * CHUNK_BYTES))
    name = name_of(sent)
    for chunk in chunks_of(sent, name):
        parcels.hear("a", chunk)
        parcels.hear("b", chunk)
    for sender in ("a", "b"):
        assert parcels.file(sender, name).read_bytes() == sent.read_bytes()
    assert not parcels.has("c", name)


def test_what_is_damaged_or_has_a_gap_is_told_and_may_come_again(
    parcels: Parcels, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(os.urandom(2 * CHUNK_BYTES))
    name = name_of(sent)
    first, second = chunks_of(sent, name)
    parcels.hear("a", first)
    parcels.hear("a", dataclasses.replace(second, data=first.data))
    with pytest.raises(InstrumentFailed, match="something else"):
        parcels.has("a", name)
    parcels.hear("a", first)
    parcels.hear("a", dataclasses.replace(second, index=2, of=3))
    with pytest.raises(InstrumentFailed, match="part 3 of 3 came where part 2 was due"):
        parcels.has("a", name)
    parcels.hear("a", first)
    parcels.hear("a", second)
    assert parcels.has("a", name)
