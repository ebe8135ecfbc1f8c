from __future__ import annotations

import struct

import pytest

from streambench.kafka.wire import (
    Buffer,
    ProduceLayout,
    error_name,
    metadata_request,
    parse_init_producer_id,
    parse_metadata,
    parse_produce,
)
from streambench.model.kafka_access import addresses


@pytest.mark.parametrize("record_bytes", [7, 1 << 20])
def test_a_produce_requests_size_field_covers_all_its_parts(record_bytes: int) -> None:
    head, more = b"h" * 69, memoryview(b"more records")
    pieces: list[Buffer] = [head, b"r" * record_bytes, head, more]
    parts, size_bytes = ProduceLayout("topic").parts(7, pieces)
    request = b"".join(parts)
    assert len(request) == size_bytes
    assert struct.unpack_from(">ihhi", request) == (size_bytes - 4, 0, 7, 7)
    assert request.endswith(b"".join(pieces))


def test_a_small_request_is_one_buffer_and_large_record_sections_are_not_copied() -> None:
    small, large = memoryview(b"records"), memoryview(bytes(1 << 20))
    layout = ProduceLayout("topic")
    assert len(layout.parts(1, [b"h" * 69, small])[0]) == 1
    assert layout.parts(1, [b"h" * 69, large])[0][2] is large


def test_a_produce_answer_gives_error_and_offset_of_each_partition() -> None:
    body = struct.pack(">ih", 1, 3) + b"abc" + struct.pack(">i", 2)
    body += struct.pack(">ihqqq", 1, 0, 42, -1, 0) + struct.pack(">ihqqq", 0, 6, -1, -1, -1)
    assert list(parse_produce(body + b"\0\0\0\0")) == [(1, 0, 42), (0, 6, -1)]


@pytest.mark.parametrize("topic", [None, "t"])
def test_asking_for_a_topic_makes_none(topic: str | None) -> None:
    """Kafka's own default is to make it (`allow_auto_topic_creation`, the last byte since version 4)."""
    asked = metadata_request(1, topic)
    assert struct.unpack_from(">hh", asked, 4) == (3, 4)
    assert asked.endswith(b"\0")


def test_metadata_without_a_controller_has_none() -> None:
    host = struct.pack(">h", 9) + b"127.0.0.1"
    body = (
        struct.pack(">iii", 0, 1, 1)
        + host
        + struct.pack(">ih", 9092, -1)
        + struct.pack(">h", 4)
        + b"name"
        + struct.pack(">ii", -1, 0)
    )
    metadata = parse_metadata(body)
    assert metadata.brokers == {1: ("127.0.0.1", 9092)}
    assert metadata.controller_id is None


def test_a_producer_id_answer_gives_error_and_identity() -> None:
    error, identity = parse_init_producer_id(struct.pack(">ihqh", 0, 14, 2**40, 3))
    assert (error, identity.producer_id, identity.epoch) == (14, 2**40, 3)


@pytest.mark.parametrize(("code", "name"), [(32, "INVALID_TIMESTAMP (32)"), (999, "error 999")])
def test_errors_are_named_where_they_have_a_name(code: int, name: str) -> None:
    assert error_name(code) == name


def test_bootstrap_servers_are_hosts_and_ports() -> None:
    assert addresses("127.0.0.1:9092, [::1]:9093") == [("127.0.0.1", 9092), ("::1", 9093)]
