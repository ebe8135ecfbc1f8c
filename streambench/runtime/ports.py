"""Free ports on the loopback interface."""

from __future__ import annotations

import socket
import threading

from streambench.model.errors import EnvironmentLacks

_ATTEMPTS = 64
_given: set[int] = set()
_lock = threading.Lock()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free now and that this process was not given before.

    Another program may still take it before its user binds it: whoever starts a server retries with
    another port. Raises EnvironmentLacks when the machine has none left.
    """
    for _ in range(_ATTEMPTS):
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
        except OSError as error:
            raise EnvironmentLacks(
                f"no port is free on 127.0.0.1: {error.strerror}",
                hint="close programs that hold many connections; `netstat -an` lists them",
            ) from error
        with _lock:
            if port not in _given:
                _given.add(port)
                return port
    with _lock:  # nearly all were given once: those of long-stopped servers may come again
        _given.clear()
        _given.add(port)
    return port
