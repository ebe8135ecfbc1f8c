"""The sending loop against a scripted broker: what a real one does only when it is in trouble."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from streambench.kafka.connection import Connection
from streambench.kafka.delivery import MAX_IN_FLIGHT, Delivery, DeliveryFailed
from streambench.kafka.frames import ControlFrames, ControlRecord, Sequences
from streambench.kafka.partition_logs import PartitionLogs
from streambench.kafka.send_times import UNSET, SendTimes
from streambench.kafka.wire import ProduceLayout, ProducerIdentity, StampedBatch

FRAMES = 12
_LIST_OFFSETS = b"\x00\x02"
_SEQUENCE_AT = 53  # of the base sequence in a batch
_PRODUCE_HEAD_BYTES = len(ProduceLayout("t").parts(0, [StampedBatch(0, 0, 1, b"", b"")])[0][0])

HANG_UP, APPEND_AND_HANG_UP = None, -1000
Script = Callable[[int], int | None]


@dataclass
class ScriptedBroker:
    """One partition, batches of one record.

    `script` says what becomes of the n-th produce request (from 1): 0 is appended if its sequence
    follows, another error code is answered, HANG_UP closes the connection, APPEND_AND_HANG_UP does
    so too late.
    """

    script: Script
    requests: list[bytes] = field(default_factory=list)
    log: list[int] = field(default_factory=list)  # the sequences, in order
    next_sequence: int = 0
    hold: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = self._server.getsockname()
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()
        self.hold.set()

    def close(self) -> None:
        self.hold.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join(10)

    def sequences(self) -> list[int]:
        """The base sequence of each request, in the order of their arrival."""
        return [_sequence(request) for request in self.requests]

    def _serve(self) -> None:
        while True:
            try:
                connected, _ = self._server.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._answer_all, args=(connected,)))
            self._threads[-1].start()

    def _answer_all(self, connected: socket.socket) -> None:
        with contextlib.suppress(ConnectionError), connected, connected.makefile("rb") as stream:
            while head := stream.read(4):
                request = head + stream.read(int.from_bytes(head, "big"))
                answer = (
                    struct.pack(">ihqq", 0, 0, -1, len(self.log))
                    if request[4:6] == _LIST_OFFSETS
                    else self._produced(request)
                )
                if answer is None:
                    return
                body = struct.pack(">ih", 1, 1) + b"t" + struct.pack(">i", 1) + answer
                connected.sendall(struct.pack(">i", 4 + len(body)) + request[8:12] + body)

    def _produced(self, request: bytes) -> bytes | None:
        self.requests.append(request)
        error = self.script(len(self.requests))
        sequence = _sequence(request)
        if error == 0 and sequence != self.next_sequence:
            error = 45
        if error in (0, APPEND_AND_HANG_UP):
            self.log.append(sequence)
            self.next_sequence = sequence + 1
        if error in (HANG_UP, APPEND_AND_HANG_UP):
            return None
        self.hold.wait(10)
        offset = -1 if error else len(self.log) - 1
        return struct.pack(">ihqqq", 0, error, offset, -1, 0) + b"\0\0\0\0"


def _sequence(request: bytes) -> int:
    return int.from_bytes(request[_PRODUCE_HEAD_BYTES + _SEQUENCE_AT :][:4], "big")


@dataclass
class Lab:
    broker: ScriptedBroker
    delivery: Delivery
    times: SendTimes


MakeLab = Callable[..., Lab]


@pytest.fixture
def lab() -> Iterator[MakeLab]:
    made: list[Lab] = []

    def make(script: Script, *, value: bytes = b"v", frames: int = FRAMES) -> Lab:
        broker = ScriptedBroker(script)
        source = ControlFrames(
            [ControlRecord(0, 1, b"k", value)] * frames,
            layout=ProduceLayout("t"),
            sequences=Sequences(ProducerIdentity(9, 0), [0]),
        )
        times = SendTimes(len(source), source.batches)
        delivery = Delivery(
            broker.address,
            Connection(broker.address, timeout_s=5),
            source,
            times,
            logs=PartitionLogs(broker.address, "t", range(1)),
            t0_ns=time.monotonic_ns(),
            progress=lambda records, index: None,
            watch_fd=None,
        )
        made.append(Lab(broker, delivery, times))
        return made[-1]

    yield make
    for one in made:
        one.delivery.connection.close()
        one.broker.close()


def fine(request: int) -> int | None:
    return 0


def test_all_frames_are_delivered_in_order(lab: MakeLab) -> None:
    one = lab(fine)
    one.delivery.run()
    assert one.broker.log == list(range(FRAMES))
    assert one.delivery.records_acknowledged == FRAMES
    assert list(one.times.attempts) == [1] * FRAMES
    assert list(one.times.base_offset) == list(range(FRAMES))
    assert UNSET not in list(one.times.acked_ns)
    assert one.delivery.retried_batches == 0


def test_what_was_in_flight_when_the_connection_was_lost_is_written_again(lab: MakeLab) -> None:
    one = lab(lambda request: HANG_UP if request == 4 else 0)
    one.delivery.run()
    assert one.broker.log == list(range(FRAMES))  # once each, in order, with the same sequences
    assert one.delivery.records_acknowledged == FRAMES
    assert one.delivery.retried_batches >= 1
    assert max(one.times.attempts) == 2
    assert sum(one.delivery.errors.values()) == 1


def test_what_the_log_holds_already_is_not_written_again(lab: MakeLab) -> None:
    one = lab(lambda request: APPEND_AND_HANG_UP if request == 4 else 0)
    one.delivery.run()
    assert one.broker.log == list(range(FRAMES))
    assert one.broker.sequences().count(3) == 1
    assert one.delivery.records_acknowledged == FRAMES
    assert list(one.times.base_offset) == list(range(FRAMES))
    assert one.times.acked_ns[3] != UNSET


def test_after_a_retriable_answer_nothing_overtakes_the_batch_that_was_refused(
    lab: MakeLab,
) -> None:
    one = lab(lambda request: 6 if request == 2 else 0)
    one.broker.hold.clear()
    threading.Timer(0.2, one.broker.hold.set).start()  # until five are in flight
    one.delivery.run()
    assert one.broker.log == list(range(FRAMES))
    assert one.delivery.errors == {"NOT_LEADER_OR_FOLLOWER (6)": 1}
    assert one.times.attempts[1] == 2
    assert one.times.attempts[2] == 2  # was in flight behind it, and out of order there


def test_a_duplicate_counts_as_acknowledged(lab: MakeLab) -> None:
    one = lab(lambda request: 46)
    one.delivery.run()
    assert one.delivery.records_acknowledged == FRAMES
    assert one.delivery.retried_batches == 0


@pytest.mark.parametrize(("error", "name"), [(32, "INVALID_TIMESTAMP"), (45, "OUT_OF_ORDER")])
def test_a_fatal_answer_ends_the_delivery_with_its_name(
    lab: MakeLab, error: int, name: str
) -> None:
    one = lab(lambda request: error if request == 3 else 0)
    with pytest.raises(DeliveryFailed, match=name):
        one.delivery.run()
    assert one.delivery.records_acknowledged == 2
    assert one.times.acked_ns[2] == UNSET


def test_a_log_that_lost_acknowledged_records_ends_the_delivery(lab: MakeLab) -> None:
    def script(request: int) -> int | None:
        if request == 4:
            one.broker.log.clear()
            return HANG_UP
        return 0

    one = lab(script)
    with pytest.raises(DeliveryFailed, match="lost records, or has another writer"):
        one.delivery.run()


def test_another_writer_in_the_partition_ends_the_delivery(lab: MakeLab) -> None:
    def script(request: int) -> int | None:
        if request == 4:
            one.broker.log.append(-1)
        return 0

    one = lab(script)
    with pytest.raises(DeliveryFailed, match="another writer"):
        one.delivery.run()


def test_no_more_than_five_requests_wait_for_their_answers(lab: MakeLab) -> None:
    one = lab(fine)
    one.broker.hold.clear()
    sending = threading.Thread(target=one.delivery.run)
    sending.start()

    def written() -> int:
        return sum(ns != UNSET for ns in list(one.times.written_ns))

    deadline_s = time.monotonic() + 10
    while written() < MAX_IN_FLIGHT and time.monotonic() < deadline_s:
        pass
    most = max(written() for _ in range(1_000))
    one.broker.hold.set()
    sending.join(10)
    assert most == MAX_IN_FLIGHT
    assert one.delivery.records_acknowledged == FRAMES
    # What had to wait for an answer was not possible before, and says so.
    assert one.times.possible_ns[MAX_IN_FLIGHT] >= one.times.acked_ns[0]


def test_a_frame_larger_than_the_kernels_buffer_is_written_in_parts(lab: MakeLab) -> None:
    value = b"x" * (32 << 20)
    one = lab(fine, value=value, frames=2)
    one.delivery.run()
    assert one.broker.log == [0, 1]
    assert all(request.count(b"x") >= len(value) for request in one.broker.requests)
