"""What is said in a meeting: JSON with the protocol's version, and nothing secret.

One coordinator and its members write all of it into one partition, so all read it in one order. A message that
was written twice, for its first answer was lost, has the same number and counts once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any, Final, TypeAlias

from pydantic import TypeAdapter, ValidationError

PROTOCOL: Final = 1
"""Raised when a message gets another meaning: who speaks another one is refused."""

COORDINATOR: Final = "coordinator"


@dataclass(frozen=True)
class Announce:
    """A member wants seat `seat` (from 0) of `seats` in a role; None: any that is free."""

    role: str
    seat: int | None
    seats: int
    version: str
    host: str


@dataclass(frozen=True)
class Admission:
    """The coordinator's answer to an announcement: the member's seat, or why it gets none."""

    member: str
    seat: int | None
    refused: str | None = None


@dataclass(frozen=True)
class Order:
    """What members have to do; each answers with one report of the same number."""

    number: int
    to: tuple[str, ...]
    command: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """What became of an order; `error` is why nothing did. `by_clocks`: for clocks are too far apart."""

    number: int
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    by_clocks: bool = False


@dataclass(frozen=True)
class Heartbeat:
    """Somebody is there; a member says how far it is."""

    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ClockProbe:
    """Nothing but a record that the broker stamps."""


@dataclass(frozen=True)
class ParcelPart:
    """A part of something that does not fit into one message, in base 64."""

    parcel: str
    index: int
    of: int
    data: str


@dataclass(frozen=True)
class Ended:
    """Whoever says this leaves; `reason` is None where its work was done."""

    reason: str | None = None


Message: TypeAlias = (
    Announce | Admission | Order | Report | Heartbeat | ClockProbe | ParcelPart | Ended
)  # fmt: skip
_KINDS: Final[Mapping[str, type[Any]]] = {
    each.__name__.lower(): each
    for each in (Announce, Admission, Order, Report, Heartbeat, ClockProbe, ParcelPart, Ended)
}


@dataclass(frozen=True)
class Letter:
    """A message with its sender, and its number among those of this sender (from 1)."""

    sender: str
    number: int
    message: Message


class NotOurs(Exception):
    """A record that is no message of this protocol; `sender` is None where not even that can be read."""

    def __init__(self, what: str, sender: str | None = None) -> None:
        super().__init__(what)
        self.sender = sender


def encode(letter: Letter) -> bytes:
    """The letter as a record's value."""
    told = {
        "streambench": PROTOCOL,
        "kind": type(letter.message).__name__.lower(),
        "sender": letter.sender,
        "number": letter.number,
        "message": asdict(letter.message),
    }
    return json.dumps(told, separators=(",", ":")).encode()


def decode(value: bytes) -> Letter:
    """What `encode` made. Raises NotOurs."""
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        raise NotOurs("a record that is no JSON") from None
    if not isinstance(told, dict) or "streambench" not in told:
        raise NotOurs("a record of somebody else")
    sender, number = told.get("sender"), told.get("number")
    if not isinstance(sender, str) or not isinstance(number, int):
        raise NotOurs("a message without sender and number")
    if told["streambench"] != PROTOCOL:
        raise NotOurs(
            f"a message of protocol {told['streambench']!r}, and this streambench speaks {PROTOCOL}",
            sender,
        )
    kind = told.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise NotOurs(f"a message of the unknown kind {kind!r}", sender)
    try:
        return Letter(sender, number, _adapter(kind).validate_python(told.get("message")))
    except ValidationError as error:
        raise NotOurs(f"a broken {kind}: {error.error_count()} field(s)", sender) from None


@cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[kind])
