"""One socket to the broker: length-prefixed requests out, answers back in the same order."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from typing import Final

_HEAD: Final = struct.Struct(">ii")  # size of what follows, correlation id
_SIZE_FIELD_BYTES: Final = 4
_SEND_BUFFER_BYTES: Final = 4 << 20
_RECEIVE_BUFFER_BYTES: Final = 256 << 10
# Far below every system's limit on the buffers of one sendmsg (1,024 on Linux and macOS).
_BUFFERS_A_CALL: Final = 512


def split_address(bootstrap: str) -> tuple[str, int]:
    """Return host and port of `host:port`; of several, comma-separated, the first."""
    host, _, port = bootstrap.split(",")[0].strip().rpartition(":")
    return host, int(port)


class ConnectionLost(Exception):
    """The broker closed the connection or the answer made no sense."""


class Connection:
    """A connected socket; `call` blocks, `write` and `answers` never do."""

    def __init__(self, address: tuple[str, int], *, timeout_s: float) -> None:
        """Connect within `timeout_s`, or raise OSError."""
        self._timeout_s = timeout_s
        self.socket = socket.create_connection(address, timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The kernel cuts it to its limit; a whole request at once saves wake-ups.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._buffer = bytearray(_RECEIVE_BUFFER_BYTES)
        self._filled = 0

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

    def non_blocking(self) -> None:
        """From here on only `write` and `answers` are used."""
        self.socket.setblocking(False)

    def write(self, parts: Sequence[bytes | memoryview]) -> int:
        """Hand as much as fits to the kernel; return how many bytes, 0 when it takes none now."""
        try:
            return self.socket.sendmsg(parts[:_BUFFERS_A_CALL])
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

    def close(self) -> None:
        """Close the socket; may be called twice."""
        self.socket.close()

    def _receive(self) -> None:
        if self._filled == len(self._buffer):
            self._buffer.extend(bytes(len(self._buffer)))
        try:
            received = self.socket.recv_into(memoryview(self._buffer)[self._filled :])
        except BlockingIOError:
            raise
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        if received == 0:
            raise ConnectionLost("the broker closed the connection")
        self._filled += received

    def _complete(self) -> list[tuple[int, bytes]]:
        """Take the whole answers out of the buffer and move what is left to its front."""
        found: list[tuple[int, bytes]] = []
        at = 0
        while self._filled - at >= _HEAD.size:
            size_bytes, correlation_id = _HEAD.unpack_from(self._buffer, at)
            end = at + _SIZE_FIELD_BYTES + size_bytes
            if end > self._filled:
                break
            found.append((correlation_id, bytes(self._buffer[at + _HEAD.size : end])))
            at = end
        if at:
            self._buffer[: self._filled - at] = self._buffer[at : self._filled]
            self._filled -= at
        return found
