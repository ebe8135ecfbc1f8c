"""What a broker speaks, read from bytes as brokers send them."""

from __future__ import annotations

import struct

import pytest

from streambench.kafka.api_versions import (
    METADATA_VERSION,
    ApiVersions,
    api_versions_request,
    parse_api_versions,
    unspoken,
)
from streambench.kafka.broker_versions import TESTED_RELEASES, release_of
from streambench.kafka.facts import release_notes
from streambench.model.kafka_facts import KafkaFacts

# Of Kafka 4.4: the least and the highest version of what player and reader send.
RANGES = {0: (3, 13), 1: (4, 18), 2: (1, 11), 3: (0, 13), 17: (0, 1), 22: (0, 6), 36: (0, 2)}


def flexible(features: bool = True) -> bytes:
    """An answer of version 3, or of 4, which brokers do not send unless asked."""
    body = struct.pack(">h", 0) + bytes([len(RANGES) + 1])
    for key, (least, most) in RANGES.items():
        body += struct.pack(">hhh", key, least, most) + b"\0"
    body += struct.pack(">i", 0)
    if not features:
        return body + b"\0"
    names = (b"metadata.version", b"group.version")
    levels = ((7, 33), (0, 1))
    supported = bytes([3]) + b"".join(
        bytes([len(name) + 1]) + name + struct.pack(">hh", *level) + b"\0"
        for name, level in zip(names, levels, strict=True)
    )
    finalized = bytes([2, 17]) + names[0] + struct.pack(">hh", 30, 30) + b"\0"
    tags = {0: supported, 1: struct.pack(">q", 300), 2: finalized}
    return (
        body + bytes([3]) + b"".join(bytes([tag, len(data)]) + data for tag, data in tags.items())
    )


def test_ranges_and_features_are_read() -> None:
    found = parse_api_versions(flexible())
    assert found.ranges == RANGES
    assert found.supported == {METADATA_VERSION: 33, "group.version": 1}
    assert found.finalized == {METADATA_VERSION: 30}
    assert unspoken(found, logs_in=True) is None
    bare = parse_api_versions(flexible(features=False))
    assert (bare.ranges, bare.supported, bare.finalized) == (RANGES, {}, {})


def test_a_broker_that_knows_no_such_request_answers_as_before() -> None:
    body = struct.pack(">hi", 35, 1) + struct.pack(">hhh", 18, 0, 2)
    assert parse_api_versions(body) == ApiVersions({18: (0, 2)})


@pytest.mark.parametrize("cut", [0, 1, 2, 9, 40, len(flexible()) - 1])
def test_an_answer_that_makes_no_sense_is_a_value_error(cut: int) -> None:
    with pytest.raises(ValueError, match="makes no sense"):
        parse_api_versions(flexible()[:cut])


@pytest.mark.parametrize(
    ("changed", "logs_in", "said"),
    [
        ({0: (0, 6)}, False, "Produce version 7: it has 0 to 6"),
        ({1: (11, 20)}, False, "Fetch version 10: it has 11 to 20"),
        ({36: (2, 3)}, True, "SaslAuthenticate version 1: it has 2 to 3"),
        ({36: (2, 3)}, False, None),
        ({22: (0, -1)}, False, "InitProducerId, which it does not have"),
    ],
)
def test_what_a_broker_does_not_take_is_named(
    changed: dict[int, tuple[int, int]], logs_in: bool, said: str | None
) -> None:
    assert unspoken(ApiVersions({**RANGES, **changed}), logs_in=logs_in) == said


def test_the_request_is_whole() -> None:
    made = api_versions_request(7)
    assert struct.unpack_from(">ihhi", made) == (len(made) - 4, 18, 3, 7)
    assert made.endswith(b"\0\x0cstreambench\x021\0")


@pytest.mark.parametrize(
    ("level", "release"),
    [
        (6, None),
        (7, "3.3"),
        (13, "3.6"),
        (21, "3.9"),
        (22, "4.0"),
        (30, "4.3"),
        (33, "4.4"),
        (34, None),
    ],
)
def test_a_release_follows_from_the_highest_level(level: int, release: str | None) -> None:
    assert release_of(level) == release


def test_an_untested_release_is_a_warning_and_an_unknown_one_is_said_to_be_unknown() -> None:
    assert TESTED_RELEASES == ("4.4", "4.3")
    assert release_notes(KafkaFacts(3, "4.3", 30)) == ()
    (older,) = release_notes(KafkaFacts(3, "3.9", 21))
    assert older == "Kafka 3.9 is not tested with streambench: 4.4 and 4.3 are"
    (later,) = release_notes(KafkaFacts(3, None, 36))
    assert "(metadata.version 36)" in later
    (silent,) = release_notes(KafkaFacts(3))
    assert "do not tell" in silent
