"""The sending loop against a scripted broker: what a real one does only when it is in trouble."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import Connection
from streambench.kafka.delivery import MAX_IN_FLIGHT, Delivery, DeliveryFailed
from streambench.kafka.frames import ControlFrames, ControlRecord, Frame
from streambench.kafka.partition_logs import PartitionLogs
from streambench.kafka.send_times import UNSET, SendTimes
from streambench.kafka.sequences import Sequences
from streambench.kafka.wire import ProduceLayout, ProducerIdentity, log_end_request
from streambench.model.kafka_access import KafkaAccess

FRAMES = 12
_LIST_OFFSETS = b"\x00\x02"
_METADATA = b"\x00\x03"
_SEQUENCE_AT = 53  # of the base sequence in a batch
_PRODUCE_HEAD_BYTES = ProduceLayout("t").parts(0, [bytes(8), b""])[1]

_SO_TIMESTAMPNS = 35
PACES_MS = (0, 3)  # all at once; each due when the one before has been answered

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
    answered_ns: list[tuple[int, int]] = field(default_factory=list)  # before and after, monotonic

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
                if request[4:6] == _METADATA:
                    body = self._metadata()
                    connected.sendall(struct.pack(">i", 4 + len(body)) + request[8:12] + body)
                    continue
                answer = (
                    struct.pack(">ihqq", 0, 0, -1, len(self.log))
                    if request[4:6] == _LIST_OFFSETS
                    else self._produced(request)
                )
                if answer is None:
                    return
                body = struct.pack(">ih", 1, 1) + b"t" + struct.pack(">i", 1) + answer
                before_ns = time.monotonic_ns()
                connected.sendall(struct.pack(">i", 4 + len(body)) + request[8:12] + body)
                if request[4:6] != _LIST_OFFSETS:
                    self.answered_ns.append((before_ns, time.monotonic_ns()))

    def _metadata(self) -> bytes:
        """One broker, which leads the only partition."""
        host, port = self.address
        name = struct.pack(">h", len(host)) + host.encode()
        broker = struct.pack(">ii", 1, 7) + name + struct.pack(">ih", port, -1)
        partition = struct.pack(">hiiii", 0, 0, 7, 0, 0)
        topic = (
            struct.pack(">ih", 1, 0) + struct.pack(">h", 1) + b"t" + b"\0" + struct.pack(">i", 1)
        )
        return b"".join((bytes(4), broker, struct.pack(">hi", -1, 7), topic, partition))

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


class PacedFrames(ControlFrames):
    """Each due some time after the one before."""

    apart_ms = 0

    def build(self, index: int) -> Frame:
        return replace(super().build(index), due_ns=(index + 1) * self.apart_ms * 1_000_000)


@dataclass
class Lab:
    broker: ScriptedBroker
    delivery: Delivery
    times: SendTimes
    t0_ns: int


MakeLab = Callable[..., Lab]


@pytest.fixture
def lab() -> Iterator[MakeLab]:
    made: list[Lab] = []

    def make(
        script: Script,
        *,
        value: bytes = b"v",
        frames: int = FRAMES,
        apart_ms: int = 0,
        noted: bool = True,
    ) -> Lab:
        broker = ScriptedBroker(script)
        cluster = Cluster(KafkaAccess("{}:{}".format(*broker.address)))
        connection = Connection(broker.address, timeout_s=5)
        connection.call(log_end_request(0, "t", 0))  # shows whether the kernel notes arrivals
        if not noted:
            connection.socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 0)
        source = PacedFrames(
            [ControlRecord(0, 1, b"k", value)] * frames,
            layout=ProduceLayout("t"),
            sequences=Sequences(ProducerIdentity(9, 0), [0]),
        )
        source.apart_ms = apart_ms
        times = SendTimes(len(source), len(source.partition_of))
        t0_ns = time.monotonic_ns()
        delivery = Delivery(
            cluster,
            connection,
            source,
            times,
            logs=PartitionLogs(cluster, "t", range(1)),
            t0_ns=t0_ns,
            progress=lambda records, quantum: None,
            watch_fd=None,
        )
        made.append(Lab(broker, delivery, times, t0_ns))
        return made[-1]

    yield make
    for one in made:
        one.delivery.connection.close()
        one.broker.close()


def fine(request: int) -> int | None:
    return 0


@pytest.mark.parametrize("apart_ms", PACES_MS)
def test_all_frames_are_delivered_in_order(lab: MakeLab, apart_ms: int) -> None:
    one = lab(fine, apart_ms=apart_ms)
    one.delivery.run()
    assert one.broker.log == list(range(FRAMES))
    assert one.delivery.records_acknowledged == FRAMES
    assert list(one.times.attempts) == [1] * FRAMES
    assert list(one.times.base_offset) == list(range(FRAMES))
    assert UNSET not in list(one.times.acked_ns)
    assert one.delivery.retried_batches == 0


@pytest.mark.parametrize("apart_ms", PACES_MS)
def test_what_was_in_flight_when_the_connection_was_lost_is_written_again(
    lab: MakeLab, apart_ms: int
) -> None:
    one = lab(lambda request: HANG_UP if request == 4 else 0, apart_ms=apart_ms)
    one.delivery.run()
    assert one.broker.log == list(range(FRAMES))  # once each, in order, with the same sequences
    assert one.delivery.records_acknowledged == FRAMES
    assert one.delivery.retried_batches >= 1
    assert max(one.times.attempts) == 2
    assert sum(one.delivery.errors.values()) == 1


@pytest.mark.parametrize("apart_ms", PACES_MS)
def test_what_the_log_holds_already_is_not_written_again(lab: MakeLab, apart_ms: int) -> None:
    one = lab(lambda request: APPEND_AND_HANG_UP if request == 4 else 0, apart_ms=apart_ms)
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


@pytest.mark.parametrize("apart_ms", PACES_MS)
def test_a_duplicate_counts_as_acknowledged(lab: MakeLab, apart_ms: int) -> None:
    one = lab(lambda request: 46, apart_ms=apart_ms)
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


@pytest.mark.parametrize("apart_ms", PACES_MS)
def test_a_log_that_lost_acknowledged_records_ends_the_delivery(
    lab: MakeLab, apart_ms: int
) -> None:
    def script(request: int) -> int | None:
        if request == 4:
            one.broker.log.clear()
            return HANG_UP
        return 0

    one = lab(script, apart_ms=apart_ms)
    with pytest.raises(DeliveryFailed, match="lost records, or has another writer"):
        one.delivery.run()


@pytest.mark.parametrize("apart_ms", PACES_MS)
def test_another_writer_in_the_partition_ends_the_delivery(lab: MakeLab, apart_ms: int) -> None:
    def script(request: int) -> int | None:
        if request == 4:
            one.broker.log.append(-1)
        return 0

    one = lab(script, apart_ms=apart_ms)
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


@pytest.mark.parametrize("error", [6, 3])
def test_a_refusal_between_paced_frames_is_written_again_in_order(lab: MakeLab, error: int) -> None:
    one = lab(lambda request: error if request == 4 else 0, apart_ms=3)
    one.delivery.run()
    assert one.broker.log == list(range(FRAMES))
    assert one.times.attempts[3] == 2
    assert list(one.times.base_offset) == list(range(FRAMES))
    assert one.delivery.records_acknowledged == FRAMES


@pytest.mark.alone
@pytest.mark.skipif(sys.platform != "linux", reason="needs the kernel's notes of arrivals")
def test_an_answer_has_the_instant_of_its_arrival_though_it_is_read_when_the_next_frame_is_due(
    lab: MakeLab,
) -> None:
    one = lab(fine, frames=60, apart_ms=10)
    one.delivery.run()
    # What the broker notes of its last answer it notes when that may be read already.
    one.delivery.connection.close()
    one.broker.close()
    acked_ns = [one.t0_ns + instant for instant in list(one.times.acked_ns)]
    exact = [
        before_ns - 200_000 <= acked <= after_ns + 200_000
        for acked, (before_ns, after_ns) in zip(acked_ns, one.broker.answered_ns, strict=True)
    ]
    # A thread that does not run for 10 ms has two answers to read; but that is rare.
    assert sum(exact) >= 50


def test_where_the_kernel_notes_no_arrivals_an_answer_is_read_when_it_comes(lab: MakeLab) -> None:
    one = lab(fine, frames=20, apart_ms=30, noted=False)
    one.delivery.run()
    assert not one.delivery.connection.notes_arrival
    waited_ms = [
        (acked - written) / 1e6
        for acked, written in zip(list(one.times.acked_ns), list(one.times.written_ns), strict=True)
    ]
    assert sorted(waited_ms)[len(waited_ms) // 2] < 15  # not with the next frame, 30 ms later


def test_no_paced_frame_is_written_before_it_is_due(lab: MakeLab) -> None:
    one = lab(fine, frames=40, apart_ms=3)
    one.delivery.run()
    late_ns = [
        possible - (index + 1) * 3_000_000
        for index, possible in enumerate(list(one.times.possible_ns))
    ]
    assert min(late_ns) >= 0
    assert all(
        written >= possible
        for written, possible in zip(
            list(one.times.written_ns), list(one.times.possible_ns), strict=True
        )
    )
