"""kafka-python 3.0.12 forgets the socket of a connection that was refused: in tests it is closed.

It lay in a cycle until some later test, or the end of the session, whose warning of it was an error.
"""

from __future__ import annotations

from typing import Any


def close_what_fails() -> None:
    """Let each connection that fails close its socket, in this process."""
    from kafka.net.inet import KafkaNetSocket  # tests.one_broker imports it without its warnings

    usual = KafkaNetSocket.sock_connect

    async def connected(self: Any, net: Any, sock: Any, *args: Any, **named: Any) -> Any:
        try:
            return await usual(self, net, sock, *args, **named)
        except BaseException:
            sock.close()
            raise

    KafkaNetSocket.sock_connect = connected
