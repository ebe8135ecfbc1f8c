"""What a broker speaks: its answer to ApiVersions, as bytes (Kafka protocol, KIP-35 and KIP-584)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from streambench.kafka.fetch import SPOKEN_TO_READ
from streambench.kafka.wire import SPOKEN, SPOKEN_TO_LOG_IN, request

_API_VERSIONS: Final = 18
# The first version whose answer has features. It is flexible: lengths are varints plus one, and what is
# unknown stands in tagged fields. A broker that does not know it answers as by version 0.
_VERSION: Final = 3
_UNSUPPORTED: Final = 35
_NO_TAGS: Final = b"\0"
_SUPPORTED_TAG, _FINALIZED_TAG = 0, 2
METADATA_VERSION: Final = "metadata.version"
"""The feature whose level says what release the brokers are of."""


@dataclass(frozen=True)
class ApiVersions:
    """By API key the least and the highest version; features with the highest level known, and in effect."""

    ranges: Mapping[int, tuple[int, int]]
    supported: Mapping[str, int] = field(default_factory=dict)
    finalized: Mapping[str, int] = field(default_factory=dict)


def api_versions_request(correlation_id: int) -> bytes:
    """Return the request of version 3; `parse_api_versions` reads the answer."""
    who = b"".join(_compact(text) for text in ("streambench", "1"))
    return request(_API_VERSIONS, _VERSION, correlation_id, _NO_TAGS + who + _NO_TAGS)


def parse_api_versions(body: bytes) -> ApiVersions:
    """Read an answer; ValueError where it makes no sense."""
    try:
        return _parsed(_Cursor(body))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"an answer to ApiVersions makes no sense: {error}") from error


def unspoken(found: ApiVersions, *, logs_in: bool) -> str | None:
    """What player and reader send and this broker does not take, in words; None where it takes all."""
    for name, (key, version) in {
        **SPOKEN,
        **SPOKEN_TO_READ,
        **(SPOKEN_TO_LOG_IN if logs_in else {}),
    }.items():
        least, most = found.ranges.get(key, (0, -1))
        if most < 0:
            return f"{name}, which it does not have"
        if not least <= version <= most:
            return f"{name} version {version}: it has {least} to {most}"
    return None


def _compact(text: str) -> bytes:
    encoded = text.encode()
    assert len(encoded) < 127, "its length is one byte"
    return bytes([len(encoded) + 1]) + encoded


class _Cursor:
    """Reads one value after another."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._body) - self._at

    def number(self, form: str) -> int:
        packed = struct.Struct(f">{form}")
        (found,) = packed.unpack_from(self._body, self._at)
        self._at += packed.size
        return int(found)

    def varint(self) -> int:
        found = shift = 0
        while True:
            byte = self._body[self._at]
            self._at += 1
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return found
            shift += 7

    def text(self) -> str:
        return self.take(self.varint() - 1).decode()

    def take(self, size_bytes: int) -> bytes:
        if not 0 <= size_bytes <= self.left:
            raise IndexError(f"{size_bytes} bytes of {self.left}")
        self._at += size_bytes
        return self._body[self._at - size_bytes : self._at]

    def tags(self) -> dict[int, bytes]:
        return {self.varint(): self.take(self.varint()) for _ in range(self.varint())}


def _parsed(cursor: _Cursor) -> ApiVersions:
    flexible = cursor.number("h") != _UNSUPPORTED
    count = cursor.varint() - 1 if flexible else cursor.number("i")
    ranges = {}
    for _ in range(count):
        key, least, most = (cursor.number("h") for _ in range(3))
        ranges[key] = (least, most)
        if flexible:
            cursor.tags()
    if not flexible:
        return ApiVersions(ranges)
    cursor.number("i")  # throttled, in ms
    tags = cursor.tags()
    return ApiVersions(
        ranges,
        # Of what is known the least comes first, of what is in effect the highest.
        {name: second for name, _, second in _levels(tags.get(_SUPPORTED_TAG))},
        {name: first for name, first, _ in _levels(tags.get(_FINALIZED_TAG))},
    )


def _levels(data: bytes | None) -> list[tuple[str, int, int]]:
    if data is None:
        return []
    cursor = _Cursor(data)
    found = []
    for _ in range(cursor.varint() - 1):
        found.append((cursor.text(), cursor.number("h"), cursor.number("h")))
        cursor.tags()
    return found
