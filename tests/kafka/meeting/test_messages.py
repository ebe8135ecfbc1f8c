"""What is said in a meeting, as bytes and back; and what is not understood."""

from __future__ import annotations

import json

import pytest

from streambench.kafka.meeting.messages import (
    PROTOCOL,
    Admission,
    Announce,
    ClockProbe,
    Ended,
    Heartbeat,
    Letter,
    Message,
    NotOurs,
    Order,
    ParcelPart,
    Report,
    decode,
    encode,
)

ALL: tuple[Message, ...] = (
    Announce("shard", 3, 16, "0.1.0", "host-a"),
    Announce("worker", None, 2, "0.1.0", "host-a"),
    Admission("shard-3", 3),
    Admission("shard-3", None, "no"),
    Order(7, ("a", "b"), "play", {"start": 1, "holds": [[1, 2]], "quanta": None}),
    Report(7, {"meta": {"clocks": []}}),
    Report(8, error="it broke"),
    Heartbeat({"records_written": 5}),
    ClockProbe(),
    ParcelPart("abc", 0, 2, "AAAA"),
    Ended(),
    Ended("it was stopped"),
)


@pytest.mark.parametrize("message", ALL, ids=lambda each: type(each).__name__)
def test_a_message_is_read_as_it_was_written(message: Message) -> None:
    letter = Letter("somebody", 12, message)
    assert decode(encode(letter)) == letter


def test_every_message_says_the_protocol() -> None:
    assert all(json.loads(encode(Letter("a", 1, m)))["streambench"] == PROTOCOL for m in ALL)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"\xff\x00", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1]", "somebody else"),
        (b'{"hello": 1}', "somebody else"),
        (b'{"streambench": 1}', "without sender"),
        (b'{"streambench": 1, "sender": "a", "number": 1, "kind": "dance"}', "unknown kind 'dance'"),
        (b'{"streambench": 1, "sender": "a", "number": 1, "kind": []}', "unknown kind"),
        (b'{"streambench": 1, "sender": "a", "number": 1, "kind": "order"}', "broken order"),
        (
            b'{"streambench": 1, "sender": "a", "number": 1, "kind": "parcelpart",'
            b'"message": {"parcel": "p", "index": "x", "of": 1, "data": ""}}',
            r"broken parcelpart: 1 field",
        ),
    ],
)  # fmt: skip
def test_what_is_no_message_is_told_apart(value: bytes, says: str) -> None:
    with pytest.raises(NotOurs, match=says):
        decode(value)


def test_another_protocol_is_known_by_its_sender() -> None:
    told = json.loads(encode(Letter("shard-x", 1, ClockProbe()))) | {"streambench": 2, "new": True}
    with pytest.raises(NotOurs, match=r"protocol 2, and this streambench speaks 1") as raised:
        decode(json.dumps(told).encode())
    assert raised.value.sender == "shard-x"
