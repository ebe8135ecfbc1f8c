"""One socket to the broker: length-prefixed requests out, answers back in the same order."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import sys
import time
from collections.abc import Sequence
from typing import Final, Protocol, TypeAlias

from streambench.kafka.clocks import realtime_minus_monotonic_ns
from streambench.kafka.wire import ANSWER_HEAD, Buffer

Notes: TypeAlias = Sequence[tuple[int, int, bytes]]
"""What the kernel says of received bytes (recvmsg(2), ancillary data)."""

_SIZE_FIELD_BYTES: Final = 4
_SEND_BUFFER_BYTES: Final = 4 << 20
_RECEIVED_AT_ONCE_BYTES: Final = 16 << 10
# Of Linux (socket(7), SO_TIMESTAMP): seconds and nanoseconds on the realtime clock. Python has no name.
_SO_TIMESTAMPNS: Final = 35
_ARRIVAL: Final = struct.Struct("@ll")
NOTES_BYTES: Final = socket.CMSG_SPACE(_ARRIVAL.size)
"""Room for the kernel's notes."""
_NS_PER_S: Final = 1_000_000_000
# Far below every system's limit on the buffers of one sendmsg (1,024 on Linux and macOS).
_BUFFERS_A_CALL: Final = 512


class ConnectionLost(Exception):
    """The broker closed the connection or the answer made no sense."""


class EndingLogIn(Protocol):
    """A log-in that lasts for a while only (KIP-368)."""

    due_s: float
    """When to log in anew, on the monotonic clock."""

    def renew(self) -> None:
        """Log in anew by the same connection. Raises ConnectionLost."""


class Connection:
    """A connected socket; `call` blocks, `write` and `answers` never do.

    `arrived_ns` is when the newest answer arrived, on the monotonic clock. `notes_arrival` says whether the
    kernel noted that; else it is when it was read. Answers that lay unread have the newest one's instant.
    `session` is None where no log-in ends.
    """

    def __init__(self, address: tuple[str, int], *, timeout_s: float) -> None:
        """Connect within `timeout_s`, or raise OSError."""
        self._timeout_s = timeout_s
        self.socket = socket.create_connection(address, timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The kernel cuts it to its limit; a whole request at once saves wake-ups.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self.arrived_ns = 0
        self.notes_arrival = False  # until it did
        self.session: EndingLogIn | None = None
        self._received = b""
        self._notes: Notes = ()

    def call(self, request: bytes) -> bytes:
        """Send one request and wait for its answer (without size and correlation id)."""
        self.socket.settimeout(self._timeout_s)
        try:
            self.socket.sendall(request)
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        while True:
            self._receive()
            for _correlation_id, body in self._complete():
                return body

    def renewal_is_due(self) -> bool:
        """Whether the log-in soon ends: then nothing more should be sent before `renew_if_due`."""
        return self.session is not None and time.monotonic() >= self.session.due_s

    def renew_if_due(self) -> None:
        """Log in anew where the log-in soon ends. Nothing may be in flight. Raises ConnectionLost."""
        if self.session is None or not self.renewal_is_due():
            return
        blocks_not = self.socket.gettimeout() == 0
        self.session.renew()
        if blocks_not:
            self.non_blocking()

    def send_whole(self, request: bytes) -> None:
        """Send a small request whole, also on a connection that does not block. Raises ConnectionLost."""
        sent = 0
        until_s = time.monotonic() + self._timeout_s
        while sent < len(request):
            sent += self.write([memoryview(request)[sent:]])
            if sent < len(request):
                left_s = until_s - time.monotonic()
                if left_s <= 0 or not select.select([], [self.socket], [], left_s)[1]:
                    raise ConnectionLost(f"nothing could be sent within {self._timeout_s:.0f} s")

    def non_blocking(self) -> None:
        """From here on only `write` and `answers` are used."""
        self.socket.setblocking(False)

    def write(self, parts: Sequence[Buffer]) -> int:
        """Hand as much as fits to the kernel; return how many bytes, 0 when it takes none now."""
        try:
            return self.socket.sendmsg(
                parts if len(parts) <= _BUFFERS_A_CALL else parts[:_BUFFERS_A_CALL]
            )
        except BlockingIOError:
            return 0
        except OSError as error:
            raise ConnectionLost(str(error)) from error

    def answers(self) -> Sequence[tuple[int, bytes]]:
        """Return (correlation id, body) of every answer that has arrived whole, in order.

        Raises ConnectionLost.
        """
        try:
            self._receive()
        except BlockingIOError:
            return ()
        return self._complete()

    def answers_with(self, received: bytes, notes: Notes) -> Sequence[tuple[int, bytes]]:
        """The same where somebody else has received the newest bytes from `socket`, with the kernel's notes."""
        self._received += received
        self._notes = notes
        return self._complete()

    def _receive(self) -> None:
        try:
            received, self._notes, _, _ = self.socket.recvmsg(_RECEIVED_AT_ONCE_BYTES, NOTES_BYTES)
        except BlockingIOError:
            raise
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        if not received:
            raise ConnectionLost("the broker closed the connection")
        self._received += received

    def _complete(self) -> list[tuple[int, bytes]]:
        """Take the whole answers out of what was received."""
        self.notes_arrival = bool(self._notes)
        self.arrived_ns = time.monotonic_ns()
        if self._notes:
            noted_ns = arrival_ns(self._notes, realtime_minus_monotonic_ns())
            self.arrived_ns = min(noted_ns, self.arrived_ns)
        found: list[tuple[int, bytes]] = []
        at, received = 0, self._received
        while len(received) - at >= ANSWER_HEAD.size:
            size_bytes, correlation_id = ANSWER_HEAD.unpack_from(received, at)
            end = at + _SIZE_FIELD_BYTES + size_bytes
            if end > len(received):
                break
            found.append((correlation_id, received[at + ANSWER_HEAD.size : end]))
            at = end
        self._received = received[at:]
        return found

    def close(self) -> None:
        """Close the socket; may be called twice."""
        self.socket.close()


def arrival_ns(notes: Notes, realtime_minus_monotonic_ns: int) -> int:
    """When what was received arrived, on the monotonic clock."""
    seconds, nanoseconds = _ARRIVAL.unpack(notes[0][2])
    return int(seconds) * _NS_PER_S + int(nanoseconds) - realtime_minus_monotonic_ns
