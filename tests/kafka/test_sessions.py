"""Log-ins that last for a while only, by a scripted broker: when one is due anew, and what goes out before."""

from __future__ import annotations

import contextlib
import math
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import MappingProxyType

import pytest

from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.frames import ControlFrames, ControlRecord
from streambench.kafka.leader_lane import LeaderLane
from streambench.kafka.secured import connect
from streambench.kafka.sequences import Sequences
from streambench.kafka.wire import ProduceLayout, ProducerIdentity, metadata_request
from streambench.model.kafka_access import KafkaAccess

HANDSHAKE, AUTHENTICATE = 17, 36
LOGIN = MappingProxyType(
    {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.jaas.config": 'X required username="a" password="b";',
    }
)


@dataclass
class ScriptedLogIns:
    """A broker that lets its one client in for `session_ms` each time; `error` is what it answers instead."""

    session_ms: int
    error: int = 0
    asked: list[int] = field(default_factory=list)

    def answer(self, request: bytes) -> bytes:
        """To one request, without its size."""
        kind = int.from_bytes(request[:2], "big")
        self.asked.append(kind)
        if kind == HANDSHAKE:
            return struct.pack(">hih5s", 0, 1, 5, b"PLAIN")
        if kind == AUTHENTICATE:
            return struct.pack(">hhiq", self.error, -1, 0, self.session_ms)
        return b"other"


@dataclass(frozen=True)
class LoggedIn:
    """A connection to such a broker."""

    broker: ScriptedLogIns
    connection: Connection


Makes = Callable[[int], LoggedIn]


@pytest.fixture
def logged_in() -> Iterator[Makes]:
    with contextlib.ExitStack() as stack:

        def made(session_ms: int) -> LoggedIn:
            broker = ScriptedLogIns(session_ms)
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=serve, args=(server, broker))
            stack.callback(thread.join, 10)
            thread.start()
            address: tuple[str, int] = server.getsockname()
            connection = connect(KafkaAccess("a:1", LOGIN), address, timeout_s=5.0)
            stack.callback(connection.close)
            return LoggedIn(broker, connection)

        yield made


def serve(server: socket.socket, broker: ScriptedLogIns) -> None:
    connected, _ = server.accept()
    with connected, connected.makefile("rb") as stream, contextlib.suppress(OSError):
        while head := stream.read(4):
            request = stream.read(int.from_bytes(head, "big"))
            body = broker.answer(request)
            connected.sendall(struct.pack(">i", 4 + len(body)) + request[4:8] + body)


def make_due(connection: Connection) -> None:
    assert connection.session is not None
    connection.session.due_s = time.monotonic()


@pytest.mark.parametrize(
    ("session_ms", "after_s"), [(0, math.inf), (10_000, 8.0), (1_300, 1.2), (200, 1.2)]
)
def test_a_new_log_in_is_due_before_the_session_ends_and_not_within_a_second(
    logged_in: Makes, session_ms: int, after_s: float
) -> None:
    begun_s = time.monotonic()
    session = logged_in(session_ms).connection.session
    if after_s == math.inf:
        assert session is None
        return
    assert session is not None
    assert begun_s + after_s <= session.due_s <= time.monotonic() + after_s


def test_it_is_done_by_the_same_connection_which_blocks_as_before(logged_in: Makes) -> None:
    made = logged_in(10_000)
    made.connection.non_blocking()
    made.connection.renew_if_due()
    assert made.broker.asked == [HANDSHAKE, AUTHENTICATE]
    assert made.connection.session is not None
    make_due(made.connection)
    assert made.connection.renewal_is_due()
    made.connection.renew_if_due()
    assert made.broker.asked == 2 * [HANDSHAKE, AUTHENTICATE]
    assert not made.connection.renewal_is_due()
    assert made.connection.socket.gettimeout() == 0
    assert made.connection.call(metadata_request(0)) == b"other"


def test_a_broker_that_ends_sessions_no_more_is_not_asked_again(logged_in: Makes) -> None:
    made = logged_in(10_000)
    make_due(made.connection)
    made.broker.session_ms = 0
    made.connection.renew_if_due()
    assert not made.connection.renewal_is_due()


def test_a_client_that_is_let_in_no_more_has_lost_its_connection(logged_in: Makes) -> None:
    made = logged_in(10_000)
    made.broker.error = 58
    make_due(made.connection)
    with pytest.raises(ConnectionLost, match="refuses the log-in"):
        made.connection.renew_if_due()


def test_nothing_goes_out_while_a_new_log_in_waits_for_answers(logged_in: Makes) -> None:
    made = logged_in(10_000)
    lane = LeaderLane(1, made.connection, 5, 0)
    frames = ControlFrames(
        [ControlRecord(0, 1, b"k", b"v") for _ in range(2)],
        layout=ProduceLayout("t"),
        sequences=Sequences(ProducerIdentity(9, 0), [0]),
    )
    first, second = (frames.build(n) for n in range(2))
    lane.built.extend((first, second))
    lane.begin(first)
    lane.in_flight.append(first)
    lane.writing = None
    assert lane.next_frame() is second
    make_due(made.connection)
    assert lane.next_frame() is None
    lane.in_flight.clear()
    assert lane.next_frame() is second
