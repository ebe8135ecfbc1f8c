"""What is too large for one record, in pieces that are put together again."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from streambench.kafka.meeting.messages import ParcelPart
from streambench.model.errors import InstrumentFailed

# A record of a topic may hold 1 MB, by Kafka's own default.
CHUNK_BYTES: Final = 600_000


def name_of(file: Path) -> str:
    """What a parcel is called: by its content."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def chunks_of(file: Path, name: str) -> Iterator[ParcelPart]:
    """The parts of a file, one after another: it is never held whole."""
    of = max(1, -(-file.stat().st_size // CHUNK_BYTES))
    with file.open("rb") as opened:
        for index in range(of):
            yield ParcelPart(name, index, of, base64.b64encode(opened.read(CHUNK_BYTES)).decode())


class ParcelFile:
    """A parcel that arrives, written to a file as it comes. Parts come in order, each once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digest = hashlib.sha256()
        self._next = 0
        self._file: BinaryIO = path.open("wb")

    def take(self, chunk: ParcelPart) -> bool:
        """Write a part; True when it was the last one. Raises InstrumentFailed where it is damaged."""
        if chunk.index != self._next:
            raise InstrumentFailed(
                f"part {chunk.index + 1} of {chunk.of} came where part {self._next + 1} was due"
            )
        data = base64.b64decode(chunk.data)
        self._file.write(data)
        self._digest.update(data)
        self._next += 1
        if self._next < chunk.of:
            return False
        self.close()
        if self._digest.hexdigest() != chunk.parcel:
            raise InstrumentFailed(f"what arrived as {chunk.parcel[:12]} is something else")
        return True

    def close(self) -> None:
        """Write no more."""
        self._file.close()


class Parcels:
    """Parcels that arrive in a folder, of several senders at once; heard by a party's thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._coming: dict[tuple[str, str], ParcelFile] = {}
        self._whole: set[tuple[str, str]] = set()
        self._damaged: dict[tuple[str, str], str] = {}

    def hear(self, sender: str, chunk: ParcelPart) -> None:
        """Take a part of one of them."""
        place = (sender, chunk.parcel)
        if chunk.index == 0:  # also where the same comes once more
            self._whole.discard(place)
            self._damaged.pop(place, None)
            self._coming[place] = ParcelFile(self._path(place))
        if place not in self._coming:
            return
        try:
            if self._coming[place].take(chunk):
                del self._coming[place]
                self._whole.add(place)
        except InstrumentFailed as damage:
            self._coming.pop(place).close()
            self._damaged[place] = str(damage)

    def has(self, sender: str, parcel: str) -> bool:
        """Whether all of it is there. Raises InstrumentFailed where it came damaged."""
        if (damage := self._damaged.get((sender, parcel))) is not None:
            raise InstrumentFailed(f"what {sender} sent is not whole: {damage}")
        return (sender, parcel) in self._whole

    def file(self, sender: str, parcel: str) -> Path:
        """Where it is; whoever takes it deletes it."""
        return self._path((sender, parcel))

    def _path(self, place: tuple[str, str]) -> Path:
        sender, parcel = place
        return self.folder / hashlib.sha256(f"{sender}/{parcel}".encode()).hexdigest()
